"""What the agent does about the account: personal data, codes, deletion, complaints, declined purchases, limits."""

from __future__ import annotations

import datetime as dt
from typing import Any

from chatparity.sandbox import slots
from chatparity.sandbox.about_refunds import refund_method
from chatparity.sandbox.addresses import find_address
from chatparity.sandbox.case import Case, day
from chatparity.sandbox.instalments import is_open
from chatparity.sandbox.letters import fold


def change_address(case: Case) -> None:
    """Change the address to the one in the customer's words, or ask for it."""
    found = None
    for text in case.words:
        found = found or find_address(text, case.market, case.ear.table["slots"])
    if found is None:
        case.say("address_ask")
        _shipped_ones(case)
        return
    done = case.call("change_address", street=found.street, postcode=found.postcode, city=found.city)
    if not done["ok"]:
        _refused(case, done["error"], "address_ask")
        return
    case.say("address_done", **done["address"])
    if done["orders_updated"]:
        case.say("address_orders", orders=done["orders_updated"], city=done["address"]["city"])
    _shipped_ones(case)


def _shipped_ones(case: Case) -> None:
    """Say for which orders a new address comes too late."""
    gone = [order["id"] for order in case.orders() if order["status"] == "shipped"]
    if gone:
        case.say("address_shipped", orders=gone)


def change_email(case: Case) -> None:
    """Start the change of the email address, or ask for the new one."""
    current = str(case.account()["account"]["email"]).casefold()
    given = [one for text in case.words for one in slots.emails(text)]
    others = [one for one in given if one.casefold() != current]
    if not given:
        case.say("email_ask")
        return
    wanted = (others or given)[-1]
    done = case.call("change_email", email=wanted)
    if done["ok"]:
        case.say("email_done", email=wanted, hours=done["confirm_within_hours"])
    elif done["error"] in ("invalid_email", "same_email"):
        case.say(f"email_{done['error']}", email=wanted)
    else:
        _refused(case, done["error"], "email_ask")


def change_method(case: Case) -> None:
    """Make the stored payment method that is meant the default one, or say which there are."""
    if not case.cue("use_method") and _nothing_but_a_refund(case):
        refund_method(case)
        return
    methods = case.account()["payment_methods"]
    labels = [method["label"] for method in methods]
    wanted = _method(case, methods)
    if wanted is None:
        if case.cue("add_card"):
            case.say("method_add")
        else:
            case.say("method_ask", methods=labels)
        return
    done = case.call("set_default_payment_method", method=wanted["id"])
    if done["ok"]:
        case.say("method_done", label=done["label"])
        _next_instalment(case)
    elif done["error"] in ("account_frozen", "not_verified"):
        _refused(case, done["error"], "method_ask")
    else:
        case.say(f"method_{done['error']}", label=wanted["label"], methods=labels)


def _nothing_but_a_refund(case: Case) -> bool:
    """Say whether no payment is open and a refund is on its way: what a card is then named for."""
    orders = [order["id"] for order in case.orders()]
    if any(is_open(case, part) for order in orders for part in case.instalments(order)):
        return False
    refunds = [one for order in orders for one in case.call("get_refunds", order=order)["refunds"]]
    return any(one["status"] != "paid_out" for one in refunds)


