"""The tools that change orders, instalments and charges; checks stand in the order of the contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from chatparity.sandbox.amounts import minor
from chatparity.sandbox.policy import a_year_before, after_business_days, after_days
from chatparity.sandbox.shop import Row
from chatparity.sandbox.toolbox import Desk, Refused

DISPUTE_REASONS = ("damaged", "not_as_described", "wrong_item", "incomplete")
PLANS = ("pay_in_30", "pay_in_4")


def extend_due_date(desk: Desk, instalment: str, days: int) -> dict[str, Any]:
    """Move the due date of one open instalment, once, by no more days than the market allows."""
    row = desk.instalment(instalment)
    if days < 1:
        raise Refused("invalid_argument")
    if row["status"] == "paid":
        raise Refused("already_paid")
    if row["status"] == "cancelled":
        raise Refused("cancelled")
    if row["status"] == "paused":
        raise Refused("paused", paused_until=row["paused_until"])
    if row["status"] == "missed":
        raise Refused("missed_instalment", late_fee=desk.money(row["late_fee_minor"]))
    if row["extended_days"]:
        raise Refused("already_extended", extended_days=row["extended_days"])
    most = desk.number("extension_max_days")
    if days > most:
        raise Refused("too_many_days", max_days=most)
    due_on = after_days(dt.date.fromisoformat(row["due_on"]), days).isoformat()
    desk.shop.do("UPDATE instalments SET due_on = ?, extended_days = ? WHERE id = ?", due_on, days, instalment)
    return {
        "instalment": instalment,
        "due_on": due_on,
        "extended_days": days,
        "fee": desk.money(0),
        "currency": desk.currency,
    }


def waive_late_fee(desk: Desk, instalment: str) -> dict[str, Any]:
    """Waive the late fee of one missed instalment, once in twelve months."""
    row = desk.instalment(instalment)
    if row["late_fee_waived_on"]:
        raise Refused("already_waived", late_fee_waived_on=row["late_fee_waived_on"])
    if not row["late_fee_minor"]:
        raise Refused("no_late_fee")
    if row["status"] == "paid":
        raise Refused("already_paid")
    last = desk.shop.row("SELECT max(late_fee_waived_on) AS day FROM instalments")
    if last and last["day"] and dt.date.fromisoformat(last["day"]) > a_year_before(desk.today):
        raise Refused("waived_in_last_12_months", last_waived_on=last["day"])
    others = desk.shop.rows("SELECT id FROM instalments WHERE status = 'missed' AND id <> ? ORDER BY id", instalment)
    if others:
        raise Refused("other_missed_instalment", instalments=[other["id"] for other in others])
    today = desk.today.isoformat()
    desk.shop.do("UPDATE instalments SET late_fee_minor = 0, late_fee_waived_on = ? WHERE id = ?", today, instalment)
    waived = desk.money(row["late_fee_minor"])
    return {"instalment": instalment, "waived": waived, "currency": desk.currency, "late_fee": desk.money(0)}


def report_return(desk: Desk, order: str) -> dict[str, Any]:
    """Report that a delivered order goes back, within the market's window, and pause its open instalments."""
    row = _living(desk, order)
    if row["status"] != "delivered":
        raise Refused("not_delivered")
    reported = desk.attached("returns", order)
    if reported:
        raise Refused("already_reported", **{"return": reported["id"]})
    _within(desk, row, desk.number("return_window_days"))
    made = f"RT-{_digits(order)}"
    desk.shop.add("returns", {"id": made, "order_id": order, "reported_on": desk.today.isoformat()})
    return {
        "return": made,
        "order": order,
        "postage_paid_by": desk.number("return_postage"),
        **desk.pause(order, desk.number("return_pause_days")),
    }


