"""What the last words mean after what was said before: offers, agreement, details asked for, failed attempts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from chatparity.sandbox import slots
from chatparity.sandbox.addresses import find_address
from chatparity.sandbox.case import Case
from chatparity.sandbox.handover import AT_ONCE
from chatparity.sandbox.letters import fold
from chatparity.sandbox.understand import Heard

SMALL_TALK = frozenset({"thanks", "greeting", "insult"})
NOT_CARRIED = SMALL_TALK | AT_ONCE.keys() | {"bot_question", "hours", "privacy", "advice"}
_OFFERING = frozenset({"complaint", "review", "declined", "second_look", "human"})
_TOOL_OF = {
    "change_address": "change_address",
    "change_email": "change_email",
    "change_method": "set_default_payment_method",
    "plan_change": "change_plan",
    "waive": "waive_late_fee",
    "extend": "extend_due_date",
    "return": "report_return",
    "missing": "report_missing_parcel",
    "dispute": "open_dispute",
    "cancel": "cancel_order",
    "duplicate": "refund_duplicate_charge",
    "deletion": "request_data_deletion",
}
_HYPOTHETICAL = frozenset({"only_asking", "supposing", "return_window"})
_ONLY_ASKED = frozenset({"only_asking", "rule_question", "supposing"})
_STATES = {"extend": "due", "waive": "due", "plan_change": "due", "cancel": "refund"}
_TOKEN = re.compile(r"[^\W_]{3,}")


def offer_in(case: Case) -> str | None:
    """Return the reason of the offer of a person that the agent's last answer made, or None."""
    answer = fold(case.situation.last_answer).lower()
    if not re.search("|".join(fold(one) for one in case.ear.table["cues_agent"]["offer_person"]), answer):
        return None
    for text in reversed(case.situation.earlier):
        intents = case.ear.hear(text).intents
        if "complaint" in intents or "second_look" in intents:
            return "complaint"
        if "declined" in intents or ("review" in intents and about_decline(case)):
            return "declined_purchase"
        if "credit_limit" in intents or "review" in intents:
            return "manual_review"
    return "explicit_request"


def accepted(case: Case) -> bool:
    """Say whether the customer takes up the offer of a person: a yes that belongs to it and not to something new."""
    if not case.cue("yes") or case.cue("no", "no_human"):
        return False
    something_new = set(case.heard.intents) - SMALL_TALK - _OFFERING
    return not something_new and not (case.cue("thanks") and case.cue("weak_yes"))


def about_decline(case: Case) -> bool:
    """Say whether the decision in question is a declined purchase, not the credit limit."""
    for text in [case.situation.last, *reversed(case.situation.earlier)]:
        cues = case.ear.hear(text).cues
        if "credit_limit" in cues:
            return False
        if "declined" in cues:
            return True
    return bool(case.account()["declined_purchases"])


def failures(case: Case) -> int:
    """Return how many answers in a row have not settled the question: the customer asked again or said so."""
    texts = [*case.situation.earlier, case.situation.last]
    count = 0
    for place in range(len(texts) - 1, 0, -1):
        heard = case.ear.hear(texts[place])
        again = any(_alike(heard, case.ear.hear(text)) for text in texts[:place])
        if not ("unhelpful" in heard.cues or again):
            break
        count += 1
    return count


def _alike(one: Heard, other: Heard) -> bool:
    """Say whether two texts ask the same in nearly the same words."""
    first, second = set(_TOKEN.findall(one.folded)), set(_TOKEN.findall(other.folded))
    return len(first) >= 4 and len(first & second) >= 0.7 * len(first | second)


def insulted_before(case: Case) -> bool:
    """Say whether the customer has been insulting before."""
    return any("insult" in case.ear.hear(text).cues for text in case.situation.earlier)


def standing(case: Case) -> str | None:
    """Return a reason to hand over that an earlier text gave and the agent passed over, or None.

    A plain wish for a person stands only while the customer does not go on to something else.
    """
    for text in reversed(case.situation.earlier):
        for name in case.ear.hear(text).intents:
            if name in AT_ONCE and (name != "human" or not case.heard.intents):
                return AT_ONCE[name]
    return None


