"""How a failure map is written in a terminal: categories, what changed, the largest themes and how to read on."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from chatparity.failures.result import Change, FailureMap, Theme
from chatparity.gate.result import Rate
from chatparity.gate.text import difference_text, rate_text

THEMES, IDS = 12, 6
STANDS = ("new", "grown", "gone", "shrunk")


def map_text(found: FailureMap) -> str:
    """Return a map as plain text; every share with its n and interval."""
    return "\n".join(_lines(found))


def _lines(found: FailureMap) -> Iterator[str]:
    synthetic = " (synthetic)" if found.synthetic else ""
    yield f"failing: {rate_text(found.any_failure)} of replies, in {found.conversations} conversations{synthetic}"
    yield from without_lines(found)
    yield from _beside(found)
    known = [one for one in found.categories if one.count or (one.change and one.change.before)]
    yield from _table(
        ("category", "replies", "share", "by people", *(("baseline",) if found.baseline else ())),
        (
            (
                one.name,
                str(one.count),
                _share(one.rate),
                str(one.judged_by_people) if one.judged_by_people else "–",
                *((change_text(one.change),) if found.baseline else ()),
            )
            for one in known
        ),
    )
    clear = [one.name for one in found.categories if one not in known]
    if clear:
        yield f"none: {', '.join(clear)}"
    shown = found.themes[:THEMES]
    if shown:
        yield from _table(
            ("theme", "replies", "categories", *(("baseline",) if found.baseline else ()), "read"),
            (_theme(one, compared=found.baseline is not None) for one in shown),
        )
    if len(found.themes) > len(shown):
        yield f"{len(found.themes) - len(shown)} more themes are on the page"
    yield f"single failures, like no others: {found.singles.count}"
    first = next((one for one in found.themes if one.ids), None)
    ids = first.ids[:IDS] if first else found.singles.ids[:IDS]
    if ids:
        yield f"again: {asking_again(found, ids)}"


def asking_again(found: FailureMap, ids: Sequence[str]) -> str:
    """Return the command that asks for conversations of the run again: of the same transcripts, the same agent."""
    named = "".join(f" {shlex.quote(path)}" for path in found.paths)
    agent = "" if found.agent.startswith("recorded:") else f" --agent {shlex.quote(found.agent)}"
    return f"chatparity run{named} --ids {shlex.quote(','.join(ids))}{agent}"


def without_lines(found: FailureMap) -> Iterator[str]:
    """Yield what has no score, and so is in no category."""
    for state, count in found.without.items():
        yield f"without a score: {count} of {found.planned} replies, {state.replace('_', ' ')}; they are in no category"
    for grader, count in found.errored.items():
        yield f"without a score of {grader}: {count} replies that others graded; it errored on them"
    if found.early:
        yield "stopped early: a run ended once its gates were decided; intervals and p here take its size as given"
    if found.people:
        cleared = f", of which {found.cleared_by_people} clear what graders found" if found.cleared_by_people else ""
        yield f"judged by people: {found.people} replies{cleared}; their category stands in place of the graders'"


def _beside(found: FailureMap) -> Iterator[str]:
    then = found.baseline
    if then is None:
        return
    if then.why_not:
        yield f"baseline {then.run}: cannot be compared: {then.why_not}"
        return
    how = "the same messages in both runs" if then.pairs else "other conversations than the baseline's"
    yield (
        f"baseline {then.run}: {then.n} replies in {then.conversations} conversations compared ({how});"
        f" p corrected for {then.tests} comparisons (Holm)"
    )
    if found.any_change and found.any_change.difference:
        yield f"  any failure: {change_text(found.any_change)}"
    if then.left_out or then.left_out_before:
        yield f"  not compared: {then.left_out} replies of this run, {then.left_out_before} of the baseline"
    if then.other_graders:
        yield f"  not compared: failures that only these found, which scored one run: {', '.join(then.other_graders)}"
    for one in then.unlike:
        yield f"  not the agent alone differs: the baseline was {one}"


def change_text(change: Change | None) -> str:
    """Return what is said beside the baseline: `new: 15 against 0, +7.2 points [4.4, 11.5], n = 207, p = 0.0002`."""
    if change is None:
        return "–"
    counts = f"{change.said}: {change.now} against {change.before}"
    if change.difference is None:
        return counts
    p = f", p {p_text(change.p)}" if change.p is not None else ""
    return f"{counts}, {difference_text(change.difference)}{p}"


def p_text(p: float) -> str:
    """Return a p-value with its sign: `= 0.012`, `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"= {p:.2g}"


def _share(rate: Rate) -> str:
    if rate.estimate is None or rate.low is None or rate.high is None:
        return rate.method
    return f"{100 * rate.estimate:.1f} % [{100 * rate.low:.1f}, {100 * rate.high:.1f}] of {rate.n}"


def _theme(one: Theme, *, compared: bool) -> tuple[str, ...]:
    categories = ", ".join(f"{name} {count}" for name, count in one.categories.items())
    said = (f"{one.change.said} ({one.before} before)" if one.change else "–",) if compared else ()
    return (f"{one.language}: {one.name}", str(one.count), categories or "–", *said, ", ".join(one.ids[:3]))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield rows in columns; nothing where there are none."""
    shown = [tuple(" ".join(cell.split()) for cell in row) for row in rows]
    if not shown:
        return
    widths = [max(len(row[column]) for row in (head, *shown)) for column in range(len(head))]
    for row in (head, *shown):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
