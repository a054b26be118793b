"""What the agent does about money that is owed: open payments and late fees."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from chatparity.sandbox.amounts import is_nothing
from chatparity.sandbox.case import Case, day
from chatparity.sandbox.instalments import (
    OPEN,
    Instalment,
    fee_charged,
    first_open,
    is_late,
    is_open,
    is_paid,
    named_instalment,
    with_part,
)
from chatparity.sandbox.policy import after_days


def due(case: Case) -> None:
    """Say what is open and when it is due: of the orders named, else of all."""
    orders = [order["id"] for order in case.orders()]
    chosen = case.choose(ask=False) or orders
    said = [order for order in chosen if open_payments(case, order)]
    if not said:
        case.say("due_nothing", order=chosen[0]) if len(chosen) == 1 else case.say("due_nothing_at_all")
    elif len(orders) > 1 and len(chosen) > 1:
        case.say("due_total", amount=case.money(case.account()["unpaid_balance"]))
    parts = falling_due(case)
    for due_on in sorted({day(part["due_on"]) for order in said for part in case.instalments(order)}):
        same_day(case, due_on, parts)


def paid(case: Case) -> None:
    """Say what was paid last and when, and what is open: for customers who say that they have paid."""
    chosen = case.choose(with_part(case, is_paid), ask=False)
    for order in chosen[:1]:
        parts = [part for part in case.instalments(order) if part["status"] == "paid" and part["paid_on"]]
        if parts:
            last = max(parts, key=lambda part: str(part["paid_on"]))
            values = {"number": last["number"], "order": order, "amount": case.money(last["amount"])}
            case.say("paid_on", paid=day(last["paid_on"]), **values)
    due(case)


def open_payments(case: Case, order: str) -> bool:
    """Say the open payments of an order; False when there is none."""
    known = case.order(order)
    parts = [part for part in case.instalments(order) if part["status"] in OPEN]
    late: list[Instalment] = []
    if len(parts) > 1:
        case.say("due_head", order=order, merchant=known["merchant"])
    for part in parts:
        values = {"amount": case.money(part["amount"]), "due": day(part["due_on"])}
        where = {"number": part["number"]} if len(parts) > 1 else {"order": order, "merchant": known["merchant"]}
        line = len(parts) > 1
        if part["status"] == "paused":
            until = day(part["paused_until"])
            case.say("line.paused" if line else "due_one_paused", amount=values["amount"], until=until, **where)
        elif part["status"] == "missed" and is_nothing(part["late_fee"]):
            case.say("line.missed_waived" if line else "due_one_waived", **values, **where)
        elif part["status"] == "missed":
            fee = case.money(part["late_fee"])
            case.say("line.missed" if line else "due_one_missed", fee=fee, **values, **where)
        else:
            case.say("line.due" if line else "due_one", **values, **where)
            late.append(part)
    if len(parts) > 1 or any(not is_nothing(part["late_fee"]) for part in parts):
        total = sum(Decimal(part["amount"]) + Decimal(part["late_fee"]) for part in parts)
        case.say("due_total_order", order=order, amount=case.money(str(total)))
    for part in late:
        if is_late(case, part):
            _not_yet(case, order, part)
    return bool(parts)


def _not_yet(case: Case, order: str, part: Instalment) -> None:
    """Say that an instalment is late without costing more yet, and from when it would."""
    due_on = day(part["due_on"])
    charged = after_days(due_on, int(case.number("grace_days")))
    fee = case.money(str(case.policy.number("late_fee", case.market, charged)))
    values = {"number": part["number"], "order": order, "amount": case.money(part["amount"])}
    case.say("fee_not_yet", due=due_on, fee=fee, charged=charged, **values)


def fee_after(case: Case, due_on: dt.date) -> None:
    """Say from which day a late fee would be charged on what is due on a day."""
    charged = after_days(due_on, int(case.number("grace_days")))
    fee = case.policy.number("late_fee", case.market, charged)
    case.say("fee_after", fee=case.money(str(fee)), charged=charged)


def falling_due(case: Case) -> list[Instalment]:
    """Return the instalments of all orders that are due, not missed or paused."""
    parts = [part for order in case.orders() for part in case.instalments(order["id"])]
    return [part for part in parts if part["status"] == "due"]


def same_day(case: Case, due_on: dt.date, parts: list[Instalment]) -> None:
    """Say what of these instalments falls due on a day altogether, where that is more than one."""
    amounts = [Decimal(part["amount"]) for part in parts if day(part["due_on"]) == due_on]
    if len(amounts) > 1:
        case.say("same_day", due=due_on, amount=case.money(str(sum(amounts))))


def late_fee(case: Case) -> None:
    """Explain the late fee: the rule, and for the order meant whether, when and why one was charged."""
    grace = int(case.number("grace_days"))
    case.say("fee_rule", fee=case.money(str(case.number("late_fee"))), days=grace)
    for order in case.choose(
        with_part(case, fee_charged), with_part(case, is_late), with_part(case, is_open), ask=False
    )[:1]:
        parts = case.instalments(order)
        for part in parts:
            values = {"number": part["number"], "order": order, "amount": case.money(part["amount"])}
            charged = after_days(day(part["due_on"]), grace)
            if part["late_fee_waived_on"]:
                case.say(
                    "fee_waived_already", number=part["number"], order=order, waived=day(part["late_fee_waived_on"])
                )
            elif not is_nothing(part["late_fee"]):
                _explain(case, order, part)
                if part["status"] == "missed":
                    case.say("fee_waivable", months=case.number("waiver_period_months"))
            elif part["status"] == "due" and (is_late(case, part) or part is first_open(parts)):
                fee = case.money(str(case.policy.number("late_fee", case.market, charged)))
                key = "fee_not_yet" if is_late(case, part) else "fee_ahead"
                case.say(key, due=day(part["due_on"]), fee=fee, charged=charged, **values)


def _explain(case: Case, order: str, part: Instalment) -> None:
    """Say why and when the late fee of an instalment was charged."""
    grace = int(case.number("grace_days"))
    due_on = day(part["due_on"])
    values = {"number": part["number"], "order": order, "amount": case.money(part["amount"]), "days": grace}
    charged = after_days(due_on, grace)
    case.say("fee_charged", fee=case.money(part["late_fee"]), due=due_on, charged=charged, **values)


def waive(case: Case) -> None:
    """Waive the late fee of the instalment meant, or say why that cannot be."""
    orders = case.choose(
        with_part(case, fee_charged), with_part(case, lambda _, part: bool(part["late_fee_waived_on"]))
    )
    for order in orders[:1]:
        parts = case.instalments(order)
        named = named_instalment(case, parts)
        with_fee = named is not None and (fee_charged(case, named) or bool(named["late_fee_waived_on"]))
        part = (
            (named if with_fee else None)
            or next((part for part in parts if fee_charged(case, part)), None)
            or next((part for part in parts if part["late_fee_waived_on"]), None)
            or next((part for part in parts if not is_nothing(part["late_fee"])), None)
            or named
        )
        if part is None:
            case.say("waive_nothing")
            return
        if case.asking and fee_charged(case, part):
            late_fee(case)
            return
        if case.cue("why") and fee_charged(case, part):
            _explain(case, order, part)
        done = case.call("waive_late_fee", instalment=part["id"])
        values: dict[str, Any] = {"order": order, "months": case.number("waiver_period_months")}
        values["fee"] = case.money(part["late_fee"])
        if done["ok"]:
            amount, waived = case.money(part["amount"]), case.money(done["waived"])
            case.say("waive_done", order=order, waived=waived, amount=amount)
            return
        for name in ("late_fee_waived_on", "last_waived_on"):
            if name in done:
                values["day"] = day(done[name])
        case.say(f"waive_{done['error']}", **values, instalments=done.get("instalments", []))
        if done["error"] == "already_waived":
            case.say("fee_waivable", months=values["months"])
        if "last_waived_on" in done:
            case.say("waive_again", again=_a_year_after(day(done["last_waived_on"])))
        if done["error"] in ("waived_in_last_12_months", "other_missed_instalment"):
            open_payments(case, order)


def _a_year_after(when: dt.date) -> dt.date:
    """Return the first day that lies no less than twelve months after a waiver."""
    try:
        return when.replace(year=when.year + 1)
    except ValueError:
        return when.replace(year=when.year + 1, day=28)
