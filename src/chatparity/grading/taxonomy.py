"""The taxonomy of a suite, from `graders/taxonomy.toml`: what failures are called, and which words are a risk."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property
from typing import Annotated

import msgspec

from chatparity.errors import InputError, Problem
from chatparity.grading.rows import ScoreRow
from chatparity.invalid import field_and_message
from chatparity.suite import Suite

FILE = "graders/taxonomy.toml"
OTHER = "other"
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Words = Annotated[tuple[Annotated[str, msgspec.Meta(min_length=2, max_length=80)], ...], msgspec.Meta(min_length=1)]


class FailureKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of failure and what a failed score must have to be of it; `outcomes` and `words` narrow it, if given."""

    name: Name
    says: str
    dimensions: Words
    outcomes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


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
            if row.dimension not in one.dimensions or (one.outcomes and row.outcome not in one.outcomes):
                continue
            if not one.words or _pattern(one.words).search(told):
                return one.name
        return OTHER

    def risks_in(self, text: str) -> list[str]:
        """Return the risks whose words stand in a customer's text."""
        told = plain(text)
        return [name for name, pattern in self._patterns.items() if pattern.search(told)]

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


def load_taxonomy(suite: Suite) -> Taxonomy:
    """Read `graders/taxonomy.toml`, the suite's or the shipped one.

    Raises InputError naming the key and what was expected.
    """
    path = suite.path(FILE)
    try:
        found = msgspec.toml.decode(path.read_bytes(), type=Taxonomy)
    except FileNotFoundError as error:
        raise InputError([Problem(path, None, "", "no such file: expected kinds of failures and risks")]) from error
    except msgspec.ValidationError as error:
        field, message = field_and_message(error, Taxonomy)
        raise InputError([Problem(path, None, field, message)]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f"expected TOML: {error}")]) from error
    wrong = []
    for part, names in (
        ("failures", [one.name for one in found.failures]),
        ("risks", [one.name for one in found.risks]),
    ):
        wrong += [
            Problem(path, None, part, f'expected names that differ, got "{name}" twice')
            for name in sorted({name for name in names if names.count(name) > 1})
        ]
    if OTHER in {one.name for one in found.failures}:
        wrong.append(Problem(path, None, "failures", f'expected another name: "{OTHER}" is what fits no kind'))
    if wrong:
        raise InputError(wrong)
    return found