def report_missing_parcel(desk: Desk, order: str) -> dict[str, Any]:
    """Report a shipped order as missing, start the merchant's investigation and pause its open instalments."""
    row = _living(desk, order)
    if row["status"] == "placed":
        raise Refused("not_shipped")
    reported = desk.attached("missing_parcels", order)
    if reported:
        raise Refused("already_reported", missing_parcel=reported["id"])
    if desk.attached("returns", order):
        raise Refused("return_reported")
    earliest = after_days(dt.date.fromisoformat(row["shipped_on"]), desk.number("missing_min_days_after_shipping"))
    if row["status"] == "shipped" and desk.today < earliest:
        raise Refused("too_early", earliest_on=earliest.isoformat())
    made = {
        "id": f"MP-{_digits(order)}",
        "order_id": order,
        "reported_on": desk.today.isoformat(),
        "investigation_until": after_days(desk.today, desk.number("missing_investigation_days")).isoformat(),
        "status": "investigating",
    }
    desk.shop.add("missing_parcels", made)
    return {
        "missing_parcel": made["id"],
        "order": order,
        "investigation_until": made["investigation_until"],
        **desk.pause(order, desk.number("missing_pause_days")),
    }


def open_dispute(desk: Desk, order: str, reason: str) -> dict[str, Any]:
    """Open the one dispute a delivered order can have and pause its open instalments."""
    row = desk.order(order)
    if reason not in DISPUTE_REASONS:
        raise Refused("invalid_reason")
    if row["status"] == "cancelled":
        raise Refused("order_cancelled")
    if row["status"] != "delivered":
        raise Refused("not_delivered")
    opened = desk.attached("disputes", order)
    if opened:
        raise Refused("already_open", dispute=opened["id"])
    _within(desk, row, desk.number("dispute_window_days"))
    made = {
        "id": f"D-{_digits(order)}",
        "order_id": order,
        "reason": reason,
        "opened_on": desk.today.isoformat(),
        "merchant_answer_by": after_days(desk.today, desk.number("dispute_merchant_days")).isoformat(),
        "decision_by": after_days(desk.today, desk.number("dispute_decision_days")).isoformat(),
        "status": "open",
    }
    desk.shop.add("disputes", made)
    return {
        "dispute": made["id"],
        "order": order,
        "reason": reason,
        "merchant_answer_by": made["merchant_answer_by"],
        "decision_by": made["decision_by"],
        **desk.pause(order, desk.number("dispute_pause_days")),
    }


def cancel_order(desk: Desk, order: str) -> dict[str, Any]:
    """Cancel an order that has not been shipped: open instalments are dropped, what was paid is refunded."""
    row = desk.order(order)
    if row["status"] == "cancelled":
        raise Refused("already_cancelled")
    if row["status"] != "placed":
        raise Refused("already_shipped", status=row["status"], shipped_on=row["shipped_on"])
    instalments = desk.shop.rows("SELECT * FROM instalments WHERE order_id = ? ORDER BY number", order)
    dropped = [part["id"] for part in instalments if part["status"] in ("due", "missed", "paused")]
    paid = sum(part["amount_minor"] for part in instalments if part["status"] == "paid")
    desk.shop.do("UPDATE orders SET status = 'cancelled' WHERE id = ?", order)
    desk.shop.do(
        "UPDATE instalments SET status = 'cancelled', late_fee_minor = 0, paused_until = NULL "
        "WHERE order_id = ? AND status IN ('due', 'missed', 'paused')",
        order,
    )
    refund = _refund(desk, order, paid, "cancellation", desk.number("refund_business_days")) if paid else None
    return {"order": order, "status": "cancelled", "cancelled_instalments": dropped, "refund": refund}


def change_plan(desk: Desk, order: str, plan: str) -> dict[str, Any]:
    """Change an order from one instalment to four, while that instalment is open and its due date has not passed."""
    row = desk.order(order)
    if plan not in PLANS:
        raise Refused("invalid_plan")
    if row["status"] == "cancelled":
        raise Refused("order_cancelled")
    if row["plan"] == plan:
        raise Refused("same_plan")
    if plan == "pay_in_30":
        raise Refused("not_possible")
    one = desk.shop.row("SELECT * FROM instalments WHERE order_id = ? AND number = 1", order)
    assert one is not None
    if one["status"] == "paid":
        raise Refused("already_paid")
    if one["status"] == "missed":
        raise Refused("missed_instalment")
    if one["status"] == "paused":
        raise Refused("paused", paused_until=one["paused_until"])
    if one["extended_days"]:
        raise Refused("already_extended")
    if desk.today > dt.date.fromisoformat(one["due_on"]):
        raise Refused("due_date_passed", due_on=one["due_on"])
    least = desk.number("pay_in_4_minimum")
    if row["total_minor"] < minor(least, desk.currency):
        raise Refused("below_minimum", minimum=least, currency=desk.currency)
    made = _split(desk, order, one["amount_minor"])
    return {"order": order, "plan": plan, "currency": desk.currency, "instalments": made}


