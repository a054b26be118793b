"""What a run shows beside its gates: ungated rates, differences, and what was not measured and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from chatparity.gate.corrected import corrected_rate
from chatparity.gate.measure import Table, answered_once, difference_of, rate_of, with_people
from chatparity.gate.result import SliceRate
from chatparity.gate.slices import ALL, FIXED, PAIRED, GateSlice
from chatparity.gate.trust import Trust, languages_of
from chatparity.grading.grader import Grader, Metric
from chatparity.grading.rows import ScoreRow
from chatparity.run.folder import Manifest

CONFIDENCE = 0.95


def rates(table: Table, graders: Sequence[Grader], asked: Sequence[GateSlice], trust: Trust) -> tuple[SliceRate, ...]:
    """Return every metric × slice × arm that no absolute gate decides, with why there is none."""
    gates = {(one.grader.name, one.metric.name, one.slice): one for one in asked if one.gate.kind in FIXED}
    found: list[SliceRate] = []
    for grader, metric, label in _keys(table, graders):
        gate = gates.get((grader.name, metric.name, label))
        for arm in ("ai", "human"):
            key = (grader.name, metric.name, label)
            rows = table.get(arm, key)
            if arm == "human":
                rows = answered_once(rows)
            if not rows or (arm == "ai" and gate is not None and gate.gated):
                continue
            measured = rate_of(rows, metric.name, CONFIDENCE, table.largest(key))
            one_look = table.largest(key) is None
            found.append(
                SliceRate(
                    dimension=grader.dimension,
                    metric=metric.name,
                    grader=grader.name,
                    slice=label,
                    arm=arm,
                    rate=measured.rate,
                    good_is_high=metric.good_is_high,
                    why=_why(arm, gate),
                    corrected=corrected_rate(rows, grader, metric.name, trust, measured.rate) if one_look else None,
                    agreement=trust.agreement(grader, metric.name, languages_of(rows)),
                )
            )
    return tuple(found)


def _why(arm: str, gate: GateSlice | None) -> str:
    if arm == "human":
        return "people are measured, not gated"
    if gate is None:
        return "no gate"
    return f"{gate.planned.n} planned, a gate needs {gate.gate.min_n}"


def differences(
    table: Table, graders: Sequence[Grader], asked: Sequence[GateSlice], trust: Trust
) -> tuple[SliceRate, ...]:
    """Return AI − human of every metric and slice in which both arms have graded the same exchanges."""
    margins = {
        (one.grader.name, one.metric.name, one.slice): one.gate
        for one in asked
        if one.gate.kind == "margin" and one.gated
    }
    found: list[SliceRate] = []
    for grader, metric, label in _keys(table, graders):
        key = (grader.name, metric.name, label)
        pairs = with_people(table, key)
        gate = margins.get(key)
        measured = difference_of(pairs, metric.name, gate.confidence if gate else CONFIDENCE, table.largest(key))
        if measured.rate.n:
            found.append(
                SliceRate(
                    dimension=grader.dimension,
                    metric=metric.name,
                    grader=grader.name,
                    slice=label,
                    arm="ai-human",
                    rate=measured.rate,
                    good_is_high=metric.good_is_high,
                    why="" if gate else "no gate",
                    agreement=trust.agreement(grader, metric.name, languages_of(pairs.mine)),
                )
            )
    return tuple(found)


def _keys(table: Table, graders: Sequence[Grader]) -> Iterator[tuple[Grader, Metric, str]]:
    """Yield each grader, metric and slice label that has rows; slices with one value only repeat `all` and are left."""
    labels = {label for _, (_, _, label) in table.rows}
    values = Counter(label.partition("=")[0] for label in labels)
    kept = [ALL, *sorted(label for label in labels if label != ALL and values[label.partition("=")[0]] > 1)]
    for grader in graders:
        for metric in grader.metrics:
            for label in kept:
                yield grader, metric, label


def not_measured(
    rows: Sequence[ScoreRow], asked: Sequence[GateSlice], manifest: Manifest, *, has_baseline: bool
) -> tuple[str, ...]:
    """Return, as sentences, what a reader might expect to find measured and why it is not."""
    found: list[str] = []
    if manifest.invalid_lines:
        found.append(f"{len(manifest.invalid_lines)} invalid lines of the data were skipped")
    if manifest.asked_in_languages_not_claimed:
        talks = f" ({manifest.conversations_not_claimed} conversations)" if manifest.conversations_not_claimed else ""
        count = manifest.asked_in_languages_not_claimed
        found.append(f"{count} exchanges in languages that the agent does not claim{talks}")
    states = Counter((row.grader, row.state, row.arm) for row in rows)
    reasons = Counter((row.grader, row.reason) for row in rows if row.state == "not_run" and row.arm == "ai")
    for name in sorted({row.grader for row in rows}):
        for (grader, reason), count in reasons.items():
            if grader == name:
                found.append(f"{name}: {count} exchanges not run: {reason}")
        if states[name, "diverged", "ai"]:
            found.append(f"{name}: {states[name, 'diverged', 'ai']} exchanges after the conversation had diverged")
    if not any(row.arm == "human" for row in rows):
        found.append("AI against human: no person answered in these transcripts")
    if not has_baseline:
        for one in asked:
            if PAIRED.get(one.gate.kind) == "baseline" and one.slice == ALL:
                found.append(f"{one.name}: no baseline run was given (--baseline RUN)")
    return tuple(found)
