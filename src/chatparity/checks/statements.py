"""What a reply states in words: actions claimed as done, promises, and (shared by both) what takes a statement back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from chatparity.checks.anchors import Phrases, Section
from chatparity.checks.lexicon import Group, lexicon
from chatparity.checks.locales import base
from chatparity.checks.text import bare, clause, fold, sentence

# Sections of what customers say, who leave out accents.
OF_CUSTOMERS = frozenset({"asks", "distress", "closing"})
_TWO_WORDS = re.compile(r"(?:\s+\S+){1,2}")
_SIX_CHARACTERS = re.compile(r"[^\n.!?。]{1,6}")


@dataclass(frozen=True, slots=True)
class Statement:
    """A stretch `[start, end)` of a text that states something of any of `families`.

    `personal` is false where nobody is named as the doer ("has been cancelled"): a record of it is then support enough.
    """

    families: tuple[str, ...]
    text: str
    start: int
    end: int
    personal: bool = True


@lru_cache(maxsize=8192)
def claimed_actions(text: str, language: str) -> tuple[Statement, ...]:
    """Return the actions that a reply says have been done, first to last.

    Questions, negations in the same clause, and conditions before it ("once I have refunded it") are no claims.
    Where phrases of several families overlap ("cancelled the late fee"), it is one claim of any of them.
    """
    return _stated(text, _claims_of(base(language)), language)


@lru_cache(maxsize=8192)
def promises(text: str, language: str) -> tuple[Statement, ...]:
    """Return the promises that a reply makes in words, by the families of the lexicon."""
    return _stated(text, _promises_of(base(language)), language)


@lru_cache(maxsize=8192)
def said_groups(text: str, language: str, section: str) -> tuple[Statement, ...]:
    """Return each place where a group of a section (`rude`, `courtesy`, `handover`, …) is said, guards not applied."""
    form = fold(text)
    told = bare(form.text) if section in OF_CUSTOMERS else form.text
    found: list[Statement] = []
    for group, match in section_of(base(language), section).finditer(told):
        start, end = form.span(*match.span())
        found.append(Statement((group,), text[start:end], start, end))
    return tuple(sorted(found, key=lambda one: (one.start, -one.end)))


def taken_back(text: str, start: int, end: int, language: str, *, inside: bool = True, far: bool = False) -> bool:
    """Say whether a question, a negation or a condition around `[start, end)` of a folded text takes it back.

    A negation counts in the same clause before the phrase, in it ("ich habe … nicht erstattet") where `inside`, and in
    some languages as one of the two words (six characters, where no spaces are written) after it. A condition counts
    before the phrase, in the same clause, or with `far` in the whole sentence.
    """
    words = lexicon(language)
    begin, close = sentence(text.replace(words.question, "?") if words.question else text, start, end)
    if text[begin:close].rstrip("\"') ").endswith(("?", words.question or "?")):
        return True
    left, right = clause(text, start, end)
    negations, after, conditions = _guards(base(language))
    if negations and negations.search(text, left, end if inside else start):
        return True
    next_words = after and (_SIX_CHARACTERS if words.unspaced else _TWO_WORDS).match(text, end, right)
    if after and next_words and after.search(text, *next_words.span()):
        return True
    return bool(conditions and conditions.search(text, begin if far else left, end))


@lru_cache(maxsize=128)
def _guards(language: str) -> tuple[re.Pattern[str] | None, ...]:
    """Return what finds the negations, those that may follow, and the conditions of a language."""
    words = lexicon(language)
    guards = words.guards
    return tuple(words.expression(one) for one in (guards.negations, guards.after, guards.conditions))


@lru_cache(maxsize=8192)
def _negates(pattern: re.Pattern[str], language: str) -> bool:
    """Say whether a phrase has a negation of its own: "at no cost" denies nothing."""
    negations = _guards(language)[0]
    return bool(negations and negations.search(pattern.pattern.replace(r"\s+", " ")))


# What states an action or a promise: its family, and whether somebody is named as the doer.
_Stating = Section[tuple[str, bool]]


@lru_cache(maxsize=128)
def _claims_of(language: str) -> _Stating:
    words = lexicon(language)
    found: list[tuple[tuple[str, bool], Phrases]] = []
    for family in words.claim:
        for impersonal in (False, True):
            phrases = words.phrases(words.claim_patterns(family, impersonal=impersonal))
            if phrases is not None:
                found.append(((family, not impersonal), phrases))
    return Section(found)


@lru_cache(maxsize=128)
def _promises_of(language: str) -> _Stating:
    words = lexicon(language)
    found = ((name, words.phrases(group.say)) for name, group in words.promise.items())
    return Section(((name, True), phrases) for name, phrases in found if phrases is not None)


@lru_cache(maxsize=512)
def section_of(language: str, section: str) -> Section[str]:
    """Return what finds the groups of a section of a lexicon, in the lexicon's order."""
    words = lexicon(language)
    groups: Mapping[str, Group] = getattr(words, section)
    found = ((name, words.phrases(group.say, accents=section not in OF_CUSTOMERS)) for name, group in groups.items())
    return Section((name, phrases) for name, phrases in found if phrases is not None)


def _stated(text: str, stating: _Stating, language: str) -> tuple[Statement, ...]:
    """Return what is stated and nothing takes back; overlapping finds become one."""
    form = fold(text)
    found: list[tuple[int, int, str, bool]] = []
    for (family, personal), match in stating.finditer(form.text):
        inside = not _negates(match.re, base(language))
        if not taken_back(form.text, *match.span(), language, inside=inside, far=not personal):
            found.append((match.start(), match.end(), family, personal))
    merged: list[tuple[int, int, list[str], bool]] = []
    for start, end, family, personal in sorted(found):
        if merged and start < merged[-1][1]:
            begin, close, families, was = merged.pop()
            merged.append((begin, max(close, end), list(dict.fromkeys([*families, family])), was and personal))
        else:
            merged.append((start, end, [family], personal))
    statements: list[Statement] = []
    for start, end, families, personal in merged:
        begin, close = form.span(start, end)
        statements.append(Statement(tuple(families), text[begin:close], begin, close, personal))
    return tuple(statements)
