"""How far a free text rests on its sources: a number in [0, 1] from words, their order and numbers, in any language.

It is for what no rule can check as a value, an action or a promise: policy or facts told in other words. The features
are shares and counts of the words that carry matter (without those of `small_words.toml`), cut to five letters; their
weights (`groundedness.toml`) were fitted once on people's judgements of English replies and say nothing of the language
itself. Not seen: synonyms, a denial of what the source affirms, and a true sentence about the wrong thing. Text and
sources must be in one language.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files

import msgspec

from chatparity.checks.locales import base
from chatparity.checks.text import UNSPACED, fold, sentences
from chatparity.checks.wording import wording

_STEM, _BEGINNING, _HALF = 5, 4, 0.6
_FAR, _LEAST, _RUN = 20, 12, 5
_GROUPING = re.compile(r"[.,](?=\d{3}(?!\d))")
_WORD = re.compile(rf"\d+(?:[.,]\d+)*|[{UNSPACED}]|[^\W\d_{UNSPACED}]+(?:'[^\W\d_]+)?")


class _Small(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language's words without matter, each set written as one line."""

    small: str = ""
    i: str = ""
    you: str = ""
    yes: str = ""


@dataclass(frozen=True, slots=True)
class Features:
    """What is measured of a text beside its sources; every one is higher the less the text rests on them.

    `many` is how much of the matter has no support; `apart` how far apart in the sources stands what the text puts side
    by side; `reworded` the share of words in no run of three of the sources; `agrees` an answer of one word first;
    `number` a number that no source has; `self` the speaker's own person and `you` the reader's; `words` the share of
    all words without support; `window` the matter that is missing in the best stretch of the sources of twice the
    text's length; `letters` the share of runs of five letters in none of the sources; `long` the length of the sources,
    in which more is found by chance; `end` the share of matter without support in the last third of each statement,
    where speakers tend to put what is new.
    """

    many: float
    apart: float
    reworded: float
    agrees: float
    number: float
    self: float
    you: float
    words: float
    window: float
    letters: float
    long: float
    end: float


@dataclass(frozen=True)
class _Index:
    """The sources of a text, as their words stand."""

    words: frozenset[str]
    beginnings: frozenset[str]
    places: dict[str, list[int]]
    threes: frozenset[tuple[str, ...]]
    letters: frozenset[str]
    stems: tuple[str, ...]


def groundedness(text: str, sources: tuple[str, ...], language: str) -> float | None:
    """Return how far a text rests on its sources, from 0 to 1; None where it has no words or there are no sources.

    1 minus the logistic function of the weighted features. It orders texts; it is no probability outside the data
    that the weights were fitted on.
    """
    found = features(text, sources, language)
    if found is None:
        return None
    weights = _weights()
    odds = weights["always"] + sum(weights[one.name] * getattr(found, one.name) for one in fields(found))
    return 1 / (1 + math.exp(max(min(odds, 30.0), -30.0)))


def matter_of(text: str, language: str) -> list[str]:
    """Return the words of a text that carry matter, cut to five letters."""
    language = base(language)
    return [word[:_STEM] for word in _matter(_words(fold(text).text, language), _small(language)[0])]


def features(text: str, sources: tuple[str, ...], language: str) -> Features | None:
    """Return what is measured of a text; None where it has no words or there are no sources."""
    language = base(language)
    told = _sentences(text, language)
    words = [word for sentence, _ in told for word in sentence]
    index = _index(sources, language)
    if not words or not index.words:
        return None
    small = _small(language)
    parts = [(_matter(sentence, small[0]), asks) for sentence, asks in told]
    matter = [word for part, _ in parts for word in part]
    lacking = {word: _lacking(word, index) for word in {*matter, *words}}
    stems = [word[:_STEM] for word in words]
    threes = list(zip(stems, stems[1:], stems[2:], strict=False))
    runs = _runs(words)
    covered = {place + step for place, three in enumerate(threes) if three in index.threes for step in range(3)}
    return Features(
        many=math.log1p(sum(lacking[word] for word in matter)),
        apart=_apart([word[:_STEM] for word in matter], index),
        reworded=1 - len(covered) / len(stems),
        agrees=float(words[0] in small[3]),
        number=float(any(word[0].isdigit() and lacking[word] > 0 for word in words)),
        self=_speaks(words, small[1], index),
        you=_speaks(words, small[2], index),
        words=sum(word[:_STEM] not in index.words for word in words) / len(words),
        window=1 - _best_window([word[:_STEM] for word in matter], 2 * len(words), index),
        letters=sum(run not in index.letters for run in runs) / len(runs),
        long=math.log1p(len(index.stems)),
        end=_end(parts, lacking),
    )


def _sentences(text: str, language: str) -> list[tuple[list[str], bool]]:
    """Return the words of each sentence of a text, and whether it asks (in Greek, whose mark is `;`, never)."""
    folded = fold(text).text
    spans = (folded[start:end] for start, end in sentences(folded))
    return [(_words(one, language), one.rstrip(" \n!").endswith("?")) for one in spans]


