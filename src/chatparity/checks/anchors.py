"""Find many phrases in a text at little cost: a phrase is looked for only where a word that it cannot lack stands.

Each pattern of the lexicons has words that must be there (its anchors; of alternatives one). One look at the beginnings
of a text's words tells which of a language's thousands of patterns can be found at all; the others are never tried.
What is found is the same, and in the same order, as one expression of all patterns would find.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from chatparity.checks.phrases import LETTER, folded_pattern, needed_words

Compile = Callable[[tuple[str, ...]], re.Pattern[str]]

# So many letters of an anchor are compared.
_LONG = 8
_STARTS = re.compile(rf"(?<!{LETTER})\S")


class Anchors:
    """Which phrases of a language can stand in a text, by the beginnings of its words.

    Without `anywhere` anchors are looked for at the beginnings of words only; where words are written together or
    small words are attached before them, at every letter.
    """

    def __init__(self, *, anywhere: bool) -> None:
        self.anywhere = anywhere
        self._places: dict[str, list[tuple[int, int]]] = {}
        self._beside: dict[tuple[int, int], tuple[frozenset[str], ...]] = {}
        self._always: list[tuple[int, int]] = []
        self._count = 0
        self._hits = lru_cache(maxsize=2048)(self._look)

    def add(self, patterns: Sequence[str], *, accents: bool) -> int:
        """Take in the patterns of one group, in their order; return the number by which `possible` names the group."""
        for place, pattern in enumerate(patterns):
            needed = needed_words(folded_pattern(pattern, accents=accents), anywhere=self.anywhere)
            begins = [frozenset(word[:_LONG] for word in some) for some in needed]
            if not begins:
                self._always.append((self._count, place))
                continue
            for word in begins[0]:
                self._places.setdefault(word, []).append((self._count, place))
            if begins[1:]:
                self._beside[self._count, place] = tuple(begins[1:])
        self._count += 1
        self._hits.cache_clear()
        return self._count - 1

    def possible(self, text: str, group: int) -> Sequence[int]:
        """Return the places, in their order, of the patterns of a group that may stand in a text."""
        return self._hits(text).get(group, ())

    def _look(self, text: str) -> Mapping[int, Sequence[int]]:
        starts = range(len(text)) if self.anywhere else [match.start() for match in _STARTS.finditer(text)]
        there = {text[start : start + length] for start in starts for length in range(1, _LONG + 1)}
        hits = set(self._always)
        for anchor in there & self._places.keys():
            hits.update(self._places[anchor])
        found: dict[int, list[int]] = {}
        for hit in sorted(hits):
            if not any(some.isdisjoint(there) for some in self._beside.get(hit, ())):
                found.setdefault(hit[0], []).append(hit[1])
        return found


class Phrases:
    """The patterns of one group, to be found as one expression of all of them would: left to right, without overlaps.

    Of two that begin at one place the longer pattern is found. A pattern is compiled when it first may stand in a text.
    """

    def __init__(self, patterns: Sequence[str], anchors: Anchors, compile_: Compile, *, accents: bool = True) -> None:
        self.patterns = tuple(sorted(patterns, key=len, reverse=True))
        self._anchors, self._compile = anchors, compile_
        self._group = anchors.add(self.patterns, accents=accents)
        self._parts: dict[int, re.Pattern[str]] = {}

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Yield what is found in a folded text, but nothing that is empty."""
        ahead = []
        for place in self._anchors.possible(text, self._group):
            match = self._part(place).search(text)
            if match is not None and match.group():
                ahead.append((match.start(), place, match))
        while ahead:
            _, _, match = min(ahead)
            yield match
            later = []
            for begin, other, found in ahead:
                again = found if begin >= match.end() else self._part(other).search(text, match.end())
                if again is not None and again.group():
                    later.append((again.start(), other, again))
            ahead = later

    def _part(self, place: int) -> re.Pattern[str]:
        part = self._parts.get(place)
        if part is None:
            part = self._parts[place] = self._compile((self.patterns[place],))
        return part
