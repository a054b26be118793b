"""The failure map as a page, as Markdown and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from chatparity.failures.result import Category, Change, Example, FailureMap, Theme
from chatparity.failures.text import asking_again, without_lines
from chatparity.gate.result import Rate
from chatparity.grading.taxonomy import OTHER

from . import words
from .talk import rendered
from .text import clipped, direction, escaped
from .words import Names, count, listed

STANDS = ("new", "grown", "gone", "shrunk")
MARKS = {"new": "FAIL", "grown": "FAIL", "gone": "PASS", "shrunk": "PASS"}
# How many themes stand in the table and are shown with examples; all are in failures.json.
TABLE, SHOWN, IDS, MARKDOWN = 60, 24, 8, 20
SHADES, REASON = 4, 240


@dataclass(frozen=True)
class Line:
    """A category or theme as it stands in a table: `told` is what the baseline says, `mark` how it is coloured."""

    name: str
    note: str
    language: str
    dir: str
    count: int
    share: str
    people: int
    said: str
    mark: str
    told: str
    theme: bool = False
    anchor: str = ""


@dataclass(frozen=True)
class HeatRow:
    """One theme, or the single failures, by category: each cell's count and its shade, 0 to 3; singles have none."""

    line: Line | None
    name: str
    count: int
    cells: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Sliced:
    """The shares of one category on every slice that is large enough."""

    name: str
    shares: tuple[str, ...]


@dataclass(frozen=True)
class Read:
    """A failing reply laid out to be read."""

    where: str
    language: str
    request: str
    request_dir: str
    passage: str
    passage_dir: str
    categories: str
    found: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Shown:
    """A theme with its examples, and what asks for them again."""

    line: Line
    categories: str
    graders: str
    conversations: str
    reads: tuple[Read, ...]
    ids: tuple[str, ...]
    more: int
    again: str


@dataclass(frozen=True)
class Page:
    """All of the page."""

    name: str
    lead: str
    synthetic: bool
    compared: bool
    changed: tuple[Line, ...]
    unsure: tuple[Line, ...]
    beside: tuple[str, ...]
    categories: tuple[Line, ...]
    without: tuple[str, ...]
    slices: tuple[str, ...]
    sliced: tuple[Sliced, ...]
    columns: tuple[str, ...]
    heat: tuple[HeatRow, ...]
    left: int
    themes: tuple[Shown, ...]
    singles: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


