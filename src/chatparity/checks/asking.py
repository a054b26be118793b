"""Does a customer's message ask for a person: cues of the lexicon, put together clause by clause.

The words are each language's own (`asks` in `lexicons/`); what they say together is the same everywhere and stands as
weights in `lexicons/shared.toml`. Hurried writing is forgiven: missing accents, a letter too many, too few or swapped.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from chatparity.checks.identify import identify
from chatparity.checks.lexicon import languages, lexicon, shared
from chatparity.checks.locales import base
from chatparity.checks.phrases import words_in
from chatparity.checks.statements import Statement, section_of
from chatparity.checks.text import bare, clauses, fold, sentences

# Requests in English are understood wherever they are made; a bare "agent" only in English.
_ANYWHERE = "en"
_TOWARDS = frozenset({"staff", "contact", "wish", "direct", "implied"})
_POSITIVE = _TOWARDS | {"bare", "machine"}
_ABOUT = frozenset({"staff", "contact", "direct"})
_COVERED, _SHORT = 0.6, 4
# A sentence of so many letters may tell that it is in another language.
_TELLING = 16
_LETTERS = re.compile(r"[^\W\d_]+")
# So long must a word be that a slip of the finger is looked for in it, and what it should have been.
_SLIP, _MEANT = 4, 5


def asks_for_person(text: str, language: str) -> Statement | None:
    """Return the sentence in which a customer's message asks for a person; None when it does not.

    A cue in a clause that is denied counts for nothing, unless what is denied is a machine. A message that is nothing
    but a `bare` request ("Representative!") asks.
    """
    form = fold(text)
    spans = sentences(form.text)
    for begin, end in spans:
        spoken = bare(form.text[begin:end])
        if weigh(cues_in(spoken, base(language), alone=len(spans) == 1)) > 0:
            start, close = form.span(begin, end)
            return Statement(("asks",), text[start:close], start, close)
    return None


def weigh(cues: Iterable[str]) -> float:
    """Return the log odds that a sentence with these cues asks for a person."""
    seen = frozenset(cues)
    return sum(weight for needed, weight in _weights() if needed <= seen)


@lru_cache(maxsize=1)
def _weights() -> tuple[tuple[frozenset[str], float], ...]:
    return tuple((frozenset(cue.split("+")) - {"always"}, weight) for cue, weight in shared().asks.items())


@lru_cache(maxsize=8192)
def cues_in(spoken: str, language: str, *, alone: bool) -> frozenset[str]:
    """Return the cues of one sentence, folded and without accents; `alone` is whether the message has no other.

    Beside the lexicon's groups: `no_machine` (a machine is denied), `past_same` and `other_same` (in one clause with
    what is about staff), `covered` (most of the sentence is cues), `short`, `question`, and `more` sentences.
    """
    hits = list(_hits(spoken, language, alone=alone))
    if not any(group in _TOWARDS for _, _, group in hits) and sum(map(str.isalpha, spoken)) >= _TELLING:
        told = identify(spoken).code
        if told in languages() and told not in (language, _ANYWHERE):
            hits += [hit for hit in _found(spoken, str(told)) if hit[2] in _TOWARDS]
    found = set(itertools.chain.from_iterable(_by_clause(spoken, hits)))
    letters = [place for place, letter in enumerate(spoken) if letter.isalnum()]
    taken = {place for start, end, group in hits if group in _POSITIVE for place in range(start, end)}
    if letters and sum(place in taken for place in letters) >= _COVERED * len(letters):
        found.add("covered")
    if len(letters) <= _SHORT * (2 if lexicon(language).unspaced else 5):
        found.add("short")
    if "?" in spoken or (lexicon(language).question or "?") in spoken:
        found.add("question")
    return frozenset(found if alone else found | {"more"})


def _by_clause(spoken: str, hits: Iterable[tuple[int, int, str]]) -> Iterator[set[str]]:
    """Yield what each clause adds to the cues of a sentence."""
    spans = clauses(spoken)
    inside: dict[int, set[str]] = {}
    for start, _, group in hits:
        place = next((number for number, (_, end) in enumerate(spans) if start < end), len(spans))
        inside.setdefault(place, set()).add(group)
    for groups in inside.values():
        found = groups - _POSITIVE if "deny" in groups else set(groups)
        if {"deny", "machine"} <= groups:
            found.add("no_machine")
        found |= {f"{one}_same" for one in ("past", "other") if one in groups and groups & _ABOUT}
        yield found


def _hits(spoken: str, language: str, *, alone: bool) -> Iterator[tuple[int, int, str]]:
    """Yield where the language's own cues stand, and those of English that ask."""
    for start, end, group in _found(spoken, language):
        rest = spoken[:start] + spoken[end:]
        if group != "bare" or (alone and not any(map(str.isalnum, rest))):
            yield start, end, group
    if language != _ANYWHERE:
        yield from (hit for hit in _found(spoken, _ANYWHERE) if hit[2] in _TOWARDS)


def _found(spoken: str, language: str) -> Iterator[tuple[int, int, str]]:
    mended = _mended(spoken, language)
    for group, match in section_of(language, "asks").finditer(mended):
        yield match.start(), match.end(), group


def _mended(spoken: str, language: str) -> str:
    """Return a sentence with slips of the finger in the lexicon's words mended."""
    slips, known = _slips(language)

    def meant(match: re.Match[str]) -> str:
        word = match.group()
        if len(word) < _SLIP or word in known:
            return word
        return slips.get(word) or next((one for one in _one_less(word) if len(one) >= _MEANT and one in known), word)

    return _LETTERS.sub(meant, spoken)


@lru_cache(maxsize=128)
def _slips(language: str) -> tuple[dict[str, str], frozenset[str]]:
    """Return what a word with a letter swapped or left out should have been, and the words that are right."""
    words = lexicon(language)
    patterns = itertools.chain.from_iterable(words.filled(group.say) for group in words.asks.values())
    known = frozenset(word for pattern in patterns for word in words_in(pattern))
    found: dict[str, str] = {}
    for word in sorted(known):
        if len(word) >= _MEANT:
            swapped = (word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in range(len(word) - 1))
            for slip in itertools.chain(swapped, _one_less(word)):
                found.setdefault(slip, word)
    return found, known


def _one_less(word: str) -> Iterator[str]:
    """Yield a word without one of its inner letters."""
    return (word[:place] + word[place + 1 :] for place in range(1, len(word) - 1))
