"""How the agent understands: cues are found by the patterns of a language, intents follow from cues by shared rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chatparity.errors import UsageError
from chatparity.sandbox.letters import fold
from chatparity.sandbox.stems import Stems

_WORD = re.compile(r"[^\W\d_]{5,}")
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_CACHED = 4096


@dataclass(frozen=True)
class Rule:
    """An intent is there when all of `all`, one of `any` and none of `none` are among the cues."""

    name: str
    all: frozenset[str]
    any: frozenset[str]
    none: frozenset[str]

    def fits(self, cues: frozenset[str]) -> bool:
        """Say whether the cues make this intent."""
        return self.all <= cues and not (self.none & cues) and (not self.any or bool(self.any & cues))


class Rules:
    """The intents of all languages, gravest first, and what each makes needless (`covers`)."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = table
        self.rules = [
            Rule(
                name=item["name"],
                all=frozenset(item.get("all", ())),
                any=frozenset(item.get("any", ())),
                none=frozenset(item.get("none", ())),
            )
            for item in table["intent"]
        ]
        covers: Mapping[str, Sequence[str]] = table.get("covers", {})
        self.covers = {name: frozenset(others) for name, others in covers.items()}
        self.follow = [(item["cue"], frozenset(item["after"]), item["intent"]) for item in table.get("follow", ())]
        self.masks: Mapping[str, Sequence[str]] = table.get("masks", {})
        self.cues = frozenset(cue for rule in self.rules for cue in rule.all | rule.any | rule.none)

    def intents(self, cues: frozenset[str]) -> tuple[str, ...]:
        """Return the intents that the cues make, gravest first, without those that another one covers."""
        return self.uncovered(self.made(cues))

    def made(self, cues: frozenset[str]) -> list[str]:
        """Return all intents that the cues make, gravest first."""
        return list(dict.fromkeys(rule.name for rule in self.rules if rule.fits(cues)))

    def uncovered(self, found: Sequence[str]) -> tuple[str, ...]:
        """Return those of the intents that no other one among them makes needless."""
        covered: set[str] = set()
        for name in found:
            if name not in covered:
                hides = self.covers.get(name, frozenset())
                covered |= {other for other in found if other != name} if "*" in hides else hides
        return tuple(name for name in found if name not in covered)


@dataclass(frozen=True)
class Heard:
    """What was understood of one text: its folded form, the cues in it and the intents they make."""

    text: str
    folded: str
    cues: frozenset[str]
    intents: tuple[str, ...]


class Ear:
    """How one language is understood."""

    def __init__(self, language: str, table: Mapping[str, Any], rules: Rules) -> None:
        self.language = language
        self.rules = rules
        self.table = table
        self._cues = {name: _compile(language, name, patterns) for name, patterns in table["cues"].items()}
        missing = sorted(rules.cues - self._cues.keys())
        if missing:
            raise UsageError(f"the sandbox's cues in {language} lack {', '.join(missing)}: add them under [cues]")
        self._vocabulary = frozenset(fold(word) for word in table.get("spelling", {}).get("words", ()))
        self._known = frozenset(fold(word) for word in table.get("spelling", {}).get("right", ()))
        self._near = _neighbours(self._vocabulary)
        self._stems = Stems(table.get("stems", {}))
        self.hear = lru_cache(maxsize=_CACHED)(self._hear)
        self.guesses = lru_cache(maxsize=_CACHED)(self._guesses)

    def _hear(self, text: str) -> Heard:
        folded = self._corrected(fold(text).lower())
        flowing = _POINT.sub(",", folded)
        cues = frozenset(name for name, pattern in self._cues.items() if pattern.search(self._seen(name, flowing)))
        return Heard(text, folded, cues, self.rules.intents(cues))

    def _guesses(self, text: str) -> list[tuple[int, str]]:
        """Return weight and intent of what a text may be about by the stems in it, the heaviest first."""
        return self._stems.guesses(fold(text).lower())

    def _seen(self, cue: str, flowing: str) -> str:
        """Return what a cue's patterns get to see of a text: without the words of cues that mask it."""
        for mask in self.rules.masks.get(cue, ()):
            flowing = self._cues[mask].sub(" ", flowing)
        return flowing

    def _corrected(self, folded: str) -> str:
        """Return a text with misspelt words of the vocabulary (a letter off, or two in a long one) put right."""
        return _WORD.sub(lambda found: self._right(found.group()), folded) if self._vocabulary else folded

    def _right(self, word: str) -> str:
        if word in self._vocabulary or word in self._known:
            return word
        for less in (word, *_shorter(word)):
            near = self._near.get(less)
            if near is not None and near[0] == word[0] and abs(len(near) - len(word)) <= _off(near):
                return near
        return word


def _compile(language: str, name: str, patterns: Sequence[str]) -> re.Pattern[str]:
    try:
        return re.compile("|".join(fold(pattern) for pattern in patterns) if patterns else r"(?!)")
    except re.error as error:
        raise UsageError(f"the sandbox's cue {name!r} in {language} is no pattern: {error}") from error


def _neighbours(words: frozenset[str]) -> dict[str, str]:
    """Return every form that a word takes with letters taken out, and the word itself, with the word it comes from."""
    found: dict[str, str] = {}
    for word in sorted(words):
        for less in _shorter(word):
            found.setdefault(less, word)
    found.update({word: word for word in words})
    return found


def _off(word: str) -> int:
    """Return how many letters a word may be off: long ones two."""
    return 2 if len(word) >= 9 else 1


def _shorter(word: str) -> list[str]:
    """Return what is left of a word when letters are taken out: one, of a long word one or two."""
    once = [word[:place] + word[place + 1 :] for place in range(len(word))]
    if _off(word) == 1:
        return once
    return once + [less[:place] + less[place + 1 :] for less in once for place in range(len(less))]
