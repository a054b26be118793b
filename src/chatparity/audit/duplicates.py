"""Conversations that are nearly the same under different ids."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import nsmallest

from chatparity.transcript import Transcript

SAME = 0.5
"""Share of the shorter conversation's shingles that the other has too, from which they count as nearly the same."""
_LENGTH = 8
_SKETCH = 96
_LEAST = 40
_WANTED = 2
# What many conversations share (a greeting, a signature, a template) makes no two of them candidates for all others:
# a hash is looked up in the first so many that have it, and only the likeliest candidates are compared in full.
_HOLDERS = 32
_COMPARED = 16


def near_duplicates(transcripts: Sequence[Transcript]) -> Iterator[tuple[int, int, float]]:
    """Yield (place, earlier place, share) of conversations that repeat most of an earlier one.

    Texts are compared by shingles of eight letters, without numbers, case and spaces, so that another amount or date
    hides nothing and no language needs a list of words. Candidates share two of their 96 smallest hashes (a bottom-k
    sketch [1]); of the likeliest the share is exact. The time grows with the number of conversations, not with its
    square. Repeated trials of one task (`cluster`) are not duplicates.

    [1] Broder (1997), On the resemblance and containment of documents.
    """
    prints = [_shingles(one) for one in transcripts]
    holders: dict[int, list[int]] = {}
    for place, grams in enumerate(prints):
        if len(grams) < _LEAST:
            continue
        shared: Counter[int] = Counter()
        for key in nsmallest(_SKETCH, grams):
            others = holders.setdefault(key, [])
            shared.update(others)
            if len(others) < _HOLDERS:
                others.append(place)
        likely = [other for other, count in shared.most_common(_COMPARED) if count >= _WANTED]
        best = max(((_share(grams, prints[other]), other) for other in likely), default=(0.0, 0))
        if best[0] >= SAME and not _one_task(transcripts[place], transcripts[best[1]]):
            yield place, best[1], best[0]


def _one_task(one: Transcript, other: Transcript) -> bool:
    return one.cluster is not None and one.cluster == other.cluster


def _share(one: set[int], other: set[int]) -> float:
    return len(one & other) / min(len(one), len(other))


def _shingles(transcript: Transcript) -> set[int]:
    text = unicodedata.normalize("NFKC", " ".join(turn.text for turn in transcript.turns)).casefold()
    letters = re.sub(r"[\W\d_]+", "", text)
    return {zlib.crc32(letters[at : at + _LENGTH].encode()) for at in range(max(0, len(letters) - _LENGTH + 1))}
