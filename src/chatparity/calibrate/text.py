"""How a calibration is written for people: a line a grader and language, then what it earned and what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from chatparity.calibrate.result import ALL, Agreement, Calibration
from chatparity.licence import Drift, Share

HEAD = ("grader", "language", "n", "faults", "κ", "sensitivity", "specificity", "AUC", "α", "licence")


def calibration_text(found: Calibration) -> str:
    """Return a calibration as plain text; every figure with its n and interval, in the words of the licence."""
    return "\n".join(_lines(found))


def _lines(found: Calibration) -> Iterator[str]:
    yield f"labels: {found.labels}{' (synthetic)' if found.synthetic else ''}; {found.matched} are of answers here"
    if found.agreements:
        confidence = found.agreements[0].evidence.confidence
        yield f"intervals at {100 * confidence:g} %, over conversations; a fault is what people do not call good"
        rows = [HEAD, *(_row(one) for one in found.agreements)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
        yield from (
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        )
    for one in found.agreements:
        if one.why:
            yield f"refused {one.grader}[{one.language}] {one.metric}: {one.why}"
    for name, count in found.own.items():
        yield f"{name}: {count} rated answers left out: it was fitted on their conversations"
    for name, why in found.without.items():
        yield f"not calibrated: {name}: {why}"
    for probe in found.probes:
        told = f"{probe.pairs} pairs in both orders" + (f", {probe.failed} without a verdict" if probe.failed else "")
        yield f"bias {probe.name}: g = {share_text(probe.effect, signed=True)} ({probe.size}), {told}: {probe.what}"
    for name, drift in found.drift.items():
        yield drift_text(name, drift)
    if found.injections is not None:
        names = f": {', '.join(found.injections.changed)}" if found.injections.changed else ""
        yield f"injections: {len(found.injections.changed)} of {found.injections.n} changed the verdict{names}"


def _row(one: Agreement) -> tuple[str, ...]:
    evidence = one.evidence
    left = f" (+{evidence.abstained} open)" if evidence.abstained else ""
    return (
        one.grader,
        one.language,
        f"{evidence.n}{left}",
        str(evidence.faults),
        share_text(evidence.kappa),
        share_text(evidence.sensitivity),
        share_text(evidence.specificity),
        share_text(evidence.auc),
        share_text(evidence.alpha),
        one.licence or ("by language" if one.language == ALL and one.kind != "rule" else "needs none"),
    )


def share_text(share: Share, *, signed: bool = False) -> str:
    """Return a figure with its interval: `0.81 [0.74, 0.87]`, or a dash where it cannot be estimated."""
    if share.estimate is None:
        return "–"
    shown = _number(share.estimate, signed)
    if share.low is None or share.high is None:
        return f"{shown} [–]"
    return f"{shown} [{_number(share.low, signed)}, {_number(share.high, signed)}]"


def _number(value: float, signed: bool) -> str:
    return (f"{value:+.2f}" if signed else f"{value:.2f}").replace("-", "−")


def drift_text(name: str, drift: Drift) -> str:
    """Return what became of a grader's anchors in one line."""
    moved = "" if drift.moved is None else f", values moved by {_number(drift.moved, True)} on average"
    held = "the licence holds" if drift.passed else "the licence is withdrawn: calibrate anew"
    return f"drift {name}: {drift.changed} of {drift.n} verdicts changed {share_text(drift.share)}{moved}: {held}"
