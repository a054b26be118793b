"""Remembering what was made of an object that has no hash (records, a tool call): by its identity, the last few."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

_Made = TypeVar("_Made")


def by_identity(size: int) -> Callable[[Callable[..., _Made]], Callable[..., _Made]]:
    """Make a function remember its last `size` results, by the identity of its first argument and the others' values.

    The object itself is kept, so that no other can take its identity meanwhile; it must not be changed once given.
    """

    def remembering(function: Callable[..., _Made]) -> Callable[..., _Made]:
        kept: dict[tuple[Any, ...], tuple[Any, _Made]] = {}

        @wraps(function)
        def remembered(one: Any, *others: Any) -> _Made:
            key = (id(one), *others)
            found = kept.get(key)
            if found is None:
                if len(kept) >= size:
                    del kept[next(iter(kept))]
                found = kept[key] = (one, function(one, *others))
            return found[1]

        return remembered

    return remembering
