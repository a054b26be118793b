"""The look of every figure: colours, type, sizes, and how a figure becomes SVG, PNG and a part of the page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Each tone is one hex value that stands for nothing else, so that the page can put its own colours in their place.
INK = "#20242b"
MUTED = "#5b6270"
RULE = "#d5d8de"
ZONE = "#e9eef1"
PAPER = "#fefefe"
AI = "#0b5c8c"
HUMAN = "#8a5a00"
PASSED = "#0d6b58"
FAILED = "#b03a10"
UNDECIDED = "#6a5490"
SHADES = ("#f4f7f9", "#d3e2ec", "#a9c8dc", "#78aac8")
TONES = {"PASS": PASSED, "FAIL": FAILED, "INCONCLUSIVE": UNDECIDED}

VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    RULE: "--rule",
    ZONE: "--zone",
    PAPER: "--paper",
    AI: "--ai",
    HUMAN: "--human",
    PASSED: "--pass",
    FAILED: "--fail",
    UNDECIDED: "--undecided",
    **{shade: f"--shade-{number}" for number, shade in enumerate(SHADES)},
}

WIDE = 8.2
NARROW = 4.1

SETTINGS: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "svg.hashsalt": "chatparity",
    "svg.fonttype": "path",
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.unicode_minus": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "path.simplify": True,
}


def canvas(height: float, *, narrow: bool = False) -> Figure:
    """Return an empty figure of the page's width and `height` inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(NARROW if narrow else WIDE, height), dpi=100, facecolor=PAPER)


@contextmanager
def settings() -> Iterator[None]:
    """Draw and save figures in the style, whatever the machine's own settings are.

    Letters that no installed font has are not warned of one by one: the page names the font that is missing.
    """
    import matplotlib

    chosen: Any = {name: value for name, value in matplotlib.rcParamsDefault.items() if name != "backend"}
    chosen.update(SETTINGS)
    with matplotlib.rc_context(chosen), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        yield


def as_svg(figure: Figure) -> bytes:
    """Return a figure as SVG: the same bytes for the same figure, with no date in it."""
    data = io.BytesIO()
    figure.savefig(data, format="svg", metadata={"Date": None, "Creator": None})
    return data.getvalue()


def as_png(figure: Figure) -> bytes:
    """Return a figure as PNG at twice the page's resolution."""
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=200, metadata={"Software": None})
    return data.getvalue()


def inlined(svg: bytes, name: str) -> str:
    """Return SVG as a part of an HTML page.

    Addresses of namespaces are dropped, ids get the figure's name in front, colours become the page's variables (so
    that a dark page has a dark figure), and it is hidden from screen readers, which are given the caption.
    """
    text = svg.decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\s(?:xmlns(?::\w+)?|version)="[^"]*"', "", text)
    text = text.replace("xlink:href=", "href=")
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    for tone, variable in VARIABLES.items():
        text = text.replace(tone, f"var({variable}, {tone})")
    size = re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', text)
    if size is None:
        raise ValueError(f"figure {name}: its SVG has no viewBox")
    head = f'<svg aria-hidden="true" focusable="false" viewBox="0 0 {size[1]} {size[2]}">'
    return head + text[text.index(">") + 1 :].strip()
