"""Which of the checked conversations a person reads, and the page they are read on (`reports/reading_page.py`)."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chatparity.audit.examine import Placed
from chatparity.errors import Problem, UsageError
from chatparity.suite_reports import built_text
from chatparity.transcript import Transcript


@dataclass(frozen=True)
class Read:
    """One conversation to read: where it stands, and what the checks found in it."""

    placed: Placed
    found: tuple[Problem, ...]


@dataclass(frozen=True)
class Reading:
    """The conversations of a page, in the order of the page, out of `population`."""

    reads: tuple[Read, ...]
    population: int


def chosen(placed: Sequence[Placed], found: Sequence[Problem], n: int, ids: Collection[str] = ()) -> Reading:
    """Return the conversations called `ids`, else `n` of them, the same ones for the same transcripts.

    Those in which something was found come first, then one of each writing system, then one of each language, then
    more; which one is by the hash of its id. They are shown in the order of their ids.
    Raises UsageError for an id that no transcript has.
    """
    missing = sorted(set(ids) - {one.transcript.id for one in placed})
    if missing:
        raise UsageError(f"--ids: no transcript is called {', '.join(missing)}")
    by_place: dict[tuple[object, int | None], list[Problem]] = {}
    for problem in found:
        by_place.setdefault((problem.path, problem.line), []).append(problem)
    reads = [Read(one, tuple(by_place.get((one.path, one.line), ()))) for one in placed]
    kept = [one for one in reads if one.placed.transcript.id in ids] if ids else _spread(reads)[:n]
    return Reading(tuple(sorted(kept, key=lambda one: one.placed.transcript.id)), len(placed))


def _spread(reads: Sequence[Read]) -> list[Read]:
    """Return all conversations, those that a reader should see first in front."""
    scripts: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    ranked = []
    for one in sorted(reads, key=lambda one: hashlib.sha256(one.placed.transcript.id.encode()).digest()):
        script, language = script_of(one.placed.transcript), one.placed.transcript.language
        ranked.append(((not one.found, scripts[script] > 0, languages[language]), one))
        scripts[script] += 1
        languages[language] += 1
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])]


def script_of(transcript: Transcript) -> str:
    """Return the writing system in which most of a conversation is written, as Unicode names it (LATIN, HEBREW)."""
    letters = (letter for turn in transcript.turns for letter in turn.text if letter.isalpha())
    counts = Counter(unicodedata.name(letter, "").partition(" ")[0] for letter in letters)
    return max(counts, key=lambda one: (counts[one], one), default="")


def rendered(reading: Reading) -> str:
    """Return the page as HTML. The suite must be mounted.

    Raises UsageError when its `reports/reading_page.py` cannot be imported.
    """
    return built_text("reading_page", reading)
