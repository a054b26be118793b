"""What the agent does about terms of payment: extensions, plans, pauses."""

from __future__ import annotations

import datetime as dt
from typing import Any

from chatparity.sandbox.about_money import falling_due, fee_after, open_payments, same_day
from chatparity.sandbox.amounts import major, minor
from chatparity.sandbox.case import Case, day
from chatparity.sandbox.instalments import Instalment, first_open, is_due, is_open, named_instalment, with_part
from chatparity.sandbox.letters import fold
from chatparity.sandbox.policy import after_days

_NOT_LAST_YEAR = 120


def extend(case: Case) -> None:
    """Move the due date of the instalment meant by the days wanted, ask for the days, or say why it cannot be."""
    for order in case.choose(with_part(case, is_due), with_part(case, is_open))[:1]:
        parts = case.instalments(order)
        part = named_instalment(case, parts) or first_open(parts) or parts[0]
        due_on, amount = day(part["due_on"]), case.money(part["amount"])
        most = int(case.number("extension_max_days"))
        days = None if case.asking else _days_wanted(case, due_on, most)
        late = [] if days or case.asking else _all_fallen_due(case, parts)
        if late:
            _move_all(case, order, late, most)
            return
        if days is None and part["status"] == "due" and not part["extended_days"]:
            if case.cue("rule_question") or case.asking:
                case.say("extend_rule", most=most)
                case.say("extend_possible", order=order, amount=amount, due=due_on, latest=after_days(due_on, most))
            else:
                case.say("extend_ask_days", order=order, amount=amount, due=due_on, most=most)
            return
        others = [one for one in falling_due(case) if one["id"] != part["id"]]
        done = case.call("extend_due_date", instalment=part["id"], days=days or 1)
        if done["ok"]:
            key = "extend_done" if len(parts) > 1 else "extend_done_single"
            moved = {"days": done["extended_days"], "due": day(done["due_on"])}
            case.say(key, number=part["number"], order=order, amount=amount, **moved)
            same_day(case, moved["due"], [*others, {**part, "due_on": done["due_on"]}])
            return
        values: dict[str, Any] = {"order": order, "due": due_on, "wanted": days or 1, "most": most}
        values |= {
            "latest": after_days(due_on, most),
            "days": part["extended_days"],
            "fee": case.money(part["late_fee"]),
        }
        if "paused_until" in done:
            values["until"] = day(done["paused_until"])
        far = done["error"] == "too_many_days" and case.counting.days(case.heard.folded) != days
        case.say("extend_too_far" if far else f"extend_{done['error']}", **values)
        if done["error"] == "already_extended":
            fee_after(case, due_on)


def _all_fallen_due(case: Case, parts: list[Instalment]) -> list[Instalment]:
    """Return the open instalments where there are several, none in the future and none moved before; else none."""
    still = [part for part in parts if is_open(case, part)]
    fallen = all(is_due(case, part) and day(part["due_on"]) <= case.today for part in still)
    return still if len(still) > 1 and fallen and not any(part["extended_days"] for part in still) else []


def _move_all(case: Case, order: str, parts: list[Instalment], most: int) -> None:
    """Move instalments that are all due already by as much as the rules allow: each can be moved only once."""
    for part in parts:
        done = case.call("extend_due_date", instalment=part["id"], days=most)
        if done["ok"]:
            moved = {"days": done["extended_days"], "due": day(done["due_on"])}
            case.say("extend_moved", number=part["number"], order=order, amount=case.money(part["amount"]), **moved)


def _days_wanted(case: Case, due_on: dt.date, most: int) -> int | None:
    """Return by how many days the customer wants the due date moved, from their words or the offer they agreed to."""
    last, *earlier = [fold(text).lower() for text in case.words]
    wanted = _days_named(case, last, due_on) or (case.counting.bare(last) if earlier else None)
    if wanted:
        return wanted
    if "most" in case.ear.hear(case.words[0]).cues:
        return most
    offer = fold(case.situation.last_answer).lower() if case.agreed or case.cue("yes") else ""
    return next((days for text in (offer, *earlier) if (days := _days_named(case, text, due_on))), None)


