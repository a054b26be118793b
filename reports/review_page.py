"""The pages on which people judge a sample: items, comparisons, the calibration session, the guideline notes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatparity.exchange import Evidence, Reply
from chatparity.grading.rows import ScoreRow
from chatparity.review.agreement import Agreement, Alpha, Dispute
from chatparity.review.items import Exhibit
from chatparity.review.views import (
    CalibrationView,
    CompareView,
    DecideView,
    GuidelineView,
    ItemView,
    ListView,
    PlainView,
)
from chatparity.transcript import Turn

from .talk import Bubble, Passage, bubble, knowledge_of, laid_out_call, records_of, rendered
from .text import Segment, direction, segments
from .words import Names

FILES = {"review.css": "text/css; charset=utf-8", "review.js": "text/javascript; charset=utf-8"}
VERDICTS = {"pass": "good", "fail": "a fault", "abstained": "could not tell"}


@dataclass(frozen=True)
class Message:
    """One message cut at what scores rest on; `pieces` are its words."""

    bubble: Bubble
    pieces: tuple[Segment, ...]


@dataclass(frozen=True)
class Finding:
    """What one grader says of a reply."""

    grader: str
    verdict: str
    bad: bool
    reason: str


@dataclass(frozen=True)
class Talk:
    """A conversation up to a reply, the reply, and what the reply may rest on."""

    language: str
    language_name: str
    facts: str
    history: tuple[Message, ...]
    reply: Message
    handover: bool
    passages: tuple[tuple[Passage, tuple[Segment, ...]], ...]


@dataclass(frozen=True)
class Laid:
    """A view and what was laid out of it."""

    view: Any
    talk: Talk | None = None
    findings: tuple[Finding, ...] = ()
    sides: tuple[Message, ...] = ()
    handovers: tuple[bool, ...] = ()
    tables: Any = None


def build(view: object) -> str:
    """Return the page of a view."""
    template, lay = LAYOUTS[type(view)]
    return rendered(template, lay(view))


def files() -> Mapping[str, tuple[str, bytes]]:
    """Return the style and the script by name: their media types and contents, the suite's own before the shipped."""
    package = sys.modules[__package__ or ""]
    folders = [Path(folder) / "templates" for folder in package.__path__]

    def content(name: str) -> bytes:
        return next(folder / name for folder in folders if (folder / name).is_file()).read_bytes()

    style = content("report.css") + b"\n" + content("review.css")
    return {name: (kind, style if name == "review.css" else content(name)) for name, kind in FILES.items()}


def _item(view: ItemView) -> Laid:
    return Laid(view, _talk(view.shown, view.found or ()), _findings(view.found or ()))


def _talk(shown: Exhibit, found: Sequence[ScoreRow] = ()) -> Talk:
    """Lay out a conversation, with what scores rest on marked where there are any."""
    point = shown.point
    evidence = [one for row in found for one in row.evidence if row.verdict == "fail"]
    evidence = evidence or [one for row in found for one in row.evidence]
    facts = [f"conversation {shown.item.id}", f"turn {shown.item.turn}"]
    facts += [f"{name} {value}" for name, value in (("market", point.market), ("channel", point.channel)) if value]
    facts += [f"begun {point.started_at:%Y-%m-%d %H:%M}"] if point.started_at else []
    passages = [(one, segments(one.text, evidence, f"knowledge:{one.title}")) for one in knowledge_of(point.knowledge)]
    if point.records:
        records = records_of(point.records)
        passages.insert(0, (records, segments(records.text, (), "")))
    return Talk(
        language=point.language,
        language_name=Names([shown.transcript]).language(point.language),
        facts=", ".join(facts),
        history=tuple(_message(turn, evidence, f"turn:{place}") for place, turn in enumerate(point.history)),
        reply=_reply(shown.reply, evidence),
        handover=shown.reply.handover,
        passages=tuple(passages),
    )


def _message(turn: Turn, evidence: Sequence[Evidence], where: str) -> Message:
    return Message(bubble(turn), segments(turn.text, evidence, where))


def _reply(reply: Reply, evidence: Sequence[Evidence] = ()) -> Message:
    """Lay out a reply, whoever gave it, alike."""
    calls = tuple(laid_out_call(call) for call in reply.tool_calls)
    shown = Bubble("agent", "Agent", reply.text, direction(reply.text), calls)
    return Message(shown, segments(reply.text, evidence, "reply"))