def carried_on(case: Case) -> list[str]:
    """Return the intents of an earlier text that the last words only add to, and take that text's words along."""
    question = case.cue("rule_question", "asks")
    agreed = agreed_now(case)
    if case.cue("thanks") and not agreed and not question and not case.cue("want"):
        return []
    adds = _adds_detail(case)
    if not (adds or question or agreed or case.cue("unhelpful", "most", "status")):
        return []
    places: Sequence[int] = range(len(case.situation.earlier) - 1, -1, -1)
    if agreed:
        places = _changes_asked(case) or places
    for place in places:
        earlier = case.ear.hear(case.situation.earlier[place])
        intents = [name for name in case.meant(case.situation.earlier[place]) if name not in NOT_CARRIED]
        if case.cue("still_shows"):
            intents = [_STATES.get(name, name) for name in intents]
        elif not case.cue("want", "may_i", "unhelpful") and not agreed:
            intents = [_state_of(case, name) for name in intents]
        if intents:
            only_asked = bool(earlier.cues & _HYPOTHETICAL) and not asked_back(case)
            case.agreed = agreed or (adds and not only_asked)
            question = question or only_asked
            case.asking = case.asking or (question and not case.agreed and not case.cue("unhelpful"))
            case.words = (case.situation.last, *reversed(case.situation.earlier[place:]))
            case.heard = replace(case.heard, cues=case.heard.cues | earlier.cues - {"rule_question"})
            return intents
    return []


def _changes_asked(case: Case) -> list[int]:
    """Return where a change that has not been made was spoken about before, latest first: what a yes goes to."""
    done = {call.name for call in case.situation.calls if call.ok}
    earlier = case.situation.earlier
    tools = [{_TOOL_OF[name] for name in case.meant(text) if name in _TOOL_OF} for text in earlier]
    return [place for place in range(len(earlier) - 1, -1, -1) if tools[place] - done]


def _state_of(case: Case, name: str) -> str:
    """Return the intent of asking how things stand in place of a change that has already been made."""
    made = any(call.ok and call.name == _TOOL_OF.get(name) for call in case.situation.calls)
    return _STATES.get(name, name) if made else name


def followed(case: Case) -> list[str]:
    """Return the intents that a cue of the last words makes after what was spoken about before."""
    if not case.situation.earlier:
        return []
    before = {name for text in case.situation.earlier for name in case.meant(text)}
    return [intent for cue, after, intent in case.ear.rules.follow if cue in case.heard.cues and after & before]


def agreed_now(case: Case) -> bool:
    """Say whether the customer says yes to something the agent asked or offered."""
    if case.cue("go_ahead") and case.situation.earlier:
        return True
    return case.cue("yes") and (asked_back(case) or case.cue("change"))


def asked_back(case: Case) -> bool:
    """Say whether the agent's last answer held a question."""
    return "?" in case.situation.last_answer.replace("؟", "?")


def _adds_detail(case: Case) -> bool:
    """Say whether the last words hold a detail that an earlier question may have asked for."""
    text, folded = case.situation.last, case.heard.folded
    named = slots.order_ids(text, ()) or slots.instalment_ids(text) or slots.charge_ids(text) or slots.emails(text)
    counted = case.counting.days(folded) or case.counting.number(folded) or case.counting.dates(folded, case.today)
    chosen = case.cue("kind_card", "kind_bank", "kind_wallet") or slots.four_digits(text)
    bare = None
    if asked_back(case):
        bare = case.counting.bare(folded)
    if named or counted or bare or chosen or case.counting.ordinal(folded) or case.names_an_order(folded):
        return True
    return find_address(text, case.market, case.ear.table["slots"]) is not None


def left_undone(case: Case) -> tuple[tuple[str, ...], str]:
    """Return the texts, latest first, and the intent of a change asked for before that no tool has made; or nothing."""
    done = {call.name for call in case.situation.calls if call.ok}
    earlier = case.situation.earlier
    agreed = False
    for place in range(len(earlier) - 1, -1, -1):
        heard = case.ear.hear(earlier[place])
        if agreed or not heard.cues & _ONLY_ASKED:
            for name in heard.intents:
                if name in _TOOL_OF and _TOOL_OF[name] not in done:
                    return tuple(reversed(earlier[: place + 1])), name
        agreed = agreed or "yes" in heard.cues
    return (), ""


def lost_before(case: Case) -> bool:
    """Say whether the agent's last answer was already that it had not understood."""
    fallback = str(case.ear.table["say"]["fallback"])
    return fallback in case.situation.last_answer
