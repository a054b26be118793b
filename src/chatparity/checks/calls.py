"""Tool calls: which write, which hand over, which action they do, and whether one is the call that was expected."""

from __future__ import annotations

import datetime as dt
import itertools
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
    `summary`, …), which must only be there; where both are a few words in small letters they are codes of the tool and
    are compared. Two lists that go together (`item_ids`, `new_item_ids`) are compared as pairs in any order, and what
    is replaced by itself changes nothing.
    """
    if call.name != expected.name:
        return False
    given, labelled = _paired(call.arguments), _paired(expected.arguments)
    for name, wanted in labelled.items():
        one = given.get(name)
        if name in shared().free_text and isinstance(wanted, str) and not (_is_code(wanted) and _is_code(one)):
            if not str(one or "").strip():
                return False
        elif not alike(one, wanted):
            return False
    return True


def _is_code(value: Any) -> bool:
    """Say whether a text is one of a tool's own words ("no longer needed") and no sentence of somebody's."""
    return isinstance(value, str) and value == value.lower() and len(value.split()) <= 4 and value[-1:].isalnum()


def _paired(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with lists of old and new things (`x`, `new_x`) as pairs, without those that are equal."""
    found = dict(arguments)
    for name, old in arguments.items():
        new = arguments.get(f"new_{name}")
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            pairs = zip(map(plain, map(str, old)), map(plain, map(str, new)), strict=True)
            found[name] = sorted(f"{one} > {other}" for one, other in pairs if one != other)
            del found[f"new_{name}"]
    return found


def effective(calls: Iterable[ToolCall]) -> list[ToolCall]:
    """Return the calls that changed something, oldest first: not refused, and of equal settings in a row only one.

    A tool whose name begins with a word of setting (`update`, `set`, …) leaves the same behind however often it is
    called with the same arguments; two equal calls of another tool (two refunds) are two.
    """
    found: list[ToolCall] = []
    for call in succeeded(calls):
        again = call in found and words_of(call.name)[0] in shared().setting_verbs
        if not again:
            found.append(call)
    return found


def out_of_order(calls: Sequence[ToolCall], expected: Sequence[ExpectedAction]) -> list[tuple[ToolCall, ToolCall]]:
    """Return pairs of calls done in the wrong order, where the order matters; the first should have come later.

    It matters for handing over, after which only the person goes on, and between two settings of one thing by one tool,
    of which the last stands. Other actions on one thing come out the same, or the tool refuses the wrong order.
    `expected` is in the order in which the actions should be done.
    """
    places: list[int] = []
    for action in expected:
        found = (n for n, call in enumerate(calls) if n not in places and call.ok and is_expected(call, action))
        places.append(next(found, -1))
    wrong: list[tuple[ToolCall, ToolCall]] = []
    for first, second in itertools.combinations(range(len(expected)), 2):
        done = places[first] >= 0 and places[second] >= 0
        ordered = hands_over(expected[second].name) or _set_twice(expected[first], expected[second])
        if done and ordered and places[second] < places[first]:
            wrong.append((calls[places[second]], calls[places[first]]))
    return wrong


def _set_twice(one: ExpectedAction, other: ExpectedAction) -> bool:
    """Say whether two actions set one thing with one tool: an argument of one name has the same value with a digit."""
    return (
        one.name == other.name
        and words_of(one.name)[0] in shared().setting_verbs
        and any(
            value == other.arguments.get(name) and isinstance(value, str) and any(map(str.isdigit, value))
            for name, value in one.arguments.items()
        )
    )


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
