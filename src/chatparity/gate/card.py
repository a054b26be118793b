"""The scorecard: a run's verdicts as a plain table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatparity.gate.needed import more_text
from chatparity.gate.result import Findings, GateResult, SliceRate
from chatparity.gate.slices import ALL, short
from chatparity.gate.text import (
    corrected_text,
    difference_text,
    early_text,
    flips_text,
    metric_text,
    rate_text,
    threshold_text,
    trust_lines,
    visible,
    waiver_lines,
)
from chatparity.grading.rows import STATES

HEAD = ("dimension", "slice", "n", "rate [interval]", "needs", "verdict")
NUMBER = 2
BESIDE = ("unknown", "abstained", "diverged")


def scorecard(findings: Findings) -> str:
    """Return the scorecard as plain text: gates, then what is only reported, then the ledger.

    Every figure stands with its n and interval; human figures of synthetic data say so.
    """
    return "\n".join(line for line, _ in card_lines(findings))


def card_lines(findings: Findings) -> Iterator[tuple[str, str]]:
    """Yield the lines of the scorecard, each with the verdict it tells ("" for none), for terminals with colours."""
    table = [HEAD, *(_row(gate) for gate in findings.gates)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEAD))]
    for row, verdict in zip(table, ("", *(gate.verdict for gate in findings.gates)), strict=True):
        yield visible(_padded(row, widths)), verdict
    for gate in findings.gates:
        for line in (*trust_lines(gate), *waiver_lines(gate)):
            yield visible(f"  {gate.name}: {line}"), ""
    yield from ((visible(line), "") for line in findings.notes)
    yield from ((visible(line), "") for line in _reported(findings))
    if findings.flips:
        yield from ((visible(line), "") for line in _against(findings))
    yield from ((visible(f"not measured: {text}"), "") for text in findings.not_measured)
    yield _ledger(findings), ""
    if findings.early is not None:
        yield early_text(findings.early), ""


def _row(gate: GateResult) -> tuple[str, ...]:
    measured = gate.difference or gate.rate
    text = rate_text(measured) if gate.difference is None else difference_text(measured).rpartition(", n = ")[0]
    beside = [f"{count} {state}" for state in BESIDE if (count := getattr(measured, state))]
    counts = f" ({', '.join(beside)})" if beside else ""
    return (
        gate.name.replace(f"[{short(gate.slice)}]", "", 1)
        + (" (synthetic)" if gate.synthetic and gate.kind == "margin" else ""),
        short(gate.slice),
        f"{measured.n}",
        (text or difference_text(measured)) + counts,
        threshold_text(gate.kind, gate.threshold, good_is_high=gate.good_is_high),
        gate.verdict
        + (" (waived)" if gate.waived else f" (counts as {gate.effect})" if gate.effect != gate.verdict else "")
        + (f" ({more_text(gate.needed)})" if gate.needed else ""),
    )


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if number == NUMBER else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _reported(findings: Findings) -> Iterator[str]:
    """Yield the ungated rates over everything, a line a metric, both arms side by side."""
    by_metric: dict[tuple[str, str, str], dict[str, SliceRate]] = {}
    for rate in findings.rates:
        if rate.slice == ALL and rate.rate.estimate is not None:
            by_metric.setdefault((rate.dimension, rate.grader, rate.metric), {})[rate.arm] = rate
    if by_metric:
        yield "reported only" + (" (synthetic data: so are the people)" if findings.synthetic else "")
    for (dimension, grader, metric), arms in by_metric.items():
        name = f"{dimension} {metric}" + ("" if grader == dimension else f" ({grader})")
        shown = [f"{label} {rate_text(arms[arm].rate)}{_corrected(arms[arm])}" for arm, label in LABELS if arm in arms]
        agreement = next((one.agreement for one in arms.values() if one.agreement), "")
        yield f"  {name}: {'; '.join(shown)}{f' (as judged: {agreement})' if agreement else ''}"


def _corrected(one: SliceRate) -> str:
    return f", corrected {corrected_text(one.corrected)}" if one.corrected is not None else ""


def _against(findings: Findings) -> Iterator[str]:
    """Yield what changed against the baseline, a line a metric, then those in which no exchange did."""
    yield "against the baseline"
    changed = [one for one in findings.flips if one.better or one.worse]
    yield from (f"  {flips_text(one)}" for one in changed)
    same = [f"{metric_text(one)} ({one.n})" for one in findings.flips if one not in changed]
    if same:
        yield f"  no exchange changed: {', '.join(same)}"


LABELS = (("ai", "AI"), ("human", "human"))


def _ledger(findings: Findings) -> str:
    """Return the AI's ledger over all graders in one line; it closes."""
    lines = [line for line in findings.ledger if line.arm == "ai"]
    planned = sum(line.planned for line in lines)
    parts = [f"{sum(getattr(line, state) for line in lines)} {state.replace('_', ' ')}" for state in STATES]
    return f"ledger (AI, all graders): {planned} planned = {' + '.join(parts)}"
