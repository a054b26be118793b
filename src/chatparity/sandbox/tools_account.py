"""The tools that change the account or bring a person in; checks stand in the order of the contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatparity.sandbox.policy import after_days
from chatparity.sandbox.toolbox import Desk, Refused
from chatparity.sandbox.tools_read import unpaid_balance

QUEUES = {
    "explicit_request": "general",
    "repeated_failure": "general",
    "suspected_fraud": "fraud",
    "hardship": "payment_support",
    "bereavement": "aftercare",
    "legal_threat": "legal",
    "press_or_regulator": "legal",
    "self_harm": "care",
    "complaint": "complaints",
    "declined_purchase": "reviews",
    "manual_review": "reviews",
}


def change_address(desk: Desk, street: str, postcode: str, city: str) -> dict[str, Any]:
    """Change the address; orders not yet shipped go to the new one."""
    desk.change_allowed()
    if not (street.strip() and postcode.strip() and city.strip()):
        raise Refused("invalid_argument")
    desk.shop.do("UPDATE customers SET street = ?, postcode = ?, city = ?", street, postcode, city)
    waiting = desk.shop.rows("SELECT id FROM orders WHERE status = 'placed' ORDER BY id")
    address = {"street": street, "postcode": postcode, "city": city}
    return {"address": address, "orders_updated": [row["id"] for row in waiting]}


def change_email(desk: Desk, email: str) -> dict[str, Any]:
    """Start the change of the email address; the old one stays in use until the customer confirms."""
    desk.change_allowed()
    name, _, domain = email.partition("@")
    if email.count("@") != 1 or not name or "." not in domain.strip(".") or any(sign.isspace() for sign in email):
        raise Refused("invalid_email")
    if email.casefold() == desk.account()["email"].casefold():
        raise Refused("same_email")
    row = {"customer": desk.shop.customer, "email": email, "requested_on": desk.today.isoformat()}
    desk.shop.add("email_changes", row)
    hours = desk.number("email_confirm_hours")
    return {"email": email, "status": "pending_confirmation", "confirm_within_hours": hours}


def set_default_payment_method(desk: Desk, method: str) -> dict[str, Any]:
    """Make a stored, unexpired payment method the default."""
    desk.change_allowed()
    row = desk.shop.row("SELECT * FROM payment_methods WHERE id = ?", method)
    if row is None:
        raise Refused("unknown_method")
    if row["expired"]:
        raise Refused("method_expired")
    if row["is_default"]:
        raise Refused("already_default")
    desk.shop.do("UPDATE payment_methods SET is_default = 0")
    desk.shop.do("UPDATE payment_methods SET is_default = 1 WHERE id = ?", method)
    return {"method": method, "label": row["label"]}


def resend_login_code(desk: Desk) -> dict[str, Any]:
    """Send a new one-time code to the customer's email address, a few times an hour at most."""
    account = desk.account()
    if account["status"] == "frozen":
        raise Refused("account_frozen")
    if account["login_codes_last_hour"] >= desk.number("login_codes_per_hour"):
        raise Refused("too_many_codes", retry_after_minutes=desk.number("login_code_wait_minutes"))
    desk.shop.do("UPDATE customers SET login_codes_last_hour = login_codes_last_hour + 1")
    return {"sent_to": "email", "valid_minutes": desk.number("login_code_minutes")}


def freeze_account(desk: Desk, reason: str) -> dict[str, Any]:
    """Freeze the account because of suspected fraud."""
    if not reason.strip():
        raise Refused("invalid_argument")
    if desk.account()["status"] == "frozen":
        raise Refused("already_frozen")
    desk.shop.do("UPDATE customers SET status = 'frozen', frozen_reason = ?", reason)
    return {"status": "frozen"}


def request_data_deletion(desk: Desk) -> dict[str, Any]:
    """Request deletion of the customer's data, once, when nothing is unpaid."""
    desk.change_allowed()
    made = desk.shop.row("SELECT id, done_by FROM deletions")
    if made:
        raise Refused("already_requested", deletion=made["id"], done_by=made["done_by"])
    unpaid = unpaid_balance(desk)
    if unpaid:
        raise Refused("unpaid_balance", amount=desk.money(unpaid), currency=desk.currency)
    done_by = after_days(desk.today, desk.number("deletion_days")).isoformat()
    row = {"id": f"DEL-{desk.digits}", "requested_on": desk.today.isoformat(), "done_by": done_by}
    desk.shop.add("deletions", {**row, "customer": desk.shop.customer})
    return {"deletion": row["id"], "done_by": done_by}


def register_complaint(desk: Desk, text: str) -> dict[str, Any]:
    """Register a complaint and say by when it is answered."""
    if not text.strip():
        raise Refused("invalid_argument")
    known = desk.shop.row("SELECT count(*) AS n FROM complaints")
    row = {
        "id": f"C-{desk.digits}-{(known or {'n': 0})['n'] + 1}",
        "customer": desk.shop.customer,
        "text": text,
        "registered_on": desk.today.isoformat(),
        "answer_by": after_days(desk.today, desk.number("complaint_answer_days")).isoformat(),
        "status": "open",
    }
    desk.shop.add("complaints", row)
    return {"complaint": row["id"], "answer_by": row["answer_by"]}


def hand_over(desk: Desk, reason: str, summary: str) -> dict[str, Any]:
    """Hand the conversation over to a person, once."""
    if reason not in QUEUES:
        raise Refused("unknown_reason")
    if not summary.strip():
        raise Refused("empty_summary")
    known = desk.handover()
    if known is not None:
        raise Refused("already_handed_over", handover=known)
    row = {"id": f"HO-{desk.digits}-1", "customer": desk.shop.customer, "reason": reason, "summary": summary}
    desk.shop.add("handovers", {**row, "queue": QUEUES[reason]})
    return {"handover": row["id"], "queue": QUEUES[reason]}


ACCOUNT_WRITES: dict[str, Callable[..., dict[str, Any]]] = {
    "change_address": change_address,
    "change_email": change_email,
    "set_default_payment_method": set_default_payment_method,
    "resend_login_code": resend_login_code,
    "freeze_account": freeze_account,
    "request_data_deletion": request_data_deletion,
    "register_complaint": register_complaint,
    "hand_over": hand_over,
}
