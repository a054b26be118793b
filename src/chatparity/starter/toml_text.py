"""Small changes to a TOML file that somebody wrote: comments and order are kept, and nothing else changes.

A change is made in the text and then checked: the file must read as before but for the one value. Where it does not
(the table is written in a way that was not foreseen), None is returned and the file is left alone.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Callable, Sequence
from typing import Any

HEADER = re.compile(r"^[ \t]*\[{1,2}[^\[\],=]+\]{1,2}[ \t]*(#.*)?$")


def tables(text: str) -> dict[str, Any] | None:
    """Return what a TOML text holds, None when it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def value_at(data: dict[str, Any] | None, path: Sequence[str]) -> Any:
    """Return the value at a path of keys, None when there is none."""
    found: Any = data
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def with_words(text: str, table: Sequence[str], key: str, words: Sequence[str], *, as_list: bool = False) -> str | None:
    """Add words to a list, or to a text of words, at `table`.`key`; None when that cannot be done safely.

    A key that is not there is added under the table's header, a table that is not there at the end of the file: as a
    list with `as_list`, else as a text.
    """
    old = value_at(tables(text), [*table, key])
    new: Any
    made: str | None
    if old is None:
        new = list(words) if as_list else " ".join(words)
        lines = f"{key} = {_written(new)}\n"
        made = _under_header(text, table, lines)
    elif isinstance(old, list):
        new = [*old, *words]
        made = _changed(text, table, key, lambda value: _in_list(value, words))
    elif isinstance(old, str):
        added = "".join(f" {word}" for word in words)
        new = old + added
        made = _changed(text, table, key, lambda value: _in_text(value, added))
        if made is None or value_at(tables(made), [*table, key]) != new:
            new = old.rstrip() + added
            made = _changed(text, table, key, lambda value: _in_text(value, added))
    else:
        return None
    return made if _as_expected(text, made, [*table, key], new) else None


def with_value(text: str, table: Sequence[str], key: str, value: str) -> str | None:
    """Set the text at `table`.`key`; None when that cannot be done safely."""
    made: str | None
    if value_at(tables(text), [*table, key]) is None:
        made = _under_header(text, table, f"{key} = {_written(value)}\n")
    else:
        made = _changed(text, table, key, lambda _: _written(value))
    return made if _as_expected(text, made, [*table, key], value) else None


def _as_expected(before: str, after: str | None, path: Sequence[str], value: Any) -> bool:
    """Say whether a text reads as it did before but for one value."""
    expected = copy.deepcopy(tables(before))
    if after is None or expected is None:
        return False
    place = expected
    for key in path[:-1]:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            return False
    place[path[-1]] = value
    return tables(after) == expected


def _written(value: str | Sequence[str]) -> str:
    """Return a text or a list of texts as TOML, whose basic strings are those of JSON."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f"[{', '.join(_written(one) for one in value)}]"


def _header(lines: Sequence[str], table: Sequence[str]) -> int | None:
    """Return the line on which a table begins."""
    name = r"[ \t]*\.[ \t]*".join(re.escape(part) for part in table)
    wanted = re.compile(rf"^[ \t]*\[[ \t]*{name}[ \t]*\][ \t]*(#.*)?$")
    return next((number for number, line in enumerate(lines) if wanted.match(line.rstrip("\r\n"))), None)


def _under_header(text: str, table: Sequence[str], line: str) -> str:
    """Return a text with a line more under a table's header, or with the table at its end."""
    lines = text.splitlines(keepends=True)
    start = _header(lines, table)
    if start is None:
        gap = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
        return f"{text}{gap}[{'.'.join(table)}]\n{line}"
    if not lines[start].endswith("\n"):
        lines[start] += "\n"
    return "".join([*lines[: start + 1], line, *lines[start + 1 :]])


def _changed(text: str, table: Sequence[str], key: str, change: Callable[[str], str | None]) -> str | None:
    """Return a text in which the value of a key, which may go over several lines, is changed."""
    lines = text.splitlines(keepends=True)
    start = _header(lines, table)
    if start is None:
        return None
    assigned = re.compile(rf'^([ \t]*"?{re.escape(key)}"?[ \t]*=[ \t]*)(.*)$', re.DOTALL)
    for number in range(start + 1, len(lines)):
        if HEADER.match(lines[number].rstrip("\r\n")):
            return None
        found = assigned.match(lines[number])
        if not found:
            continue
        for end in range(number + 1, len(lines) + 1):
            whole = "".join(lines[number:end])
            if tables(whole) is not None:
                value, rest = _without_comment(whole[len(found[1]) :])
                changed = change(value)
                if changed is None:
                    return None
                return "".join([*lines[:number], found[1], changed, rest, *lines[end:]])
    return None


def _without_comment(written: str) -> tuple[str, str]:
    """Cut what follows a key into its value and what stands behind it: spaces, a comment, the line's end."""
    for end in range(1, len(written) + 1):
        value, rest = written[:end], written[end:]
        if re.match(r"[ \t]*(#[^\n]*)?\r?\n?\Z", rest) and tables(f"x = {value}") is not None:
            return value, rest
    return written, ""


def _in_list(value: str, words: Sequence[str]) -> str | None:
    """Return a list as it was written with more texts at its end."""
    inside, bracket, _ = value.rpartition("]")
    added = ", ".join(_written(word) for word in words)
    for between in ("", ", "):
        # A comma may stand behind the last value already, and a comment behind that.
        made = f"{inside.rstrip(' ')}{between}{added}{bracket}"
        if tables(f"x = {made}") is not None:
            return made
    lines = inside.rstrip().splitlines(keepends=True)
    if len(lines) > 1:
        made = f"{inside.rstrip()}\n    , {added}\n]"
        return made if tables(f"x = {made}") is not None else None
    return None


def _in_text(value: str, added: str) -> str | None:
    """Return a text as it was written with more words at its end."""
    for quote in ('"""', "'''", '"', "'"):
        if value.endswith(quote):
            inside = value[: -len(quote)]
            written = added if quote.startswith("'") else _written(added)[1:-1]
            return f"{inside.rstrip() if len(quote) == 3 else inside}{written}{quote}"
    return None
