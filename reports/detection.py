"""Detection of planted faults by fault and language: one cell each, dark where the graders miss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatparity.mutate.result import Rate, Result, rate_of

from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW = 0.165
HEAD, FOOT, LEFT = 1.28, 0.34, 0.42
# The share missed up to which a cell has each shade; above the last it has the darkest.
STEPS = ((0.0, style.PAPER), (0.05, style.SHADES[0]), (0.15, style.SHADES[1]), (0.5, style.SHADES[2]))
NAMES = ("none missed", "up to 5 %", "up to 15 %", "up to half", "more")
DARKEST = style.SHADES[3]


def build(result: Result) -> dict[str, bytes]:
    """Return the figure as SVG and PNG."""
    with style.settings():
        figure = draw(result)
        return {"svg": style.as_svg(figure), "png": style.as_png(figure)}


def draw(result: Result) -> Figure:
    """Draw languages down and faults across, detected of planted in each cell, sums at the right and at the foot."""
    faults, languages = list(result.by_fault), list(result.by_language)
    rates: dict[tuple[str, str], Rate] = {(one.language, one.fault): one for one in result.cells}
    rows, columns = len(languages) + 1, len(faults) + 1
    height = HEAD + ROW * rows + FOOT
    figure = style.canvas(height)
    width = style.WIDE
    axes = figure.add_axes((LEFT / width, FOOT / height, (width - LEFT - 0.12) / width, ROW * rows / height))
    axes.set_xlim(0, columns + 0.6)
    axes.set_ylim(rows + 0.15, 0)
    axes.set_axis_off()
    for row, language in enumerate(languages):
        _label(axes, row, language)
        for column, fault in enumerate(faults):
            _cell(axes, row, column, rates.get((language, fault)))
        total = rate_of((number < one.count, "") for one in _of(result, language) for number in range(one.n))
        _sum(axes, row, columns - 0.4, total)
    _label(axes, rows - 1 + 0.15, "all")
    for column, fault in enumerate(faults):
        _sum(axes, rows - 1 + 0.15, column, result.by_fault[fault])
        mark = "" if result.by_fault[fault].rule else " *"
        axes.text(column + 0.3, -0.25, fault.replace("_", " ") + mark, rotation=55, fontsize=6.4, color=style.INK)
    axes.text(columns - 0.4 + 0.3, -0.25, "all", rotation=55, fontsize=6.4, color=style.INK)
    _legend(figure, height, any(not line.rule for line in result.by_fault.values()))
    return figure


def _of(result: Result, language: str) -> list[Rate]:
    """Return the cells of a language."""
    return [one for one in result.cells if one.language == language]


def _label(axes: Axes, row: float, name: str) -> None:
    """Name a row."""
    axes.text(-0.15, row + 0.5, name, ha="right", va="center", fontsize=6.6, color=style.INK)


def _cell(axes: Axes, row: int, column: int, rate: Rate | None) -> None:
    """Draw one cell; one in which nothing could be planted stays empty."""
    from matplotlib.patches import Rectangle

    if rate is None or rate.rate is None:
        return
    axes.add_patch(
        Rectangle((column + 0.03, row + 0.05), 0.94, 0.9, facecolor=_shade(rate), edgecolor=style.RULE, linewidth=0.4)
    )
    missed = rate.count < rate.n
    axes.text(
        column + 0.5,
        row + 0.52,
        f"{rate.count}/{rate.n}",
        ha="center",
        va="center",
        fontsize=4.6,
        color=style.INK if missed else style.MUTED,
    )


def _sum(axes: Axes, row: float, column: float, rate: Rate) -> None:
    """Write the share of a whole row or column."""
    shown = "" if rate.rate is None else f"{100 * rate.rate:.0f} %"
    axes.text(column + 0.5, row + 0.52, shown, ha="center", va="center", fontsize=5.4, color=style.INK)


def _shade(rate: Rate) -> str:
    """Return how dark a cell is."""
    missed = 1 - (rate.rate or 0.0)
    return next((shade for least, shade in STEPS if missed <= least + 1e-9), DARKEST)


def _legend(figure: Figure, height: float, marked: bool) -> None:
    """Say what the shades mean."""
    from matplotlib.patches import Rectangle

    x, y = LEFT / style.WIDE, 0.11 / height
    for name, shade in zip(NAMES, (*(shade for _, shade in STEPS), DARKEST), strict=True):
        figure.add_artist(Rectangle((x, y), 0.014, 0.11 / height, facecolor=shade, edgecolor=style.RULE, linewidth=0.4))
        figure.text(x + 0.018, y + 0.055 / height, name, fontsize=6.4, va="center", color=style.MUTED)
        x += 0.105
    note = "detected / planted; empty: not planted" + ("; * no rule can see it" if marked else "")
    figure.text(x + 0.02, y + 0.055 / height, note, fontsize=6.4, va="center", color=style.MUTED)
