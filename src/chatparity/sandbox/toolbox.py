"""What all tools share: the refusal, the desk they work at, and what a pause does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from chatparity.sandbox.amounts import major
from chatparity.sandbox.policy import Policy, after_days
from chatparity.sandbox.shop import Row, Shop
from chatparity.transcript import ToolCall


class Refused(Exception):
    """A tool did not do it: `code` says why, `details` are the fields the contract names for that code."""

    def __init__(self, code: str, **details: Any) -> None:
        self.code = code
        self.details = details
        super().__init__(code)


class Desk:
    """Where a tool works: the shop of one customer, the policy and the day."""

    def __init__(self, shop: Shop, policy: Policy, today: dt.date) -> None:
        self.shop = shop
        self.policy = policy
        self.today = today
        row = shop.row("SELECT market, currency FROM customers")
        self.market = str(row["market"]) if row else ""
        self.currency = str(row["currency"]) if row else ""
        self.digits = shop.customer.partition("-")[2]

    def number(self, key: str) -> Any:
        """Return the policy number that is valid today in the customer's market."""
        return self.policy.number(key, self.market, self.today)

    def money(self, units: int) -> str:
        """Return an amount in the smallest unit of the customer's currency as a decimal string."""
        return major(units, self.currency)

    def account(self) -> Row:
        """Return the customer's row."""
        row = self.shop.row("SELECT * FROM customers")
        assert row is not None
        return row

    def order(self, order: str) -> Row:
        """Return an order's row; refuses an id that is not one of the customer's."""
        row = self.shop.row("SELECT * FROM orders WHERE id = ?", order)
        if row is None:
            raise Refused("unknown_order")
        return row

    def instalment(self, instalment: str) -> Row:
        """Return an instalment's row; refuses an id that is not one of the customer's."""
        row = self.shop.row("SELECT * FROM instalments WHERE id = ?", instalment)
        if row is None:
            raise Refused("unknown_instalment")
        return row

    def attached(self, table: str, order: str) -> Row | None:
        """Return the one return, missing-parcel report or dispute of an order, without the order's id, or None."""
        row = self.shop.row(f"SELECT * FROM {table} WHERE order_id = ?", order)  # noqa: S608 - a name from the code
        if row is not None:
            del row["order_id"]
        return row

    def handover(self) -> str | None:
        """Return the id of the handover made in this conversation, or None."""
        row = self.shop.row("SELECT id FROM handovers")
        return str(row["id"]) if row else None

    def change_allowed(self) -> None:
        """Refuse a change of the account when it is frozen or the customer is not verified."""
        account = self.account()
        if account["status"] == "frozen":
            raise Refused("account_frozen")
        if not account["verified"]:
            raise Refused("not_verified")

    def pause(self, order: str, days: int) -> dict[str, Any]:
        """Pause open instalments for `days` from today, never shortening a pause; say which and until when."""
        until = after_days(self.today, days).isoformat()
        self.shop.do(
            "UPDATE instalments SET status = 'paused', paused_until = max(coalesce(paused_until, ''), ?) "
            "WHERE order_id = ? AND status IN ('due', 'paused')",
            until,
            order,
        )
        paused = self.shop.rows(
            "SELECT id, paused_until FROM instalments WHERE order_id = ? AND status = 'paused' ORDER BY number", order
        )
        return {
            "paused_until": max((row["paused_until"] for row in paused), default=None),
            "paused_instalments": [row["id"] for row in paused],
        }

    def note(self, call: ToolCall) -> None:
        """Write a call to the shop's journal of calls, the refused ones too."""
        self.shop.add(
            "tool_calls",
            {
                "name": call.name,
                "arguments": msgspec.json.encode(call.arguments).decode(),
                "ok": int(call.ok),
                "error": call.result.get("error"),
                "result": msgspec.json.encode(call.result).decode(),
            },
        )
