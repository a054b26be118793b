"""Which of the things a text may mean fit the customer's records: no double payment to refund where none was made."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from chatparity.sandbox import slots
from chatparity.sandbox.about_charges import suspects
from chatparity.sandbox.addresses import find_address
from chatparity.sandbox.amounts import is_nothing
from chatparity.sandbox.case import Case, day
from chatparity.sandbox.instalments import fee_charged, is_due, is_open
from chatparity.sandbox.memory import SMALL_TALK

_AMOUNT = re.compile(r"(?<![\w.,-])(\d{1,6}(?:[.,]\d{1,2})?)(?![\w-]|[.,]\d)")
_FRESH = 30
_ASKING = frozenset({"due", "fee", "extend", "waive"})


def fits_records(case: Case, intent: str) -> bool:
    """Say whether one of the orders spoken about, or of all where none is, is in a state that an intent is about."""
    test = _TESTS.get(intent)
    if test is None:
        return True
    orders = [order["id"] for order in case.orders()]
    return any(test(case, order) for order in case.mentioned() or orders)


def evidence(case: Case, intent: str) -> int | None:
    """Return how much the records speak for an intent: None where they do not fit it, 1 where they call for it."""
    if not fits_records(case, intent):
        return None
    account = case.account()
    if intent == "declined":
        return 1 if account["declined_purchases"] else 0
    if intent == "frozen":
        return 1 if account["account"]["status"] == "frozen" else 0
    if intent not in _CALLED_FOR:
        return 0
    orders = case.mentioned() or [order["id"] for order in case.orders()]
    return int(any(_CALLED_FOR[intent](case, order) for order in orders))


def by_values(case: Case) -> list[str]:
    """Return the intent that a value alone makes: who writes an email or postal address wants it on file."""
    text = case.situation.last
    if slots.emails(text):
        return ["change_email"]
    if find_address(text, case.market, case.ear.table["slots"]) is not None:
        return ["change_address"]
    return []


def plausible(case: Case) -> list[str]:
    """Return what the cues of the words in hand make, without what only a stray word made and no record fits.

    Judged so are only intents whose words are everyday words too: twice, split, later, not here, cancel.
    """
    made = [name for name in case.ear.rules.made(case.heard.cues) if name not in SMALL_TALK]
    kept = [name for name in made if not _stray(case, name, made)]
    return list(case.ear.rules.uncovered(kept or made))


def named_amounts(text: str) -> list[Decimal]:
    """Return the amounts of money that a text may name, as numbers."""
    return [Decimal(found.replace(",", ".")) for found in _AMOUNT.findall(text)]


def by_amount(case: Case) -> list[str]:
    """Return the intents that amounts in the last words make: who names a late fee speaks about it."""
    amounts = set(named_amounts(case.situation.last))
    if not amounts or case.heard.intents:
        return []
    for order in case.orders():
        for part in case.instalments(order["id"]):
            fee = Decimal(part["late_fee"])
            if fee and amounts & {fee, fee + Decimal(part["amount"])}:
                return ["waive"] if case.cue("waive", "take_off") else ["fee"]
    return []


def by_date(case: Case, before: set[str]) -> list[str]:
    """Return `extend` where, after talk of payments, a later day is asked about for one that is open."""
    if not before & _ASKING or not case.cue("want", "may_i"):
        return []
    if set(case.heard.intents) - {"due", "thanks", "greeting", "cancel", "hours"}:
        return []
    dates = case.counting.dates(case.heard.folded, case.today)
    for order in case.mentioned():
        for part in case.instalments(order):
            if is_due(case, part) and not part["extended_days"]:
                most = int(case.number("extension_max_days")) + _FRESH
                if any(0 < (one - day(part["due_on"])).days <= most for one in dates):
                    return ["extend"]
    return []


def _stray(case: Case, name: str, made: Sequence[str]) -> bool:
    """Say whether an intent is that of a stray word, beside others that the records fit."""
    others = _EVERYDAY.get(name)
    if others is None or fits_records(case, name):
        return False
    if name == "plan_change":
        return not case.cue("plan", "split_back")
    return any(one in others and fits_records(case, one) for one in made)


def _any_part(test: Callable[[Case, dict[str, object]], bool]) -> Callable[[Case, str], bool]:
    return lambda case, order: any(test(case, part) for part in case.instalments(order))


def _missing(case: Case, order: str) -> bool:
    known = case.order(order)
    if known["missing_parcel"] or known["status"] in ("placed", "shipped"):
        return True
    late = known["delivered_on"] and (case.today - day(known["delivered_on"])).days > _FRESH
    return known["status"] == "delivered" and not late and not known["return"] and not known["dispute"]


def _refundable(case: Case, order: str) -> bool:
    known = case.order(order)
    attached = any(known[name] for name in ("return", "missing_parcel", "dispute"))
    return attached or known["status"] == "cancelled" or bool(case.call("get_refunds", order=order)["refunds"])


def _splittable(case: Case, order: str) -> bool:
    return case.order(order)["plan"] == "pay_in_30" and any(is_open(case, part) for part in case.instalments(order))


_TESTS: dict[str, Callable[[Case, str], bool]] = {
    "cancel": lambda case, order: case.order(order)["status"] in ("placed", "shipped", "cancelled"),
    "dispute": lambda case, order: case.order(order)["status"] == "delivered",
    "duplicate": lambda case, order: bool(suspects(case, order)),
    "extend": _any_part(is_due),
    "missing": _missing,
    "plan_change": _splittable,
    "refund": _refundable,
    "return": lambda case, order: case.order(order)["status"] in ("delivered", "shipped"),
    "waive": _any_part(lambda case, part: not is_nothing(str(part["late_fee"])) or bool(part["late_fee_waived_on"])),
}
_CALLED_FOR: dict[str, Callable[[Case, str], bool]] = {
    "cancel": lambda case, order: case.order(order)["status"] == "placed",
    "dispute": lambda case, order: bool(case.order(order)["dispute"]),
    "duplicate": lambda case, order: bool(suspects(case, order)),
    "fee": _any_part(fee_charged),
    "missing": _missing,
    "order_status": lambda case, order: case.order(order)["status"] in ("placed", "shipped"),
    "plan_change": _splittable,
    "refund": _refundable,
    "waive": _any_part(fee_charged),
}
_EVERYDAY: dict[str, frozenset[str]] = {
    "cancel": frozenset({"refund"}),
    "duplicate": frozenset(_TESTS) | {"due", "fee", "pause", "complaint"},
    "extend": frozenset({"fee", "waive"}),
    "missing": frozenset(_TESTS) | {"due", "fee", "pause", "hours"},
    "plan_change": frozenset(),
}
