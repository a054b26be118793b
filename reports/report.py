"""The report of a run: `report.html` for people, `report.md` for a pull request, and the figures of both."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatparity.gate.result import Findings
from chatparity.naming import anchor
from chatparity.run.folder import RunFolder

from . import baseline as before
from . import duels, escalation, latency, mix, parity, scorecard, slices, spread, style, thousand, timing, words
from .data import Page, page_of
from .material import Material
from .text import escaped, plain
from .words import Names, count

if TYPE_CHECKING:
    from jinja2 import Environment
    from matplotlib.figure import Figure

MARKDOWN_LIMIT = 60_000
# Where `chatparity failures` puts its page in a run.
FAILURE_MAP = "failures/failures.html"
FIGURES = (
    "parity",
    "scorecard",
    "slices",
    "duels",
    "latency",
    "escalation",
    "timing",
    "hallucination",
    "scores",
    "mix",
    "baseline",
    "baseline-slices",
)
Draw = Callable[[bool], "Figure"]
# How many rows of each table, and how many conversations, the comment shows; the first pair that fits is taken.
FITS = ((200, 20), (80, 20), (40, 12), (20, 6), (10, 3), (5, 1))


@dataclass(frozen=True)
class Picture:
    """A figure in all its forms: files, and SVG to be put into the page for a wide and for a narrow screen."""

    name: str
    svg: bytes
    png: bytes
    wide: str
    narrow: str
    caption: str


def build(folder: RunFolder, findings: Findings, baseline: RunFolder | None = None) -> Path:
    """Write `report.html`, `report.md` and `figures/*.svg|png` into a run and return the path of the page.

    With a `baseline`, a graded run, the page also says what got better and worse since.
    Everything is made before anything is written, and each file appears whole or not at all; a figure of an earlier
    report that has nothing to show any more is removed. Raises UsageError when the run has not been graded.
    """
    material = Material.of(folder, findings, baseline)
    names = Names(list(material.transcripts.values()))
    there = (folder.path / FAILURE_MAP).is_file()
    page = replace(page_of(material, names), failure_map=FAILURE_MAP if there else "")
    pictures = {picture.name: picture for picture in _pictures(page, material, names)}
    html = _html(page, pictures, names)
    markdown = _markdown(page, list(pictures))
    for name in FIGURES:
        for ending in ("svg", "png"):
            path = folder.figures / f"{name}.{ending}"
            if name in pictures:
                folder.write(path, getattr(pictures[name], ending))
            else:
                path.unlink(missing_ok=True)
    folder.write(folder.report_file.with_suffix(".md"), markdown.encode())
    folder.write(folder.report_file, html.encode())
    return folder.report_file


def _pictures(page: Page, material: Material, names: Names) -> list[Picture]:
    """Draw every figure that has something to show."""
    wanted = _wanted(page, material, names)
    with style.settings():
        return [_picture(name, caption, draw) for name, (caption, some, draw) in wanted.items() if some]


def _wanted(page: Page, material: Material, names: Names) -> dict[str, tuple[str, bool, Draw]]:
    """Return each figure by name, in the order of the page: its caption, whether there is anything, its drawing."""
    gates, people, all_ = material.findings.gates, material.people, page.compared
    compared = parity.differences(material.findings)
    judged = slices.drawn(all_.slices)
    unpaired = all_.mix if all_.mix and all_.mix.shares else None
    against = all_.baseline
    changed = slices.drawn(against.slices) if against else []
    found: dict[str, tuple[str, bool, Draw]] = {
        "parity": (parity.CAPTION, bool(compared), lambda small: parity.draw(compared, names, people, narrow=small)),
        "scorecard": (
            scorecard.CAPTION,
            bool(gates),
            lambda small: scorecard.draw(gates, names, people, narrow=small),
        ),
        "slices": (
            slices.CAPTION,
            bool(judged),
            lambda small: slices.draw(all_.slices, names, f"AI minus {people}", narrow=small),
        ),
        "duels": (duels.CAPTION, bool(all_.duels), lambda small: duels.draw(all_.duels, people, narrow=small)),
        "latency": (latency.CAPTION, bool(all_.times), lambda small: latency.draw(all_.times, narrow=small)),
        "escalation": (
            escalation.CAPTION,
            bool(all_.matrices),
            lambda small: escalation.draw(all_.matrices, narrow=small),
        ),
        "timing": (timing.CAPTION, bool(all_.timings), lambda small: timing.draw(all_.timings, narrow=small)),
        "hallucination": (
            thousand.CAPTION,
            bool(all_.thousands),
            lambda small: thousand.draw(all_.thousands, narrow=small),
        ),
        "scores": (spread.CAPTION, bool(all_.spreads), lambda small: spread.draw(all_.spreads, narrow=small)),
    }
    if unpaired:
        found["mix"] = (mix.CAPTION, True, lambda small: mix.draw(unpaired, people, narrow=small))
    if against:
        some = bool(against.forest)
        found["baseline"] = (before.CAPTION, some, lambda small: before.draw(against, narrow=small))
        found["baseline-slices"] = (
            slices.CAPTION,
            bool(changed),
            lambda small: slices.draw(against.slices, names, "This run minus the baseline", narrow=small),
        )
    return found


def _picture(name: str, caption: str, draw: Draw) -> Picture:
    """Draw one figure in all its forms."""
    wide = draw(False)
    svg = style.as_svg(wide)
    return Picture(
        name=name,
        svg=svg,
        png=style.as_png(wide),
        wide=style.inlined(svg, name),
        narrow=style.inlined(style.as_svg(draw(True)), f"{name}-narrow"),
        caption=caption,
    )


def _templates() -> list[Path]:
    """Return the folders of templates: the suite's own, then the shipped one."""
    package = sys.modules[__package__ or ""]
    return [Path(folder) / "templates" for folder in package.__path__]


