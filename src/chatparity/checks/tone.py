"""Marks of tone in a reply: rudeness of several kinds, shouting, courtesy."""

from __future__ import annotations

import re
from functools import lru_cache

from chatparity.checks.lexicon import lexicon
from chatparity.checks.statements import Statement, said_groups, taken_back
from chatparity.checks.text import fold

# Three words in capitals in a row (of cased letters: Arabic has none), or a volley of exclamation marks.
_CAPITALS = re.compile(r"[^\W\d_]{3,}(?:[\s,]+[^\W\d_]{3,}){2,}")
_VOLLEY = re.compile(r"!(?:\s?!){2,}|[?!]{4,}")
_BEGINS = re.compile(r"(?:^|[.!?:\n])[\s\"'(]*$")
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


@lru_cache(maxsize=8192)
def forms_of_address(text: str, language: str) -> tuple[Statement, ...]:
    """Return the marks of a form of address: `formal` or `familiar`, by the lexicon.

    Words that count only with their capitals (German "Sie") do not count at the beginning of a sentence.
    """
    kept = fold(text, case=True)
    found = list(said_groups(text, language, "address"))
    for form, group in lexicon(language).address.items():
        for match in _cased(group.cased).finditer(kept.text) if group.cased else ():
            if not _BEGINS.search(kept.text, 0, match.start()):
                start, end = kept.span(*match.span())
                found.append(Statement((form,), text[start:end], start, end))
    return tuple(sorted(found, key=lambda one: one.start))


@lru_cache(maxsize=128)
def _cased(words: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds any of these words as they are written."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(word) for word in words)})(?!\w)")


def _shouted(text: str) -> list[Statement]:
    """Return where a text shouts."""
    found = [(match.start(), match.end()) for match in _VOLLEY.finditer(text)]
    for match in _CAPITALS.finditer(text) if _has_capitals(text) else ():
        start = None
        count = 0
        for word in re.finditer(r"[^\W\d_]+", text[match.start() : match.end()]):
            loud = word.group().isupper()
            count = count + 1 if loud else 0
            start = word.start() if loud and count == 1 else start
            if count == 3 and start is not None:
                found.append((match.start() + start, match.start() + word.end()))
    return [Statement(("shouting",), text[start:end], start, end) for start, end in found]


def _has_capitals(text: str) -> bool:
    """Say whether a whole word of a text is in capitals, as the middle one of three is."""
    return any(word.isupper() and word.isalnum() for word in text.replace(",", " ").split())


def _quoted(text: str, mark: Statement) -> bool:
    """Say whether a mark stands inside quotation marks."""
    before, after = text[: mark.start].rstrip(), text[mark.end :].lstrip(" .!?")
    return bool(before and after) and before[-1] in '"„“«»‘' and after[0] in '"“”»«’'


def _denied(text: str, mark: Statement, language: str) -> bool:
    """Say whether the words before a mark deny it; those in it do not, for many phrases have a negation themselves."""
    before = fold(text[: mark.start] + "_").text
    return taken_back(before, len(before) - 1, len(before), language)
