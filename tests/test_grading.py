"""Grading: every planned score becomes a row, a failure is never a score, and people are graded the same way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from chatparity.errors import JudgeFailure
from chatparity.exchange import Failure, Reply, ReplyRecord
from chatparity.grading import Exchange, Grader, Metric, Point, Score, Side, grade, grader, human_side
from chatparity.grading.rows import ScoreRow, ledger
from chatparity.points import points_of
from chatparity.transcript import Transcript, Turn

TALK = Transcript(
    schema=1,
    id="t",
    language="en",
    turns=tuple(
        Turn(speaker="customer" if n % 2 == 0 else "human_agent", text=f"message {n}", at=float(n)) for n in range(6)
    ),
)


def record(turn: int, **fields: object) -> ReplyRecord:
    return ReplyRecord(id="t", turn=turn, trial=0, **fields)  # type: ignore[arg-type]


def replied(turn: int, text: str = "hello") -> ReplyRecord:
    return record(turn, state="replied", reply=Reply(text=text))


def side(*records: ReplyRecord, languages: Sequence[str] = ("*",)) -> Side:
    points = tuple(points_of(TALK, languages=languages))
    return Side("ai", points, {one.turn: one for one in records})


def rows(given: Side, *graders: Grader, judged: bool = False) -> list[ScoreRow]:
    return asyncio.run(grade([given], graders, judged=judged))


@grader(dimension="politeness")
def greets(exchange: Exchange) -> Score:
    """Pass a greeting."""
    return Score.passed("greets") if "hello" in exchange.reply.text else Score.failed("does not greet")


def test_whatever_becomes_of_an_exchange_it_has_a_row() -> None:
    errored = record(3, state="errored", failure=Failure(kind="timeout", message="no answer in 30 s", attempts=4))
    found = rows(side(replied(1), errored), greets)
    assert [row.state for row in found] == ["graded", "errored", "not_run"]
    assert "timeout" in found[1].reason
    assert found[1].verdict is None


def test_a_grader_that_raises_is_an_errored_score_with_its_traceback_and_stops_nobody() -> None:
    @grader(dimension="accuracy")
    def breaks(exchange: Exchange) -> Score:
        raise KeyError("no such thing")

    found = rows(side(replied(1)), breaks, greets)
    first = next(row for row in found if row.grader == "breaks" and row.turn == 1)
    assert (first.state, first.value, first.verdict) == ("errored", None, None)
    assert "KeyError" in first.reason
    assert any(row.state == "graded" for row in found)


def test_a_grader_that_returns_no_score_is_errored() -> None:
    @grader(dimension="accuracy")
    def wrong(exchange: Exchange) -> Score:
        return 1.0  # type: ignore[return-value]

    assert "expected a Score" in rows(side(replied(1)), wrong)[0].reason


def test_without_a_judge_a_judged_grader_is_said_to_be_not_run() -> None:
    judged = Grader(name="j", dimension="accuracy", version="1", grade=greets.grade, kind="llm", needs_judge=True)
    assert {row.state for row in rows(side(replied(1)), judged)} == {"not_run"}
    assert rows(side(replied(1)), judged)[0].reason == "no judge is configured"


def test_a_failing_judge_is_an_errored_score_never_a_zero() -> None:
    async def ask(exchange: Exchange) -> Score:
        await asyncio.sleep(0)
        raise JudgeFailure("http_5xx", "the judge answered 503")

    judged = Grader(name="j", dimension="accuracy", version="1", grade=ask, kind="llm", needs_judge=True)
    [first, *_] = rows(side(replied(1)), judged, judged=True)
    assert (first.state, first.value) == ("errored", None)
    assert "503" in first.reason


def test_a_language_that_the_agent_does_not_claim_is_skipped_and_counted() -> None:
    found = rows(side(languages=("de",)), greets)
    assert [row.state for row in found] == ["skipped"] * 3


def test_an_abstention_is_neither_good_nor_bad() -> None:
    @grader(dimension="language")
    def unsure(exchange: Exchange) -> Score:
        return Score.abstained("too short to tell")

    [first, *_] = rows(side(replied(1)), unsure)
    assert (first.state, first.verdict, first.metrics) == ("abstained", "abstained", {"rate": None})


def test_a_conversation_is_graded_once_and_only_when_all_of_it_was_replied() -> None:
    @grader(dimension="actions", level="conversation")
    def length(exchanges: Sequence[Exchange]) -> Score:
        return Score.passed(f"{len(exchanges)} exchanges")

    [whole] = rows(side(replied(1), replied(3), replied(5)), length)
    assert (whole.turn, whole.reason, whole.level) == (5, "3 exchanges", "conversation")
    [part] = rows(side(replied(1), replied(3)), length)
    assert part.state == "not_run"


def test_a_metric_counts_only_the_exchanges_it_is_about() -> None:
    def later(point: Point) -> bool:
        return point.turn > 1

    metrics = (Metric("rate"), Metric("later", among=later))

    @grader(dimension="politeness", metrics=metrics)
    def polite(exchange: Exchange) -> Score:
        return Score.passed("yes")

    found = rows(side(replied(1), replied(3)), polite)
    assert [row.metrics for row in found] == [
        {"rate": True},
        {"rate": True, "later": True},
        {"rate": None, "later": None},
    ]


def test_a_grader_sees_what_the_same_side_said_before() -> None:
    seen: list[tuple[int, ...]] = []

    @grader(dimension="accuracy")
    def watch(exchange: Exchange) -> Score:
        seen.append(tuple(turn for turn, _ in exchange.earlier))
        return Score.passed("ok")

    rows(side(replied(1), replied(3), replied(5)), watch)
    assert seen == [(), (1,), (1, 3)]


def test_people_are_graded_from_the_transcript_and_a_talk_without_people_has_no_human_side() -> None:
    points = points_of(TALK)
    human = human_side(TALK, points, ())
    assert human is not None
    assert [row.arm for row in rows(human, greets)] == ["human"] * 3
    alone = Transcript(schema=1, id="t", language="en", turns=(TALK.turns[0], Turn(speaker="ai_agent", text="hi")))
    assert human_side(alone, points_of(alone), ()) is None


def test_the_ledger_closes_for_each_grader_and_arm() -> None:
    found = rows(side(replied(1), record(3, state="diverged", reason="handed over")), greets)
    [line] = ledger(found)
    assert line.planned == 3
    parts = (line.graded, line.abstained, line.errored, line.diverged, line.skipped, line.not_run)
    assert parts == (1, 0, 0, 1, 0, 1)


def test_a_score_without_a_value_must_abstain() -> None:
    with pytest.raises(ValueError, match="unless it abstains"):
        Score(verdict="pass", reason="", value=None)
    with pytest.raises(ValueError, match="lies in"):
        Score.passed("", value=1.5)
