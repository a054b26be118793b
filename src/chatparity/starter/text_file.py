"""Text files that somebody else wrote: whatever their bytes and line ends are, they come back as they were."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TextFile:
    """A file as text with plain line ends, and what it takes to write it back."""

    text: str
    crlf: bool

    @classmethod
    def read(cls, path: Path) -> TextFile:
        """Read a file; bytes that are no UTF-8 are kept."""
        raw = path.read_bytes().decode("utf-8", "surrogateescape")
        return cls(raw.replace("\r\n", "\n"), "\r\n" in raw)

    def bytes_of(self, text: str) -> bytes:
        """Return a changed text as bytes of the same kind."""
        return (text.replace("\n", "\r\n") if self.crlf else text).encode("utf-8", "surrogateescape")
