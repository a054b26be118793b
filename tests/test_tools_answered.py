"""Tool calls that an agent asks for are answered from what was recorded or by the shop, or the exchange diverges."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatparity.exchange import Conversation, Point, Reply, ReplyRecord, Usage
from chatparity.jsonl import write_transcripts
from chatparity.points import points_of
from chatparity.replay import Backoff, RecordedCalls, ToolAnswerer, plan, replay
from chatparity.run.examine import replay_run
from chatparity.run.select import Options
from chatparity.sandbox.answering import ShopAnswerer, shop_of
from chatparity.suite import AgentTable, Mode, Settings, Suite, SuiteTable, load_suite
from chatparity.transcript import ToolCall, Transcript, Turn

ORDER = ToolCall(name="get_order", arguments={"id": "H-1", "total": "249.00"}, result={"status": "shipped"})
NOTE = ToolCall(name="add_note", arguments={"order": "H-1", "note": "They asked twice."}, ok=True)
LOST = ToolCall(name="get_refunds", arguments={"id": "H-1"})


def asks(name: str, **arguments: Any) -> ToolCall:
    return ToolCall(name=name, arguments=arguments, ok=False)


def talk(*calls: ToolCall) -> Transcript:
    turns = (
        Turn(speaker="customer", text="Where is it?"),
        Turn(speaker="human_agent", text="One moment."),
        Turn(speaker="customer", text="And now?"),
        Turn(speaker="human_agent", text="It is on its way.", tool_calls=calls),
    )
    return Transcript(schema=1, id="a", language="en", turns=turns)


class Scripted:
    """An agent that gives its replies in order, and remembers what it was shown."""

    name = "scripted"

    def __init__(self, *replies: Reply, keeps_session: bool = False) -> None:
        self.keeps_session = keeps_session
        self.shown: list[Conversation] = []
        self._replies = list(replies)

    async def reply(self, conversation: Conversation) -> Reply:
        self.shown.append(conversation)
        return self._replies.pop(0)

    async def close(self) -> None: ...


def replayed(
    agent: Scripted,
    transcript: Transcript,
    *,
    mode: Mode = "teacher_forced",
    turns: Sequence[int] = (1,),
    tools: Sequence[ToolAnswerer] | None = None,
    **table: Any,
) -> dict[int, ReplyRecord]:
    """Replay a transcript at some of its turns and return the records by turn."""
    settings = Settings(suite=SuiteTable(name="t"), agent=AgentTable(concurrency=1, **table))
    found: list[ReplyRecord] = []
    conversations = [
        tuple(point for point in one if point.turn in turns) for one in plan([transcript], trials=1, languages=("*",))
    ]
    answerers = [RecordedCalls([transcript])] if tools is None else tools
    suite = Suite(root=Path(), shipped=Path(), settings=settings)
    asyncio.run(
        replay(
            agent,
            conversations,
            settings=suite,
            mode=mode,
            done={},
            sink=found.append,
            backoff=Backoff(0.001),
            tools=answerers,
        )
    )
    return {record.turn: record for record in found}


def test_a_call_is_given_its_recorded_result_and_the_agent_goes_on() -> None:
    wish = Reply(
        text="", tool_calls=(asks("get_order", id="h-1", total=249),), latency=0.5, usage=Usage(input_tokens=10)
    )
    answer = Reply(
        text="It was shipped.", latency=0.25, first_token=0.125, usage=Usage(input_tokens=20, output_tokens=5)
    )
    agent = Scripted(wish, answer)
    record = replayed(agent, talk(ORDER))[1]
    reply = record.reply
    assert reply is not None
    assert reply.text == "It was shipped."
    assert reply.tool_calls == (
        ToolCall(name="get_order", arguments={"id": "h-1", "total": 249}, result={"status": "shipped"}),
    )
    assert (reply.latency, reply.first_token) == (0.75, 0.625)
    assert reply.usage == Usage(input_tokens=30, output_tokens=5)
    unsaid = Scripted(msgspec.structs.replace(wish, usage=None), answer)
    unknown = replayed(unsaid, talk(ORDER))[1]
    assert unknown.reply is not None
    assert unknown.reply.usage is None, "a sum of which a part is not known is not known"
    assert record.spent is not None
    assert (record.spent.requests, record.spent.usage) == (2, reply.usage)
    roles = [message["role"] for message in agent.shown[1].messages()]
    assert roles == ["user", "assistant", "tool"]
    assert "shipped" in agent.shown[1].messages()[-1]["content"]


def test_in_a_free_running_replay_calls_are_answered_as_well_and_stay_in_the_history() -> None:
    wish = Reply(text="", tool_calls=(asks("get_order", id="H-1", total="249"),))
    agent = Scripted(wish, Reply(text="Shipped."), Reply(text="Still shipped."))
    records = replayed(agent, talk(ORDER), mode="free_running", turns=(1, 3))
    assert [records[turn].state for turn in (1, 3)] == ["replied", "replied"]
    assert agent.shown[2].history[1].tool_calls[0].result == {"status": "shipped"}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (asks("get_order", id="H-2", total="249.00"), "get_order(id=H-2, total=249.00)"),
        (asks("get_order", id="H-1"), "get_order(id=H-1)"),
        (asks("get_order", id="H-1", total=249, extra=1), "extra=1"),
        (asks("cancel_order", id="H-1"), "cancel_order(id=H-1)"),
        (asks("get_refunds", id="H-1"), "get_refunds(id=H-1)"),
    ],
)
def test_a_call_that_nobody_can_answer_makes_the_exchange_diverged_and_says_which(call: ToolCall, says: str) -> None:
    usage = Usage(input_tokens=7, output_tokens=2)
    record = replayed(Scripted(Reply(text="", tool_calls=(call,), usage=usage)), talk(ORDER, LOST))[1]
    assert (record.state, record.reply) == ("diverged", None)
    assert says in record.reason
    assert record.spent is not None
    assert record.spent.usage == usage, "what was paid for is counted"


def test_a_sentence_in_a_free_text_argument_need_not_be_the_recorded_one() -> None:
    wish = Reply(text="", tool_calls=(asks("add_note", order="H-1", note="The customer came back."),))
    reply = replayed(Scripted(wish, Reply(text="Noted.")), talk(NOTE))[1].reply
    assert reply is not None
    assert (reply.tool_calls[0].ok, reply.tool_calls[0].arguments["note"]) == (True, "The customer came back.")


def test_of_several_recorded_results_the_nearest_in_time_answers() -> None:
    def seen(status: str) -> ToolCall:
        return ToolCall(name="get_order", arguments={"id": "1"}, result=status)

    turns = tuple(
        turn
        for status in ("placed", "shipped", "delivered")
        for turn in (
            Turn(speaker="customer", text="?"),
            Turn(speaker="human_agent", text=".", tool_calls=(seen(status),)),
        )
    )
    transcript = Transcript(schema=1, id="a", language="en", turns=turns)
    recorded, points = RecordedCalls([transcript]), points_of(transcript)
    given = [recorded.answer(point, (), asks("get_order", id="1")) for point in points]
    assert [call.result for call in given if call] == ["placed", "shipped", "delivered"]
    later = replace(points[0], turn=5), replace(points[0], turn=6)
    assert [one.result for point in later if (one := recorded.answer(point, (), asks("get_order", id="1")))] == [
        "delivered",
        "delivered",
    ]


def test_an_agent_that_never_stops_calling_diverges_after_the_rounds_of_the_suite() -> None:
    wish = Reply(text="", tool_calls=(asks("get_order", id="H-1", total="249"),))
    agent = Scripted(*[wish] * 9)
    record = replayed(agent, talk(ORDER), tool_rounds=3)[1]
    assert len(agent.shown) == 4
    assert record.state == "diverged"
    assert "3 rounds" in record.reason


def test_a_handover_ends_the_loop_and_the_calls_beside_it_are_answered() -> None:
    handed = ToolCall(name="hand_over", arguments={}, ok=True)
    wish = Reply(text="", tool_calls=(asks("get_order", id="H-1", total="249"), handed), handover=True)
    agent = Scripted(wish)
    reply = replayed(agent, talk(ORDER))[1].reply
    assert len(agent.shown) == 1
    assert reply is not None
    assert reply.handover
    assert [call.ok for call in reply.tool_calls] == [True, True]


def test_words_before_a_call_are_no_answer_where_the_endpoint_says_that_it_waits() -> None:
    wish = Reply(text="Let me look.", tool_calls=(asks("get_order", id="H-1", total="249"),), waiting=True)
    agent = Scripted(wish, Reply(text="Shipped."))
    reply = replayed(agent, talk(ORDER))[1].reply
    assert reply is not None
    assert (reply.text, reply.waiting) == ("Let me look.\nShipped.", False)
    assert [message["role"] for message in agent.shown[1].messages()] == ["user", "assistant", "assistant", "tool"]
    alone = replayed(Scripted(msgspec.structs.replace(wish, waiting=False)), talk(ORDER))[1].reply
    assert alone is not None
    assert alone.text == "Let me look."


def test_an_endpoint_that_keeps_the_session_is_not_asked_twice_for_one_answer() -> None:
    wish = Reply(text="", tool_calls=(asks("get_order", id="H-1", total="249"),))
    agent = Scripted(wish, keeps_session=True)
    record = replayed(agent, talk(ORDER), mode="free_running")[1]
    assert (record.state, len(agent.shown)) == ("diverged", 1)


@pytest.fixture
def suite() -> Suite:
    return load_suite(Path(__file__))


@pytest.fixture
def shop(suite: Suite) -> ShopAnswerer:
    (found,) = shop_of(with_agent(suite, shop=True))
    return found


def with_agent(suite: Suite, **table: Any) -> Suite:
    agent = msgspec.structs.replace(suite.settings.agent, **table)
    return replace(suite, settings=msgspec.structs.replace(suite.settings, agent=agent))


def real_point(suite: Suite) -> Point:
    """Return a point of the shipped (synthetic) transcripts whose customer has an order."""
    from chatparity.jsonl import read_transcripts

    transcripts = read_transcripts([suite.path("datasets/support/starter")])
    return next(points_of(one)[0] for one in transcripts if one.records.get("orders") and one.language == "en")


def test_the_shop_carries_out_what_was_not_recorded_and_remembers_what_was_done_before(
    suite: Suite, shop: ShopAnswerer
) -> None:
    point = real_point(suite)
    freeze = asks("freeze_account", reason="A purchase they do not know.")
    reading = asks("get_account")

    def status(before: Sequence[ToolCall]) -> str:
        found = shop.answer(point, before, reading)
        assert found is not None
        assert found.ok
        return str(found.result["account"]["status"])

    assert status(()) == "active"
    changed = shop.answer(point, (), freeze)
    assert changed is not None
    assert changed.ok, changed.result
    assert status((changed,)) == "frozen"
    assert status(()) == "active", "what one call did is undone for the next"


def test_the_shop_answers_no_tool_it_does_not_have_and_no_conversation_without_an_account(
    suite: Suite, shop: ShopAnswerer
) -> None:
    point = real_point(suite)
    assert shop.answer(point, (), asks("book_flight", to="Oslo")) is None
    assert shop.answer(replace(point, records={}), (), asks("get_account")) is None
    refused = shop.answer(point, (), asks("get_order", order="H-0"))
    assert refused is not None
    assert (refused.ok, refused.result["error"]) == (False, "unknown_order")
    assert shop_of(suite) == [], "the shop answers only where the suite says so"


def completion(text: str | None, *calls: tuple[str, str]) -> tuple[int, dict[str, str], dict[str, Any]]:
    wishes = [
        {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate(calls)
    ]
    message = {"role": "assistant", "content": text, **({"tool_calls": wishes} if wishes else {})}
    finish = "tool_calls" if wishes else "stop"
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    return (
        200,
        {},
        {"choices": [{"index": 0, "finish_reason": finish, "message": message}], "usage": usage, "model": "m"},
    )


def test_over_http_a_model_that_says_something_and_calls_tools_gets_both_kinds_of_answers(
    suite: Suite, judge_server: Any, tmp_path: Path
) -> None:
    point = real_point(suite)
    recorded = ToolCall(name="lookup", arguments={"q": "parcel"}, result={"place": "Oslo"})
    transcript = Transcript(
        schema=1,
        id="a",
        language="en",
        started_at=point.started_at or dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        records=dict(point.records),
        turns=(Turn(speaker="customer", text="Hi?"), Turn(speaker="human_agent", text="Yes", tool_calls=(recorded,))),
    )
    logs = tmp_path / "logs.jsonl"
    write_transcripts(logs, [transcript])
    judge_server.script = [
        completion("Let me look.", ("lookup", '{"q": "Parcel"}'), ("get_account", "{}")),
        completion("In Oslo."),
    ]
    options = Options(paths=(logs,), agent=f"http:openai-chat@{judge_server.url}", out=tmp_path / "run")
    shopping = with_agent(suite, shop=True)
    folder = asyncio.run(replay_run(shopping, options, tools=shop_of(shopping)))
    (record,) = folder.replies.read()
    assert record.state == "replied", record
    assert record.reply is not None
    assert record.reply.text == "Let me look.\nIn Oslo."
    assert [call.ok for call in record.reply.tool_calls] == [True, True]
    said = judge_server.requests[1]["messages"]
    assert [message["role"] for message in said[-4:]] == ["assistant", "assistant", "tool", "tool"]
    assert "Oslo" in said[-2]["content"]
    assert point.records["account"]["id"] in said[-1]["content"]
