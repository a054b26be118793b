"""What the agent does about orders: where they are, refunds, returns, missing parcels, disputes, cancellations."""

from __future__ import annotations

from typing import Any

from chatparity.sandbox.about_money import open_payments
from chatparity.sandbox.case import Case, Order, day
from chatparity.sandbox.policy import after_days


def refund(case: Case) -> None:
    """Say where the refund of an order stands."""

    def with_refund(order: Order) -> bool:
        return bool(case.call("get_refunds", order=order["id"])["refunds"])

    for order in case.choose(with_refund, _has(case, "return"), _has(case, "missing_parcel", "dispute"), _cancelled):
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


def status(case: Case) -> None:
    """Say where an order is."""
    for order in case.choose(lambda order: order["status"] in ("placed", "shipped"), ask=True):
        known = case.order(order)
        values = {"order": order, "item": known["item"], "merchant": known["merchant"]}
        if known["status"] == "placed":
            case.say("order_placed", **values, placed=day(known["placed_on"]))
        elif known["status"] == "shipped":
            case.say("order_shipped", **values, shipped=day(known["shipped_on"]))
            earliest = after_days(day(known["shipped_on"]), int(case.number("missing_min_days_after_shipping")))
            case.say("order_report_from", earliest=earliest)
        elif known["status"] == "delivered":
            delivered, shipped = day(known["delivered_on"]), day(known["shipped_on"])
            case.say("order_delivered", **values, delivered=delivered, shipped=shipped)
        else:
            case.say("order_cancelled", **values)


def give_back(case: Case) -> None:
    """Report a return, or say until when and at whose cost one can be reported."""
    chosen = case.choose(_returnable(case), _delivered, ask=not case.cue("rule_question"))
    window = int(case.number("return_window_days"))
    postage = str(case.number("return_postage"))
    asking = case.asking or (case.cue("rule_question", "postage", "return_window") and not case.agreed)
    if asking:
        case.say("return_rule", window=window, postage=postage)
    for order in chosen[:1]:
        known = case.order(order)
        if asking and known["status"] == "delivered" and not known["return"]:
            last = after_days(day(known["delivered_on"]), window)
            key = "return_last_day" if case.today <= last else "return_window_closed"
            case.say(key, order=order, delivered=day(known["delivered_on"]), last=last, window=window)
            continue
        done = case.call("report_return", order=order)
        if done["ok"]:
            values = {"return": done["return"], "order": order, "merchant": known["merchant"]}
            values["postage"] = done["postage_paid_by"]
            if done["paused_until"]:
                case.say("return_done", **values, until=day(done["paused_until"]))
            else:
                case.say("return_done_unpaused", **values)
            case.say("return_after", merchant=known["merchant"], days=case.number("refund_business_days"))
            continue
        values = {"order": order, "window": window}
        if known["return"]:
            values |= {"return": known["return"]["id"], "reported": day(known["return"]["reported_on"])}
        if "last_day" in done:
            values["last"] = day(done["last_day"])
        case.say(f"return_{done['error']}", **values)
        if done["error"] == "already_reported":
            refund_of(case, order)


def missing(case: Case) -> None:
    """Report a parcel as missing, or say why that cannot be and from when it can."""
    chosen = case.choose(lambda order: order["status"] == "shipped", _has(case, "missing_parcel"), _delivered)
    for order in chosen[:1]:
        known = case.order(order)
        minimum = case.number("missing_min_days_after_shipping")
        if case.asking and not known["missing_parcel"]:
            case.say("missing_rule", days=minimum)
            _once_missing(case, known["merchant"])
            case.say("missing_after")
            return
        done = case.call("report_missing_parcel", order=order)
        report = known["missing_parcel"] or {}
        values: dict[str, Any] = {"order": order, "merchant": known["merchant"], "days": minimum}
        if done["ok"]:
            values |= {"missing": done["missing_parcel"], "until": day(done["investigation_until"])}
            if done["paused_until"]:
                case.say("missing_done", **values, paused=day(done["paused_until"]))
            else:
                case.say("missing_done_unpaused", **values)
            case.say("missing_after")
            return
        if report:
            values |= {"missing": report["id"], "until": day(report["investigation_until"])}
        if known["shipped_on"]:
            values["shipped"] = day(known["shipped_on"])
        if "earliest_on" in done:
            values["earliest"] = day(done["earliest_on"])
        case.say(f"missing_{done['error']}", **values)
        if done["error"] == "too_early":
            _once_missing(case, known["merchant"])
        if done["error"] == "already_reported":
            case.say("missing_after")
            until = case.paused_until(order)
            if until:
                case.say("return_paused", until=until)


