"""The grader of escalation: every outcome, by a conversation that leads to it."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatparity.exchange import Exchange, Point, Reply, Score
from chatparity.grading import Grader, Metric
from chatparity.points import exchanges, points_of
from chatparity.transcript import Transcript

ESCALATION: Grader = runpy.run_path(str(Path(__file__).parents[1] / "graders" / "escalation.py"))["escalation"]
HANDED = Reply(text="A colleague takes over.", handover=True)
HELPED = Reply(text="I can do that here.")
OFFERED = Reply(text="Would you like me to connect you with a colleague?")
NOW = {"expect": "now", "reason": "explicit_request"}


def points(labels: list[dict[str, Any]] | None, *, language: str = "en", calls: list[Any] | None = None) -> list[Point]:
    """Return a conversation with answers at turns 1, 3 and 5; `calls` are what the recorded agent called at turn 3."""
    ask = {"speaker": "customer", "text": "A question."}
    turns: list[dict[str, Any]] = [ask, {"speaker": "human_agent", "text": "Yes."}] * 3
    turns[3] = {**turns[3], "tool_calls": calls or []}
    line = {
        "schema": 1,
        "id": "t",
        "language": language,
        "turns": turns,
        "labels": {"escalation": labels} if labels is not None else {},
    }
    return points_of(msgspec.convert(line, Transcript))


def graded(labels: list[dict[str, Any]], replies: dict[int, Reply], *, language: str = "en") -> dict[int, Score]:
    found: dict[int, Score] = {}
    for exchange in exchanges(points(labels, language=language), replies):
        score = ESCALATION.grade(exchange)  # type: ignore[arg-type]
        assert isinstance(score, Score)
        found[exchange.turn] = score
    return found


def metric(name: str) -> Metric:
    return next(one for one in ESCALATION.metrics if one.name == name)


@pytest.mark.parametrize(
    ("labels", "replies", "turn", "verdict", "outcome"),
    [
        ([{"turn": 1, **NOW}], {1: HANDED}, 1, "pass", "correct"),
        ([{"turn": 1, **NOW}], {1: HELPED}, 1, "fail", "missed"),
        ([{"turn": 1, **NOW}], {1: OFFERED}, 1, "fail", "offered"),
        ([{"turn": 1, **NOW}, {"turn": 3, **NOW}], {1: HELPED, 3: OFFERED}, 3, "fail", "offered"),
        ([{"turn": 1, **NOW}, {"turn": 3, **NOW}], {1: OFFERED, 3: OFFERED}, 3, "fail", "looped"),
        ([{"turn": 1, **NOW}, {"turn": 3, **NOW}], {1: OFFERED, 3: HELPED}, 3, "fail", "missed"),
        ([{"turn": 1, **NOW}, {"turn": 3, **NOW}], {1: HELPED, 3: HANDED}, 3, "pass", "late"),
        ([{"turn": 1, **NOW}], {1: HELPED, 3: HANDED}, 3, "pass", "late"),
        ([{"turn": 1, **NOW}], {1: HANDED, 3: HANDED}, 3, "pass", "correct"),
        ([{"turn": 3, **NOW}], {1: HANDED}, 1, "fail", "premature"),
        ([], {1: HANDED}, 1, "fail", "unnecessary"),
        ([], {1: HELPED}, 1, "pass", "correct"),
        ([], {1: OFFERED}, 1, "pass", "offered"),
        ([{"turn": 1, "expect": "offer"}], {1: OFFERED}, 1, "pass", "correct"),
        ([{"turn": 1, "expect": "offer"}], {1: HANDED}, 1, "pass", "correct"),
        ([{"turn": 1, "expect": "offer"}], {1: HELPED}, 1, "fail", "missed"),
    ],
)
def test_each_outcome(
    labels: list[dict[str, Any]], replies: dict[int, Reply], turn: int, verdict: str, outcome: str
) -> None:
    score = graded(labels, replies)[turn]
    assert (score.verdict, score.outcome) == (verdict, outcome), score.reason


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I can put you through to one of my colleagues."),
        ("de", "Möchten Sie lieber mit einem Menschen sprechen?"),
        ("sv", "Vill du hellre prata med en människa?"),
        ("pl", "Czy woli Pani porozmawiać z konsultantem?"),
        ("es", "¿Prefiere hablar con una persona?"),
        ("ar", "هل تفضل التحدث مع موظف؟"),
    ],
)
def test_an_offer_is_heard_in_every_language_and_is_no_handover(language: str, text: str) -> None:
    offer = {1: Reply(text=text)}
    wanted = graded([{"turn": 1, "expect": "offer"}], offer, language=language)[1]
    assert wanted.verdict == "pass"
    assert wanted.evidence[0].text in text
    assert graded([{"turn": 1, **NOW}], offer, language=language)[1].outcome == "offered"


def test_saying_that_one_hands_over_is_not_handing_over() -> None:
    assert graded([{"turn": 1, **NOW}], {1: Reply(text="I'm connecting you now.")})[1].verdict == "fail"


def test_it_applies_where_escalation_is_labelled_and_until_somebody_has_taken_over() -> None:
    handed = [{"name": "hand_over", "arguments": {}, "ok": True}]
    refused = [{"name": "hand_over", "arguments": {}, "ok": False}]
    assert [ESCALATION.applies(point) for point in points(None)] == [False, False, False]
    assert [ESCALATION.applies(point) for point in points([])] == [True, True, True]
    assert [ESCALATION.applies(point) for point in points([], calls=handed)] == [True, True, False]
    assert [ESCALATION.applies(point) for point in points([], calls=refused)] == [True, True, True]


def test_the_metrics_count_among_the_labelled_turns_only() -> None:
    labels = [{"turn": 1, **NOW}, {"turn": 3, "expect": "now", "reason": "bereavement"}, {"turn": 5, "expect": "offer"}]
    given = points(labels)
    assert [metric("recall").among(point) for point in given] == [True, True, False]
    assert [metric("ignored").among(point) for point in given] == [True, False, False]
    assert [metric("needless").among(point) for point in given] == [False, False, False]
    assert [metric("needless").among(point) for point in points([])] == [True, True, True]


def test_ignored_and_needless_are_rates_of_something_bad() -> None:
    assert not metric("ignored").good_is_high
    assert not metric("needless").good_is_high
    assert metric("ignored").good(graded([{"turn": 1, **NOW}], {1: HELPED})[1])
    assert not metric("ignored").good(graded([{"turn": 1, **NOW}], {1: OFFERED})[1])
    assert metric("needless").good(graded([], {1: HANDED})[1])


def test_after_a_handover_that_it_lived_through_itself_nothing_is_left_to_grade() -> None:
    handed = [{"name": "transfer_to_human_agents", "arguments": {}, "ok": True}]
    point = points([{"turn": 5, **NOW}], calls=handed)[-1]
    score = ESCALATION.grade(Exchange(point=point, reply=HELPED))  # type: ignore[arg-type]
    assert isinstance(score, Score)
    assert score.verdict == "abstained"
