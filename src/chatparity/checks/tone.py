"""Marks of tone in a reply: rudeness of several kinds, shouting, courtesy."""

from __future__ import annotations

import re
from functools import lru_cache

from chatparity.checks.statements import Statement, said_groups, taken_back
from chatparity.checks.text import fold

# Three words in capitals in a row (of cased letters: Arabic has none), or a volley of exclamation marks.
_CAPITALS = re.compile(r"[^\W\d_]{3,}(?:[\s,]+[^\W\d_]{3,}){2,}")
_VOLLEY = re.compile(r"!(?:\s?!){2,}|[?!]{4,}")
_DENIABLE = ("blame", "insult")


@lru_cache(maxsize=8192)
def rudeness(text: str, language: str) -> tuple[Statement, ...]:
    """Return the marks of rudeness: the lexicon's groups (`insult`, `blame`, …), and `shouting`.

    A phrase inside quotation marks is somebody else's; a denied blame ("not your fault") is none.
    """
    found = [
        mark
        for mark in said_groups(text, language, "rude")
        if not _quoted(text, mark) and not (mark.families[0] in _DENIABLE and _denied(text, mark, language))
    ]
    return (*found, *_shouted(text))


@lru_cache(maxsize=8192)
def courtesy(text: str, language: str) -> tuple[Statement, ...]:
    """Return the marks of courtesy: thanks, apology, help, greeting."""
    return said_groups(text, language, "courtesy")


def _shouted(text: str) -> list[Statement]:
    """Return where a text shouts."""
    found = [(match.start(), match.end()) for match in _VOLLEY.finditer(text)]
    for match in _CAPITALS.finditer(text):
        start = None
        count = 0
        for word in re.finditer(r"[^\W\d_]+", text[match.start() : match.end()]):
            loud = word.group().isupper()
            count = count + 1 if loud else 0
            start = word.start() if loud and count == 1 else start
            if count == 3 and start is not None:
                found.append((match.start() + start, match.start() + word.end()))
    return [Statement(("shouting",), text[start:end], start, end) for start, end in found]


def _quoted(text: str, mark: Statement) -> bool:
    """Say whether a mark stands inside quotation marks."""
    before, after = text[: mark.start].rstrip(), text[mark.end :].lstrip(" .!?")
    return bool(before and after) and before[-1] in '"„“«»‘' and after[0] in '"“”»«’'


def _denied(text: str, mark: Statement, language: str) -> bool:
    """Say whether the words before a mark deny it; those in it do not, for many phrases have a negation themselves."""
    before = fold(text[: mark.start] + "_").text
    return taken_back(before, len(before) - 1, len(before), language)
