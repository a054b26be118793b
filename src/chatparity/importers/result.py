"""What an importer gives back: transcripts, and notes on what it could not map."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from chatparity.transcript import Transcript


@dataclass(frozen=True)
class Note:
    """Something of the source that the transcripts do not hold, or hold in another way, and how often it occurred."""

    text: str
    count: int

    def __str__(self) -> str:
        return f"{self.count} × {self.text}"


@dataclass(frozen=True)
class ImportResult:
    """The transcripts of one file, in its order, and the notes, most frequent first."""

    transcripts: tuple[Transcript, ...]
    notes: tuple[Note, ...]

    @classmethod
    def of(cls, transcripts: list[Transcript], counts: Counter[str]) -> ImportResult:
        """Build a result from transcripts and counted notes; notes that never occurred are left out."""
        notes = (Note(text, count) for text, count in counts.most_common() if count)
        return cls(tuple(transcripts), tuple(notes))
