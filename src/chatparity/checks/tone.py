"""Marks of tone in a reply: rudeness of several kinds, shouting, courtesy."""

from __future__ import annotations

import re
from functools import lru_cache

from chatparity.checks.statements import Statement, said_groups, taken_back
from chatparity.checks.text import fold

_SHOUTED = re.compile(r"(?:\b[^\W\d_a-z]{3,}\b[\s,!]*){3,}")
_BANGS = re.compile(r"(?:!\s*){3,}|[?!]{4,}")


@lru_cache(maxsize=8192)
def rudeness(text: str, language: str) -> tuple[Statement, ...]:
    """Return the marks of rudeness: the lexicon's groups (`insult`, `blame`, …), and `shouting`.

    A phrase inside quotation marks is somebody else's; a negated blame ("not your fault") is none. A negation counts
    only before the phrase, because many phrases contain one themselves.
    """
    form = fold(text)
    found = [
        one
        for one in said_groups(text, language, "rude")
        if not _quoted(text, one) and not _denied(text, one, language)
    ]
    for pattern in (_SHOUTED, _BANGS):
        for match in pattern.finditer(text):
            if pattern is _BANGS or match.group() != match.group().lower():
                found.append(Statement(("shouting",), match.group().strip(), match.start(), match.end()))
    del form
    return tuple(found)


@lru_cache(maxsize=8192)
def courtesy(text: str, language: str) -> tuple[Statement, ...]:
    """Return the marks of courtesy: thanks, apology, help, greeting."""
    return said_groups(text, language, "courtesy")


def _quoted(text: str, mark: Statement) -> bool:
    """Say whether a mark stands inside quotation marks."""
    before, after = text[: mark.start].rstrip(), text[mark.end :].lstrip(" .!?")
    return before[-1:] in '"„“«»‘' and after[:1] in '"“”»«’' and bool(before and after)


def _denied(text: str, mark: Statement, language: str) -> bool:
    """Say whether the words before a blame or an insult deny it ("that is not your fault")."""
    if mark.families[0] not in ("blame", "insult"):
        return False
    form = fold(text[: mark.start] + "\x00")
    end = len(form.text)
    return taken_back(form.text, end - 1, end, language)
