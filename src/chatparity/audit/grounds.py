"""What there is to hold labels against: a shop that carries out calls, a policy, rules of handover."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from chatparity.errors import InputError, Problem
from chatparity.replay.tools import ToolAnswerer
from chatparity.transcript import Knowledge, Transcript

_PASSAGE = re.compile(
    r"^## (\S+)\nmarket: (\S+)\nvalid_from: (\S+)\nvalid_to: (\S+)\n\n(.+?)(?=\n\n## |\n*\Z)", re.DOTALL | re.MULTILINE
)
_ANCESTORS = 4


class Fault(NamedTuple):
    """One thing that is wrong with a transcript: the field, and what was expected there."""

    field: str
    message: str


class HandoverRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of `policies/handover.toml`: for which reasons a person takes over `now`, for which one is offered.

    `first` names the action that goes before a handover for a reason; `intent` the reasons of which one must be
    labelled in a conversation about it. Without `facts_after` the agent says only that a person takes over once one
    does: no fact may fall due in a later answer.
    """

    now: tuple[str, ...]
    offer: tuple[str, ...]
    first: dict[str, str] = {}
    intent: dict[str, tuple[str, ...]] = {}
    facts_after: bool = True


@dataclass(frozen=True)
class Grounds:
    """What a folder of data brings along; a check whose ground is missing is not made.

    `tools` are the parameters of the shop's tools by name (JSON Schema); `records` says what is wrong with the records
    of a transcript by the shop's own contract.
    """

    shop: ToolAnswerer | None = None
    tools: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    records: Callable[[Transcript], Iterable[Fault]] | None = None
    policy: Sequence[Knowledge] = ()
    handover: HandoverRules | None = None
    handover_tools: tuple[str, ...] = ("hand_over",)


def home_of(paths: Sequence[Path], marker: str) -> Path | None:
    """Return the nearest folder at or above one of the paths in which `marker` exists; none further than four up."""
    for path in paths:
        start = path.resolve()
        for folder in (start, *start.parents)[: _ANCESTORS + 1]:
            if (folder / marker).exists():
                return folder
    return None


def read_policy_passages(folder: Path) -> list[Knowledge]:
    """Read the passages of all `*.md` of a folder. Raises InputError where a heading has not the form of a passage."""
    found: list[Knowledge] = []
    for path in sorted(folder.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        parts = _PASSAGE.findall(page)
        if len(parts) != len(re.findall(r"^## ", page, re.MULTILINE)):
            expected = "expected under each ## heading market:, valid_from:, valid_to:, a blank line and the text"
            raise InputError([Problem(path, None, "", expected)])
        for name, market, start, end, text in parts:
            found.append(
                Knowledge(
                    id=name,
                    text=text.strip(),
                    valid_from=dt.date.fromisoformat(start),
                    valid_to=None if end == "open" else dt.date.fromisoformat(end),
                    market=None if market == "*" else market,
                )
            )
    return found


def read_handover(path: Path) -> HandoverRules:
    """Read the rules of handover. Raises InputError naming the file and what was expected."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=HandoverRules)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f"expected rules of handover: {error}")]) from error
