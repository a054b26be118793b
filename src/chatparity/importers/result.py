"""What an importer gives back: transcripts, and notes on what it could not map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from chatparity.transcript import Transcript


@dataclass(frozen=True)
class Note:
    """Something of the source that the transcripts do not hold, or hold in another way.

    `count` is how often it occurred, `first` the place (`file:line`) where it occurred first.
    """

    text: str
    count: int
    first: str = ""

    def __str__(self) -> str:
        return f"{self.count} × {self.text}" + (f" (first at {self.first})" if self.first else "")


@dataclass
class Tally:
    """Counts notes while a file is read."""

    counts: Counter[str] = field(default_factory=Counter)
    firsts: dict[str, str] = field(default_factory=dict)

    def add(self, text: str, place: str = "", count: int = 1) -> None:
        """Count what `text` says; nothing happens for a count of 0."""
        if count:
            self.counts[text] += count
            self.firsts.setdefault(text, place)

    def notes(self) -> tuple[Note, ...]:
        """Return what was counted so far, most frequent first."""
        return tuple(Note(text, count, self.firsts[text]) for text, count in self.counts.most_common())


@dataclass(frozen=True)
class ImportResult:
    """The transcripts of one file, to be read once, and the notes.

    `transcripts` reads the file as it is consumed, so that the file need not fit in memory; its end raises InputError
    when anything in the file could not be read. `notes` is complete once it is exhausted.
    """

    transcripts: Iterator[Transcript]
    tally: Tally

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was counted so far, most frequent first."""
        return self.tally.notes()
