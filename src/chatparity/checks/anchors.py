"""Find many phrases in a text at little cost: a phrase is looked for only where a word that it cannot lack stands.

Each pattern of the lexicons has words that must be there (its anchors; of alternatives one). One look at the beginnings
of a text's words tells which of a language's thousands of patterns can be found at all; the others are never tried.
What is found is the same, and in the same order, as one expression of all patterns would find.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

from chatparity.checks.phrases import LETTER, folded_pattern, needed_words

_Name = TypeVar("_Name")
Compile = Callable[[tuple[str, ...]], re.Pattern[str]]
# A pattern by its group and its place there, and what must stand in the text beside an anchor.
_Way = tuple[tuple[int, int], tuple[frozenset[str], ...]]

# So many letters of an anchor are compared; the first ones tell how long the anchors are that begin with them.
_LONG, _HEAD = 8, 3
_SHORT = tuple(range(1, _HEAD))
_BEGINNINGS = re.compile(rf"(?<!{LETTER})(?=(\S{{1,{_LONG}}}))")


class Anchors:
    """Which phrases of a language can stand in a text, by the beginnings of its words.

    Without `anywhere` anchors are looked for at the beginnings of words only; where words are written together or
    small words are attached before them, at every letter.
    """

    def __init__(self, *, anywhere: bool) -> None:
        self.anywhere = anywhere
        self._lengths: dict[str, tuple[int, ...]] = {}
        self._ways: dict[str, list[_Way]] = {}
        self._always: list[tuple[int, int]] = []
        self._count = 0
        self.possible = lru_cache(maxsize=2048)(self._look)

    def add(self, patterns: Sequence[str], *, accents: bool) -> int:
        """Take in the patterns of one group, in their order; return the number by which `possible` names the group."""
        for place, pattern in enumerate(patterns):
            ways = needed_words(folded_pattern(pattern, accents=accents), anywhere=self.anywhere)
            if not ways:
                self._always.append((self._count, place))
            for first, *beside in ([frozenset(word[:_LONG] for word in some) for some in way] for way in ways):
                for word in first:
                    self._ways.setdefault(word, []).append(((self._count, place), tuple(beside)))
                for word in first.union(*beside):
                    lengths = self._lengths.get(word[:_HEAD], _SHORT)
                    self._lengths[word[:_HEAD]] = tuple(sorted({*lengths, len(word)}))
        self._count += 1
        self.possible.cache_clear()
        return self._count - 1

    def _look(self, text: str) -> Mapping[int, Sequence[int]]:
        """Return the groups whose patterns may stand in a text, each with the places of these in their order."""
        starts = range(len(text)) if self.anywhere else ()
        begins = {text[start : start + _LONG] for start in starts} or set(_BEGINNINGS.findall(text))
        there = {begin[:length] for begin in begins for length in self._lengths.get(begin[:_HEAD], _SHORT)}
        hits = set(self._always)
        for anchor in there & self._ways.keys():
            for hit, beside in self._ways[anchor]:
                for some in beside:
                    if some.isdisjoint(there):
                        break
                else:
                    hits.add(hit)
        found: dict[int, list[int]] = {}
        for group, place in sorted(hits):
            found.setdefault(group, []).append(place)
        return found


class Phrases:
    """The patterns of one group, to be found as one expression of all of them would: left to right, without overlaps.

    Of two that begin at one place the longer pattern is found. A pattern is compiled when it first may stand in a text.
    """

    def __init__(self, patterns: Sequence[str], anchors: Anchors, compile_: Compile, *, accents: bool = True) -> None:
        self.patterns = tuple(sorted(patterns, key=len, reverse=True))
        self.anchors, self._compile = anchors, compile_
        self.group = anchors.add(self.patterns, accents=accents)
        self._parts: dict[int, re.Pattern[str]] = {}

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Yield what is found in a folded text, but nothing that is empty."""
        ahead = []
        for place in self.anchors.possible(text).get(self.group, ()):
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


class Section(Generic[_Name]):
    """Groups of phrases of one language that are looked for together, each under its name and in their order."""

    def __init__(self, groups: Iterable[tuple[_Name, Phrases]]) -> None:
        self._groups = tuple((phrases.group, name, phrases) for name, phrases in groups)
        self._anchors = self._groups[0][2].anchors if self._groups else None

    def finditer(self, text: str) -> Iterator[tuple[_Name, re.Match[str]]]:
        """Yield what each group finds in a folded text; those that cannot stand in it are not asked."""
        possible = self._anchors.possible(text) if self._anchors else {}
        for group, name, phrases in self._groups:
            if group in possible:
                for match in phrases.finditer(text):
                    yield name, match
