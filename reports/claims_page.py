"""The claims ledger as a page, as Markdown and as JSON, with its figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from markupsafe import Markup

from chatparity.claims.about import interval_text, number_text
from chatparity.claims.result import ClaimResult, Curves, Figure, Ledger

from . import claims_times, claims_tornado, style
from .talk import rendered
from .text import escaped
from .words import count, listed

CLASSES = {"supported": "PASS", "contradicted": "FAIL", "cannot be told": "INCONCLUSIVE"}
SYMBOLS = {"supported": "✓", "contradicted": "✗", "cannot be told": "?"}
TITLES = {"curves": "Times to resolution", "tornado": "How far each assumption moves the figure"}


@dataclass(frozen=True)
class Row:
    """A figure beside the claim's own, as it stands in a table."""

    name: str
    text: str
    n: str
    note: str


@dataclass(frozen=True)
class Entry:
    """One claim, ready to be laid out."""

    claim: ClaimResult
    symbol: str
    mark: str
    figure: str
    interval: str
    told: str
    rows: tuple[Row, ...]
    naive: Row | None
    left_out: tuple[str, ...]
    picture: tuple[Markup, Markup, str, str] | None


@dataclass(frozen=True)
class Page:
    """All of the page."""

    name: str
    lead: str
    entries: tuple[Entry, ...]
    synthetic: bool
    facts: tuple[tuple[str, str], ...]


def build(ledger: Ledger, out: Path) -> Path:
    """Write claims.html, claims.md, claims.json and the figures into the folder `out`; return the page's path."""
    figures = out / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    with style.settings():
        entries = tuple(_entry(claim, figures) for claim in ledger.claims)
    page = Page(ledger.name, _lead(ledger), entries, ledger.synthetic, _facts(ledger))
    files = {
        "claims.json": msgspec.json.format(msgspec.json.encode(ledger), indent=2).decode() + "\n",
        "claims.md": _markdown(page),
        "claims.html": rendered("claims.html", page),
    }
    for name, text in files.items():
        half = out / f"{name}.part"
        half.write_text(text, encoding="utf-8")
        half.replace(out / name)
    return out / "claims.html"


def _entry(claim: ClaimResult, figures: Path) -> Entry:
    """Lay out one claim and write its figure."""
    unit = claim.unit
    low, high = claim.interval or (None, None)
    return Entry(
        claim=claim,
        symbol=SYMBOLS[claim.verdict],
        mark=CLASSES[claim.verdict],
        figure=number_text(claim.estimate, unit) if claim.estimate is not None else "no figure",
        interval=interval_text(low, high, unit, claim.estimate) if claim.estimate is not None else "",
        told=_told(claim),
        rows=tuple(_row(one) for one in claim.parts),
        naive=_row(claim.naive) if claim.naive is not None else None,
        left_out=tuple(f"{one.n:,}: {one.why}" for one in claim.left_out),
        picture=_picture(claim, figures),
    )


def _told(claim: ClaimResult) -> str:
    """Return the verdict's sentence."""
    text = claim.reason[:1].upper() + claim.reason[1:]
    if claim.expired:
        text += f". It counted until {claim.expires}: measure it again"
    elif claim.expires is not None:
        text += f". It counts until {claim.expires}, and must then be measured again"
    return f"{text}."


def _row(one: Figure) -> Row:
    text = "cannot be estimated"
    if one.estimate is not None:
        text = number_text(one.estimate, one.unit)
        text += (
            f" {interval_text(one.low, one.high, one.unit, one.estimate)}"
            if one.low is not None and one.high is not None
            else ""
        )
    return Row(one.name, text, f"{one.n:,}", one.note)


