"""Grading: every planned score becomes a row, a failure is never a score, and people are graded the same way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import msgspec
import pytest
from numpy import float32

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
        raise KeyError("no such thing \ud800")

    found = rows(side(replied(1)), breaks, greets)
    first = next(row for row in found if row.grader == "breaks" and row.turn == 1)
    assert (first.state, first.value, first.verdict) == ("errored", None, None)
    assert "KeyError: 'no such thing \\ud800'" in first.reason
    assert msgspec.json.encode(first)
    assert any(row.state == "graded" for row in found)


def test_a_grader_that_returns_no_score_is_errored() -> None:
    @grader(dimension="accuracy")
    def wrong(exchange: Exchange) -> Score:
        return 1.0  # type: ignore[return-value]

    assert "expected a Score" in rows(side(replied(1)), wrong)[0].reason


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": 3}, "expected `str`, got `int` - at `$.reason`"),
        ({"value": Decimal("0.5")}, "expected `float | null`, got `str` - at `$.value`"),
        ({"value": float32(0.5)}, "float32"),
        ({"verdict": "good"}, "invalid enum value 'good' - at `$.verdict`"),
        ({"evidence": ("hello",)}, "expected `object`, got `str` - at `$.evidence[0]`"),
        ({"outcome": 7}, "expected `str | null`, got `int` - at `$.outcome`"),
        ({"reason": "\ud800"}, "surrogates not allowed"),
    ],
)
def test_a_score_that_could_not_be_read_again_is_errored(fields: dict[str, object], said: str) -> None:
    @grader(dimension="accuracy")
    def wrong(exchange: Exchange) -> Score:
        return Score(**{"verdict": "pass", "value": 1.0, "reason": "", **fields})  # type: ignore[arg-type]

    found = rows(side(replied(1)), wrong, greets)
    assert found[0].state == "errored"
    assert "the grader returned a Score that is none: " in found[0].reason
    assert said.lower() in found[0].reason.lower()
    assert found[3].state == "graded"


def test_where_a_graders_own_questions_raise_the_score_is_planned_and_errored() -> None:
    @grader(dimension="x", applies=lambda point: bool(1 // (point.turn - 1)))
    def picky(exchange: Exchange) -> Score:
        return Score.passed("")

    def odd(point: Point) -> bool:
        return bool(1 // (point.turn - 1)) or True

    def never(score: Score) -> bool:
        raise KeyError("no such thing")

    @grader(dimension="x", level="conversation", metrics=[Metric("all", among=lambda point: 1 // 0 > 0)])
    def whole(exchanges: Sequence[Exchange]) -> Score:
        return Score.passed("")

    @grader(dimension="x", metrics=[Metric("some", among=odd), Metric("mood", good=never)])
    def moody(exchange: Exchange) -> Score:
        return Score.passed("") if exchange.turn < 5 else Score.abstained("")

    found = rows(side(replied(1), replied(3), replied(5)), picky, whole, moody)
    states = [(row.grader, row.turn, row.state) for row in found]
    assert states[:2] == [("picky", 1, "errored"), ("whole", 5, "errored")], "1 // 2 is 0: it does not apply at 3"
    assert states[2:] == [("moody", 1, "errored"), ("moody", 3, "errored"), ("moody", 5, "abstained")]
    assert all("ZeroDivisionError" in row.reason for row in found[:3])
    assert "KeyError" in found[3].reason
    assert [row.metrics for row in found[2:4]] == [{"some": None, "mood": None}] * 2
    assert [line.planned for line in ledger(found)] == [3, 1, 1]
    assert [sum(map(one.plans, points_of(TALK))) for one in (picky, whole, moody)] == [1, 3, 3]


def test_a_grader_that_needs_what_no_transcript_has_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs: expected only facts, .* got fats"):
        grader(dimension="x", needs=["fats"])


def test_grading_can_be_interrupted_between_conversations() -> None:
    async def interrupted() -> int:
        seen: list[int] = []
        many = [side(replied(1))] * 50
        work = asyncio.ensure_future(grade(many, [greets], judged=False, on_progress=lambda done, _: seen.append(done)))
        for _ in range(3):
            await asyncio.sleep(0)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        return len(seen)

    assert 0 < asyncio.run(interrupted()) < 10


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