def build(found: FailureMap, out: Path) -> Path:
    """Write failures.html, failures.md and failures.json into the folder `out`; return the page's path.

    Everything is made before anything is written, and each file appears whole or not at all.
    """
    page = page_of(found)
    files = {
        "failures.json": msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n",
        "failures.md": markdown(page),
        "failures.html": rendered("failures.html", page),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        half = out / f"{name}.part"
        half.write_text(text, encoding="utf-8")
        half.replace(out / name)
    return out / "failures.html"


def page_of(found: FailureMap) -> Page:
    """Return the page as plain data."""
    names = Names([])
    categories = [_category(one) for one in found.categories]
    known = [line for line, one in zip(categories, found.categories, strict=True) if _known(one)]
    themes = [_theme(one, number, names) for number, one in enumerate(found.themes, 1)]
    overall = [_line("any failure", "", found.failing, found.any_failure, found.any_change)]
    every = [*overall, *known, *themes] if found.baseline and not found.baseline.why_not else []
    columns = tuple(one.name for one in found.categories if one.count)
    return Page(
        name=Path(found.run).name,
        lead=_lead(found, every),
        synthetic=found.synthetic,
        compared=bool(every),
        changed=tuple(sorted((one for one in every if one.said in STANDS), key=lambda one: STANDS.index(one.said))),
        unsure=tuple(one for one in every if one.said == "may be chance"),
        beside=_beside(found),
        categories=tuple(known),
        without=tuple(without_lines(found)),
        slices=tuple(_slice(one.slice, names) for one in (found.categories[0].slices if found.categories else ())),
        sliced=tuple(
            Sliced(one.name, tuple(_share(part.rate) for part in one.slices)) for one in found.categories if one.slices
        ),
        columns=columns,
        heat=_heat(found, themes[:TABLE], columns),
        left=max(len(themes) - TABLE, 0),
        themes=tuple(_shown(one, line, found) for one, line in zip(found.themes[:SHOWN], themes, strict=False)),
        singles=found.singles.ids[:IDS],
        facts=_facts(found),
    )


def _known(one: Category) -> bool:
    return bool(one.count or (one.change and one.change.before) or one.name != OTHER)


def _line(name: str, note: str, number: int, rate: Rate, change: Change | None, *, people: int = 0) -> Line:
    """Return a category, or any failure, as a line of a table."""
    said = change.said if change else ""
    return Line(name, note, "en", "ltr", number, _share(rate), people, said, MARKS.get(said, ""), _told(change))


def _category(one: Category) -> Line:
    return _line(one.name, one.says, one.count, one.rate, one.change, people=one.judged_by_people)


def _theme(one: Theme, number: int, names: Names) -> Line:
    """Return a theme as a line of a table; its terms stand in their own language and direction."""
    said = one.change.said if one.change else ""
    return Line(
        name=one.name,
        note=names.language(one.language) if one.language else "language unknown",
        language=one.language,
        dir=direction(one.name),
        count=one.count,
        share=_share(one.share),
        people=0,
        said=said,
        mark=MARKS.get(said, ""),
        told=_told(one.change),
        theme=True,
        anchor=f"theme-{number}" if number <= SHOWN else "",
    )


def _share(rate: Rate) -> str:
    return f"{words.rate_text(rate)}, {words.n_text(rate.n)}" if rate.n else "nothing looked at it"


def _told(change: Change | None) -> str:
    """Return the counts and the difference beside the baseline."""
    if change is None:
        return ""
    counts = f"{change.now:,} against {change.before:,}"
    if change.difference is None or change.p is None:
        return counts
    p = "p\u00a0<\u00a00.001" if change.p < 0.001 else f"p\u00a0=\u00a0{change.p:.2g}"
    return f"{counts}; {words.difference_text(change.difference)} points, {p}"


def _slice(value: str, names: Names) -> str:
    return names.slice(value)


def _lead(found: FailureMap, every: list[Line]) -> str:
    """Return the page's first sentence."""
    rate = found.any_failure
    shown = f" ({words.rate_text(rate)})" if rate.n else ""
    lead = f"{found.failing:,} of {rate.n:,} graded replies fail{shown}"
    told = [f"{said} since the baseline: {listed(named)}" for said in ("new", "grown") if (named := _of(every, said))]
    if told:
        lead += f"; {told[0]}"
    elif every:
        lead += "; nothing is told to be new since the baseline"
    return lead


def _of(lines: list[Line], said: str) -> list[str]:
    """Return the categories of which this is said, and how many themes."""
    found = [f"“{one.name}”" for one in lines if one.said == said and not one.theme]
    themes = sum(one.said == said and one.theme for one in lines)
    return [*found, count(themes, "theme")] if themes else found


def _beside(found: FailureMap) -> tuple[str, ...]:
    """Return, as sentences, what of the baseline was compared and what was not."""
    then = found.baseline
    if then is None:
        return ()
    name = f"The baseline is {Path(then.run).name} ({then.agent})"
    if then.why_not:
        return (f"{name}. It cannot be compared: {then.why_not}.",)
    of = f"{then.n:,} replies in {count(then.conversations, 'conversation')}"
    how = (
        f"{of}, the same messages in both runs, are compared pair by pair."
        if then.pairs
        else f"It had other conversations: {of} of this run are compared with its, unpaired."
    )
    told = [f"{name}. {how}"]
    told.append(
        f"p is corrected by Holm over all {then.tests} comparisons of this page: were both runs alike, it would say "
        "new, grown, gone or shrunk anywhere with a chance of at most 5 %. Intervals are at 95 % each."
    )
    if then.left_out or then.left_out_before:
        told.append(
            f"Without a partner that the same grader scored, and so not compared: {then.left_out:,} replies of this "
            f"run and {then.left_out_before:,} of the baseline."
        )
    if then.other_graders:
        told.append(f"Not compared, since they scored one of the runs alone: {', '.join(then.other_graders)}.")
    told += [f"Not the agent alone differs: the baseline was {one}." for one in then.unlike]
    if found.people:
        told.append("Comparisons rest on what graders found: the baseline has no people's categories.")
    return tuple(told)


def _heat(found: FailureMap, themes: list[Line], columns: tuple[str, ...]) -> tuple[HeatRow, ...]:
    """Cross themes with categories; the darkest cell is the largest count of the table."""
    rows: list[tuple[Line | None, str, int, dict[str, int]]] = [
        (line, "", one.count, one.categories) for line, one in zip(themes, found.themes, strict=False) if one.count
    ]
    most = max((number for _, _, _, cells in rows for number in cells.values()), default=1)
    alone = found.singles
    if alone.count:
        rows.append((None, "single failures, like no others", alone.count, alone.categories))
    return tuple(
        HeatRow(
            line, name, number, tuple((at := cells.get(one, 0), _shade(at, most) if line else 0) for one in columns)
        )
        for line, name, number, cells in rows
    )


def _shade(number: int, most: int) -> int:
    """Return the shade of a count: 0 for none, then by its share of the largest."""
    return min(1 + int((SHADES - 1) * number / (most + 1)), SHADES - 1) if number else 0


def _shown(one: Theme, line: Line, found: FailureMap) -> Shown:
    """Lay out a theme with its examples."""
    ids = one.ids[:IDS]
    return Shown(
        line=line,
        categories=listed([f"{name} ({number})" for name, number in one.categories.items()]),
        graders=listed([f"{name} ({number})" for name, number in one.graders.items()]),
        conversations=f"{count(one.conversations, 'conversation')}",
        reads=tuple(_read(example) for example in one.examples),
        ids=ids,
        more=len(one.ids) - len(ids),
        again=asking_again(found, ids),
    )


def _read(one: Example) -> Read:
    trial = f", trial {one.trial}" if one.trial else ""
    then = ", in the baseline" if one.run == "before" else ""
    who = " (judged by people)" if one.judged_by_people else ""
    return Read(
        where=f"{one.id}, turn {one.turn}{trial}{then}",
        language=one.language,
        request=one.request,
        request_dir=direction(one.request),
        passage=one.passage,
        passage_dir=direction(one.passage),
        categories=f"{listed(one.categories)}{who}",
        found=tuple(
            (at.grader + (f", {at.outcome}" if at.outcome else ""), clipped(at.reason, REASON)) for at in one.findings
        ),
    )


def _facts(found: FailureMap) -> tuple[tuple[str, str], ...]:
    """Return what the map rests on."""
    return (
        ("Run", Path(found.run).name),
        ("Agent", found.agent),
        ("Taxonomy", f"{found.taxonomy}, version {found.taxonomy_version}"),
        ("Replies", f"{found.planned:,} asked for, {found.graded:,} with a score"),
        ("Intervals", "95 %, over conversations: replies of one conversation are not independent"),
        ("Seed", str(found.seed)),
        ("Made by", f"chatparity {found.chatparity}"),
    )


def markdown(page: Page) -> str:
    """Return the map as Markdown: what changed, the categories, the themes."""
    lines = [f"# Failure map: {escaped(page.name)}", "", f"{escaped(page.lead)}."]
    if page.synthetic:
        lines[-1] += " Synthetic conversations."
    lines += ["", *(f"{escaped(one)}\n" for one in (*page.beside, *page.without))]
    if page.changed:
        lines += ["## Since the baseline", "", "| said | what | replies; difference |", "| --- | --- | --- |"]
        lines += [f"| {one.said} | {escaped(_named(one))} | {escaped(one.told)} |" for one in page.changed]
        lines.append("")
    lines += ["## Categories", "", "| category | replies | share | by people |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {escaped(one.name)} | {one.count} | {escaped(one.share)} | {one.people or '–'} |" for one in page.categories
    ]
    lines += _heat_lines(page) if page.heat else []
    for one in page.themes[:MARKDOWN]:
        lines += [
            "",
            f"### {escaped(_named(one.line))}",
            "",
            f"Categories: {escaped(one.categories or 'none now')}.",
            "",
        ]
        for read in one.reads:
            lines.append(f"- **{escaped(read.where)}** {escaped(clipped(read.passage, 200))}")
            lines += [f"  - {escaped(who)}: {escaped(clipped(reason, 200))}" for who, reason in read.found]
    lines += ["", *(f"- {escaped(name)}: {escaped(value)}" for name, value in page.facts), ""]
    return "\n".join(lines)


def _heat_lines(page: Page) -> list[str]:
    """Return the table of themes and categories: the first themes, and the single failures below them."""
    themes = [row for row in page.heat if row.line is not None]
    lines = ["", "## Themes", "", f"| theme | replies | {' | '.join(escaped(one) for one in page.columns)} |"]
    lines.append("| --- " * (len(page.columns) + 2) + "|")
    for row in [*themes[:MARKDOWN], *(row for row in page.heat if row.line is None)]:
        name = _named(row.line) if row.line else row.name
        lines.append(f"| {escaped(name)} | {row.count} | {' | '.join(str(at) for at, _ in row.cells)} |")
    if len(themes) > MARKDOWN or page.left:
        lines += ["", f"{len(themes) - min(len(themes), MARKDOWN) + page.left} more themes stand in failures.json."]
    return lines


def _named(line: Line) -> str:
    return f"{line.note}: {line.name}" if line.theme else line.name
