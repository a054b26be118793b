"""What the agent does about orders: where they are, refunds, returns, missing parcels, disputes, cancellations."""

from __future__ import annotations

from typing import Any

from chatparity.sandbox.about_money import open_payments
from chatparity.sandbox.about_refunds import has, refund_of
from chatparity.sandbox.about_rules import dispute_until
from chatparity.sandbox.case import Case, Order, day
from chatparity.sandbox.instalments import first_open
from chatparity.sandbox.policy import after_days

_REASONS = {
    "damaged": "damaged",
    "wrong_item": "wrong_item",
    "incomplete": "incomplete",
    "not_described": "not_as_described",
}


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
    told_to = case.agreed or case.cue("go_ahead")
    asking = case.asking or (case.cue("rule_question", "postage", "return_window") and not told_to)
    if asking:
        case.say("return_rule", window=window, postage=postage)
    for order in chosen[:1]:
        known = case.order(order)
        if asking and known["status"] == "delivered" and not known["return"]:
            last = after_days(day(known["delivered_on"]), window)
            key = "return_last_day" if case.today <= last else "return_window_closed"
            case.say(key, order=order, delivered=day(known["delivered_on"]), last=last, window=window)
            if key == "return_window_closed":
                dispute_until(case, order)
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
            if case.cue("in_time", "return_window", "rule_question"):
                case.say("return_last", last=after_days(day(known["delivered_on"]), window))
            continue
        values = {"order": order, "window": window}
        if known["return"]:
            values |= {"return": known["return"]["id"], "reported": day(known["return"]["reported_on"])}
        if "last_day" in done:
            values["last"] = day(done["last_day"])
        case.say(f"return_{done['error']}", **values)
        if done["error"] == "already_reported":
            refund_of(case, order)
        elif done["error"] == "window_closed":
            dispute_until(case, order)


def missing(case: Case) -> None:
    """Report a parcel as missing, or say why that cannot be and from when it can."""
    chosen = case.choose(lambda order: order["status"] == "shipped", has(case, "missing_parcel"), _delivered)
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
            else:
                _after_the_pause(case, order)


def _after_the_pause(case: Case, order: str) -> None:
    """Say what of an order is open again although its parcel is still missing, and that it can be moved."""
    if open_payments(case, order) and any(part["status"] == "due" for part in case.instalments(order)):
        case.say("extend_rule", most=case.number("extension_max_days"))


def _once_missing(case: Case, merchant: str) -> None:
    """Say what happens once a parcel has been reported as missing."""
    pause, search = case.number("missing_pause_days"), case.number("missing_investigation_days")
    case.say("missing_then", pause=pause, merchant=merchant, search=search)


def dispute(case: Case) -> None:
    """Open a dispute for the reason the customer gives, ask for it, or say how an open one stands."""
    for order in case.choose(has(case, "dispute"), _delivered)[:1]:
        known = case.order(order)
        reason = _reason(case)
        if case.asking and known["status"] == "delivered" and not known["dispute"]:
            if case.cue("want_return"):
                give_back(case)
            dispute_until(case, order)
            return
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
        _stands(case, order, f"dispute_{done['error']}", values)


def _stands(case: Case, order: str, refused: str, values: dict[str, Any]) -> None:
    """Say how the dispute about an order stands, or by the key `refused` why none can be opened."""
    opened = case.order(order)["dispute"]
    decided = opened is not None and opened["status"] != "open"
    case.say(f"dispute_{opened['status']}" if decided else refused, **values)
    if decided and case.cue("due", "paused", "pay_meanwhile"):
        open_payments(case, order)
    until = case.paused_until(order)
    if until and opened and not decided:
        case.say("return_paused", until=until)
    if opened and not decided:
        case.say("dispute_photos")
    if case.cue("outcome"):
        case.say("dispute_no_prediction")


def _reason(case: Case) -> str | None:
    """Return what is wrong with the goods, as the customer says now or said before, or None."""
    heard = [case.heard, *(case.ear.hear(text) for text in reversed(case.situation.earlier))]
    return next((reason for one in heard for cue, reason in _REASONS.items() if cue in one.cues), None)


def refuse_parcel(case: Case) -> None:
    """Say what refusing a parcel at the door means for the payment, and what a return would."""
    for order in case.choose(lambda order: order["status"] == "shipped")[:1]:
        _until_then(case, order, case.order(order)["merchant"])


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
            if not delivered and _refused_before(case, order):
                _until_then(case, order, known["merchant"])
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


def _refused_before(case: Case, order: str) -> bool:
    """Say whether a cancellation of this order has been refused in this conversation."""
    calls = [call for call in case.situation.calls if call.name == "cancel_order" and not call.ok]
    return any(call.arguments.get("order") == order for call in calls)


def _until_then(case: Case, order: str, merchant: str) -> None:
    """Say what stays payable after a parcel was refused, and what a return would change."""
    part = first_open(case.instalments(order))
    if part is not None:
        values = {"amount": case.money(part["amount"]), "due": day(part["due_on"]), "merchant": merchant}
        case.say("cancel_meanwhile", **values, pause=case.number("return_pause_days"))
    case.say("return_rule", window=case.number("return_window_days"), postage=str(case.number("return_postage")))


def _returnable(case: Case) -> Any:
    return lambda order: order["status"] == "delivered" and not case.order(order["id"])["return"]


def _delivered(order: Order) -> bool:
    return bool(order["status"] == "delivered")
