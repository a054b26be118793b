"""What `chatparity mutate` prints: the two figures, then a line a fault, a grader and a language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from chatparity.mutate.plant import ENOUGH
from chatparity.mutate.result import Rate, Result


def told(result: Result) -> str:
    """Return the result for a person: every rate with its n and interval, and what is in no rate."""
    blocks = [_head(result), _by_fault(result), _by_grader(result), _by_language(result), _foot(result)]
    return "\n\n".join(block for block in blocks if block)


def rate_text(rate: Rate) -> str:
    """Return a rate as `171/190 = 90.0 % [84.9, 93.5]`."""
    if rate.rate is None:
        return "none"
    bounds = "[not known]"
    if rate.interval is not None:
        bounds = f"[{100 * rate.interval[0]:.1f}, {100 * rate.interval[1]:.1f}]"
    return f"{rate.count}/{rate.n} = {100 * rate.rate:.1f} % {bounds}"


def _head(result: Result) -> str:
    """Return the two figures and what they are of."""
    made = "synthetic " if result.synthetic else ""
    good = "rated good by people" if result.rated else "recorded, none of them rated: each is taken for a good one"
    reach = "of the faults that a rule can see" if result.rules_only else "of all faults"
    size = f"{result.mutants} mutants of {result.answers} answers in {result.conversations} {made}conversations"
    lines = [
        f"{size} ({good}); split {result.split}, seed {result.seed}",
        f"detection {reach}: {rate_text(result.overall.detection)}",
    ]
    if result.rules_only:
        lines.append(f"detection of all faults: {rate_text(result.overall.detection_of_all)}")
    lines.append(f"false alarm, a good answer that a grader fails: {rate_text(result.overall.false_alarm)}")
    return "\n".join(lines)


def _by_fault(result: Result) -> str:
    """Return a line a fault."""
    rows = [["fault", "seen by", "a rule can", "detected"]]
    for name, line in result.by_fault.items():
        rows.append([name, ", ".join(line.sees), "yes" if line.rule else "no", rate_text(line)])
    return _aligned(rows)


def _by_grader(result: Result) -> str:
    """Return a line a grader."""
    rows = [["grader", "kind", "detected of what it should see", "false alarm"]]
    for name, line in result.by_grader.items():
        rows.append([name, line.kind, rate_text(line), rate_text(line.false_alarm)])
    return _aligned(rows)


def _by_language(result: Result) -> str:
    """Return a line a language."""
    rows = [["language", "detected", "false alarm"]]
    for name, line in result.by_language.items():
        rows.append([name, rate_text(line), rate_text(line.false_alarm)])
    return _aligned(rows)


def _foot(result: Result) -> str:
    """Return what was not planted and what is in no rate, with counts."""
    lines: list[str] = []
    reasons: dict[str, Counter[str]] = {}
    for left in result.not_planted:
        if left.reason != ENOUGH:
            reasons.setdefault(left.reason, Counter())[left.fault] += left.n
    for reason, faults in sorted(reasons.items()):
        lines.append(f"not plantable, {reason}: {_counted(faults.items())}")
    if result.without_phrases:
        lines.append(f"languages without phrases, in which faults of wording were not planted: {_listed(result)}")
    if result.unexamined:
        lines.append(f"not examined, no grader of their dimensions: {', '.join(result.unexamined)}")
    if result.ungraded:
        lines.append(f"{result.ungraded} mutants were given no verdict and count as not detected")
    if result.hidden:
        told = "count as not detected: a grader that should see the fault fails the answer without it as well"
        lines.append(f"{result.hidden} mutants {told}")
    if result.undecided:
        lines.append(f"{result.undecided} mutants are in no rate: a grader that should see the fault failed to grade")
    return "\n".join(lines)


def _listed(result: Result) -> str:
    """Return the languages without phrases."""
    return ", ".join(result.without_phrases)


def _counted(counts: Iterable[tuple[str, int]]) -> str:
    """Return names with counts."""
    return ", ".join(f"{name} {count}" for name, count in counts)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as columns of text."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)
