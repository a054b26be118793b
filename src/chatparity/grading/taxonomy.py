"""The taxonomy of a suite, from `graders/taxonomy.toml`: what failures are called, and which words are a risk."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated

import msgspec

from chatparity.errors import InputError, Problem
from chatparity.grading.rows import ScoreRow
from chatparity.invalid import field_and_message
from chatparity.suite import Suite

FILE = "graders/taxonomy.toml"
OTHER, NO_FAILURE = "other", "none"
TAKEN = {OTHER: "what fits no kind", NO_FAILURE: "what people say of an answer in which nothing failed"}
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Words = Annotated[tuple[Annotated[str, msgspec.Meta(min_length=2, max_length=80)], ...], msgspec.Meta(min_length=1)]


class FailureKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of failure and what a failed score must have to be of it: each key that is given narrows it.

    `metrics` are those that the score is bad for; `words` are beginnings of words, `patterns` regular expressions, of
    which one is found in the reason or the evidence.
    """

    name: Name
    says: str
    dimensions: tuple[str, ...] = ()
    graders: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()

    def looked_for_by(self, grader: str, dimension: str) -> bool:
        """Say whether failures that a grader finds may be of this kind."""
        return (not self.graders or grader in self.graders) and (not self.dimensions or dimension in self.dimensions)


class Risk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reason to look at a conversation, and the beginnings of words in which customers give it."""

    name: Name
    words: Words


class Taxonomy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """All of taxonomy.toml; `version` is the file's own."""

    version: str
    failures: tuple[FailureKind, ...]
    risks: tuple[Risk, ...] = ()

    def kind_of(self, row: ScoreRow) -> str:
        """Return the name of the first kind that a failed score is of, `other` where none fits."""
        told = plain(" ".join((row.reason, *(one.text for one in row.evidence))))
        for one in self.failures:
            if not one.looked_for_by(row.grader, row.dimension) or (one.outcomes and row.outcome not in one.outcomes):
                continue
            if one.metrics and not any(row.metrics.get(name) is False for name in one.metrics):
                continue
            tells = self._tells[one.name]
            if tells is None or tells.search(told):
                return one.name
        return OTHER

    def risks_in(self, text: str) -> list[str]:
        """Return the risks whose words stand in a customer's text."""
        told = plain(text)
        return [name for name, pattern in self._patterns.items() if pattern.search(told)]

    @cached_property
    def _tells(self) -> dict[str, re.Pattern[str] | None]:
        return {one.name: _telling(one) for one in self.failures}

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        return {one.name: _pattern(one.words) for one in self.risks}


def plain(text: str) -> str:
    """Return a text without case and accents, as words of the taxonomy are looked for in it."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("’", "'").replace("ł", "l"))
    return "".join(one for one in apart if not unicodedata.combining(one))


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds any of these at the beginning of a word."""
    return re.compile(r"(?<!\w)(?:" + "|".join(re.escape(plain(one)) for one in words) + ")")


def _telling(kind: FailureKind) -> re.Pattern[str] | None:
    """Return what finds a kind's words or patterns in a text, None where it has none."""
    parts = [_pattern(kind.words).pattern] if kind.words else []
    # Of a pattern only the letters are made plain: \S and \s must stay apart.
    parts += [f"(?:{''.join(at if at.isascii() else plain(at) for at in one)})" for one in kind.patterns]
    return re.compile("|".join(parts)) if parts else None


def load_taxonomy(suite: Suite, path: Path | None = None) -> Taxonomy:
    """Read a taxonomy: `graders/taxonomy.toml`, the suite's or the shipped one, unless another file is named.

    Raises InputError naming the key and what was expected.
    """
    path = path or suite.path(FILE)
    try:
        found = msgspec.toml.decode(path.read_bytes(), type=Taxonomy)
    except FileNotFoundError as error:
        raise InputError([Problem(path, None, "", "no such file: expected kinds of failures and risks")]) from error
    except msgspec.ValidationError as error:
        field, message = field_and_message(error, Taxonomy)
        raise InputError([Problem(path, None, field, message)]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f"expected TOML: {error}")]) from error
    wrong = list(_wrong(path, found))
    if wrong:
        raise InputError(wrong)
    return found


def _wrong(path: Path, found: Taxonomy) -> Iterator[Problem]:
    """Yield what is wrong with a taxonomy whose values are each of the right type."""
    parts = {"failures": [one.name for one in found.failures], "risks": [one.name for one in found.risks]}
    for part, names in parts.items():
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Problem(path, None, part, f'expected names that differ, got "{name}" twice')
    for number, one in enumerate(found.failures):
        place = f"failures[{number}]"
        if one.name in TAKEN:
            yield Problem(path, None, f"{place}.name", f'expected another name: "{one.name}" is {TAKEN[one.name]}')
        if not any((one.dimensions, one.graders, one.metrics, one.outcomes, one.words, one.patterns)):
            yield Problem(path, None, place, "expected dimensions, graders, metrics, outcomes, words or patterns")
        for text in one.patterns:
            try:
                re.compile(text)
            except re.error as error:
                message = f"expected a regular expression, got {text!r}: {error}"
                yield Problem(path, None, f"{place}.patterns", message)
