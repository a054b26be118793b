"""What the agent does about charges on a card: double payments and reservations."""

from __future__ import annotations

from typing import Any

from chatparity.sandbox import slots
from chatparity.sandbox.case import Case, day
from chatparity.sandbox.instalments import is_paid, with_part
from chatparity.sandbox.policy import after_business_days


def duplicate(case: Case) -> None:
    """Refund a payment that was booked twice, and say what a second amount is that is only reserved."""
    for order in case.choose(lambda order: bool(suspects(case, order["id"])), with_part(case, is_paid))[:1]:
        charges = case.call("get_instalments", order=order)["charges"]
        named = [charge for text in case.words for charge in slots.charge_ids(text)]
        found = suspects(case, order)
        wanted = next((charge for charge in charges if charge["id"] in named), found[-1] if found else None)
        if wanted is None:
            case.say("duplicate_not_a_duplicate", order=order)
            _booked(case, charges)
            return
        if wanted["kind"] == "payment":
            _refund_double(case, order, wanted)
        for charge in charges:
            if charge["kind"] == "reservation":
                _reserved(case, charge)


def _refund_double(case: Case, order: str, charge: dict[str, Any]) -> None:
    """Refund one of two equal payments, or say when that was done or why it is none."""
    done = case.call("refund_duplicate_charge", charge=charge["id"])
    if done["ok"]:
        days, expected = case.number("duplicate_refund_banking_days"), day(done["expected_by"])
        amount = case.money(done["amount"])
        case.say("duplicate_done", order=order, amount=amount, refund=done["refund"], expected=expected, days=days)
    elif done["error"] == "already_refunded":
        case.say("duplicate_already_refunded", day=day(done["refunded_on"]))
        for refund in case.call("get_refunds", order=order)["refunds"]:
            if refund["reason"] == "duplicate_charge":
                expected = day(refund["expected_by"])
                case.say("duplicate_refund_expected", amount=case.money(refund["amount"]), expected=expected)
    else:
        case.say("duplicate_not_a_duplicate", order=order)
        _booked(case, case.call("get_instalments", order=order)["charges"])


def _reserved(case: Case, charge: dict[str, Any]) -> None:
    """Say that an amount is only reserved and when the reservation is gone."""
    days = int(case.number("reservation_banking_days"))
    charged = day(charge["charged_on"])
    gone = after_business_days(charged, days)
    case.say("duplicate_is_reservation", amount=case.money(charge["amount"]), charged=charged, gone=gone, days=days)


def _booked(case: Case, charges: list[dict[str, Any]]) -> None:
    for charge in charges:
        if charge["kind"] == "payment":
            case.say("line.charge", amount=case.money(charge["amount"]), charged=day(charge["charged_on"]))


def suspects(case: Case, order: str) -> list[dict[str, Any]]:
    """Return the charge that is a double, gravest first meaning: a booked double, else a refunded one, else a hold."""
    charges = case.call("get_instalments", order=order)["charges"]
    payments = [charge for charge in charges if charge["kind"] == "payment"]

    def twins(charge: dict[str, Any], among: list[dict[str, Any]]) -> bool:
        same = [one for one in among if (one["instalment"], one["amount"]) == (charge["instalment"], charge["amount"])]
        return len(same) > 1

    unrefunded = [charge for charge in payments if not charge["refunded_on"]]
    doubles = [charge for charge in unrefunded if twins(charge, unrefunded)]
    if doubles:
        return doubles
    refunded = [charge for charge in payments if charge["refunded_on"] and twins(charge, payments)]
    return refunded or [charge for charge in charges if charge["kind"] == "reservation"]
