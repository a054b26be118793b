"""How an estimate is written for people: a line a failure, then what it rests on and what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from chatparity.estimate.result import Estimate, FailureRate, Interval

UNHEARD = 0.01


def estimate_text(found: Estimate) -> str:
    """Return an estimate as plain text; every figure with its n and interval."""
    return "\n".join(_lines(found))


def _lines(found: Estimate) -> Iterator[str]:
    synthetic = " (synthetic)" if found.synthetic else ""
    judged = f"{found.judged} of {found.items} items judged ({found.labels_from})"
    yield f"{judged}, drawn from {found.population} answers{synthetic}"
    scores = found.scores_from or "none"
    yield f"intervals at {100 * found.confidence:g} %, over conversations; automatic scores: {scores}"
    points = f"{100 * found.half_width:g}"
    head = ("fails", "labels", "as graded", "labels alone", "corrected", "worth", f"more for ± {points}")
    rows = [head, *(_row(one) for one in found.rates)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    for rate in found.rates:
        if rate.corrected.estimate is None:
            yield f"{rate.name}: {rate.method}"
        if rate.unheard > UNHEARD:
            yield f"{rate.name}: no label speaks for {100 * rate.unheard:.1f} % of the answers: judge more items"
    ends = {rate.name: rate.if_disputed for rate in found.rates}
    for name, count in found.disputed.items():
        told = ends.get(name)
        between = f"; {100 * told[0]:.1f} % if none failed, {100 * told[1]:.1f} % if all did" if told else ""
        items, them = ("1 item is", "it") if count == 1 else (f"{count} items are", "them")
        yield f"{name}: {items} disputed and left out: decide {them} in chatparity review{between}"
    if found.left_out:
        yield f"{found.left_out} exchanges without an answer are not among the {found.population}"
    yield "worth: as many labels drawn uniformly, without scores, would tell as much"


def _row(one: FailureRate) -> tuple[str, ...]:
    raw = ", ".join(f"{100 * raw.share:.1f} % of {raw.graded}" for raw in one.raw if raw.share is not None)
    return (
        f"{one.name}{' (critical)' if one.critical else ''}",
        f"{one.labels} ({one.failed} fail)",
        raw or "–",
        share_text(one.weighted),
        share_text(one.corrected),
        "–" if one.effective_labels is None else f"{one.effective_labels:.0f}",
        "–" if one.more_labels is None else str(one.more_labels),
    )


def share_text(share: Interval) -> str:
    """Return a share in percent with its bounds: `5.2 % [3.9, 6.6]`, or a dash where it cannot be estimated."""
    if share.estimate is None:
        return "–"
    if share.low is None or share.high is None:
        return f"{100 * share.estimate:.1f} % [–]"
    return f"{100 * share.estimate:.1f} % [{100 * share.low:.1f}, {100 * share.high:.1f}]"
