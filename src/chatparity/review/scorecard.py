"""The scorecard of a suite, from `graders/`, and what a filled-in card is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from chatparity.errors import InputError, Problem
from chatparity.grading.criteria import Criterion, wrong_criteria
from chatparity.invalid import field_and_message
from chatparity.suite import Suite

FILE = "graders/scorecard.toml"


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of scorecard.toml."""

    version: str
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True)
class Card:
    """A filled-in card: `score` in [0, 1] over what was answered, None where nothing that counts was.

    `zeroed` are the critical criteria that failed, `failed` all that did; `open` those without an answer.
    """

    score: float | None
    zeroed: tuple[str, ...]
    failed: tuple[str, ...]
    open: tuple[str, ...]


@dataclass(frozen=True)
class Scorecard:
    """The criteria people are asked, in their order; `version` is the file's own."""

    version: str
    criteria: tuple[Criterion, ...]

    def named(self, name: str) -> Criterion | None:
        """Return a criterion by its name, None where there is none."""
        return next((one for one in self.criteria if one.name == name), None)

    def card(self, answers: Mapping[str, str], *, handed_over: bool) -> Card:
        """Return what answers by criterion are worth, for a reply that did or did not hand over."""
        total = weights = 0.0
        zeroed, failed = [], []
        for one in self.criteria:
            points = one.worth(answers.get(one.name, ""), handed_over=handed_over)
            if points is None:
                continue
            total += one.weight * points
            weights += one.weight
            if points < one.pass_at:
                failed.append(one.name)
            if one.critical and points == 0:
                zeroed.append(one.name)
        score = None if not weights else 0.0 if zeroed else total / weights
        unanswered = tuple(one.name for one in self.criteria if one.name not in answers)
        return Card(score, tuple(zeroed), tuple(failed), unanswered)


def load_scorecard(suite: Suite) -> Scorecard:
    """Return the criteria of `graders/scorecard.toml`, then those in the front matter of the suite's rubrics.

    Raises InputError naming the file, the key and what was expected.
    """
    from chatparity.grading.rubric import load_rubric

    path = suite.path(FILE)
    file = _read(path)
    found: dict[str, Path] = {}
    criteria: list[Criterion] = []
    rubrics = sorted(one for one in suite.path("graders").glob("*.md") if one.name != "README.md")
    for place, given in ((path, file.criteria), *((one, load_rubric(one).criteria) for one in rubrics)):
        for one in given:
            if found.setdefault(one.name, place) != place or one.name in {other.name for other in criteria}:
                message = f'expected names that differ, got "{one.name}", which stands in {found[one.name]} too'
                raise InputError([Problem(place, None, "criteria", message)])
            criteria.append(one)
    return Scorecard(file.version, tuple(criteria))


def _read(path: Path) -> _File:
    """Read scorecard.toml."""
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=_File)
    except FileNotFoundError as error:
        raise InputError([Problem(path, None, "", "no such file: expected the criteria of the scorecard")]) from error
    except msgspec.ValidationError as error:
        field, message = field_and_message(error, _File)
        raise InputError([Problem(path, None, field, message)]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f"expected TOML: {error}")]) from error
    wrong = [
        Problem(path, None, f"criteria[{number}].{key}", message)
        for number, key, message in wrong_criteria(file.criteria)
    ]
    if not file.criteria:
        wrong.append(Problem(path, None, "criteria", "expected at least one"))
    if wrong:
        raise InputError(wrong)
    return file