def _environment(finalize: Callable[[Any], Any]) -> Environment:
    """Return a template environment in which a misspelt name is an error and HTML is escaped.

    `finalize` is put to every value on its way into a template.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(_templates()),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["anchor"] = anchor
    return environment


def _html(page: Page, pictures: dict[str, Picture], names: Names) -> str:
    """Lay out the page. Every text is made visible and escaped on its way in; only our own SVG is not."""
    from markupsafe import Markup

    def shown(value: Any) -> Any:
        return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = _environment(shown)
    environment.globals["drawn"] = Markup  # only for our own drawings
    environment.globals.update(words=words, p_text=slices.p_text, naive_why=mix.WHY)
    environment.globals.update(when=timing.WHEN, values=[part.name for part in spread.PARTS])
    return environment.get_template("report.html").render(
        page=page, pictures=pictures, names=names, contents=_contents(page)
    )


def _contents(page: Page) -> list[tuple[str, str]]:
    """Return the sections of the page as (id, title), in order."""
    found = [
        ("dimensions", "Verdict"),
        ("waivers", "Known failures"),
        ("judged", "Judged figures"),
        ("parity", "AI against people"),
        ("scorecard", "Scorecard"),
        ("conversations", "Conversations"),
        ("slices", "Slices"),
        ("duels", "Win, tie, loss"),
        ("latency", "Waiting times"),
        ("escalation", "Handovers"),
        ("hallucination", "Hallucinations"),
        ("scores", "Scores"),
        ("repeats", "Repeated trials"),
        ("mix", "Case mix"),
        ("baseline", "Baseline"),
        ("rates", "Not gated"),
        ("unmeasured", "Not measured"),
        ("ledger", "Ledger"),
        ("made", "How it was made"),
    ]
    left_out = set()
    if not page.compared.baseline:
        left_out.add("baseline")
    if not (page.waivers or page.notes):
        left_out.add("waivers")
    if not page.judged:
        left_out.add("judged")
    if not page.compared.repeats:
        left_out.add("repeats")
    return [one for one in found if one[0] not in left_out]


def _markdown(page: Page, drawn: list[str]) -> str:
    """Lay out the comment, with as many conversations and rows as fit below the limit of a pull-request comment.

    What is left out is counted, and the comment says where it stands.
    """
    template = _environment(escaped).get_template("report.md")
    figures = ", ".join(f"{name}.png" for name in drawn)
    text = ""
    for rows, talks in FITS:
        text = template.render(page=page, rows=rows, talks=talks, figures=figures)
        if len(text) < MARKDOWN_LIMIT:
            return text
    return _cut(text, [one.id for one in page.readings])


def _cut(text: str, conversations: Sequence[str]) -> str:
    """Return the beginning of a comment that nothing else makes short enough, with what is left out counted."""
    kept = text[: text.rfind("\n", 0, MARKDOWN_LIMIT - 300)]
    left = sum(f"#{escaped(anchor(one))})" not in kept for one in conversations)
    said = (
        f"{count(left, 'conversation')} and the rest of the tables stand" if left else "the rest of the tables stands"
    )
    return f"{kept}\n\nThis comment is cut short here: {said} in report.html.\n"
