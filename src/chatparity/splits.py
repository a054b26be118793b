"""The two halves of a data set: `dev`, on which graders may be tuned, and `exam`, on which agents are examined."""

from __future__ import annotations

import hashlib
from typing import Literal

from chatparity.transcript import Transcript

Split = Literal["dev", "exam", "all"]
SPLITS = ("dev", "exam", "all")


def split_of(transcript: Transcript) -> Literal["dev", "exam"]:
    """Return the half a transcript belongs to, for ever: it depends on nothing but its name.

    The name is its `cluster` where it has one, so that trials of one task stay together, else its `id`. It is in `dev`
    when the first byte of the SHA-256 of the name in UTF-8 is even, else in `exam`. Which transcripts there are beside
    it, in which order and in which file, changes nothing.
    """
    name = transcript.cluster or transcript.id
    return "exam" if hashlib.sha256(name.encode()).digest()[0] % 2 else "dev"


def is_in(transcript: Transcript, split: Split) -> bool:
    """Say whether a transcript belongs to a split; all belong to `all`."""
    return split in ("all", split_of(transcript))
