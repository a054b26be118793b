"""A conversation laid out to be read: bubbles with their direction, tool calls with what came back, data as lines."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from chatparity.transcript import Knowledge, ToolCall, Turn

from .text import direction, plain

if TYPE_CHECKING:
    from jinja2 import Environment

SIDES = {"customer": ("customer", "Customer"), "tool": ("tool", "System")}
AGENT = ("agent", "Agent")
EMPTY: tuple[object, ...] = (None, "", [], {}, ())


@dataclass(frozen=True)
class Call:
    """A tool call: what was asked of which tool, and what came back, as lines to be unfolded.

    The values stand apart from their names: each may run from right to left.
    """

    name: str
    arguments: tuple[tuple[str, str], ...]
    refused: bool = False
    result: str = ""


@dataclass(frozen=True)
class Bubble:
    """One message; an agent is called just that, unless told otherwise, so that nobody knows who or what wrote it."""

    side: str
    who: str
    text: str
    dir: str
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Passage:
    """Something an answer may rest on: a passage of knowledge or the customer's records."""

    title: str
    text: str
    dir: str


def bubble(turn: Turn, named: str | None = None) -> Bubble:
    """Lay out one message; `named` stands above it in the place of its side."""
    side, who = SIDES.get(turn.speaker, AGENT)
    calls = tuple(laid_out_call(call) for call in turn.tool_calls)
    return Bubble(side, named or who, turn.text, direction(turn.text), calls)


def laid_out_call(call: ToolCall) -> Call:
    """Lay out a tool call."""
    result = "\n".join(_lines(call.result)) if call.result is not None else ""
    return Call(call.name, written(call.arguments), not call.ok, result)


def written(arguments: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Write the arguments of a call as pairs of texts."""
    return tuple((key, _short(value)) for key, value in arguments.items())


def records_of(records: Mapping[str, Any]) -> Passage:
    """Lay out what the company's systems held of the customer."""
    return Passage("The customer's records", "\n".join(_lines(records)), "ltr")


def knowledge_of(knowledge: Sequence[Knowledge]) -> list[Passage]:
    """Lay out the passages that hold in a conversation."""
    return [Passage(one.id, one.text, direction(one.text)) for one in knowledge]


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


def rendered(template: str, page: object) -> str:
    """Return a page as one HTML document. Every text is made visible and escaped on its way in."""
    package = sys.modules[__package__ or ""]
    return (
        environment_of(tuple(Path(folder) / "templates" for folder in package.__path__))
        .get_template(template)
        .render(page=page)
    )


@functools.cache
def environment_of(folders: tuple[Path, ...]) -> Environment:
    """Return the templates of these folders, compiled once."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    def shown(value: Any) -> Any:
        return plain(value) if isinstance(value, str) and not hasattr(value, "__html__") else value

    return Environment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
