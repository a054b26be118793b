"""The judge of a run: opened with what the run has spent on it before, its requests written down as they are made."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from chatparity.grading.rows import NOT_JUDGED, ScoreRow
from chatparity.judge import Account, Judge, JudgeBudget, JudgeSpending, open_judge
from chatparity.judge.spending import judge_spending
from chatparity.run.folder import RunFolder
from chatparity.suite import Suite


@dataclass(frozen=True)
class Judging:
    """How a run's judge may be asked: `offline` not at all, only its cache answers; limits take the place of `[judge]`.

    `max_cost` is in the currency of the prices, `max_tokens` counts those read and written.
    """

    offline: bool = False
    max_cost: float | None = None
    max_tokens: int | None = None
    max_requests: int | None = None

    def budget(self, suite: Suite) -> JudgeBudget:
        """Return the limits: those that were asked for, else those of suite.toml."""
        table = suite.settings.judge
        return JudgeBudget(
            money=table.max_cost if self.max_cost is None else self.max_cost,
            tokens=table.max_tokens if self.max_tokens is None else self.max_tokens,
            requests=table.max_requests if self.max_requests is None else self.max_requests,
        )


@contextlib.asynccontextmanager
async def judge_for(
    suite: Suite, folder: RunFolder, spec: str, judging: Judging | None = None
) -> AsyncIterator[Judge | None]:
    """Open a run's judge; each request is added to `judge.jsonl`, and what stands there counts against the budget."""
    judging = judging or Judging()
    journal = folder.judged
    account = Account(suite, budget=judging.budget(suite), before=journal.read(), sink=journal.append)
    with journal:
        async with open_judge(spec, suite, offline=judging.offline, account=account) as judge:
            yield judge


def spent_on_judge(folder: RunFolder, suite: Suite) -> JudgeSpending:
    """Return what a run has spent on its judge in all its sittings."""
    currency = next((price.currency for price in suite.settings.prices.values()), None)
    return judge_spending(folder.judged.read(), currency)


def not_judged(rows: Iterable[ScoreRow]) -> str:
    """Return why scores by LLM graders are missing, and how many of each; an empty text when none is."""
    why = ""
    missing: Counter[str] = Counter()
    planned: Counter[str] = Counter()
    for row in rows:
        planned[row.grader] += 1
        if row.state == "not_run" and row.reason.startswith(NOT_JUDGED):
            why = why or row.reason.removeprefix(NOT_JUDGED)
            missing[row.grader] += 1
    if not missing:
        return ""
    counts = ", ".join(f"{name} {count} of {planned[name]}" for name, count in sorted(missing.items()))
    return f"{why}: {missing.total()} scores are not run ({counts})"
