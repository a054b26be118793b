"""The tools that only read: account, orders, instalments, refunds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from chatparity.sandbox.shop import Row
from chatparity.sandbox.toolbox import Desk


def get_account(desk: Desk) -> dict[str, Any]:
    """Return the account with its unpaid balance, payment methods, declined purchases, complaints and deletion."""
    account = _flags(_money(desk, desk.account(), "credit_limit"), "verified")
    methods = desk.shop.rows("SELECT id, kind, label, is_default, expired FROM payment_methods ORDER BY id")
    declined = desk.shop.rows("SELECT id, merchant, amount_minor, declined_at FROM declined_purchases ORDER BY id")
    complaints = desk.shop.rows("SELECT id, text, registered_on, answer_by, status FROM complaints ORDER BY id")
    hours = desk.number("declined_retry_hours")
    return {
        "account": account,
        "unpaid_balance": desk.money(unpaid_balance(desk)),
        "payment_methods": [_flags(row, "is_default", "expired") for row in methods],
        "declined_purchases": [
            {**_money(desk, row, "amount"), "retry_from": _later(row["declined_at"], hours)} for row in declined
        ],
        "complaints": complaints,
        "deletion": desk.shop.row("SELECT id, requested_on, done_by FROM deletions"),
    }


def list_orders(desk: Desk) -> dict[str, Any]:
    """Return all orders, newest first."""
    rows = desk.shop.rows(
        "SELECT id, merchant, item, placed_on, status, total_minor, currency, plan FROM orders "
        "ORDER BY placed_on DESC, id"
    )
    return {"orders": [_money(desk, row, "total") for row in rows]}


def get_order(desk: Desk, order: str) -> dict[str, Any]:
    """Return one order with its return, missing-parcel report and dispute."""
    row = _money(desk, desk.order(order), "total")
    del row["customer"]
    row["return"] = desk.attached("returns", order)
    row["missing_parcel"] = desk.attached("missing_parcels", order)
    row["dispute"] = desk.attached("disputes", order)
    return {"order": row}


def get_instalments(desk: Desk, order: str) -> dict[str, Any]:
    """Return an order's instalments by number and its charges by day."""
    currency = desk.order(order)["currency"]
    instalments = desk.shop.rows("SELECT * FROM instalments WHERE order_id = ? ORDER BY number", order)
    charges = desk.shop.rows("SELECT * FROM charges WHERE order_id = ? ORDER BY charged_on, id", order)
    return {
        "order": order,
        "currency": currency,
        "instalments": [_without_order(_money(desk, row, "amount", "late_fee")) for row in instalments],
        "charges": [_without_order(_money(desk, row, "amount")) for row in charges],
    }


def get_refunds(desk: Desk, order: str) -> dict[str, Any]:
    """Return an order's refunds by the day they were registered."""
    currency = desk.order(order)["currency"]
    rows = desk.shop.rows("SELECT * FROM refunds WHERE order_id = ? ORDER BY registered_on, id", order)
    return {
        "order": order,
        "currency": currency,
        "refunds": [_without_order(_money(desk, row, "amount")) for row in rows],
    }


def unpaid_balance(desk: Desk) -> int:
    """Return amount and late fee of all instalments that are due, missed or paused, in minor units."""
    row = desk.shop.row(
        "SELECT sum(amount_minor + late_fee_minor) AS unpaid FROM instalments "
        "WHERE status IN ('due', 'missed', 'paused')"
    )
    return int((row or {}).get("unpaid") or 0)


def _money(desk: Desk, row: Row, *names: str) -> Row:
    """Return a row with its columns of minor units as decimal strings, in place, under their plain names."""
    wanted = {f"{name}_minor": name for name in names}
    return {wanted.get(key, key): desk.money(value) if key in wanted else value for key, value in row.items()}


def _flags(row: Row, *names: str) -> Row:
    return {key: bool(value) if key in names else value for key, value in row.items()}


def _without_order(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "order_id"}


def _later(time: str, hours: int) -> str:
    """Return a time `hours` later with the same offset, written as it was."""
    later = dt.datetime.fromisoformat(time) + dt.timedelta(hours=hours)
    return later.isoformat()


READS: dict[str, Callable[..., dict[str, Any]]] = {
    "get_account": get_account,
    "list_orders": list_orders,
    "get_order": get_order,
    "get_instalments": get_instalments,
    "get_refunds": get_refunds,
}
