"""What a run has spent on asking its agent, what it may spend, and when it must stop."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from chatparity.errors import UsageError
from chatparity.exchange import ReplyRecord
from chatparity.run.folder import RunFolder
from chatparity.run.prices import Prices
from chatparity.run.select import Options
from chatparity.suite import BudgetTable, Suite


@dataclass(frozen=True)
class Spending:
    """What asking has taken so far: `money` and tokens are sums of what is known.

    `exchanges` were asked, with `requests` requests (retries and rounds of tool calls are requests of their own). Of
    them, `tokens_unknown` did not say how many tokens they took and `money_unknown` cannot be priced. An exchange that
    failed is asked for none. `seconds` is how long the run was replaying, in all its sittings.
    """

    exchanges: int = 0
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    tokens_unknown: int = 0
    money: float = 0.0
    money_unknown: int = 0
    seconds: float = 0.0
    currency: str | None = None

    @property
    def tokens(self) -> int:
        """Return the tokens read and written."""
        return self.input_tokens + self.output_tokens

    def plus(self, record: ReplyRecord) -> Spending:
        """Return the spending with one more record of `replies.jsonl`."""
        spent = record.spent
        if spent is None:
            return self
        failed = record.state == "errored"
        return replace(
            self,
            exchanges=self.exchanges + 1,
            requests=self.requests + spent.requests,
            input_tokens=self.input_tokens + (spent.usage.input_tokens if spent.usage else 0),
            output_tokens=self.output_tokens + (spent.usage.output_tokens if spent.usage else 0),
            tokens_unknown=self.tokens_unknown + (spent.usage is None and not failed),
            money=self.money + (spent.cost or 0.0),
            money_unknown=self.money_unknown + (spent.cost is None and not failed),
            seconds=max(self.seconds, spent.at),
        )

    def lines(self) -> list[str]:
        """Return it for a person, a line each: requests, tokens, money, and what of them is not known."""
        found = [f"asked: {self.exchanges} exchanges, {self.requests} requests, {self.seconds / 60:.1f} minutes"]
        tokens = f"tokens: {self.input_tokens} read, {self.output_tokens} written"
        found.append(_known(tokens, self.exchanges, self.tokens_unknown, "the endpoint named none"))
        money = f"money: {self.money:.4f} {self.currency or ''}".rstrip()
        why = 'no tokens or no price: see [prices."MODEL"] in suite.toml'
        found.append(_known(money, self.exchanges, self.money_unknown, why))
        return found


def _known(text: str, exchanges: int, unknown: int, why: str) -> str:
    """Return a line with what is not known; where nothing is, it is not measured at all."""
    if not unknown:
        return text
    if unknown >= exchanges:
        return f"{text.partition(':')[0]}: not measured ({why})"
    return f"{text}, and of {unknown} exchanges not measured ({why})"


def spending_of(records: Iterable[ReplyRecord], prices: Prices) -> Spending:
    """Return what the records of a run took; what could not be priced then is priced by today's table."""
    found = Spending(currency=prices.currency)
    for record in records:
        found = found.plus(prices.priced(record))
    return found


def run_spending(folder: RunFolder, suite: Suite) -> Spending:
    """Return what a run has taken so far."""
    return spending_of(folder.replies.read(), Prices(suite.settings, folder.manifest().agent))


def budget_of(suite: Suite, options: Options) -> BudgetTable:
    """Return the limits of a run: those that were asked for, else those of suite.toml."""
    asked = {"money": options.max_cost, "minutes": options.max_minutes, "requests": options.max_requests}
    given = {name: value for name, value in asked.items() if value is not None}
    return msgspec.structs.replace(suite.settings.budget, **given)


def check_budget(budget: BudgetTable, prices: Prices, agent: str) -> None:
    """Raise UsageError when money is limited and nothing the agent says could be priced."""
    if budget.money is not None and prices.currency is None:
        name = prices.agent_model or "MODEL"
        raise UsageError(
            f"a limit of money needs prices, and suite.toml has none for {agent}: add a table "
            f'[prices."{name}"] with input_per_million and output_per_million'
        )


def used_up(budget: BudgetTable, spent: Spending) -> str:
    """Return which limit is reached, as the beginning of a sentence, or an empty text.

    A limit of money or tokens that cannot be kept, because an answer did not say what it took, is reached as well.
    """
    currency = spent.currency or ""
    if budget.money is not None and spent.money_unknown:
        return f"the cost of {spent.money_unknown} exchanges is not known, so a limit of money cannot be kept"
    if budget.tokens is not None and spent.tokens_unknown:
        return f"the tokens of {spent.tokens_unknown} exchanges are not known, so a limit of tokens cannot be kept"
    if budget.money is not None and spent.money >= budget.money:
        return f"the budget of {budget.money:g} {currency}".rstrip() + f" is used up ({spent.money:.4f} spent)"
    if budget.tokens is not None and spent.tokens >= budget.tokens:
        return f"the budget of {budget.tokens} tokens is used up ({spent.tokens} spent)"
    if budget.minutes is not None and spent.seconds >= 60 * budget.minutes:
        return f"the budget of {budget.minutes:g} minutes is used up ({spent.seconds / 60:.1f} spent)"
    if budget.requests is not None and spent.requests >= budget.requests:
        return f"the budget of {budget.requests} requests is used up ({spent.requests} made)"
    return ""


class Meter:
    """The account of a replay under way, begun with what the run spent before.

    An exchange that was begun counts as one request from then on, so that as many as are allowed are begun and no more;
    retries and rounds of tool calls of those under way can go beyond.
    """

    def __init__(self, budget: BudgetTable, before: Spending) -> None:
        self._budget = budget
        self._spent = before
        self._earlier = before.seconds
        self._began = time.monotonic()
        self._under_way = 0
        self.stopped = ""

    def may_ask(self) -> bool:
        """Say whether one more exchange may be begun, and count it if so."""
        if not self.stopped:
            promised = self._spent.requests + self._under_way
            self.stopped = used_up(self._budget, replace(self._spent, requests=promised, seconds=self._seconds()))
        if self.stopped:
            return False
        self._under_way += 1
        return True

    def take(self, record: ReplyRecord) -> ReplyRecord:
        """Count a priced outcome and return it with the time it came at."""
        if record.spent is None:
            return record
        self._under_way -= 1
        timed = msgspec.structs.replace(record.spent, at=round(self._seconds(), 3))
        record = msgspec.structs.replace(record, spent=timed)
        self._spent = self._spent.plus(record)
        return record

    def _seconds(self) -> float:
        """Return how long the run has been replaying, earlier sittings included."""
        return self._earlier + time.monotonic() - self._began


def unfinished(folder: RunFolder, suite: Suite, options: Options) -> str:
    """Return why a run that was left early is not whole, and what is missing; an empty text when nothing is."""
    planned = folder.to_ask()
    missing = planned - len(folder.outcomes())
    if missing <= 0:
        return ""
    budget = budget_of(suite, options)
    reached = used_up(budget, run_spending(folder, suite))
    if not reached and budget.minutes is not None:
        # The time ran out after the last outcome, which is all that the journal knows of it.
        reached = f"the budget of {budget.minutes:g} minutes is used up"
    return f"{reached or 'the run was stopped'}: {missing} of {planned} exchanges are not run"
