"""The graders of what an agent does, and the checks of tool calls that they are made of."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from chatparity.checks.calls import alike, effective, families_of, hands_over, is_expected, writes
from chatparity.exchange import Exchange, Reply, Score
from chatparity.grading import Grader
from chatparity.points import exchanges, points_of
from chatparity.transcript import ExpectedAction, ToolCall, Transcript

_FILE = runpy.run_path(str(Path(__file__).parents[1] / "graders" / "actions.py"))
ACTIONS: Grader = _FILE["actions"]
OVERALL: Grader = _FILE["actions_overall"]
CANCEL = {"name": "cancel_order", "arguments": {"order": "H-20417"}}
DONE = ToolCall(name="cancel_order", arguments={"order": "h-20417 "}, result={"ok": True})
READ = ToolCall(name="get_order", arguments={"order": "H-20417"}, result={"ok": True})
REFUSED = ToolCall(name="cancel_order", arguments={"order": "H-20417"}, ok=False, result={"ok": False})
EXTRA = ToolCall(name="extend_due_date", arguments={"instalment": "H-1", "days": 7}, result={"ok": True})


def conversation(
    actions: list[Any] | None, replies: dict[int, list[ToolCall]], recorded: list[ToolCall] | None = None
) -> list[Exchange]:
    """Return a conversation with answers at turns 1 and 3; `recorded` is what the recorded agent called at turn 1."""
    ask = {"speaker": "customer", "text": "Please cancel it."}
    first = {"speaker": "human_agent", "text": "Yes.", "tool_calls": msgspec.to_builtins(recorded or [])}
    line = {
        "schema": 1,
        "id": "t",
        "language": "en",
        "turns": [ask, first, ask, {"speaker": "human_agent", "text": "Yes."}],
        "labels": {"actions": actions} if actions is not None else {},
    }
    points = points_of(msgspec.convert(line, Transcript))
    return exchanges(points, {turn: Reply(text="", tool_calls=tuple(calls)) for turn, calls in replies.items()})


def score_at(turn: int, given: list[Exchange]) -> Score:
    grade = cast("Callable[[Exchange], Score]", ACTIONS.grade)
    score = grade(next(one for one in given if one.turn == turn))
    assert isinstance(score, Score)
    return score


def overall(given: list[Exchange]) -> Score:
    score = cast("Callable[[Sequence[Exchange]], Score]", OVERALL.grade)(given)
    assert isinstance(score, Score)
    return score


@pytest.mark.parametrize(
    ("calls", "verdict", "outcome"),
    [
        ([READ, DONE], "pass", "correct"),
        ([READ], "fail", "missing"),
        ([REFUSED], "fail", "missing"),
        ([DONE, EXTRA], "fail", "unwanted_write"),
        ([REFUSED, DONE], "pass", "correct"),
    ],
)
def test_an_action_due_here_must_have_been_done_and_nothing_else(
    calls: list[ToolCall], verdict: str, outcome: str
) -> None:
    score = score_at(1, conversation([{**CANCEL, "due_by_turn": 1}], {1: calls}))
    assert (score.verdict, score.outcome) == (verdict, outcome), score.reason


def test_an_action_that_this_side_did_earlier_counts_and_doing_it_early_is_no_fault() -> None:
    given = conversation([{**CANCEL, "due_by_turn": 3}], {1: [DONE], 3: []})
    assert score_at(1, given).verdict == "pass"
    assert score_at(3, given).verdict == "pass"


def test_an_action_that_the_recorded_agent_has_done_already_is_not_asked_for_again() -> None:
    given = conversation([{**CANCEL, "due_by_turn": 3}], {1: [], 3: []}, recorded=[DONE])
    assert score_at(3, given).verdict == "abstained"


def test_where_nothing_is_to_be_done_reading_and_handing_over_are_no_writes() -> None:
    handed = ToolCall(name="hand_over", arguments={"reason": "explicit_request"}, result={"ok": True})
    given = conversation([], {1: [READ, handed], 3: [EXTRA]})
    assert score_at(1, given).verdict == "pass"
    assert score_at(3, given).outcome == "unwanted_write"


def test_an_action_without_a_turn_is_due_at_the_end_beside_others_that_have_one() -> None:
    labels = [{**CANCEL, "due_by_turn": 1}, {"name": "register_complaint", "arguments": {}}]
    given = conversation(labels, {1: [DONE], 3: []})
    assert score_at(1, given).verdict == "pass"
    assert "register_complaint" in score_at(3, given).reason


def test_each_grader_applies_where_its_kind_of_label_is() -> None:
    def applied(actions: list[Any] | None) -> tuple[bool, bool]:
        point = conversation(actions, {1: [], 3: []})[-1].point
        return ACTIONS.applies(point), OVERALL.applies(point)

    assert applied(None) == (False, False)
    assert applied([]) == (True, True)
    assert applied([CANCEL]) == (False, True)
    assert applied([{**CANCEL, "due_by_turn": 1}]) == (True, False)


@pytest.mark.parametrize(
    ("replies", "verdict"),
    [
        ({1: [READ], 3: [DONE]}, "pass"),
        ({1: [DONE], 3: [DONE]}, "fail"),
        ({1: [], 3: [REFUSED]}, "fail"),
        ({1: [DONE], 3: [EXTRA]}, "fail"),
        ({1: [], 3: []}, "fail"),
    ],
)
def test_over_the_whole_conversation_the_writes_are_exactly_the_expected_ones(
    replies: dict[int, list[ToolCall]], verdict: str
) -> None:
    assert overall(conversation([CANCEL], replies)).verdict == verdict


@pytest.mark.parametrize(
    ("given", "wanted", "expected"),
    [
        (249, "249.00", True),
        ("249.0", 249, True),
        (249.5, "249", False),
        ("H-20417", " h-20417", True),
        ("2026-03-12T00:00:00", "2026-03-12", True),
        ("2026-03-12", "2026-03-13", False),
        ("Main  Street", "main street", True),
        (["b", "a"], ["a", "b"], True),
        (["a"], ["a", "a"], False),
        ([{"number": "HAT1", "origin": "EWR"}], [{"number": "HAT1"}], True),
        ([{"number": "HAT1"}], [{"number": "HAT1", "date": "2024-05-01"}], False),
        ([{"n": 1}, {"n": 2}], [{"n": 2}, {"n": 1}], False),
        (None, None, True),
        (True, "true", False),
        ({"a": 1}, "a", False),
    ],
)
def test_arguments_are_compared_by_meaning(given: Any, wanted: Any, expected: bool) -> None:
    assert alike(given, wanted) is expected


def test_a_sentence_in_a_free_text_argument_must_only_be_there_and_a_code_must_agree() -> None:
    sentence = ExpectedAction(name="hand_over", arguments={"reason": "fraud", "summary": "Card used by somebody else"})
    said = ToolCall(name="hand_over", arguments={"reason": "fraud", "summary": "Unknown purchase"})
    assert is_expected(said, sentence)
    assert not is_expected(ToolCall(name="hand_over", arguments={"reason": "fraud", "summary": " "}), sentence)
    assert not is_expected(ToolCall(name="hand_over", arguments={**said.arguments, "reason": "hardship"}), sentence)


@pytest.mark.parametrize(
    ("name", "writing", "handing"),
    [
        ("get_order", False, False),
        ("listOrders", False, False),
        ("find_user_id_by_email", False, False),
        ("calculate", False, False),
        ("think", False, False),
        ("transfer_to_human_agents", False, True),
        ("hand_over", False, True),
        ("escalate", False, True),
        ("cancel_order", True, False),
        ("resend-login-code", True, False),
        ("updateReservation", True, False),
        ("getaway_book", True, False),
        ("transfer_money", True, False),
    ],
)
def test_a_tools_name_tells_whether_it_writes_or_hands_over(name: str, writing: bool, handing: bool) -> None:
    assert (writes(name), hands_over(name)) == (writing, handing)


def test_a_tools_name_tells_which_actions_it_does_and_reading_does_none() -> None:
    assert "refund" in families_of("refund_duplicate_charge")
    assert "return" in families_of("report_return")
    assert families_of("get_refunds") == frozenset()


def exchange_items(old: list[str], new: list[str]) -> dict[str, Any]:
    return {"name": "exchange_items", "arguments": {"order": "H-20417", "items": old, "new_items": new}}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (["1", "2"], ["11", "12"], True),
        (["2", "1"], ["12", "11"], True),
        (["1", "2", "3"], ["11", "12", "3"], True),
        (["1", "2"], ["12", "11"], False),
        (["1"], ["11"], False),
    ],
)
def test_old_and_new_things_are_compared_in_pairs_and_one_replaced_by_itself_is_no_change(
    old: list[str], new: list[str], expected: bool
) -> None:
    wanted = msgspec.convert(exchange_items(["1", "2"], ["11", "12"]), ExpectedAction)
    assert is_expected(msgspec.convert(exchange_items(old, new), ToolCall), wanted) is expected


@pytest.mark.parametrize(
    ("given", "wanted", "expected"),
    [
        ("no longer needed", "no longer needed", True),
        ("ordered by mistake", "no longer needed", False),
        ("Arrived broken", "defective", True),
        ("The customer has no use for it any more.", "no longer needed", True),
    ],
)
def test_a_few_words_in_small_letters_are_a_code_of_the_tool(given: str, wanted: str, expected: bool) -> None:
    action = ExpectedAction(name="cancel_order", arguments={"reason": wanted})
    assert is_expected(ToolCall(name="cancel_order", arguments={"reason": given}), action) is expected


def setting(plan: str) -> dict[str, Any]:
    return {"name": "update_plan", "arguments": {"order": "H-20417", "plan": plan}}


def test_the_same_setting_twice_is_one_and_a_refund_twice_is_two() -> None:
    twice = [msgspec.convert(setting("four"), ToolCall)] * 2
    assert len(effective(twice)) == 1
    assert overall(conversation([setting("four")], {1: twice, 3: []})).verdict == "pass"
    assert len(effective([ToolCall(name="refund", arguments={"order": "H-20417"})] * 2)) == 2


def test_of_two_settings_of_one_thing_the_last_stands_so_their_order_counts() -> None:
    calls = [msgspec.convert(setting(plan), ToolCall) for plan in ("four", "three")]
    wanted = [setting("four"), setting("three")]
    assert overall(conversation(wanted, {1: calls, 3: []})).verdict == "pass"
    wrong = overall(conversation(wanted, {1: calls[::-1], 3: []}))
    assert (wrong.verdict, wrong.outcome) == ("fail", "order")
    assert "plan=three" in wrong.reason


def test_the_order_of_actions_on_different_things_does_not_count() -> None:
    other = {"name": "register_complaint", "arguments": {"order": "H-20417"}}
    calls = [msgspec.convert(one, ToolCall) for one in (other, CANCEL)]
    assert overall(conversation([CANCEL, other], {1: calls, 3: []})).verdict == "pass"


def test_handing_over_comes_after_what_must_be_done_first() -> None:
    freeze, hand = {"name": "freeze_account", "arguments": {}}, {"name": "hand_over", "arguments": {"reason": "fraud"}}
    labels = [{**freeze, "due_by_turn": 1}, {**hand, "due_by_turn": 1}]
    calls = [msgspec.convert(one, ToolCall) for one in (freeze, hand)]
    assert score_at(1, conversation(labels, {1: calls})).verdict == "pass"
    assert score_at(1, conversation(labels, {1: calls[::-1]})).outcome == "order"
