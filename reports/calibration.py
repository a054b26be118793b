"""The figures of a calibration: agreement by language, ROC curves, and how a grader's values hold against people."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chatparity.calibrate.result import ALL, Agreement, Calibration
from chatparity.licence import Share
from chatparity.stats import wilson

from . import style
from .text import clipped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 3
BINS = 5
ROWS = 40
PANELS = 12
MEASURES: tuple[tuple[str, str, str], ...] = (
    ("kappa", "Cohen's κ", "kappa"),
    ("sensitivity", "faults that it finds", "sensitivity"),
    ("specificity", "good answers that it clears", "specificity"),
)


def build(found: Calibration) -> dict[str, bytes]:
    """Return every figure that has something to show, as files by name: SVG and PNG of each."""
    shown = [one for one in told(found) if one.evidence.n]
    curved = [one for one in shown if 0 < one.evidence.faults < one.evidence.n]
    drawn: dict[str, Callable[[], Figure]] = {}
    if shown:
        drawn["agreement"] = lambda: agreement(found)
    if curved:
        drawn["roc"] = lambda: _panels(curved, _roc, "Dot: its own verdicts", found)
    if shown:
        drawn["reliability"] = lambda: _panels(shown, _reliability, "Numbers: answers of about one value", found)
    files: dict[str, bytes] = {}
    with style.settings():
        for name, draw in drawn.items():
            figure = draw()
            files |= {f"{name}.svg": style.as_svg(figure), f"{name}.png": style.as_png(figure)}
    return files


def agreement(found: Calibration) -> Figure:
    """Draw κ, sensitivity and specificity of each grader and language, and what a licence needs of each."""
    every = told(found)
    rows = every[:ROWS]
    figure = style.canvas(1.1 + 0.27 * len(rows))
    height = figure.get_figheight()
    axes = figure.subplots(1, len(MEASURES), sharey=True)
    figure.subplots_adjust(left=0.30, right=0.985, top=1 - 0.62 / height, bottom=0.48 / height, wspace=0.08)
    places = range(len(rows))
    for panel, (field, title, need) in zip(axes, MEASURES, strict=True):
        _forest(panel, rows, field)
        panel.set_title(title, fontsize=9, color=style.INK, loc="left")
        panel.set_xlim(-0.25 if field == "kappa" else -0.03, 1.04)
        panel.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
        least = _needed(found, need)
        if least is not None:
            panel.axvline(least, color=style.MUTED, lw=1, ls=(0, (3, 2)), zorder=1)
    axes[0].set_yticks(list(places), [_label(one) for one in rows], fontsize=8, color=style.INK)
    axes[0].set_ylim(len(rows) - 0.4, -0.6)
    notes = ["synthetic labels"] if found.synthetic else []
    notes += ["dashed: what the lower bound must reach for a licence"] if _asked(found) else []
    notes += [f"{len(every) - ROWS} more in calibration.json"] if len(every) > ROWS else []
    said = "; ".join([f"lines: {100 * rows[0].evidence.confidence:g} % intervals over conversations", *notes])
    figure.text(0.985, 0.1 / height, said, fontsize=7.5, color=style.MUTED, ha="right")
    return figure


def _forest(panel: Any, rows: Sequence[Agreement], field: str) -> None:
    for place, one in enumerate(rows):
        share: Share = getattr(one.evidence, field)
        tone = {"granted": style.PASSED, "refused": style.FAILED}.get(one.licence, style.AI)
        if share.estimate is None:
            panel.text(0.02, place, "–", va="center", fontsize=8, color=style.MUTED)
            continue
        if share.low is not None and share.high is not None:
            panel.plot([share.low, share.high], [place, place], color=tone, lw=1.6, solid_capstyle="butt", zorder=2)
        filled = tone if share.low is not None else style.PAPER
        panel.plot(share.estimate, place, "o", ms=5, color=tone, mfc=filled, zorder=3)
    _plain(panel)
    panel.grid(axis="x", color=style.RULE, lw=0.6)
    panel.set_axisbelow(True)
    panel.tick_params(axis="y", length=0)


def told(found: Calibration) -> list[Agreement]:
    """Return the agreements that say something of their own: of a grader with one language, not the one over all."""
    languages = Counter(one.grader for one in found.agreements)
    return [one for one in found.agreements if one.language != ALL or languages[one.grader] > 2]


def _asked(found: Calibration) -> bool:
    return any(one.licence for one in found.agreements)


def _needed(found: Calibration, need: str) -> float | None:
    """Return the lower bound that was asked for, where any licence was."""
    return getattr(found.needs, need) if _asked(found) else None


def _label(one: Agreement) -> str:
    mark = {"granted": " ✓", "refused": " ✗"}.get(one.licence, "")
    return f"{clipped(one.grader, 20)} {one.language} (n {one.evidence.n}, {one.evidence.faults} faults){mark}"


def _panels(rows: Sequence[Agreement], draw: Callable[[Any, Agreement], None], name: str, found: Calibration) -> Figure:
    """Draw one square panel a grader and language."""
    drawn = rows[:PANELS]
    lines, columns = math.ceil(len(drawn) / COLUMNS), min(len(drawn), COLUMNS)
    figure = style.canvas(0.35 + 2.9 * lines, narrow=columns == 1)
    height = figure.get_figheight()
    every = figure.subplots(lines, COLUMNS if columns > 1 else 1, squeeze=False)
    left = 0.065 if columns > 1 else 0.14
    figure.subplots_adjust(left=left, right=0.985, top=1 - 0.42 / height, bottom=0.62 / height, wspace=0.3, hspace=0.5)
    for number, axes in enumerate(every.flat):
        if number >= len(drawn):
            axes.set_visible(False)
            continue
        one = drawn[number]
        axes.set_title(f"{clipped(one.grader, 24)}, {one.language}", fontsize=9, color=style.INK, loc="left")
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_box_aspect(1)
        axes.plot([0, 1], [0, 1], color=style.RULE, lw=1)
        draw(axes, one)
        _plain(axes)
    more = f"; {len(rows) - PANELS} more in calibration.json" if len(rows) > PANELS else ""
    said = f"{name}{'; synthetic labels' if found.synthetic else ''}{more}"
    figure.text(left, 0.1 / height, said, fontsize=7.5, color=style.MUTED, ha="left")
    return figure


def _plain(axes: Any) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=7.5, length=2, color=style.RULE)


def _roc(axes: Any, one: Agreement) -> None:
    """Draw the curve of a grader, and where its own verdicts lie."""
    x, y = curve(one)
    axes.plot(x, y, color=style.AI, lw=1.8)
    evidence = one.evidence
    if evidence.sensitivity.estimate is not None and evidence.specificity.estimate is not None:
        axes.plot(
            1 - evidence.specificity.estimate,
            evidence.sensitivity.estimate,
            "o",
            ms=6,
            color=style.HUMAN,
            clip_on=False,
            zorder=4,
        )
    axes.set_xlabel("good answers faulted", fontsize=8)
    axes.set_ylabel("faults found", fontsize=8)
    text = f"AUC {_range(evidence.auc)}\nn = {evidence.n}, {evidence.faults} faults"
    axes.text(0.98, 0.04, text, fontsize=7.5, color=style.INK, ha="right", va="bottom", transform=axes.transAxes)


def curve(one: Agreement) -> tuple[list[float], list[float]]:
    """Return the ROC curve: the shares of good answers and of faults below each value, from (0, 0) to (1, 1)."""
    faults = sum(point.faulty for point in one.points)
    good = len(one.points) - faults
    x, y = [0.0], [0.0]
    for value in sorted({point.value for point in one.points}):
        below = [point for point in one.points if point.value <= value]
        found = sum(point.faulty for point in below)
        x.append((len(below) - found) / good)
        y.append(found / faults)
    return x, y


def _reliability(axes: Any, one: Agreement) -> None:
    """Draw, for answers of about one value, how many of them people call good, with intervals and counts."""
    edges = [number / BINS for number in range(1, BINS)]
    groups: dict[int, list[Any]] = {}
    for point in one.points:
        groups.setdefault(sum(point.value >= edge for edge in edges), []).append(point)
    for points in groups.values():
        at = sum(point.value for point in points) / len(points)
        good = sum(not point.faulty for point in points)
        low, high = wilson(good, len(points), one.evidence.confidence)
        axes.plot([at, at], [low, high], color=style.AI, lw=1.4, solid_capstyle="butt")
        axes.plot(at, good / len(points), "o", ms=4.5, color=style.AI)
        right = at > 0.85
        place = (-4 if right else 4, 0)
        count = str(len(points))
        axes.annotate(
            count,
            (at, good / len(points)),
            xytext=place,
            textcoords="offset points",
            fontsize=7,
            color=style.MUTED,
            ha="right" if right else "left",
            va="center",
        )
    axes.set_xlabel("the grader's value", fontsize=8)
    axes.set_ylabel("good, say people", fontsize=8)
    if one.evidence.brier is not None:
        shown = f"Brier {one.evidence.brier:.3f}, n = {one.evidence.n}"
        axes.text(0.02, 0.98, shown, fontsize=7.5, color=style.INK, va="top", transform=axes.transAxes)


def _range(share: Share) -> str:
    if share.estimate is None:
        return "not known"
    if share.low is None or share.high is None:
        return f"{share.estimate:.2f}, no interval"
    return f"{share.estimate:.2f} [{share.low:.2f}, {share.high:.2f}]"