def _words(text: str, language: str) -> list[str]:
    """Return the words of a folded text, numbers in words as digits and without what groups their thousands."""
    counts = _counts(language)
    found = _WORD.findall(text)
    return [_GROUPING.sub("", word) if word[0].isdigit() else counts.get(word, word) for word in found]


def _matter(words: list[str], small: frozenset[str]) -> list[str]:
    """Return the words that carry matter; a lone letter of an alphabet carries none."""
    return [word for word in words if word not in small and (len(word) > 1 or not word.isalpha() or word > "\u3000")]


def _lacking(word: str, index: _Index) -> float:
    """Return how far a word lacks support: 0 or 1, or in between where only its beginning is there."""
    if word[:_STEM] in index.words:
        return 0.0
    long = len(word) >= _STEM and not word[0].isdigit()
    return 1 - _HALF if long and word[:_BEGINNING] in index.beginnings else 1.0


def _end(parts: list[tuple[list[str], bool]], lacking: dict[str, float]) -> float:
    """Return how far the last third of each sentence's matter lacks support, from 0 to 1; 1.0 without any matter.

    Questions, then sentences with one word of matter, are left out where there is something else.
    """
    told = [part for part, asks in parts if part and not asks] or [part for part, _ in parts]
    told = [part for part in told if len(part) > 1] or told
    ends = [lacking[word] for part in told for word in part[-max(1, len(part) // 3) :]]
    return sum(ends) / len(ends) if ends else 1.0


def _speaks(words: list[str], own: frozenset[str], index: _Index) -> float:
    """Return whether one of some words is there of which the sources know nothing."""
    return float(any(word in own and word[:_STEM] not in index.words for word in words))


def _runs(words: list[str]) -> list[str]:
    """Return all runs of five letters, blanks between words included."""
    joined = f" {' '.join(words)} "
    return [joined[place : place + _RUN] for place in range(max(1, len(joined) - _RUN + 1))]


def _best_window(matter: list[str], size: int, index: _Index) -> float:
    """Return the greatest share of some words that stands together in one stretch of the sources."""
    if not matter:
        return 0.0
    size = max(size, _LEAST)
    counts = {word: matter.count(word) for word in matter}
    hits = sorted((place, word) for word in counts for place in index.places.get(word, ()))
    best, begin = 0, 0
    inside: dict[str, int] = {}
    total = 0
    for place, word in hits:
        inside[word] = inside.get(word, 0) + 1
        total += counts[word] if inside[word] == 1 else 0
        while hits[begin][0] <= place - size:
            gone = hits[begin][1]
            inside[gone] -= 1
            total -= 0 if inside[gone] else counts[gone]
            begin += 1
        best = max(best, total)
    return best / len(matter)


def _apart(matter: list[str], index: _Index) -> float:
    """Return how far apart in the sources stand the supported words that follow each other, from 0 to 1."""
    known = [word for word in matter if word in index.places]
    gaps: list[float] = []
    for one, other in itertools.pairwise(known):
        if one != other:
            steps = (b - a for a in index.places[one][:8] for b in index.places[other][:8])
            gaps.append(min(_FAR, *(step if step > 0 else 3 - 2 * step for step in steps)) / _FAR)
    return sum(gaps) / len(gaps) if gaps else 0.5


@lru_cache(maxsize=64)
def _index(sources: tuple[str, ...], language: str) -> _Index:
    """Return the sources as an index; a passage that many replies rest on is read once."""
    words: list[str] = []
    for source in sources:
        words += _words(fold(source).text, language)
    stems = [word[:_STEM] for word in words]
    places: dict[str, list[int]] = {}
    for place, stem in enumerate(stems):
        places.setdefault(stem, []).append(place)
    return _Index(
        words=frozenset(stems),
        beginnings=frozenset(stem[:_BEGINNING] for stem in stems if len(stem) >= _BEGINNING),
        places=places,
        threes=frozenset(zip(stems, stems[1:], stems[2:], strict=False)),
        letters=frozenset(_runs(words)),
        stems=tuple(stems),
    )


@lru_cache(maxsize=128)
def _counts(language: str) -> dict[str, str]:
    """Return the digits of each number in words that is one word."""
    return {word: str(count) for word, count in wording(language).counts().items() if " " not in word}


@lru_cache(maxsize=1)
def _weights() -> dict[str, float]:
    """Return the weight of each feature, in log odds of *not* resting on the sources."""
    path = files("chatparity.checks") / "groundedness.toml"
    return msgspec.toml.decode(path.read_bytes(), type=dict[str, float])


@lru_cache(maxsize=128)
def _small(language: str) -> tuple[frozenset[str], ...]:
    """Return a language's words without matter, those of the two who speak, answers of one word."""
    path = files("chatparity.checks") / "small_words.toml"
    told = msgspec.toml.decode(path.read_bytes(), type=dict[str, _Small]).get(language, _Small())
    return tuple(frozenset(fold(line).text.split()) for line in (told.small, told.i, told.you, told.yes))
