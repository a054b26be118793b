"""Instalments as the tools give them: what state one is in, and which one the customer means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from chatparity.sandbox import slots
from chatparity.sandbox.amounts import is_nothing
from chatparity.sandbox.case import Case, Order, day
from chatparity.sandbox.letters import fold

OPEN = ("due", "missed", "paused")
Instalment = dict[str, Any]


def with_part(case: Case, fits: Callable[[Case, Instalment], bool]) -> Callable[[Order], bool]:
    """Return a test of an order: one of its instalments fits."""
    return lambda order: any(fits(case, part) for part in case.instalments(order["id"]))


def is_paid(case: Case, part: Instalment) -> bool:
    """Say whether an instalment has been paid."""
    return bool(part["status"] == "paid")


def is_due(case: Case, part: Instalment) -> bool:
    """Say whether an instalment is open: due, or late but not missed."""
    return bool(part["status"] == "due")


def is_open(case: Case, part: Instalment) -> bool:
    """Say whether something is still to be paid."""
    return part["status"] in OPEN


def is_late(case: Case, part: Instalment) -> bool:
    """Say whether an instalment is past its due date without a late fee."""
    return bool(part["status"] == "due" and day(part["due_on"]) < case.today)


def fee_charged(case: Case, part: Instalment) -> bool:
    """Say whether a late fee stands on a missed instalment."""
    return bool(not is_nothing(part["late_fee"]) and part["status"] == "missed")


def first_open(parts: list[Instalment]) -> Instalment | None:
    """Return the instalment to speak of when none is named: the first due, else missed, else paused one."""
    for status in ("due", "missed", "paused"):
        for part in parts:
            if part["status"] == status:
                return part
    return None


def named_instalment(case: Case, parts: list[Instalment]) -> Instalment | None:
    """Return the instalment that the customer's words name, by id or by number."""
    for text in case.words:
        ids = slots.instalment_ids(text)
        found = next((part for part in parts if part["id"] in ids), None)
        number = case.counting.ordinal(fold(text).lower())
        if found is None and number is not None:
            found = parts[-1] if number == -1 else next((part for part in parts if part["number"] == number), None)
        found = found or _due_on(case, parts, fold(text).lower())
        if found is not None:
            return found
    return None


def _due_on(case: Case, parts: list[Instalment], folded: str) -> Instalment | None:
    """Return the one open instalment whose due date a text names, or None.

    A day alone may be the one it is to be moved to; so a later day or a count of days must stand beside it.
    """
    dates = case.counting.dates(folded, case.today)
    counted = case.counting.days(folded)
    targets = {day(part["due_on"]) + dt.timedelta(days=counted) for part in parts if counted and is_due(case, part)}
    days = {(one.month, one.day) for one in dates if one not in targets and (counted or one < max(dates))}
    falling = [part for part in parts if is_due(case, part) and _month_day(part) in days]
    return falling[0] if len(falling) == 1 else None


def _month_day(part: Instalment) -> tuple[int, int]:
    due_on = day(part["due_on"])
    return due_on.month, due_on.day