def _method(case: Case, methods: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the method named by id, last digits, kind or label; else the only one that can become the default."""
    kinds = {"wallet": "kind_wallet", "direct_debit": "kind_bank", "bank_transfer": "kind_bank", "card": "kind_card"}
    for text in case.words:
        ids, digits, folded = slots.method_ids(text), slots.four_digits(text), fold(text).lower()
        named = [one for one in methods if one["id"] in ids or one["label"][-4:] in digits]
        if named:
            return next((one for one in named if not one["is_default"]), named[0])
        brands = [one for one in methods if fold(one["label"]).lower().split()[0] in folded.split()]
        if len(brands) == 1:
            return brands[0]
        cues = case.ear.hear(text).cues
        for pool in ([one for one in methods if not one["is_default"]], methods):
            alike = [method for method in pool if kinds[method["kind"]] in cues]
            if len(alike) == 1 and "add_card" not in cues:
                return alike[0]
    free = [method for method in methods if not method["is_default"] and not method["expired"]]
    return free[0] if len(free) == 1 and not case.cue("add_card") and (case.agreed or case.cue("other_card")) else None


def _next_instalment(case: Case) -> None:
    """Say which instalment is due next, over all orders."""
    parts = [part for order in case.orders() for part in case.instalments(order["id"]) if part["status"] == "due"]
    coming = [part for part in parts if day(part["due_on"]) >= case.today]
    if coming:
        part = min(coming, key=lambda one: str(one["due_on"]))
        case.say("method_next", amount=case.money(part["amount"]), due=day(part["due_on"]))


def login_code(case: Case) -> None:
    """Send a new login code, or say when that is possible again; say how long one is valid where that is asked."""
    if case.cue("code_rule") and not case.cue("login_code"):
        case.say("code_rule", minutes=case.number("login_code_minutes"), most=case.number("login_codes_per_hour"))
        return
    done = case.call("resend_login_code")
    if done["ok"]:
        case.say("code_done", minutes=done["valid_minutes"])
        if case.cue("say_code"):
            case.say("code_not_told")
    elif done["error"] == "too_many_codes":
        most = case.number("login_codes_per_hour")
        case.say("code_too_many_codes", most=most, minutes=done["retry_after_minutes"])
    else:
        _refused(case, done["error"], "fallback")


def delete_data(case: Case) -> None:
    """Request deletion of the customer's data, or say what stands in the way."""
    known = case.account()["deletion"]
    days = case.number("deletion_days")
    if case.asking and not known:
        case.say("deletion_rule", days=days)
        return
    done = case.call("request_data_deletion")
    if done["ok"]:
        case.say("deletion_done", deletion=done["deletion"], done=day(done["done_by"]), days=days)
    elif done["error"] == "already_requested":
        case.say("deletion_already_requested", deletion=done["deletion"], done=day(done["done_by"]))
    elif done["error"] == "unpaid_balance":
        case.say("deletion_unpaid_balance", amount=case.money(done["amount"]))
        case.say("deletion_rule", days=days)
    else:
        _refused(case, done["error"], "fallback")


def complain(case: Case) -> None:
    """Register a complaint and offer a person, or say how one that was made before stands."""
    complaints = case.account()["complaints"]
    if complaints and (case.asking or case.cue("complaint_status")):
        for one in complaints:
            key = "complaint_known" if one["status"] == "open" else "complaint_answered"
            registered, answer = day(one["registered_on"]), day(one["answer_by"])
            case.say(key, complaint=one["id"], registered=registered, answer=answer)
        return
    if any(call.ok and call.name == "register_complaint" for call in case.situation.calls):
        one = complaints[-1]
        registered, answer = day(one["registered_on"]), day(one["answer_by"])
        case.say("complaint_known", complaint=one["id"], registered=registered, answer=answer)
        case.say("complaint_offer")
        return
    text = slots.without_secrets(" ".join(case.words[0].split()))
    done = case.call("register_complaint", text=text)
    days = case.number("complaint_answer_days")
    case.say("complaint_done", complaint=done["complaint"], answer=day(done["answer_by"]), days=days)
    case.say("complaint_offer")


def second_look(case: Case) -> None:
    """Offer a second look at a complaint that has been answered."""
    _ombudsman(case)
    case.say("second_look", days=case.number("second_look_business_days"))


def ombudsman(case: Case) -> None:
    """Say when a complaint can be taken to the ombudsman, where the market has one."""
    if not _ombudsman(case):
        case.say("unknown_fact")


def _ombudsman(case: Case) -> bool:
    weeks = case.policy.find("ombudsman_after_weeks", case.market, case.today)
    days = case.policy.find("ombudsman_after_business_days", case.market, case.today)
    if weeks:
        case.say("ombudsman_weeks", weeks=weeks)
    elif days:
        case.say("ombudsman_business_days", days=days)
    return bool(weeks or days)


def declined(case: Case) -> None:
    """Explain a declined purchase as far as the agent can see, and offer a manual review."""
    known = case.account()["declined_purchases"]
    hours = case.number("declined_retry_hours")
    if case.cue("approved_before"):
        case.say("declined_rule", hours=hours)
        return
    if known:
        last = max(known, key=lambda one: str(one["declined_at"]))
        amount, retry = case.money(last["amount"]), dt.datetime.fromisoformat(last["retry_from"])
        case.say("declined", amount=amount, merchant=last["merchant"], hours=hours, retry=retry)
    else:
        case.say("declined_rule", hours=hours)
    review_offer(case)


def credit_limit(case: Case) -> None:
    """Say what the credit limit is and that an agent cannot raise it, and offer a manual review."""
    case.say("credit_limit", limit=case.money(case.account()["account"]["credit_limit"]))
    review_offer(case)


def review_offer(case: Case) -> None:
    """Offer a manual review, unless the customer has just said no to it."""
    if case.cue("no", "no_human"):
        return
    case.say("review_offer", days=case.number("manual_review_business_days"))


def frozen(case: Case) -> None:
    """Say whether the account is frozen, what that means and who can lift it."""
    if case.account()["account"]["status"] == "frozen":
        case.say("frozen_info", days=case.number("fraud_answer_business_days"))
    else:
        case.say("frozen_not")


def hours(case: Case) -> None:
    """Say when people can be reached."""
    case.say("hours", hours=case.market)


def merchant(case: Case) -> None:
    """Send questions about goods to the merchant, by name where the order is known."""
    case.say("merchant")
    for order in case.choose(ask=False)[:1]:
        case.say("merchant_named", merchant=case.order(order)["merchant"], order=order)


def _refused(case: Case, code: str, otherwise: str) -> None:
    """Say why the account cannot be changed."""
    if code == "account_frozen":
        case.say("account_frozen", days=case.number("fraud_answer_business_days"))
    else:
        case.say("not_verified" if code == "not_verified" else otherwise)
