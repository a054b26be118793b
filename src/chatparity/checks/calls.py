"""Tool calls: which write, which hand over, which action they do, and whether one is the call that was expected."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from chatparity.checks.lexicon import shared
from chatparity.checks.text import folded
from chatparity.exchange import Reply
from chatparity.transcript import AGENTS, ExpectedAction, ToolCall, Turn


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a tool's name in lower case: `getOrder`, `get-order` and `get_order` are alike."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return tuple(re.split(r"[^a-z0-9]+", spaced.lower().strip("_-. ")))


@lru_cache(maxsize=4096)
def hands_over(name: str) -> bool:
    """Say whether a tool hands the conversation to a person, by the first words of its name."""
    words = " ".join(words_of(name))
    return any(words == start or words.startswith(start + " ") for start in shared().handover_words)


@lru_cache(maxsize=4096)
def writes(name: str) -> bool:
    """Say whether a tool changes something: any whose name begins with no read verb and that hands over to nobody.

    A grader knows no file of tools, so the name must tell. The read verbs stand in `lexicons/shared.toml`.
    """
    return words_of(name)[0] not in shared().read_verbs and not hands_over(name)


@lru_cache(maxsize=4096)
def families_of(name: str) -> frozenset[str]:
    """Return the families of actions that a tool does, by the words of its name; a tool that reads does none."""
    if words_of(name)[0] in shared().read_verbs:
        return frozenset()
    words = set(words_of(name))
    return frozenset(family for family, action in shared().action.items() if words & set(action.tools))


def succeeded(calls: Iterable[ToolCall]) -> list[ToolCall]:
    """Return the calls that were not refused."""
    return [call for call in calls if call.ok]


def calls_in(turns: Iterable[Turn]) -> list[ToolCall]:
    """Return the calls that agents made in the turns of a history."""
    return [call for turn in turns if turn.speaker in AGENTS for call in turn.tool_calls]


def calls_of(replies: Iterable[Reply]) -> list[ToolCall]:
    """Return the calls of replies, oldest first."""
    return [call for reply in replies for call in reply.tool_calls]


def is_expected(call: ToolCall, expected: ExpectedAction) -> bool:
    """Say whether a call is the expected action: the same tool, and every labelled argument alike by meaning.

    Arguments that the label does not name are not compared, nor is a sentence in a free-text argument (`reason`,
    `summary`, …), which must only be there; one word in such an argument is a code and is compared.
    """
    if call.name != expected.name:
        return False
    for name, wanted in expected.arguments.items():
        given = call.arguments.get(name)
        if name in shared().free_text and isinstance(wanted, str) and " " in wanted.strip():
            if not str(given or "").strip():
                return False
        elif not alike(given, wanted):
            return False
    return True


def matched(
    calls: Sequence[ToolCall], expected: Sequence[ExpectedAction]
) -> tuple[list[ExpectedAction], list[ToolCall]]:
    """Return the expected actions that no call does, and the calls that nobody expected; each call counts once."""
    left = list(calls)
    missing: list[ExpectedAction] = []
    for action in expected:
        found = next((call for call in left if is_expected(call, action)), None)
        if found is None:
            missing.append(action)
        else:
            left.remove(found)
    return missing, left


def alike(given: Any, wanted: Any) -> bool:
    """Say whether two arguments mean the same: numbers by value, texts without case and spacing, dates as dates.

    Of objects, what is wanted must be there; the tool may have been told more. Lists of objects are compared in order,
    lists of plain values in any order. Absent and null are alike.
    """
    if isinstance(given, Mapping) and isinstance(wanted, Mapping):
        return all(alike(given.get(name), value) for name, value in wanted.items())
    if isinstance(given, (list, tuple)) and isinstance(wanted, (list, tuple)):
        if len(given) != len(wanted):
            return False
        if all(isinstance(one, (str, int, float)) for one in (*given, *wanted)):
            return sorted(map(str, map(plain, given))) == sorted(map(str, map(plain, wanted)))
        return all(alike(one, other) for one, other in zip(given, wanted, strict=True))
    if isinstance(given, (Mapping, list, tuple)) or isinstance(wanted, (Mapping, list, tuple)):
        return False
    return plain(given) == plain(wanted)


def plain(value: Any) -> Decimal | dt.date | str | bool | None:
    """Return a plain argument in a form in which equal meanings are equal: "249.00" and 249 are one number."""
    if value is None or isinstance(value, bool):
        return value
    text = folded(str(value))
    try:
        return Decimal(text)
    except InvalidOperation:
        pass
    try:
        return dt.date.fromisoformat(text[:10]) if re.fullmatch(r"\d{4}-\d\d-\d\d(t00:00(:00)?)?", text) else text
    except ValueError:
        return text


def describe(call: ToolCall | ExpectedAction) -> str:
    """Return a call as a person writes it: `cancel_order(order=H-20417)`."""
    return f"{call.name}({', '.join(f'{name}={value}' for name, value in call.arguments.items())})"
