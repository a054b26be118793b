"""The page of a sample: what people read while they fill in its sheet; it tells nothing that a grader found."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from chatparity.sample.result import Material, Shown
from chatparity.transcript import ToolCall, Turn

from .text import direction, plain
from .words import Names

EARLIER = 6
SIDES = {"customer": ("customer", "Customer"), "tool": ("tool", "System")}
AGENT = ("agent", "Agent")
EMPTY: tuple[object, ...] = (None, "", [], {}, ())


@dataclass(frozen=True)
class Call:
    """A tool call: what was asked of which tool, and what came back, as lines to be unfolded."""

    what: str
    result: str


@dataclass(frozen=True)
class Bubble:
    """One message; an agent is called just that, so that nobody knows whether a person or a machine wrote it."""

    side: str
    who: str
    text: str
    dir: str
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Passage:
    """Something the reply may rest on: a passage of knowledge or the customer's records."""

    title: str
    text: str
    dir: str


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
    return _laid_out(page)


def _card(shown: Shown, names: Names) -> Card:
    """Lay out one item."""
    point, reply = shown.point, shown.reply
    history = [_bubble(turn) for turn in point.history]
    said = Turn(speaker="ai_agent", text=reply.text, tool_calls=reply.tool_calls)
    passages = [Passage(one.id, one.text, direction(one.text)) for one in point.knowledge]
    if point.records:
        records = "\n".join(_lines(point.records))
        passages.append(Passage("The customer's records", records, "ltr"))
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
        reply=_bubble(said),
        handover=reply.handover,
        passages=tuple(passages),
    )


def _bubble(turn: Turn) -> Bubble:
    """Lay out one message."""
    side, who = SIDES.get(turn.speaker, AGENT)
    return Bubble(side, who, turn.text, direction(turn.text), tuple(_call(call) for call in turn.tool_calls))


def _call(call: ToolCall) -> Call:
    """Lay out a tool call."""
    given = ", ".join(f"{name}: {_short(value)}" for name, value in call.arguments.items())
    what = f"{call.name}({given})" + ("" if call.ok else " – refused")
    return Call(what, "\n".join(_lines(call.result)) if call.result is not None else "")


def _short(value: object) -> str:
    """Write a value of a tool call."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _lines(value: object, name: str = "", depth: int = 0) -> list[str]:
    """Write nested data as indented lines: the plain values of an object share one, what is empty is left out."""
    indent = "  " * depth
    if isinstance(value, Mapping):
        plain_ones = [f"{key} {_short(one)}" for key, one in value.items() if one not in EMPTY and not _nested(one)]
        head = " · ".join(plain_ones)
        lines = [f"{indent}{name}: {head}" if name else f"{indent}{head}"] if head else [f"{indent}{name}"] * bool(name)
        deeper = depth + bool(lines)
        return lines + [line for key, one in value.items() if _nested(one) for line in _lines(one, str(key), deeper)]
    if _nested(value) and isinstance(value, list | tuple):
        parts = [_lines(one, f"{name} {number}".strip(), depth) for number, one in enumerate(value, 1)]
        return [line for part in parts for line in part]
    shown = "–" if value in EMPTY else _short(value)
    return [f"{indent}{name}: {shown}" if name else f"{indent}{shown}"]


def _nested(value: object) -> bool:
    """Say whether a value needs lines of its own."""
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, list | tuple) and any(isinstance(one, Mapping | list | tuple) for one in value)


def _laid_out(page: Page) -> str:
    """Render the template. Every text is made visible and escaped on its way in."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    def shown(value: Any) -> Any:
        return plain(value) if isinstance(value, str) and not hasattr(value, "__html__") else value

    package = sys.modules[__package__ or ""]
    environment = Environment(
        loader=FileSystemLoader([Path(folder) / "templates" for folder in package.__path__]),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("sample.html").render(page=page)
