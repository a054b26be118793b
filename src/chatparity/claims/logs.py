"""Conversations as columns: what claims are computed from, whichever form the logs had."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chatparity.claims.fields import FIELDS

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Words:
    """A column of texts: `names` are the different ones, `codes` has each row's place among them, −1 for none."""

    codes: Codes
    names: tuple[str, ...]

    @staticmethod
    def of(texts: Sequence[str | None]) -> Words:
        """Return the column of these texts; None and the empty text are none."""
        places: dict[str, int] = {}
        codes = [places.setdefault(text, len(places)) if text else -1 for text in texts]
        return Words(np.array(codes, dtype=np.int64), tuple(places))

    def among(self, values: Sequence[str]) -> Mask:
        """Say of each row whether it holds one of `values`."""
        wanted = [place for place, name in enumerate(self.names) if name in values]
        return np.asarray(np.isin(self.codes, wanted), dtype=bool)

    def at(self, rows: Codes | Mask) -> Words:
        """Return the column of some rows."""
        return Words(self.codes[rows], self.names)


Column = Words | Numbers


@dataclass(frozen=True)
class Logs:
    """Conversations, one a row, in columns by field: texts as `Words`, all else as numbers, NaN where there is none.

    Flags are 0 and 1, times seconds since 1970 (UTC). A field that the logs do not have is no column. `others` holds
    the columns that single claims name instead, by (field, column). `sources` names the files; `invalid` counts the
    lines or rows that were skipped.
    """

    n: int
    columns: Mapping[str, Column]
    sources: tuple[str, ...] = ()
    synthetic: bool = False
    invalid: int = 0
    others: Mapping[tuple[str, str], Column] = field(default_factory=dict)

    def column(self, name: str, instead: str | None = None) -> Column | None:
        """Return a field's column, or the one that a claim names `instead`; None where the logs have none."""
        return self.columns.get(name) if instead is None else self.others.get((name, instead))

    @cached_property
    def customers(self) -> Codes:
        """Return a number for each row's customer; conversations without one are customers of their own."""
        found = self.columns.get("customer")
        if not isinstance(found, Words):
            return np.arange(self.n, dtype=np.int64)
        alone = found.codes < 0
        codes = found.codes.copy()
        codes[alone] = len(found.names) + np.arange(int(alone.sum()))
        return codes

    @cached_property
    def span(self) -> tuple[float, float] | None:
        """Return when the first and the last conversation began, in seconds; None where no time is known."""
        times = self.columns.get("started_at")
        if not isinstance(times, np.ndarray) or not np.isfinite(times).any():
            return None
        return float(np.nanmin(times)), float(np.nanmax(times))


def made(columns: Mapping[str, Column], **more: object) -> Logs:
    """Return logs from columns alone. Raises ValueError where a name, a type or a length does not fit."""
    sizes = {len(one.codes) if isinstance(one, Words) else len(one) for one in columns.values()}
    if len(sizes) > 1:
        raise ValueError(f"columns: expected one length, got {sorted(sizes)}")
    for name, one in columns.items():
        if name not in FIELDS or isinstance(one, Words) != (FIELDS[name].kind == "text"):
            raise ValueError(f"columns: {name} is no field, or not of its type")
    return Logs(next(iter(sizes), 0), columns, **more)  # type: ignore[arg-type]


def moment(seconds: float) -> dt.datetime:
    """Return a time in seconds as a date and time in UTC."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def midnight(day: dt.date) -> float:
    """Return when a day begins in UTC, in seconds."""
    return dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()
