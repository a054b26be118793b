"""The conduct of the agent: what a text means after all that was said, and in which order it is dealt with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chatparity.sandbox import (
    about_account,
    about_charges,
    about_money,
    about_orders,
    about_refunds,
    about_rules,
    about_terms,
    slots,
)
from chatparity.sandbox.case import Case
from chatparity.sandbox.handover import AT_ONCE, already, hand_over
from chatparity.sandbox.matters import beside, by_order, sentences
from chatparity.sandbox.memory import (
    SMALL_TALK,
    about_decline,
    accepted,
    agreed_now,
    carried_on,
    failures,
    followed,
    insulted_before,
    left_undone,
    lost_before,
    offer_in,
    standing,
)
from chatparity.sandbox.plausible import by_amount, by_date, by_values, evidence, plausible
from chatparity.sandbox.speak import Part
from chatparity.sandbox.stems import ENOUGH, best

REVIEWED = frozenset({"review", "declined", "credit_limit", "human"})
ABOUT_ONLY = frozenset({"due", "paid", "fee", "pause", "plan", "order_status", "hours", "refund"})
HANDLERS: dict[str, Callable[[Case], None]] = {
    "declined": about_account.declined,
    "credit_limit": about_account.credit_limit,
    "review": about_account.review_offer,
    "second_look": about_account.second_look,
    "ombudsman": about_account.ombudsman,
    "complaint": about_account.complain,
    "deletion": about_account.delete_data,
    "login_code": about_account.login_code,
    "frozen": about_account.frozen,
    "change_email": about_account.change_email,
    "change_address": about_account.change_address,
    "change_method": about_account.change_method,
    "hours": about_account.hours,
    "merchant": about_account.merchant,
    "duplicate": about_charges.duplicate,
    "plan_change": about_terms.change_plan,
    "plan": about_terms.plan_rules,
    "waive": about_money.waive,
    "extend": about_terms.extend,
    "fee": about_money.late_fee,
    "due": about_money.due,
    "paid": about_money.paid,
    "pause": about_terms.pause,
    "dispute": about_orders.dispute,
    "missing": about_orders.missing,
    "cancel": about_orders.cancel,
    "refund": about_refunds.refund,
    "refund_method": about_refunds.refund_method,
    "return": about_orders.give_back,
    "order_status": about_orders.status,
    "bend_rules": about_rules.bend_rules,
    "holidays": about_rules.holidays,
    "nothing_to_do": about_rules.nothing_to_do,
    "send_where": about_rules.send_where,
    "postage": about_rules.postage,
    "reinstate": about_rules.reinstate,
    "refuse_parcel": about_orders.refuse_parcel,
    "advice": lambda case: case.say("advice"),
    "privacy": lambda case: case.say("privacy"),
    "bot_question": lambda case: case.say("bot"),
    "thanks": lambda case: case.say("thanks"),
    "greeting": lambda case: case.say("greeting"),
}
_SHORT = 25
_CURT = 8


def decide(case: Case) -> None:
    """Do what the customer wants and fill the case with what to say: the whole conduct of the agent in its order."""
    handed = next((one for one in case.situation.calls if one.ok and one.name in case.tools.listed.handover), None)
    if handed is not None:
        already(case, str(handed.arguments.get("reason")))
        return
    reason = _reason_to_hand_over(case)
    if reason is not None:
        hand_over(case, reason)
        return
    if slots.has_card_number(case.situation.last) or _shares_code(case):
        case.say("secret")
    insult = case.cue("insult")
    if insult and not insulted_before(case):
        case.say("insult_first")
    elif insult and not set(case.heard.intents) - SMALL_TALK:
        case.say("insult_again")
        return
    if not _do_again(case) and not _by_order(case):
        _do(case, _intents(case))
    if not case.parts:
        _without_intent(case)


def _do(case: Case, intents: list[str]) -> None:
    """Handle the intents of a text, then the requests that stand in sentences of their own beside them."""
    more = beside(case, intents) if case.words == (case.situation.last,) else []
    for name in intents[: case.ear.rules.table["limits"]["intents"]]:
        HANDLERS[name](case)
    for name, sentence in more:
        case.words = (sentence, *case.words)
        HANDLERS[name](case)


def _by_order(case: Case) -> bool:
    """Handle one after another what is said about different orders in one message; say whether there were several."""
    texts = by_order(case)
    for text in texts:
        case.words, case.heard = (text,), case.ear.hear(text)
        case.asking = case.cue("only_asking")
        _do(case, plausible(case))
    return bool(texts)


def _do_again(case: Case) -> bool:
    """Do what was promised before and not done, where the customer still sees the old state; say whether it was so."""
    if not case.cue("still_shows"):
        return False
    texts, name = left_undone(case)
    if not name:
        return False
    before = len(case.calls)
    case.words, case.heard, case.agreed = texts, replace(case.ear.hear(texts[-1]), text=texts[0]), True
    HANDLERS[name](case)
    if any(call.ok and call.name in case.tools.listed.writes for call in case.calls[before:]):
        case.parts.insert(0, Part("redo"))
    return True


def _intents(case: Case) -> list[str]:
    """Return what the customer wants now: by patterns, by what the records know of it, by stems, by what was before."""
    before = {name for text in case.situation.earlier for name in case.meant(text)}
    found = followed(case) or by_date(case, before) or plausible(case) or by_amount(case)
    case.asking = case.cue("only_asking", "supposing")
    if not found or (ABOUT_ONLY.issuperset(found) and (agreed_now(case) or case.cue("unhelpful"))):
        found = list(dict.fromkeys([*carried_on(case), *found]))
    if not found or (case.words != (case.situation.last,) and not case.agreed):
        enough = ENOUGH + 1 if found else ENOUGH
        guessed = best(case.ear.guesses(case.situation.last), lambda name: evidence(case, name), enough=enough)
        if guessed and guessed not in found:
            case.words, case.asking = (case.situation.last,), case.asking or case.cue("rule_question")
            return [guessed]
    return found or by_values(case) or _at_least(case)


def _at_least(case: Case) -> list[str]:
    """Return what a question may be about by the little there is to go on, so that it has an answer at all."""
    if not case.cue("asks", "want", "may_i") or case.cue("thanks", "insult"):
        return []
    guessed = best(case.ear.guesses(case.situation.last), lambda name: evidence(case, name), enough=ENOUGH - 1)
    return [guessed] if guessed in ABOUT_ONLY else []


def _reason_to_hand_over(case: Case) -> str | None:
    """Return why a person must take over now, the gravest reason first, or None."""
    for name in case.heard.intents:
        if name in AT_ONCE:
            return AT_ONCE[name]
    offered = offer_in(case)
    if offered and accepted(case):
        return offered
    if _wants_review(case) and not case.cue("rule_question"):
        return "declined_purchase" if about_decline(case) else "manual_review"
    if case.cue("third_time") and len(case.situation.earlier) >= int(case.number("failed_attempts")):
        return "repeated_failure"
    ignored = standing(case)
    if ignored:
        return ignored
    if failures(case) >= int(case.number("failed_attempts")):
        return "repeated_failure"
    return None


def _wants_review(case: Case) -> bool:
    """Say whether a review is asked for: a wish in a sentence that is about nothing else."""
    if not case.cue("review"):
        return False
    heard = [case.ear.hear(text) for text in sentences(case.situation.last)]
    return any("want" in one.cues and not set(one.intents) - SMALL_TALK - REVIEWED for one in heard)


def _without_intent(case: Case) -> None:
    """Say something where nothing was asked, or that nothing was understood."""
    if case.cue("thanks", "bye") and len(case.heard.folded.split()) <= _SHORT:
        case.say("thanks")
    elif case.cue("yes", "no") and len(case.heard.folded.split()) <= _CURT:
        case.say("acknowledged")
    elif case.cue("greeting") and len(case.heard.folded.split()) <= 4:
        case.say("greeting")
    elif case.cue("insult"):
        return
    elif lost_before(case):
        hand_over(case, "repeated_failure")
    elif case.situation.earlier and not case.cue("asks", "want") and len(case.heard.folded.split()) <= _SHORT:
        case.say("acknowledged")
    else:
        case.say("fallback")


def _shares_code(case: Case) -> bool:
    """Say whether the customer gives a one-time code away."""
    texts = (case.situation.last, *case.situation.earlier)
    about_codes = any(case.ear.hear(text).cues & {"login_code", "code_rule"} for text in texts)
    return about_codes and slots.has_code(case.situation.last)
