"""The agent: reads a request, decides what is meant, does it with its tools and says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from chatparity.sandbox import about_account, about_charges, about_money, about_orders, about_terms, slots
from chatparity.sandbox.case import Case
from chatparity.sandbox.company import Company
from chatparity.sandbox.faults import Answer, Chance, Stage, alter
from chatparity.sandbox.handover import AT_ONCE, hand_over, needless
from chatparity.sandbox.memory import (
    SMALL_TALK,
    about_decline,
    accepted,
    agreed_now,
    carried_on,
    failures,
    followed,
    insulted_before,
    lost_before,
    offer_in,
    standing,
)
from chatparity.sandbox.situation import Situation, read_situation
from chatparity.sandbox.slots import Counting
from chatparity.sandbox.tools import Tools
from chatparity.transcript import ToolCall

ABOUT_ONLY = frozenset({"due", "fee", "pause", "plan", "order_status", "hours", "refund"})
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
    "pause": about_terms.pause,
    "dispute": about_orders.dispute,
    "missing": about_orders.missing,
    "cancel": about_orders.cancel,
    "refund": about_orders.refund,
    "refund_method": about_orders.refund_method,
    "return": about_orders.give_back,
    "order_status": about_orders.status,
    "advice": lambda case: case.say("advice"),
    "privacy": lambda case: case.say("privacy"),
    "bot_question": lambda case: case.say("bot"),
    "thanks": lambda case: case.say("thanks"),
    "greeting": lambda case: case.say("greeting"),
}
_SHORT = 25
_CURT = 8


class SandboxAgent:
    """Answers chat messages; everything follows from them, so the same request has the same answer."""

    def __init__(self, company: Company, faults: Mapping[str, float], seed: int) -> None:
        self._company = company
        self._faults = faults
        self._seed = seed
        self._countings: dict[tuple[str, str], Counting] = {}

    def complete(self, messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the reply to chat messages: `content`, `tool_log`, `usage` (tokens by a rule of thumb)."""
        situation = read_situation(messages)
        customer = self._company.customer(situation.customer)
        language = self._language(situation, customer.language)
        with self._company.shop(customer).visit() as shop:
            today = situation.today or customer.today
            tools = Tools(self._company.tools, shop, self._company.policy, today)
            tools.again(situation.calls)
            case = self._case(situation, tools, language, customer.market, today)
            decide(case)
            answer = Answer(case.language, case.market, tuple(case.parts), tuple(case.calls), case.handover)
            answer = self._altered(answer, case)
        text = self._company.voice(answer.language, answer.market).text(answer.parts)
        return {"content": text, "tool_log": [_logged(call) for call in answer.calls], "usage": _usage(messages, text)}

    def _language(self, situation: Situation, otherwise: str) -> str:
        """Return the language to answer in: the header's, else that of the last words, else the customer's own."""
        if situation.language in self._company.tables:
            return str(situation.language)
        found = detected(situation.last, self._company.tables) or otherwise
        return found if found in self._company.tables else next(iter(self._company.tables))

    def _case(self, situation: Situation, tools: Tools, language: str, market: str, today: Any) -> Case:
        ear = self._company.ear(language)
        heard = ear.hear(situation.last)
        if not heard.intents and not situation.earlier:
            other = detected(situation.last, self._company.tables)
            if other and other != language:
                language, ear = other, self._company.ear(other)
                heard = ear.hear(situation.last)
        key = (language, market)
        if key not in self._countings:
            self._countings[key] = Counting(self._company.tables[language]["slots"], market)
        return Case(
            situation=situation,
            today=today,
            market=market,
            language=language,
            policy=self._company.policy,
            tools=tools,
            ear=ear,
            counting=self._countings[key],
            heard=heard,
            words=(situation.last,),
        )

    def _altered(self, answer: Answer, case: Case) -> Answer:
        if not self._faults:
            return answer
        said = [(message.role, message.text, message.calls) for message in case.situation.said]
        asked = msgspec.json.encode([case.situation.customer, case.language, said])
        table = self._company.tables[case.language]["say"]
        stage = Stage(
            chance=Chance(self._seed, asked),
            languages=sorted(self._company.tables),
            writes=self._company.tools.writes,
            variants=lambda name: sum(key.startswith(f"fault.{name}.") for key in table),
            needless=lambda: needless(case),
        )
        return alter(answer, self._faults, stage)


def decide(case: Case) -> None:
    """Do what the customer wants and fill the case with what to say: the whole conduct of the agent in its order."""
    if any(call.ok and call.name in case.tools.listed.handover for call in case.situation.calls):
        case.say("handover_already")
        return
    reason = _reason_to_hand_over(case)
    if reason is not None:
        hand_over(case, reason)
        return
    if slots.has_card_number(case.situation.last) or _shares_code(case):
        case.say("secret")
    intents = followed(case) or [name for name in case.heard.intents if name not in SMALL_TALK]
    case.asking = case.cue("only_asking")
    if not intents or (ABOUT_ONLY.issuperset(intents) and (agreed_now(case) or case.cue("unhelpful"))):
        intents = list(dict.fromkeys([*carried_on(case), *intents]))
    if case.cue("insult") and not intents and insulted_before(case):
        case.say("insult_again")
        return
    if case.cue("insult") and not insulted_before(case):
        case.say("insult_first")
    for name in intents[: case.ear.rules.table["limits"]["intents"]]:
        HANDLERS[name](case)
    if not case.parts:
        _without_intent(case)


def _reason_to_hand_over(case: Case) -> str | None:
    """Return why a person must take over now, the gravest reason first, or None."""
    for name in case.heard.intents:
        if name in AT_ONCE:
            return AT_ONCE[name]
    offered = offer_in(case)
    if offered and accepted(case):
        return offered
    if case.cue("review") and case.cue("want") and not case.cue("rule_question"):
        return "declined_purchase" if about_decline(case) else "manual_review"
    ignored = standing(case)
    if ignored:
        return ignored
    if failures(case) >= int(case.number("failed_attempts")):
        return "repeated_failure"
    return None


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


def detected(text: str, languages: Mapping[str, Any]) -> str | None:
    """Return the language of a text if it is one of `languages` and sure, else None."""
    import pycld2

    printable = "".join(sign for sign in text if sign.isprintable() or sign.isspace())
    try:
        reliable, _, found = pycld2.detect(printable)
    except pycld2.error:
        return None
    code = str(found[0][1])
    return code if reliable and code in languages else None


def _logged(call: ToolCall) -> dict[str, Any]:
    return {"name": call.name, "arguments": call.arguments, "ok": call.ok, "result": call.result}


def _usage(messages: Sequence[Mapping[str, Any]], text: str) -> dict[str, Any]:
    """Return token counts by a rule of thumb, four bytes of UTF-8 a token: there is no tokenizer here to count with."""
    read = sum(len(str(message.get("content") or "").encode()) for message in messages)
    asked, answered = -(-read // 4), -(-len(text.encode()) // 4)
    return {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}
