"""The graders of whole conversations: resolution, a wish for a person in an unlabelled log, trials held together."""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from chatparity.checks.course import course_of, summary_of
from chatparity.exchange import Exchange, Reply, ReplyRecord, Score
from chatparity.grading import Grader
from chatparity.grading.engine import Side, grade
from chatparity.grading.rows import ScoreRow
from chatparity.points import exchanges, points_of
from chatparity.transcript import ToolCall, Transcript

GRADERS = Path(__file__).parents[1] / "graders"
RESOLUTION: Grader = runpy.run_path(str(GRADERS / "resolution.py"))["resolution"]
ASKED: Grader = runpy.run_path(str(GRADERS / "escalation.py"))["escalation_asked"]
CONSISTENCY: Grader = runpy.run_path(str(GRADERS / "consistency.py"))["consistency"]
HAND = ToolCall(name="hand_over", arguments={"reason": "explicit_request", "summary": "The parcel H-20417 is missing"})
ASK, NEED, THANKS = "Let me talk to a person, please.", "My parcel H-20417 is missing.", "Perfect, thanks!"


def transcript(customer: list[str], labels: dict[str, Any] | None = None) -> Transcript:
    turns: list[dict[str, Any]] = []
    for said in customer:
        turns += [{"speaker": "customer", "text": said}, {"speaker": "ai_agent", "text": "(recorded)"}]
    return msgspec.convert(
        {"schema": 1, "id": "t", "language": "en", "turns": turns, "labels": labels or {}}, Transcript
    )


def conversation(
    customer: list[str], replies: list[Reply | str], labels: dict[str, Any] | None = None
) -> list[Exchange]:
    said = [one if isinstance(one, Reply) else Reply(text=one) for one in replies]
    return exchanges(points_of(transcript(customer, labels)), {2 * n + 1: reply for n, reply in enumerate(said)})


def scored(grader: Grader, given: list[Exchange]) -> Score:
    score = grader.grade(given)  # type: ignore[arg-type]
    assert isinstance(score, Score)
    return score


HANDED = Reply(text="A colleague takes over.", tool_calls=(HAND,), handover=True)


@pytest.mark.parametrize(
    ("customer", "replies", "fate", "waited", "times"),
    [
        ([ASK], [HANDED], "correct", 0, 1),
        ([NEED, ASK], ["I see.", HANDED], "correct", 0, 1),
        ([ASK, NEED, ASK], ["What is it?", "I see.", HANDED], "late", 2, 2),
        ([ASK], ["What is it?"], "missed", None, 1),
        ([ASK, ASK], ["What is it?", "I can help."], "looped", None, 2),
        ([ASK], ["I can't connect you with anyone."], "refused", None, 1),
        ([NEED], ["I see."], "unasked", None, 0),
        ([NEED], [HANDED], "unprompted", None, 0),
    ],
)
def test_the_course_of_a_wish_for_a_person_is_read_without_labels(
    customer: list[str], replies: list[Reply | str], fate: str, waited: int | None, times: int
) -> None:
    found = course_of(conversation(customer, replies))
    assert (found.fate, found.waited, found.times) == (fate, waited, times)


def test_a_log_is_graded_by_what_the_customer_asked_for_and_abstained_from_where_nobody_did() -> None:
    assert scored(ASKED, conversation([ASK], [HANDED])).verdict == "pass"
    late = scored(ASKED, conversation([ASK, NEED], ["What is it?", HANDED]))
    assert (late.verdict, late.outcome, late.value) == ("fail", "late", 0.5)
    assert "after 1 other answers" in late.reason
    assert scored(ASKED, conversation([NEED], ["I see."])).verdict == "abstained"
    labelled = conversation([ASK], [HANDED], {"escalation": []})
    assert not ASKED.plans(labelled[-1].point)


@pytest.mark.parametrize(
    ("summary", "missing"),
    [
        ("The parcel H-20417 is missing, a refund was not possible", ()),
        ("The parcel is missing, a refund was not possible", ("id",)),
        ("The parcel H-20417 is missing", ("tried",)),
        ("Please help", ("matter", "id", "tried")),
    ],
)
def test_a_handovers_summary_names_the_matter_the_ids_and_what_was_tried(
    summary: str, missing: tuple[str, ...]
) -> None:
    tried = ToolCall(name="refund_order", arguments={"order": "H-20417"}, ok=False)
    hand = ToolCall(name="hand_over", arguments={"reason": "explicit_request", "summary": summary})
    found = summary_of(conversation([NEED], [Reply(text="One moment.", tool_calls=(tried, hand), handover=True)])[-1])
    assert found is not None
    assert found.missing == missing


