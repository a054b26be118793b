"""The numbers behind the policy, each valid in a market for some time, and the calendar they are counted in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from chatparity.errors import InputError, Problem, UsageError

EVERYWHERE = "*"
_FIXED = {"passage", "market", "valid_from", "valid_to", "currency", "quotes"}


class Policy:
    """Policy numbers by key, market and day, as they stand in numbers.toml."""

    def __init__(self, entries: Sequence[Mapping[str, Any]]) -> None:
        self._entries: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for entry in entries:
            for key in entry.keys() - _FIXED:
                self._entries.setdefault((key, entry["market"]), []).append(entry)

    def number(self, key: str, market: str, day: dt.date) -> Any:
        """Return the number of this key that is valid in the market on the day; money is a decimal string.

        Raises UsageError when no entry says it: a policy with a gap is not guessed at.
        """
        found = self.find(key, market, day)
        if found is None:
            raise UsageError(f"no policy number {key!r} for market {market} on {day}: add an entry to numbers.toml")
        return found

    def find(self, key: str, market: str, day: dt.date) -> Any | None:
        """Return the number of this key that is valid in the market on the day, or None when no entry says it."""
        for place in (market, EVERYWHERE):
            for entry in self._entries.get((key, place), ()):
                if entry["valid_from"] <= day <= entry.get("valid_to", dt.date.max):
                    return entry[key]
        return None


def read_policy(path: Path) -> Policy:
    """Read numbers.toml. Raises UsageError or InputError naming the file and what was expected."""
    try:
        table = msgspec.toml.decode(path.read_bytes())
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file: expected the policy numbers of the sandbox") from error
    except msgspec.DecodeError as error:
        raise InputError([Problem(path, None, "", f"expected TOML: {error}")]) from error
    return Policy(table.get("entry", []))


def after_days(start: dt.date, days: int) -> dt.date:
    """Return the day that lies `days` calendar days after `start`."""
    return start + dt.timedelta(days=days)


def after_business_days(start: dt.date, days: int) -> dt.date:
    """Return the day that lies `days` business days (Monday to Friday) after `start`, which is not counted."""
    day = start
    while days > 0:
        day += dt.timedelta(days=1)
        if day.weekday() < 5:
            days -= 1
    return day


def a_year_before(day: dt.date) -> dt.date:
    """Return the same day twelve months earlier; 29 February counts as the 28th."""
    if (day.month, day.day) == (2, 29):
        day = day.replace(day=28)
    return day.replace(year=day.year - 1)
