"""Lines that belong together, put together without holding the file: read twice, kept only while a group is open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TypeVar

from chatparity.errors import Problem

T = TypeVar("T")


def grouped(
    first: Iterator[tuple[str, T] | Problem], again: Iterator[tuple[str, T] | Problem]
) -> Iterator[tuple[str, list[T]] | Problem]:
    """Yield each key with its items once the last of them was read; problems where they stand in the second reading.

    `first` and `again` give the same keys in the same order. Only the items of open groups are in memory.
    """
    left = Counter(one[0] for one in first if not isinstance(one, Problem))
    waiting: dict[str, list[T]] = {}
    for one in again:
        if isinstance(one, Problem):
            yield one
            continue
        key, item = one
        waiting.setdefault(key, []).append(item)
        left[key] -= 1
        if not left[key]:
            yield key, waiting.pop(key)