def _findings(found: Sequence[ScoreRow]) -> tuple[Finding, ...]:
    """Lay out what graders found, faults first."""
    rows = [
        Finding(row.grader, VERDICTS.get(row.verdict or "", "not graded"), row.verdict == "fail", row.reason)
        for row in found
    ]
    return tuple(sorted(rows, key=lambda one: (not one.bad, one.grader)))


def _compare(view: CompareView) -> Laid:
    sides = (_reply(view.left), _reply(view.right))
    return Laid(view, _talk(view.shown), sides=sides, handovers=(view.left.handover, view.right.handover))


@dataclass(frozen=True)
class Lean:
    """How one rater leans on one criterion, in words and figures."""

    rater: str
    told: str
    verdict: str


@dataclass(frozen=True)
class Judged:
    """A grader beside people on one criterion."""

    grader: str
    alpha: str
    told: str


@dataclass(frozen=True)
class Row:
    """One criterion of a calibration session. The marks of its interval are in hundredths of the scale, −1 to 1."""

    criterion: str
    ask: str
    alpha: str
    low: float | None
    high: float | None
    at: float | None
    leanings: tuple[Lean, ...]
    graders: tuple[Judged, ...]
    people: str


@dataclass(frozen=True)
class Tables:
    """A calibration session laid out."""

    rows: tuple[Row, ...]
    disputes: tuple[Dispute, ...]
    decided: tuple[Dispute, ...]
    preferred: str


def _calibration(view: CalibrationView) -> Laid:
    return Laid(view, tables=_tables(view.found) if view.found is not None else None)


def _tables(found: Agreement) -> Tables:
    rows = []
    for one in found.criteria:
        leanings = tuple(
            Lean(who.rater, f"{_interval(who.difference, who.low, who.high, sign=True)}, n = {who.n}", who.verdict)
            for who in one.leanings
            if who.n
        )
        graders = tuple(
            Judged(by.grader, _alpha(by.alpha), f"alone against everybody on {by.alone} of {by.n}")
            for by in one.graders
        )
        rows.append(
            Row(
                criterion=one.criterion,
                ask=one.ask,
                alpha=_alpha(one.people),
                low=_place(one.people.low),
                high=_place(one.people.high),
                at=_place(one.people.alpha),
                leanings=leanings,
                graders=graders,
                people=_alpha(one.good_or_bad),
            )
        )
    by = found.preferred
    told = ""
    if by.n:
        told = (
            f"{by.n} comparisons of {by.items} items: the AI preferred {by.ai}, the person {by.human}, "
            f"alike {by.alike}, neither {by.neither}. AI minus person {_interval(by.lead, by.low, by.high, sign=True)}."
        )
    return Tables(
        tuple(rows),
        tuple(one for one in found.disputes if one.decided is None),
        tuple(one for one in found.disputes if one.decided is not None),
        told,
    )


def _place(value: float | None) -> float | None:
    """Return where a value from −1 to 1 lies on a line of 100."""
    return None if value is None else 50 + 50 * value


def _alpha(one: Alpha) -> str:
    """Write an α with its interval and n, or why there is none."""
    if one.alpha is None:
        return f"not defined: {one.method}, n = {one.items}"
    return f"{_interval(one.alpha, one.low, one.high)}, n = {one.items}"


def _interval(value: float | None, low: float | None, high: float | None, *, sign: bool = False) -> str:
    """Write a figure with its interval; a true minus stands before what is below zero."""
    if value is None:
        return "not defined"
    shape = "+.2f" if sign else ".2f"
    bounds = f" [{low:{shape}}, {high:{shape}}]" if low is not None and high is not None else ", no interval"
    return f"{value:{shape}}{bounds}".replace("-", "−")


def _decide(view: DecideView) -> Laid:
    return Laid(view, _talk(view.shown, view.found), _findings(view.found))


def _bare(view: ListView | GuidelineView | PlainView) -> Laid:
    return Laid(view)


LAYOUTS: Mapping[type, tuple[str, Callable[[Any], Laid]]] = {
    ItemView: ("review_item.html", _item),
    ListView: ("review_list.html", _bare),
    CompareView: ("review_compare.html", _compare),
    CalibrationView: ("review_calibration.html", _calibration),
    DecideView: ("review_decide.html", _decide),
    GuidelineView: ("review_guideline.html", _bare),
    PlainView: ("review_plain.html", _bare),
}