def test_a_reply_that_does_not_hand_over_has_no_summary() -> None:
    assert summary_of(conversation([NEED], ["I see."])[-1]) is None


CANCEL = {"name": "cancel_order", "arguments": {"order": "H-20417"}}
DONE = Reply(text="Done.", tool_calls=(msgspec.convert(CANCEL, ToolCall),))


@pytest.mark.parametrize(
    ("customer", "replies", "actions", "verdict", "outcome"),
    [
        ([NEED, THANKS], ["Found it.", "Bye."], None, "pass", "solved"),
        ([NEED, "It still doesn't work."], ["Found it.", "Bye."], None, "abstained", None),
        (
            [NEED, "This is useless.", "It still doesn't work."],
            ["Found it.", "Try it.", "Bye."],
            None,
            "fail",
            "unsolved",
        ),
        ([NEED, "And my bill?"], ["Found it.", "Here."], None, "abstained", None),
        ([NEED, THANKS], ["Found it.", HANDED], None, "abstained", None),
        ([NEED, THANKS], ["Found it.", "Bye."], [CANCEL], "fail", "not_done"),
        ([NEED, THANKS], [DONE, "Bye."], [CANCEL], "pass", "solved"),
    ],
)
def test_a_matter_is_settled_by_what_was_done_and_by_the_last_words(
    customer: list[str], replies: list[Reply | str], actions: list[Any] | None, verdict: str, outcome: str | None
) -> None:
    labels = {} if actions is None else {"actions": actions}
    score = scored(RESOLUTION, conversation(customer, replies, labels))
    assert (score.verdict, score.outcome) == (verdict, outcome)


def test_the_evidence_of_resolution_lies_in_the_customers_last_turn() -> None:
    span = scored(RESOLUTION, conversation([NEED, THANKS], ["Found it.", "Bye."])).evidence[0]
    assert span.where == "turn:2"
    assert THANKS[span.start : span.end] == span.text


FACT = {"facts": [{"id": "total", "accept": ["249.00 EUR"], "due_by_turn": 1}]}


def trials(*replies: Reply) -> list[ScoreRow]:
    """Grade so many trials of one conversation, the first of them first."""
    source = transcript([NEED], FACT)
    sides: list[Side] = []
    for number, reply in enumerate(replies):
        points = tuple(points_of(source, trial=number))
        record = ReplyRecord(id="t", turn=1, trial=number, state="replied", reply=reply)
        sides.append(Side("ai", points, {1: record}))
    return asyncio.run(grade(sides, [CONSISTENCY], judged=False))


def test_a_later_trial_is_held_against_the_first_and_one_trial_alone_plans_nothing() -> None:
    said = Reply(text="It is 249.00 EUR.", tool_calls=DONE.tool_calls)
    assert trials(said) == []
    same, other = trials(said, said, Reply(text="I do not know.", tool_calls=(HAND,), handover=True))
    assert (same.trial, same.verdict, same.outcome) == (1, "pass", "same")
    assert (other.trial, other.verdict, other.value) == (2, "fail", 0.0)
    assert "only in the first trial total" in other.reason
    assert "only in the first trial cancel_order(order=H-20417)" in other.reason
    assert "handover: only now turn 1" in other.reason


def test_where_the_first_trial_failed_the_later_ones_have_no_score() -> None:
    source = transcript([NEED], FACT)
    broken = ReplyRecord(id="t", turn=1, trial=0, state="errored")
    whole = ReplyRecord(id="t", turn=1, trial=1, state="replied", reply=DONE)
    sides = [Side("ai", tuple(points_of(source, trial=n)), {1: one}) for n, one in enumerate((broken, whole))]
    (row,) = asyncio.run(grade(sides, [CONSISTENCY], judged=False))
    assert row.state == "errored"
    assert row.reason.startswith("the first trial: ")


def test_a_conversations_first_trial_is_not_planned() -> None:
    first, later = (points_of(transcript([NEED], FACT), trial=number)[-1] for number in (0, 1))
    assert (CONSISTENCY.plans(first), CONSISTENCY.plans(later)) == (False, True)
    assert cast("str", CONSISTENCY.level) == "conversation"