def _picture(claim: ClaimResult, figures: Path) -> tuple[Markup, Markup, str, str] | None:
    """Draw a claim's figure, write it, and return it wide and narrow with its title and caption."""
    if claim.picture is None:
        return None
    part: Any = claims_times if isinstance(claim.picture, Curves) else claims_tornado
    wide = part.draw(claim.picture)
    svg = style.as_svg(wide)
    (figures / f"{claim.id}.svg").write_bytes(svg)
    (figures / f"{claim.id}.png").write_bytes(style.as_png(wide))
    narrow = style.as_svg(part.draw(claim.picture, narrow=True))
    # Only our own drawings are markup: whatever text is in them is drawn as paths.
    drawn = (Markup(style.inlined(svg, f"figure-{claim.id}")), Markup(style.inlined(narrow, f"narrow-{claim.id}")))  # noqa: S704
    title = TITLES["curves" if isinstance(claim.picture, Curves) else "tornado"]
    return (*drawn, title, part.CAPTION)


def _lead(ledger: Ledger) -> str:
    """Return the page's first sentence: how many claims have each verdict."""
    counts = ledger.counts()
    if not ledger.claims:
        return "No claim is in this ledger"
    said = [f"{n} {verdict}" for verdict, n in counts.items() if n]
    late = sum(claim.expired for claim in ledger.claims)
    more = f"; {count(late, 'verdict')} out of date" if late else ""
    return f"Of {count(len(ledger.claims), 'claim')}, {listed(said)}{more}"


def _facts(ledger: Ledger) -> tuple[tuple[str, str], ...]:
    """Return what the ledger rests on."""
    found = [("Logs", ", ".join(ledger.logs)), ("Conversations", f"{ledger.conversations:,}")]
    if ledger.first is not None and ledger.last is not None:
        found.append(("Begun (UTC)", f"{ledger.first:%Y-%m-%d %H:%M} to {ledger.last:%Y-%m-%d %H:%M}"))
    if ledger.invalid:
        found.append(("Skipped as invalid", f"{ledger.invalid:,}"))
    found.append(("Measured", str(ledger.measured)))
    return tuple(found)


def _markdown(page: Page) -> str:
    """Return the ledger as Markdown: the table of verdicts, then each claim."""
    lines = [
        f"# {escaped(page.name)}",
        "",
        f"{escaped(page.lead)}." + (" Synthetic logs." if page.synthetic else ""),
        "",
    ]
    lines += ["| verdict | claim | figure [interval] | asked for | n |", "| --- | --- | --- | --- | --- |"]
    for one in page.entries:
        cells: tuple[str, ...] = (
            f"{one.symbol} {one.claim.verdict}",
            one.claim.said,
            f"{one.figure} {one.interval}".strip(),
        )
        cells += (one.claim.threshold, f"{one.claim.n:,}")
        lines.append(f"| {' | '.join(escaped(cell) for cell in cells)} |")
    for one in page.entries:
        lines += ["", f"## {escaped(one.claim.said)}", "", f"{escaped(one.claim.source)}", ""]
        points = [
            ("Verdict", f"{one.symbol} {one.claim.verdict}. {one.told}"),
            ("Figure", f"{one.figure} {one.interval}, n = {one.claim.n:,} in {one.claim.clusters:,} customers"),
            ("Asked for", one.claim.threshold),
            ("Formula", one.claim.formula),
            ("How", one.claim.method),
            ("Population", one.claim.population),
            ("Window", one.claim.window),
            ("Fields", ", ".join(one.claim.used)),
            *(("Left out", text) for text in one.left_out),
            *(("Would tell", text) for text in one.claim.needs),
            *(("Beside it", f"{row.name}: {row.text}, n = {row.n}") for row in one.rows),
        ]
        if one.naive is not None:
            points.append(("Naive", f"{one.naive.name}: {one.naive.text}. {one.claim.misleads}"))
        points += [("Note", text) for text in one.claim.notes]
        lines += [f"- **{name}:** {escaped(text)}" for name, text in points if text]
    lines += ["", *(f"- {escaped(name)}: {escaped(value)}" for name, value in page.facts), ""]
    return "\n".join(lines)
