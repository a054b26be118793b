"""The page of a sample: what people read while they fill in its sheet; it tells nothing that a grader found."""

from __future__ import annotations

from dataclasses import dataclass

from chatparity.sample.result import Material, Shown
from chatparity.transcript import Turn

from .talk import Bubble, Passage, bubble, knowledge_of, records_of, rendered
from .words import Names

EARLIER = 6


@dataclass(frozen=True)
class Card:
    """One item: the conversation up to the reply, the reply, and what it may rest on."""

    item: str
    place: str
    language: str
    language_name: str
    earlier: tuple[Bubble, ...]
    before: tuple[Bubble, ...]
    reply: Bubble
    handover: bool
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Page:
    """All of the page, ready to be laid out."""

    name: str
    cards: tuple[Card, ...]
    population: int
    synthetic: bool


def build(material: Material) -> str:
    """Return the page of a sample as one HTML document that needs nothing else."""
    names = Names([shown.transcript for shown in material.shown])
    sample = material.sample
    page = Page(
        name=sample.name,
        cards=tuple(_card(shown, names) for shown in material.shown),
        population=sample.population,
        synthetic=sample.synthetic,
    )
    return rendered("sample.html", page)


def _card(shown: Shown, names: Names) -> Card:
    """Lay out one item."""
    point, reply = shown.point, shown.reply
    history = [bubble(turn) for turn in point.history]
    said = Turn(speaker="ai_agent", text=reply.text, tool_calls=reply.tool_calls)
    passages = knowledge_of(point.knowledge)
    if point.records:
        passages.append(records_of(point.records))
    facts = [f"conversation {point.id}", f"turn {point.turn}"]
    facts += [f"{name} {value}" for name, value in (("market", point.market), ("channel", point.channel)) if value]
    facts += [f"begun {point.started_at:%Y-%m-%d %H:%M}"] if point.started_at else []
    return Card(
        item=shown.item.item,
        place=", ".join(facts),
        language=point.language,
        language_name=names.language(point.language),
        earlier=tuple(history[:-EARLIER]),
        before=tuple(history[-EARLIER:]),
        reply=bubble(said),
        handover=reply.handover,
        passages=tuple(passages),
    )
