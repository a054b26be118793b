"""Which kinds of a mix an exchange is of: what graders, labels and customers' words give as a reason to look at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chatparity.checks.asking import asks_for_person
from chatparity.checks.handover import label_at
from chatparity.exchange import Point
from chatparity.grading.rows import ScoreRow
from chatparity.grading.taxonomy import Taxonomy
from chatparity.sample.novelty import Seen

# The kinds that need scores, and how far from the value at which a verdict turns is near.
GRADED = frozenset({"failures", "disagreement", "near"})
NEAR, TURNS_AT = 0.1, 0.5


@dataclass(frozen=True)
class Finder:
    """Finds the kinds of exchanges; `wanted` are those of the mix, nothing else is looked for.

    `turns_at` is, by grader, the value at which its verdict turns; TURNS_AT for one that is not there.
    """

    wanted: frozenset[str]
    taxonomy: Taxonomy
    seen: Seen | None = None
    turns_at: Mapping[str, float] = field(default_factory=dict)

    @property
    def graded(self) -> bool:
        """Say whether scores are needed."""
        return bool(self.wanted & GRADED)

    def kinds(self, point: Point, rows: Sequence[ScoreRow]) -> frozenset[str]:
        """Return the kinds that an exchange is of, from the scores of its reply and what the customer wrote."""
        found = set()
        if "failures" in self.wanted and any(is_flagged(row) for row in rows):
            found.add("failures")
        if "disagreement" in self.wanted and disagree(rows):
            found.add("disagreement")
        if "near" in self.wanted and any(self._near(row) for row in rows):
            found.add("near")
        if "risk" in self.wanted and self.risks(point):
            found.add("risk")
        if "novelty" in self.wanted and self.seen is not None and self.seen.is_new(point.customer_text):
            found.add("novelty")
        return frozenset(found)

    def risks(self, point: Point) -> list[str]:
        """Return the reasons for a person at a point: the label's own, a request for one, words of the taxonomy."""
        reasons = self.taxonomy.risks_in(point.customer_text)
        if asks_for_person(point.customer_text, point.language) is not None:
            reasons.append("explicit_request")
        if point.labels.escalation is not None:
            label = label_at(point)
            if label.expect != "none":
                reasons.append(label.reason or "labelled")
        return list(dict.fromkeys(reasons))

    def _near(self, row: ScoreRow) -> bool:
        if row.state != "graded" or row.value is None or row.value in (0.0, 1.0):
            return False
        return abs(row.value - self.turns_at.get(row.grader, TURNS_AT)) <= NEAR + 1e-9


def is_flagged(row: ScoreRow) -> bool:
    """Say whether a score is a reason to look: the grader found a fault, or could not grade an answer that is there."""
    return row.verdict == "fail" or row.state == "errored"


def disagree(rows: Iterable[ScoreRow]) -> bool:
    """Say whether graders of one dimension, or the judges of one panel, give both pass and fail."""
    verdicts: dict[str, set[str]] = {}
    for row in rows:
        panel = {ballot.verdict for ballot in row.panel}
        if {"pass", "fail"} <= panel:
            return True
        if row.verdict in ("pass", "fail") and row.level == "exchange":
            verdicts.setdefault(row.dimension, set()).add(row.verdict)
    return any(len(one) > 1 for one in verdicts.values())


def turning(rows: Iterable[ScoreRow]) -> dict[str, float]:
    """Return, by grader, the middle between the best value that failed and the worst that passed.

    A grader of which only one verdict is there, or whose values overlap, is left out.
    """
    failed: dict[str, float] = {}
    passed: dict[str, float] = {}
    for row in rows:
        if row.value is None:
            continue
        if row.verdict == "fail":
            failed[row.grader] = max(failed.get(row.grader, 0.0), row.value)
        elif row.verdict == "pass":
            passed[row.grader] = min(passed.get(row.grader, 1.0), row.value)
    both = failed.keys() & passed.keys()
    return {name: (failed[name] + passed[name]) / 2 for name in both if failed[name] <= passed[name]}