def _days_named(case: Case, folded: str, due_on: dt.date) -> int | None:
    """Return the days from `due_on` to the latest date in a folded text, else the count of days in it."""
    later = [date for date in case.counting.dates(folded, case.today) if 0 < (date - due_on).days <= _NOT_LAST_YEAR]
    return (max(later) - due_on).days if later else case.counting.days(folded)


def change_plan(case: Case) -> None:
    """Change an order to four instalments, or say why that cannot be."""
    back = "split_back" in case.heard.cues
    fits = with_part(case, is_due)
    for order in case.choose(lambda order: order["plan"] == "pay_in_30" and fits(order), fits)[:1]:
        if case.asking or (case.cue("interest", "rule_question") and not case.agreed):
            _plan_preview(case, order)
            return
        known = case.order(order)
        wanted = "pay_in_30" if back else "pay_in_4"
        done = case.call("change_plan", order=order, plan=wanted)
        if done["ok"]:
            case.say("plan_done", order=order, plan=done["plan"])
            for part in done["instalments"]:
                case.say("line.plan", number=part["number"], amount=case.money(part["amount"]), due=day(part["due_on"]))
            return
        values: dict[str, Any] = {"order": order, "plan": known["plan"], "total": case.money(known["total"])}
        values["until"] = day(done["paused_until"]) if "paused_until" in done else None
        values["due"] = day(done["due_on"]) if "due_on" in done else None
        values["minimum"] = case.money(done["minimum"]) if "minimum" in done else None
        case.say(f"plan_{done['error']}", **values)
        if done["error"] == "already_paid":
            case.say("plan_minimum", minimum=case.money(str(case.number("pay_in_4_minimum"))))
        if done["error"] == "same_plan":
            open_payments(case, order)


def _plan_preview(case: Case, order: str) -> None:
    """Say which instalments a change of plan would make today, changing nothing; else the rules of the plans."""
    parts = case.instalments(order)
    currency = case.tools.currency
    least = minor(str(case.number("pay_in_4_minimum")), currency)
    if len(parts) != 1 or parts[0]["status"] != "due" or minor(parts[0]["amount"], currency) < least:
        plan_rules(case)
        return
    count, first = int(case.number("pay_in_4_count")), int(case.number("plan_change_first_due_days"))
    step, amount = int(case.number("plan_change_interval_days")), minor(parts[0]["amount"], currency)
    case.say("plan_preview", order=order)
    for number in range(1, count + 1):
        units = amount // count if number < count else amount - amount // count * (count - 1)
        due_on = after_days(case.today, first + step * (number - 1))
        case.say("line.plan", number=number, amount=case.money(major(units, currency)), due=due_on)
    case.say("plan_change_rule")


def plan_rules(case: Case) -> None:
    """Explain the payment plans."""
    case.say(
        "plan_rule",
        thirty=case.number("pay_in_30_days"),
        count=case.number("pay_in_4_count"),
        step=case.number("pay_in_4_interval_days"),
    )
    case.say("plan_minimum", minimum=case.money(str(case.number("pay_in_4_minimum"))))
    case.say("plan_change_rule")


def pause(case: Case) -> None:
    """Say whether an invoice is paused and until when."""
    fits = with_part(case, lambda _, part: part["status"] == "paused")
    chosen = case.choose(fits, with_part(case, is_open))
    for order in chosen[:1]:
        until = case.paused_until(order)
        if until:
            case.say("pause_until", order=order, until=until)
            continue
        known = case.order(order)
        if not open_payments(case, order):
            case.say("due_nothing", order=order)
        if known["status"] != "cancelled" and case.cue("paused"):
            case.say(
                "pause_rule",
                **{"return": case.number("return_pause_days")},
                missing=case.number("missing_pause_days"),
                dispute=case.number("dispute_pause_days"),
            )
