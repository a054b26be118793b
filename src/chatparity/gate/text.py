"""How rates, thresholds and red gates are written for people."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from unicodedata import category

from chatparity.gate.result import Early, Example, Flips, GateResult, Rate, Waived

COMPARED = {"margin": "human", "no_worse_than": "baseline"}
MOST_IDS = 6
HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def rate_text(rate: Rate) -> str:
    """Return a rate with its counts and interval: `171/190 = 90.0 % [84.9, 93.5]`."""
    if rate.estimate is None:
        return f"not known ({rate.method})"
    shown = f"{rate.good}/{rate.n} = {100 * rate.estimate:.1f} %"
    if rate.low is None or rate.high is None:
        return f"{shown} [{rate.method}]"
    return f"{shown} [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"


def difference_text(rate: Rate) -> str:
    """Return a difference in points with its interval: `−3.2 points [−6.0, −0.4], n = 250`."""
    if rate.estimate is None:
        return f"not known ({rate.method})"
    shown = f"{signed(rate.estimate)} points"
    if rate.low is None or rate.high is None:
        return f"{shown} [{rate.method}], n = {rate.n}"
    return f"{shown} [{signed(rate.low)}, {signed(rate.high)}], n = {rate.n}"


def signed(share: float) -> str:
    """Return a share as signed percentage points with a true minus; zero has no sign."""
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def threshold_text(kind: str, threshold: float, *, good_is_high: bool = True) -> str:
    """Return what a gate asks for: `98 %`, `at most 3 %`, `not one`, `above −5 points`."""
    value = f"{100 * threshold:g}"
    if kind == "at_least":
        return f"{value} %"
    if kind == "at_most":
        return f"at most {value} %"
    if kind == "zero":
        return "not one"
    return f"above −{value} points" if good_is_high else f"below +{value} points"


def measured_text(result: GateResult) -> str:
    """Return what a gate rests on: a rate, or a difference with both of its rates."""
    if result.difference is None:
        return rate_text(result.rate)
    if result.other is None or result.other.estimate is None or result.rate.estimate is None:
        return difference_text(result.difference)
    both = f"AI {100 * result.rate.estimate:.1f} %, {other_side(result)} {100 * result.other.estimate:.1f} %"
    return f"{difference_text(result.difference)} ({both})"


def other_side(result: GateResult) -> str:
    """Return with whom the AI is compared; people whose answers were made up are said to be synthetic."""
    people = result.synthetic and result.kind == "margin"
    return COMPARED[result.kind] + (" (synthetic)" if people else "")


def red_text(result: GateResult, run_path: Path, *, agent: str | None = None, transcripts: Sequence[str] = ()) -> str:
    """Return what a gate that does not pass prints: the verdict, what to read, how to see it again, and the report.

    `agent` is put into the command when the run asked another agent than the suite's default, `transcripts` when it
    asked other files or folders than the suite's. Texts of transcripts are shown in one line, with control characters
    made visible.
    """
    need = threshold_text(result.kind, result.threshold, good_is_high=result.good_is_high)
    waived = " (waived)" if result.waived else ""
    lines = [f"{result.verdict}{waived} {result.name} {measured_text(result)}, needs {need}"]
    if result.verdict == "INCONCLUSIVE" or result.rate.unknown or result.kind == "zero" or result.family:
        lines.append(f"  why: {result.reason}")
    lines += [f"  {line}" for line in (*trust_lines(result), *waiver_lines(result))]
    report = near(run_path / "report.html")
    if not result.failures:
        lines.append(f"  report: {report}")
        return visible("\n".join(lines))
    first, *more = result.failures
    lines.append(f"  read: {_one(first)}{_more(more)}")
    ids = ",".join(example.id for example in result.failures)
    named = "".join(f" {shlex.quote(path)}" for path in transcripts)
    chosen = f" --agent {shlex.quote(agent)}" if agent else ""
    lines.append(f"  again: chatparity run{named} --ids {shlex.quote(ids)}{chosen}    report: {report}")
    return visible("\n".join(lines))


def waiver_text(one: Waived) -> str:
    """Return who answers for a waiver, why, and until when; or that it has expired."""
    until = f"expired on {one.expires}" if one.expired else f"waived until {one.expires}"
    about = f" for {_ids(one.ids)}" if one.ids else ""
    return f"{until}, owner {one.owner}{about}: {one.reason}"


def waiver_lines(result: GateResult) -> list[str]:
    """Return the waivers of a gate, a line each, and what decides when conversations are waived."""
    lines = [("waiver " if one.expired else "") + waiver_text(one) for one in result.waivers]
    if result.without is not None:
        figures = rate_text(result.without) if result.difference is None else difference_text(result.without)
        lines.append(f"without the waived conversations {figures}: {result.effect}, which is what counts")
    return lines


def trust_lines(result: GateResult) -> list[str]:
    """Return what a judged or learned grader's figure is worth: how it agreed with people, and what corrects it."""
    if not result.agreement:
        return []
    lines = [f"as judged by {result.grader}: {result.agreement}"]
    if result.corrected is not None:
        lines.append(f"corrected {corrected_text(result.corrected, difference=result.difference is not None)}")
    return lines


