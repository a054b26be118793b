"""What the agent does about payments: due dates, late fees, extensions, plans, pauses and double charges."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from chatparity.sandbox import slots
from chatparity.sandbox.case import Case, Order, day
from chatparity.sandbox.policy import after_business_days, after_days
from chatparity.sandbox.shop import major, minor
from chatparity.sandbox.understand import fold

_OPEN = ("due", "missed", "paused")
Instalment = dict[str, Any]


def due(case: Case) -> None:
    """Say what is open and when it is due: of the orders named, else of all."""
    orders = [order["id"] for order in case.orders()]
    chosen = case.choose(ask=False) or orders
    said = [order for order in chosen if open_payments(case, order)]
    if not said:
        case.say("due_nothing", order=chosen[0]) if len(chosen) == 1 else case.say("due_nothing_at_all")
    elif len(orders) > 1 and len(chosen) > 1:
        case.say("due_total", amount=case.money(case.account()["unpaid_balance"]))


def open_payments(case: Case, order: str) -> bool:
    """Say the open payments of an order; False when there is none."""
    known = case.order(order)
    parts = [part for part in case.instalments(order) if part["status"] in _OPEN]
    if len(parts) > 1:
        case.say("due_head", order=order, merchant=known["merchant"])
    for part in parts:
        values = {"amount": case.money(part["amount"]), "due": day(part["due_on"])}
        where = {"number": part["number"]} if len(parts) > 1 else {"order": order, "merchant": known["merchant"]}
        line = len(parts) > 1
        if part["status"] == "paused":
            until = day(part["paused_until"])
            case.say("line.paused" if line else "due_one_paused", amount=values["amount"], until=until, **where)
        elif part["status"] == "missed" and part["late_fee"] == "0.00":
            case.say("line.missed_waived" if line else "due_one_waived", **values, **where)
        elif part["status"] == "missed":
            fee = case.money(part["late_fee"])
            case.say("line.missed" if line else "due_one_missed", fee=fee, **values, **where)
        else:
            case.say("line.due" if line else "due_one", **values, **where)
    if len(parts) > 1 or any(part["late_fee"] != "0.00" for part in parts):
        units = sum(minor(part["amount"]) + minor(part["late_fee"]) for part in parts)
        case.say("due_total_order", order=order, amount=case.money(major(units)))
    return bool(parts)


def late_fee(case: Case) -> None:
    """Explain the late fee: the rule, and for the order meant whether, when and why one was charged."""
    grace = int(case.number("grace_days"))
    case.say("fee_rule", fee=case.money(str(case.number("late_fee"))), days=grace)
    for order in case.choose(_with(case, _fee_charged), _with(case, _is_late), _with(case, _is_open), ask=False)[:1]:
        parts = case.instalments(order)
        for part in parts:
            values = {"number": part["number"], "order": order, "amount": case.money(part["amount"])}
            charged = after_days(day(part["due_on"]), grace)
            if part["late_fee_waived_on"]:
                case.say("fee_waived_already", number=part["number"], order=order, waived=day(part["late_fee_waived_on"]))
            elif part["late_fee"] != "0.00":
                _explain(case, order, part)
                if part["status"] == "missed":
                    case.say("fee_waivable", months=case.number("waiver_period_months"))
            elif part["status"] == "due" and (_is_late(case, part) or part is _first_open(parts)):
                fee = case.money(str(case.policy.number("late_fee", case.market, charged)))
                key = "fee_not_yet" if _is_late(case, part) else "fee_ahead"
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
    orders = case.choose(_with(case, _fee_charged), _with(case, lambda _, part: bool(part["late_fee_waived_on"])))
    for order in orders[:1]:
        parts = case.instalments(order)
        named = _named_instalment(case, parts)
        part = (
            named
            or next((part for part in parts if _fee_charged(case, part)), None)
            or next((part for part in parts if part["late_fee_waived_on"]), None)
            or next((part for part in parts if part["late_fee"] != "0.00"), None)
        )
        if part is None:
            case.say("waive_nothing")
            return
        if case.asking and _fee_charged(case, part):
            late_fee(case)
            return
        if case.cue("why") and _fee_charged(case, part):
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


def extend(case: Case) -> None:
    """Move the due date of the instalment meant by the days wanted, ask for the days, or say why it cannot be."""
    for order in case.choose(_with(case, _is_due), _with(case, _is_open))[:1]:
        parts = case.instalments(order)
        part = _named_instalment(case, parts) or _first_open(parts) or parts[0]
        due_on, amount = day(part["due_on"]), case.money(part["amount"])
        most = int(case.number("extension_max_days"))
        days = None if case.asking else _days_wanted(case, due_on, most)
        if days is None and part["status"] == "due" and not part["extended_days"]:
            if case.cue("rule_question") or case.asking:
                case.say("extend_rule", most=most)
                case.say("extend_possible", order=order, amount=amount, due=due_on, latest=after_days(due_on, most))
            else:
                case.say("extend_ask_days", order=order, amount=amount, due=due_on, most=most)
            return
        done = case.call("extend_due_date", instalment=part["id"], days=days or 1)
        if done["ok"]:
            key = "extend_done" if len(parts) > 1 else "extend_done_single"
            moved = {"days": done["extended_days"], "due": day(done["due_on"])}
            case.say(key, number=part["number"], order=order, amount=amount, **moved)
            return
        values: dict[str, Any] = {"order": order, "due": due_on, "wanted": days or 1, "most": most}
        values |= {"latest": after_days(due_on, most), "days": part["extended_days"], "fee": case.money(part["late_fee"])}
        if "paused_until" in done:
            values["until"] = day(done["paused_until"])
        case.say(f"extend_{done['error']}", **values)


def _days_wanted(case: Case, due_on: dt.date, most: int) -> int | None:
    """Return by how many days the customer wants the due date moved, from their words or the offer they agreed to."""
    last, *earlier = [fold(text).lower() for text in case.words]
    wanted = _days_named(case, last, due_on) or (case.counting.bare(last) if earlier else None)
    if wanted:
        return wanted
    if "most" in case.ear.hear(case.words[0]).cues:
        return most
    offer = fold(case.situation.last_answer).lower() if case.agreed or case.cue("yes") else ""
    return next((days for text in (offer, *earlier) if (days := _days_named(case, text, due_on))), None)


def _days_named(case: Case, folded: str, due_on: dt.date) -> int | None:
    """Return the days from `due_on` to the latest date in a folded text, else the count of days in it."""
    later = [date for date in case.counting.dates(folded, case.today) if date > due_on]
    return (max(later) - due_on).days if later else case.counting.days(folded)


def extension_rule(case: Case) -> None:
    """Say how far a due date can be moved."""
    case.say("extend_rule", most=case.number("extension_max_days"))


def change_plan(case: Case) -> None:
    """Change an order to four instalments, or say why that cannot be."""
    back = "split_back" in case.heard.cues
    fits = _with(case, _is_due)
    for order in case.choose(lambda order: order["plan"] == "pay_in_30" and fits(order), fits)[:1]:
        if case.asking:
            plan_rules(case)
            return
        known = case.order(order)
        wanted = "pay_in_30" if back else "pay_in_4"
        done = case.call("change_plan", order=order, plan=wanted)
        if done["ok"]:
            case.say("plan_done", order=order, plan=done["plan"])
            for part in done["instalments"]:
                case.say("line.plan", number=part["number"], amount=case.money(part["amount"]), due=day(part["due_on"]))
            return
        values: dict[str, Any] = {"order": order, "plan": known["plan"], "total": case.money(known["total"])}
        values["until"] = day(done["paused_until"]) if "paused_until" in done else None
        values["due"] = day(done["due_on"]) if "due_on" in done else None
        values["minimum"] = case.money(done["minimum"]) if "minimum" in done else None
        case.say(f"plan_{done['error']}", **values)
        if done["error"] == "same_plan":
            open_payments(case, order)


def plan_rules(case: Case) -> None:
    """Explain the payment plans."""
    case.say(
        "plan_rule",
        thirty=case.number("pay_in_30_days"),
        count=case.number("pay_in_4_count"),
        step=case.number("pay_in_4_interval_days"),
    )
    case.say("plan_minimum", minimum=case.money(str(case.number("pay_in_4_minimum"))))
    case.say("plan_change_rule")


def pause(case: Case) -> None:
    """Say whether an invoice is paused and until when."""
    fits = _with(case, lambda _, part: part["status"] == "paused")
    chosen = case.choose(fits, _with(case, _is_open))
    for order in chosen[:1]:
        until = case.paused_until(order)
        if until:
            case.say("pause_until", order=order, until=until)
            continue
        known = case.order(order)
        if not open_payments(case, order):
            case.say("due_nothing", order=order)
        if known["status"] != "cancelled":
            case.say(
                "pause_rule",
                **{"return": case.number("return_pause_days")},
                missing=case.number("missing_pause_days"),
                dispute=case.number("dispute_pause_days"),
            )


def duplicate(case: Case) -> None:
    """Refund a payment that was booked twice, and say what a second amount is that is only reserved."""
    for order in case.choose(lambda order: bool(_suspects(case, order["id"])), _with(case, _is_paid))[:1]:
        charges = case.call("get_instalments", order=order)["charges"]
        named = [charge for text in case.words for charge in slots.charge_ids(text)]
        suspects = _suspects(case, order)
        wanted = next((charge for charge in charges if charge["id"] in named), suspects[-1] if suspects else None)
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


def _suspects(case: Case, order: str) -> list[dict[str, Any]]:
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


def _with(case: Case, fits: Callable[[Case, Instalment], bool]) -> Callable[[Order], bool]:
    """Return a test of an order: one of its instalments fits."""
    return lambda order: any(fits(case, part) for part in case.instalments(order["id"]))


def _is_paid(case: Case, part: Instalment) -> bool:
    return bool(part["status"] == "paid")


def _is_due(case: Case, part: Instalment) -> bool:
    return bool(part["status"] == "due")


def _is_open(case: Case, part: Instalment) -> bool:
    return part["status"] in _OPEN


def _is_late(case: Case, part: Instalment) -> bool:
    return bool(part["status"] == "due" and day(part["due_on"]) < case.today)


def _fee_charged(case: Case, part: Instalment) -> bool:
    return bool(part["late_fee"] != "0.00" and part["status"] == "missed")


def _first_open(parts: list[Instalment]) -> Instalment | None:
    """Return the instalment to speak of when none is named: the first due, else missed, else paused one."""
    for status in ("due", "missed", "paused"):
        for part in parts:
            if part["status"] == status:
                return part
    return None


def _named_instalment(case: Case, parts: list[Instalment]) -> Instalment | None:
    """Return the instalment that the customer's words name, by id or by number."""
    for text in case.words:
        ids = slots.instalment_ids(text)
        found = next((part for part in parts if part["id"] in ids), None)
        number = case.counting.ordinal(fold(text).lower())
        if found is None and number is not None:
            found = parts[-1] if number == -1 else next((part for part in parts if part["number"] == number), None)
        if found is not None:
            return found
    return None
