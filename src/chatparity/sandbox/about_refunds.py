"""What the agent says about refunds: where one stands, what it comes to and which way it goes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from chatparity.sandbox.case import Case, Order, day


def refund(case: Case) -> None:
    """Say where the refund of an order stands."""

    def with_refund(order: Order) -> bool:
        return bool(case.call("get_refunds", order=order["id"])["refunds"])

    for order in case.choose(with_refund, has(case, "return"), has(case, "missing_parcel", "dispute"), _cancelled):
        refund_of(case, order)


def refund_of(case: Case, order: str) -> None:
    """Say where the refund of one order stands."""
    refunds = case.call("get_refunds", order=order)["refunds"]
    known = case.order(order)
    days = case.number("refund_business_days")
    merchant = known["merchant"]
    for one in refunds:
        amount = case.money(one["amount"])
        if one["status"] == "paid_out":
            case.say("refund_paid_out", amount=amount, order=order, paid=day(one["paid_out_on"]))
            continue
        expected, registered = day(one["expected_by"]), day(one["registered_on"])
        values = {"amount": amount, "order": order, "merchant": merchant, "registered": registered}
        values["expected"] = expected
        if one["reason"] == "duplicate_charge":
            case.say("refund_registered_duplicate", **values, days=case.number("duplicate_refund_banking_days"))
        else:
            case.say("refund_registered", **values, days=days)
        _only_what_was_paid(case, known, one["amount"])
    if refunds:
        return
    returned, missing, dispute = known["return"], known["missing_parcel"], known["dispute"]
    if returned and returned["registered_on"]:
        case.say("refund_reduced", order=order, merchant=merchant, registered=day(returned["registered_on"]))
    elif returned:
        values = {"return": returned["id"], "order": order, "reported": day(returned["reported_on"])}
        case.say("refund_waiting", **values, merchant=merchant, days=days)
    elif missing:
        until = day(missing["investigation_until"])
        case.say("refund_missing", order=order, merchant=merchant, until=until)
    elif dispute and dispute["status"] == "open":
        case.say("refund_dispute", order=order, decision=day(dispute["decision_by"]))
    elif known["status"] == "cancelled":
        case.say("refund_cancelled_unpaid", order=order)
    else:
        case.say("refund_none", order=order, merchant=merchant, days=days)
    if (returned and not returned["registered_on"]) or missing or (dispute and dispute["status"] == "open"):
        _what_would_come_back(case, known)
    paused = case.paused_until(order)
    if paused:
        case.say("return_paused", until=paused)


def refund_method(case: Case) -> None:
    """Say where refunds go, and where the refund meant stands if there is one."""
    case.say("refund_method")
    chosen = case.choose(lambda order: bool(case.call("get_refunds", order=order["id"])["refunds"]), ask=False)
    for order in chosen[:1]:
        if case.call("get_refunds", order=order)["refunds"]:
            refund_of(case, order)


def has(case: Case, *names: str) -> Callable[[Order], bool]:
    """Return a test of an order: a return, a missing parcel or a dispute hangs on it."""
    return lambda order: any(case.order(order["id"])[name] for name in names)


def _only_what_was_paid(case: Case, known: Order, amount: str) -> None:
    """Say why a refund is less than the order came to: what had not been paid was taken off."""
    struck = [part for part in case.instalments(known["id"]) if part["status"] == "cancelled"]
    if struck and Decimal(amount) < Decimal(known["total"]):
        case.say("refund_partly", paid=case.money(amount), total=case.money(known["total"]))


def _what_would_come_back(case: Case, known: Order) -> None:
    """Say what a refund of the whole order would come to and when it would be there."""
    paid = sum(Decimal(part["amount"]) for part in case.instalments(known["id"]) if part["status"] == "paid")
    if paid:
        days = case.number("refund_business_days")
        case.say("refund_would", paid=case.money(str(paid)), merchant=known["merchant"], days=days)


def _cancelled(order: Order) -> bool:
    return bool(order["status"] == "cancelled")