def corrected_text(rate: Rate, *, difference: bool = False) -> str:
    """Return a corrected rate or difference with its interval and method; its counts are those of the raw one."""
    if rate.estimate is None or rate.low is None or rate.high is None:
        return f"not known ({rate.method})"
    if difference:
        return f"{signed(rate.estimate)} points [{signed(rate.low)}, {signed(rate.high)}] ({rate.method})"
    return f"{100 * rate.estimate:.1f} % [{100 * rate.low:.1f}, {100 * rate.high:.1f}] ({rate.method})"


def early_text(early: Early) -> str:
    """Return what looking early did, in one line."""
    looks = f"{early.looks} look{'' if early.looks == 1 else 's'}"
    if not early.stopped:
        return (
            f"not stopped early: at {looks} (seed {early.seed}) some gate was open; {early.planned} exchanges planned"
        )
    judged = ""
    if early.gradings_planned:
        judged = f", {early.gradings} of {early.gradings_planned} gradings by a judge"
    saved = 100 * (1 - early.asked / max(early.planned, 1))
    return (
        f"stopped early after {looks}: asked {early.asked} of {early.planned} exchanges{judged}; saved {saved:.0f} %"
        f" (seed {early.seed})"
    )


def metric_text(one: Flips) -> str:
    """Return a metric as people call it, with its grader where that has another name than the dimension."""
    return f"{one.dimension} {one.metric}" + ("" if one.grader == one.dimension else f" ({one.grader})")


def flips_text(one: Flips) -> str:
    """Return how a metric changed against the baseline: who got better, who worse, and what the interval says."""
    told = "no difference told" if one.told == "not known" else one.told
    counts = f"{len(one.better)} better, {len(one.worse)} worse of {one.n}"
    parts = [f"{metric_text(one)}: {counts}: {told}, {_points(one.difference)}"]
    for word, flipped in (("better", one.better), ("worse", one.worse)):
        ids = list(dict.fromkeys(flip.id for flip in flipped))
        if ids:
            parts.append(f"{word} {_ids(ids)}")
    return "; ".join(parts)


def _ids(ids: Sequence[str]) -> str:
    """Return the first few ids, and how many more there are."""
    more = len(ids) - MOST_IDS
    return ", ".join(ids[:MOST_IDS]) + (f" (+{more})" if more > 0 else "")


def _points(rate: Rate) -> str:
    return difference_text(rate).rpartition(", n = ")[0] or difference_text(rate)


def _one(example: Example) -> str:
    quote = " ".join(example.quote.split())
    return f'{example.id} turn {example.turn} {example.outcome} "{quote}"'


def _more(examples: list[Example]) -> str:
    if not examples:
        return ""
    shown = ", ".join(example.id for example in examples[:2])
    return f"  (+{len(examples)}: {shown}{', …' if len(examples) > 2 else ''})"


def near(path: Path) -> Path:
    """Return a path from the current folder where it lies below it."""
    try:
        return path.resolve().relative_to(Path.cwd())
    except ValueError:
        return path


def visible(text: str) -> str:
    """Return a text with control and invisible formatting characters written out, line breaks kept."""
    return "".join(one if one == "\n" or category(one) not in HIDDEN else f"\\u{ord(one):04x}" for one in text)
