"""What the judge has cost, what it may cost, and when it must stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import msgspec

from chatparity.errors import JudgeFailure, UsageError
from chatparity.suite import Suite

MILLION = 1_000_000


class JudgeSpent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request to a judge, as it stands in a run's `judge.jsonl`.

    Tokens are None where the endpoint named none although it answered; `cost` is None where the suite has no price.
    A request that failed has no tokens and is not asked for them (`failed`).
    """

    model: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    failed: bool = False


@dataclass(frozen=True)
class JudgeSpending:
    """The sum of requests: `money` and tokens of what is known, and how many requests did not say theirs."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    tokens_unknown: int = 0
    money: float = 0.0
    money_unknown: int = 0
    currency: str | None = None

    @property
    def tokens(self) -> int:
        """Return the tokens read and written."""
        return self.input_tokens + self.output_tokens

    def plus(self, spent: JudgeSpent) -> JudgeSpending:
        """Return the sum with one more request."""
        return replace(
            self,
            requests=self.requests + 1,
            input_tokens=self.input_tokens + (spent.input_tokens or 0),
            output_tokens=self.output_tokens + (spent.output_tokens or 0),
            tokens_unknown=self.tokens_unknown + (spent.input_tokens is None and not spent.failed),
            money=self.money + (spent.cost or 0.0),
            money_unknown=self.money_unknown + (spent.cost is None and not spent.failed),
        )

    def line(self) -> str:
        """Return it for a person, with what of it is not known; one line."""
        tokens = f"{self.input_tokens} tokens read, {self.output_tokens} written"
        if self.tokens_unknown:
            tokens += f" (not named for {self.tokens_unknown} requests)"
        money = f"{self.money:.4f} {self.currency or ''}".rstrip()
        if self.money_unknown:
            money = "money not measured" if self.money_unknown >= self.requests else f"{money} and what has no price"
        return f"judge: {self.requests} requests, {tokens}, {money}"


def judge_spending(spent: Iterable[JudgeSpent], currency: str | None = None) -> JudgeSpending:
    """Return the sum of requests."""
    found = JudgeSpending(currency=currency)
    for one in spent:
        found = found.plus(one)
    return found


@dataclass(frozen=True)
class JudgeBudget:
    """What may be spent on the judge: money in the currency of the prices, tokens read and written, requests."""

    money: float | None = None
    tokens: int | None = None
    requests: int | None = None

    def used_up(self, spent: JudgeSpending) -> str:
        """Return which limit is reached, or an empty text; a limit that cannot be kept is reached as well."""
        if self.money is not None and spent.money_unknown:
            return f"the cost of {spent.money_unknown} judge requests is not known, so a limit of money cannot be kept"
        if self.tokens is not None and spent.tokens_unknown:
            return f"the tokens of {spent.tokens_unknown} judge requests are not known, so a limit cannot be kept"
        if self.money is not None and spent.money >= self.money:
            budget = f"{self.money:g} {spent.currency or ''}".rstrip()
            return f"the judge's budget of {budget} is used up ({spent.money:.4f} spent)"
        if self.tokens is not None and spent.tokens >= self.tokens:
            return f"the judge's budget of {self.tokens} tokens is used up ({spent.tokens} spent)"
        if self.requests is not None and spent.requests >= self.requests:
            return f"the judge's budget of {self.requests} requests is used up ({spent.requests} made)"
        return ""


class Account:
    """The account of one sitting, begun with what was spent before; shared by all judges of a panel.

    `sink` is told of every request. A request counts from its beginning, so that a limit of requests is exact; money
    and tokens are known only afterwards, so that requests under way then can go beyond.
    """

    def __init__(
        self,
        suite: Suite,
        *,
        budget: JudgeBudget | None = None,
        before: Iterable[JudgeSpent] = (),
        sink: Callable[[JudgeSpent], None] | None = None,
    ) -> None:
        table = suite.settings.judge
        self.budget = budget or JudgeBudget(table.max_cost, table.max_tokens, table.max_requests)
        self._settings = suite.settings
        currency = next((price.currency for price in suite.settings.prices.values()), None)
        self.spent = judge_spending(before, currency)
        self._sink = sink
        self._under_way = 0

    def check(self, models: Iterable[str]) -> None:
        """Raise UsageError when money is limited and a model has no price."""
        for model in models:
            if self.budget.money is not None and self._settings.price(model) is None:
                raise UsageError(
                    f"a limit of money for the judge needs its price: add a table "
                    f'[prices."{model}"] with input_per_million and output_per_million to suite.toml'
                )

    def begin(self) -> None:
        """Count one request that is about to be sent. Raises JudgeFailure `budget` when none may be."""
        reached = self.budget.used_up(replace(self.spent, requests=self.spent.requests + self._under_way))
        if reached:
            raise JudgeFailure("budget", reached)
        self._under_way += 1

    def end(
        self, model: str, *, answered_by: str | None = None, tokens: tuple[int, int] | None = None, failed: bool = False
    ) -> None:
        """Count what a request that was begun took: `tokens` read and written, None where they are not known."""
        self._under_way -= 1
        price = self._settings.price(answered_by, model)
        cost = None
        if price is not None and tokens is not None:
            cost = (tokens[0] * price.input_per_million + tokens[1] * price.output_per_million) / MILLION
        read, written = tokens or (None, None)
        spent = JudgeSpent(model=model, input_tokens=read, output_tokens=written, cost=cost, failed=failed)
        self.spent = self.spent.plus(spent)
        if self._sink is not None:
            self._sink(spent)