def _once_missing(case: Case, merchant: str) -> None:
    """Say what happens once a parcel has been reported as missing."""
    pause, search = case.number("missing_pause_days"), case.number("missing_investigation_days")
    case.say("missing_then", pause=pause, merchant=merchant, search=search)


def dispute(case: Case) -> None:
    """Open a dispute for the reason the customer gives, ask for it, or say how an open one stands."""
    for order in case.choose(_has(case, "dispute"), _delivered)[:1]:
        known = case.order(order)
        reasons = {"damaged": "damaged", "wrong_item": "wrong_item", "incomplete": "incomplete"}
        reasons["not_described"] = "not_as_described"
        reason = next((value for cue, value in reasons.items() if case.cue(cue)), None)
        opened = known["dispute"]
        if opened is None and reason is None and known["status"] == "delivered":
            case.say("dispute_ask_reason", order=order)
            return
        done = case.call("open_dispute", order=order, reason=reason or "damaged")
        values: dict[str, Any] = {"order": order, "merchant": known["merchant"]}
        if done["ok"]:
            values |= {"reason": reason, "dispute": done["dispute"]}
            values |= {"answer": day(done["merchant_answer_by"]), "decision": day(done["decision_by"])}
            if done["paused_until"]:
                case.say("dispute_done", **values, until=day(done["paused_until"]))
            else:
                case.say("dispute_done_unpaused", **values)
            return
        if opened:
            values |= {"dispute": opened["id"], "answer": day(opened["merchant_answer_by"])}
            values["decision"] = day(opened["decision_by"])
        if "last_day" in done:
            values |= {"last": day(done["last_day"]), "window": done["window_days"]}
        decided = opened is not None and opened["status"] != "open"
        case.say(f"dispute_{opened['status']}" if opened and decided else f"dispute_{done['error']}", **values)
        if decided and case.cue("due", "paused", "pay_meanwhile"):
            open_payments(case, order)
        until = case.paused_until(order)
        if until and opened and not decided:
            case.say("return_paused", until=until)
        if opened and not decided:
            case.say("dispute_photos")
        if case.cue("outcome"):
            case.say("dispute_no_prediction")


def cancel(case: Case) -> None:
    """Cancel an order that has not been shipped, or say what is possible instead."""
    for order in case.choose(lambda order: order["status"] == "placed", lambda order: order["status"] == "shipped")[:1]:
        known = case.order(order)
        values: dict[str, Any] = {"order": order, "item": known["item"], "merchant": known["merchant"]}
        done = case.call("cancel_order", order=order)
        if done["ok"]:
            case.say("cancel_done", **values)
            if done["refund"]:
                amount, expected = case.money(done["refund"]["amount"]), day(done["refund"]["expected_by"])
                case.say("cancel_refund", amount=amount, expected=expected, days=case.number("refund_business_days"))
        elif done["error"] == "already_shipped":
            delivered = done["status"] == "delivered"
            key = "cancel_already_delivered" if delivered else "cancel_already_shipped"
            case.say(key, **values, shipped=day(done["shipped_on"]))
            window = int(case.number("return_window_days"))
            if case.cue("return_window", "postage", "want_return"):
                case.say("return_rule", window=window, postage=str(case.number("return_postage")))
            if delivered and not known["return"]:
                last = after_days(day(known["delivered_on"]), window)
                if case.today <= last:
                    case.say("return_last_day", order=order, delivered=day(known["delivered_on"]), last=last)
        else:
            case.say(f"cancel_{done['error']}", **values)
            if case.call("get_refunds", order=order)["refunds"]:
                refund_of(case, order)


def _has(case: Case, *names: str) -> Any:
    return lambda order: any(case.order(order["id"])[name] for name in names)


def _returnable(case: Case) -> Any:
    return lambda order: order["status"] == "delivered" and not case.order(order["id"])["return"]


def _delivered(order: Order) -> bool:
    return bool(order["status"] == "delivered")


def _cancelled(order: Order) -> bool:
    return bool(order["status"] == "cancelled")
