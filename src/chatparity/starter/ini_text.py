"""Small changes to an INI file that somebody wrote: comments and order are kept, and nothing else changes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import iniconfig

SECTION = re.compile(r"^\[([^\]]+)\]")


def sections(text: str) -> dict[str, dict[str, str]] | None:
    """Return what an INI text holds as pytest reads it, None when it cannot be read."""
    try:
        read = iniconfig.IniConfig("settings", data=text)
    except iniconfig.ParseError:
        return None
    return {section.name: dict(section.items()) for section in read}


def with_words(text: str, section: str, key: str, words: Sequence[str]) -> str | None:
    """Add words to a key of a section, which is made when it is missing; None when that cannot be done safely."""
    before = sections(text)
    if before is None:
        return None
    added = " ".join(words)
    old = before.get(section, {}).get(key)
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    start = next((number for number, line in enumerate(lines) if _is(line, section)), None)
    if start is None:
        lines += ["\n"] * bool(lines) + [f"[{section}]\n", f"{key} = {added}\n"]
    elif old is None:
        lines.insert(start + 1, f"{key} = {added}\n")
    else:
        last = _last_line(lines, start, key)
        if last is None:
            return None
        lines[last] = f"{lines[last].rstrip()} {added}\n"
    after = "".join(lines)
    expected = {name: dict(values) for name, values in before.items()}
    expected.setdefault(section, {})[key] = f"{old} {added}" if old else added
    return after if sections(after) == expected else None


def _is(line: str, section: str) -> bool:
    found = SECTION.match(line)
    return found is not None and found[1] == section


def _last_line(lines: Sequence[str], start: int, key: str) -> int | None:
    """Return the last line of a key's value: lines that go on are indented."""
    assigned = re.compile(rf"^{re.escape(key)}\s*[=:]")
    for number in range(start + 1, len(lines)):
        if SECTION.match(lines[number]):
            return None
        if assigned.match(lines[number]):
            last = number
            for following in range(number + 1, len(lines)):
                line = lines[following]
                if line.strip() and not line[0].isspace():
                    break
                if line.strip() and not line.lstrip().startswith(("#", ";")):
                    last = following
            return last
    return None
