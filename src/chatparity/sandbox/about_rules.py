"""What the agent says about rules that belong to no single matter, and about requests that no rule allows."""

from __future__ import annotations

from chatparity.sandbox.case import Case, day
from chatparity.sandbox.policy import after_days


def bend_rules(case: Case) -> None:
    """Refuse to enter what is not true, and say what is possible instead."""
    case.say("no_false_entry")
    for order in case.choose(ask=False)[:1]:
        dispute_until(case, order)


def dispute_until(case: Case, order: str) -> bool:
    """Say until when a dispute can be opened about an order, where it still can; say whether it was said."""
    known = case.order(order)
    if known["status"] != "delivered" or known["dispute"]:
        return False
    last = after_days(day(known["delivered_on"]), int(case.number("dispute_window_days")))
    if case.today > last:
        return False
    case.say("dispute_until", order=order, last=last)
    return True


def holidays(case: Case) -> None:
    """Say how business days are counted."""
    case.say("business_days_rule")


def nothing_to_do(case: Case) -> None:
    """Say that the customer has nothing more to do."""
    case.say("nothing_to_do")


def send_where(case: Case) -> None:
    """Say where goods are sent back to."""
    for order in case.choose(lambda order: bool(case.order(order["id"])["return"]))[:1]:
        case.say("send_where", merchant=case.order(order)["merchant"])


def postage(case: Case) -> None:
    """Say who pays for sending goods back, by the merchant's name where the order is known."""
    payer = str(case.number("return_postage"))
    chosen = case.choose(ask=False)
    if payer == "merchant" and chosen:
        case.say("postage_merchant", merchant=case.order(chosen[0])["merchant"])
    else:
        case.say(f"postage_{payer}", merchant="")


def reinstate(case: Case) -> None:
    """Say that a cancelled order stays cancelled."""
    for order in case.choose(lambda order: order["status"] == "cancelled")[:1]:
        known = case.order(order)
        if known["status"] == "cancelled":
            case.say("cancel_stays", order=order, merchant=known["merchant"])
