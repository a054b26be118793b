"""Hallucinations per 1,000 answers, both sides, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatparity.gate.measure import Table, answered_once, rate_of
from chatparity.gate.result import Rate

from . import intervals, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PER = 1000
CONFIDENCE = 0.95
CAPTION = (
    "Answers that state something without support, per 1,000 answers that were graded; the line is the interval. Each "
    "side over all its own answers. Answers without a score are counted as none and as all of them."
)


@dataclass(frozen=True)
class Thousand:
    """One side's hallucinated answers by one grader; `rate` is the share of bad ones."""

    side: str
    grader: str
    rate: Rate

    @property
    def text(self) -> str:
        """Return the figure with its interval and n: "11.4 [3.1, 28.9] per 1,000, n = 264"."""
        return f"{self.figures} per 1,000, {words.n_text(self.rate.n)}"

    @property
    def figures(self) -> str:
        """Return the figure with its interval."""
        if self.rate.estimate is None:
            return words.NONE
        if self.rate.low is None or self.rate.high is None:
            return f"{self.rate.estimate * PER:.1f} [interval {words.NONE}]"
        return f"{self.rate.estimate * PER:.1f} [{self.rate.low * PER:.1f},\u00a0{self.rate.high * PER:.1f}]"


def thousands(table: Table, people: str, *, dimension: str = "hallucination") -> list[Thousand]:
    """Return each side's share of hallucinated answers for each grader of the dimension that graded any."""
    rows = {key: one for key, one in table.rows.items() if key[1][1:] == ("rate", "all")}
    graders = dict.fromkeys(key[1][0] for key, one in rows.items() if one[0].dimension == dimension)
    found = []
    for grader in graders:
        for arm, side in (("ai", "AI"), ("human", people)):
            key = (grader, "rate", "all")
            answers = table.get(arm, key)
            counted = answered_once(answers) if arm == "human" else answers
            rate = _bad(rate_of(counted, "rate", CONFIDENCE, table.largest(key)).rate)
            if rate.n:
                found.append(Thousand(side, grader, rate))
    return found


def _bad(rate: Rate) -> Rate:
    """Return the share of bad answers where `rate` is that of good ones."""
    from msgspec.structs import replace

    return replace(
        rate,
        good=rate.n - rate.good,
        estimate=None if rate.estimate is None else 1 - rate.estimate,
        low=None if rate.high is None else 1 - rate.high,
        high=None if rate.low is None else 1 - rate.low,
    )


def draw(found: Sequence[Thousand], *, narrow: bool = False) -> Figure:
    """Draw one row a side and grader."""
    several = len({one.grader for one in found}) > 1
    rows = tuple(
        intervals.Row(
            label=one.side[:1].upper() + one.side[1:] + (f" ({one.grader})" if several else ""),
            need="",
            text=f"{one.figures}  {words.n_text(one.rate.n)}",
            estimate=one.rate.estimate,
            low=one.rate.low,
            high=one.rate.high,
            threshold=None,
            verdict="",
            symbol="",
            word=" ",
        )
        for one in found
    )
    panel = intervals.Panel("Hallucinations per 1,000 answers", rows, good_is_high=False, unit="per 1,000", per=PER)
    return intervals.draw([panel], narrow=narrow)