def refund_duplicate_charge(desk: Desk, charge: str) -> dict[str, Any]:
    """Refund one of two booked payments of the same amount for the same instalment."""
    row = desk.shop.row("SELECT * FROM charges WHERE id = ?", charge)
    if row is None:
        raise Refused("unknown_charge")
    if row["kind"] == "reservation":
        gone = after_business_days(dt.date.fromisoformat(row["charged_on"]), desk.number("reservation_banking_days"))
        raise Refused("is_reservation", gone_by=gone.isoformat())
    if row["refunded_on"]:
        raise Refused("already_refunded", refunded_on=row["refunded_on"])
    twin = desk.shop.row(
        "SELECT id FROM charges WHERE instalment = ? AND amount_minor = ? AND kind = 'payment' "
        "AND refunded_on IS NULL AND id <> ?",
        row["instalment"],
        row["amount_minor"],
        charge,
    )
    if twin is None:
        raise Refused("not_a_duplicate")
    desk.shop.do("UPDATE charges SET refunded_on = ? WHERE id = ?", desk.today.isoformat(), charge)
    days = desk.number("duplicate_refund_banking_days")
    made = _refund(desk, row["order_id"], row["amount_minor"], "duplicate_charge", days)
    return {
        "charge": charge,
        "refund": made["id"],
        "amount": made["amount"],
        "currency": made["currency"],
        "expected_by": made["expected_by"],
    }


def _split(desk: Desk, order: str, amount: int) -> list[Row]:
    """Replace an order's one instalment by four, rounded down with the rest in the last, and return them."""
    count = desk.number("pay_in_4_count")
    first, step = desk.number("plan_change_first_due_days"), desk.number("plan_change_interval_days")
    part = amount // count
    desk.shop.do("UPDATE orders SET plan = 'pay_in_4' WHERE id = ?", order)
    desk.shop.do("DELETE FROM instalments WHERE order_id = ?", order)
    made = []
    for number in range(1, count + 1):
        due_on = after_days(desk.today, first + step * (number - 1)).isoformat()
        units = part if number < count else amount - part * (count - 1)
        row = {"id": f"{order}-{number}", "number": number, "due_on": due_on}
        desk.shop.add("instalments", {**row, "order_id": order, "amount_minor": units, "status": "due"})
        made.append({**row, "amount": desk.money(units)})
    return made


def _refund(desk: Desk, order: str, units: int, reason: str, days: int) -> Row:
    """Register a refund that is expected `days` business days from today, and return it."""
    known = desk.shop.row("SELECT count(*) AS n FROM refunds WHERE order_id = ?", order)
    made = {
        "id": f"R-{_digits(order)}-{(known or {'n': 0})['n'] + 1}",
        "order_id": order,
        "amount_minor": units,
        "reason": reason,
        "registered_on": desk.today.isoformat(),
        "expected_by": after_business_days(desk.today, days).isoformat(),
        "status": "registered",
    }
    desk.shop.add("refunds", made)
    return {
        "id": made["id"],
        "amount": desk.money(units),
        "currency": desk.currency,
        "expected_by": made["expected_by"],
    }


def _living(desk: Desk, order: str) -> Row:
    """Return an order's row; refuses an unknown or a cancelled one."""
    row = desk.order(order)
    if row["status"] == "cancelled":
        raise Refused("order_cancelled")
    return row


def _within(desk: Desk, order: Row, days: int) -> None:
    """Refuse when more than `days` have gone by since delivery."""
    last = after_days(dt.date.fromisoformat(order["delivered_on"]), days)
    if desk.today > last:
        raise Refused("window_closed", window_days=days, last_day=last.isoformat())


def _digits(order: str) -> str:
    return order.partition("-")[2]


ORDER_WRITES: dict[str, Callable[..., dict[str, Any]]] = {
    "extend_due_date": extend_due_date,
    "waive_late_fee": waive_late_fee,
    "report_return": report_return,
    "report_missing_parcel": report_missing_parcel,
    "open_dispute": open_dispute,
    "cancel_order": cancel_order,
    "change_plan": change_plan,
    "refund_duplicate_charge": refund_duplicate_charge,
}
