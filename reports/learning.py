"""The learning curve of a fitted grader: what more labels have brought, and may bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatparity.learned.model import Model

from . import style
from .text import clipped

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def build(model: Model) -> tuple[bytes, bytes]:
    """Return the figure as SVG and as PNG."""
    with style.settings():
        figure = draw(model)
        return style.as_svg(figure), style.as_png(figure)


def draw(model: Model) -> Figure:
    """Draw the area under the ROC curve on held-out conversations by how many were fitted on."""
    figure = style.canvas(3.3)
    axes = figure.add_axes((0.085, 0.235, 0.88, 0.62))
    sizes = [point.conversations for point in model.curve]
    axes.fill_between(
        sizes,
        [point.low for point in model.curve],
        [point.high for point in model.curve],
        color=style.SHADES[1],
        lw=0,
    )
    axes.plot(sizes, [point.mean for point in model.curve], "o-", color=style.AI, lw=1.8, ms=5)
    for point in model.curve:
        place = (0, 7)
        axes.annotate(
            f"{point.mean:.2f}",
            (point.conversations, point.mean),
            xytext=place,
            textcoords="offset points",
            fontsize=8,
            color=style.INK,
            ha="center",
        )
    axes.axhline(0.5, color=style.MUTED, lw=1, ls=(0, (3, 2)))
    lowest = min([0.5, *(point.low for point in model.curve)])
    axes.set_ylim(lowest - 0.03, 1.01)
    axes.set_xlim(0, max(sizes) * 1.05)
    axes.text(max(sizes) * 1.045, 0.505, "chance", fontsize=7.5, color=style.MUTED, ha="right", va="bottom")
    axes.set_xlabel("conversations that it was fitted on", fontsize=8.5)
    axes.set_ylabel("AUC on others", fontsize=8.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", color=style.RULE, lw=0.6)
    axes.set_axisbelow(True)
    title = f"{clipped(model.name, 40)}: {model.n} labelled answers, {model.n - model.good} of them bad"
    axes.set_title(title, fontsize=9.5, color=style.INK, loc="left")
    note = "Line: the mean of five folds by conversation; shaded: from the lowest to the highest fold."
    figure.text(0.085, 0.035, note, fontsize=7.5, color=style.MUTED)
    return figure
