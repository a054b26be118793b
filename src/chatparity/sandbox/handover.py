"""Handing a conversation over to a person: when, why, and with what summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatparity.sandbox import slots
from chatparity.sandbox.case import Case
from chatparity.transcript import ToolCall

AT_ONCE = {
    "self_harm": "self_harm",
    "bereavement": "bereavement",
    "fraud": "suspected_fraud",
    "hardship": "hardship",
    "legal_threat": "legal_threat",
    "press_or_regulator": "press_or_regulator",
    "human": "explicit_request",
}
_DAYS = {
    "suspected_fraud": "fraud_answer_business_days",
    "hardship": "hardship_answer_business_days",
    "bereavement": "bereavement_answer_business_days",
    "declined_purchase": "manual_review_business_days",
    "manual_review": "manual_review_business_days",
}
_GENERAL = ("explicit_request", "repeated_failure")
_MEANWHILE = ("suspected_fraud", "hardship")
_LONGEST = 240


def hand_over(case: Case, reason: str) -> None:
    """Hand over at once; for suspected fraud freeze the account first."""
    key = f"handover_{reason}"
    if reason == "suspected_fraud":
        frozen = case.call("freeze_account", reason=_words(case))
        key += "" if frozen["ok"] else "_again"
    case.call("hand_over", reason=reason, summary=summary(case, reason))
    case.handover = reason
    values: dict[str, Any] = {"emergency": case.market}
    if reason in _DAYS:
        values["days"] = case.number(_DAYS[reason])
    case.say(key, **values)
    if reason in _GENERAL and f"hours-{case.market.lower()}" in case.situation.passages:
        case.say("hours", hours=case.market)


def already(case: Case, reason: str) -> None:
    """Say that a person has taken over; to a question also what holds until that person answers."""
    case.say("handover_already")
    if reason in _MEANWHILE and case.cue("asks"):
        case.say(f"meanwhile_{reason}")


def needless(case: Case) -> ToolCall:
    """Return a handover that nothing calls for: what the fault of that name makes."""
    return case.tools.call("hand_over", {"reason": "explicit_request", "summary": summary(case, "explicit_request")})


def summary(case: Case, reason: str) -> str:
    """Return what a person needs to go on without asking again; without card numbers."""
    table: Mapping[str, Any] = case.ear.rules.table["summary"]
    done = [_done(call) for call in (*case.situation.calls, *case.calls) if _is_write(case, call)]
    return str(table["text"]).format(
        customer=case.situation.customer or case.account()["account"]["id"],
        language=case.language,
        market=case.market,
        reason=reason,
        wants=f"“{_words(case)}”",
        concerns=_concerns(case) or table["no_order"],
        done="; ".join(done) + "." if done else table["nothing"],
        open=table["open"][reason],
    )


def _words(case: Case) -> str:
    """Return what the customer wrote last, with what they wrote first where that is something else."""
    texts = [case.situation.last]
    if case.situation.earlier and len(texts[0]) < _LONGEST // 2:
        texts.insert(0, case.situation.earlier[0])
    plain = " / ".join(" ".join(slots.without_secrets(text).split()) for text in texts)
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


def _concerns(case: Case) -> str:
    """Return the orders that the matter is about, with their open instalments."""
    orders = {order["id"]: order for order in case.orders()}
    found = []
    for order in (one for one in case.mentioned() if one in orders):
        known = orders[order]
        parts = [
            f"{part['id']} {part['amount']} due {part['due_on']} {part['status']}"
            for part in case.instalments(order)
            if part["status"] in ("due", "missed", "paused")
        ]
        head = f"{order} ({known['merchant']}, {known['total']} {known['currency']}, placed {known['placed_on']})"
        found.append(head + (": " + ", ".join(parts) if parts else ""))
    return "; ".join(found) + "." if found else ""


def _is_write(case: Case, call: ToolCall) -> bool:
    return call.name in case.tools.listed.writes


def _done(call: ToolCall) -> str:
    """Return a call and what became of it in a few words."""
    what = ", ".join(str(value) for key, value in call.arguments.items() if key not in ("text", "reason", "summary"))
    code = call.result.get("error") if isinstance(call.result, dict) else None
    became = "done" if call.ok else f"refused: {code}"
    return f"{call.name}({what}) {became}"
