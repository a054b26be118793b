"""The replay: who is asked what, what is seen, what is never asked twice, and what becomes of it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatparity.errors import AgentFailure, InputError, UsageError
from chatparity.exchange import Conversation, Point, Reply, ReplyRecord
from chatparity.replay import Backoff, as_seen, plan, replay
from chatparity.suite import AgentTable, Mode, Settings, Suite, SuiteTable
from chatparity.transcript import Knowledge, ToolCall, Transcript, Turn

Answer = Callable[[Conversation], Reply]


def talk(name: str, *answers: str, language: str = "en", **more: Any) -> Transcript:
    """Return a transcript in which the customer says `ask 0`, `ask 1`, … and a person answers."""
    turns = [
        turn
        for index, answer in enumerate(answers)
        for turn in (Turn(speaker="customer", text=f"ask {index}"), Turn(speaker="human_agent", text=answer))
    ]
    return Transcript(schema=1, id=name, language=language, turns=tuple(turns), **more)


class Fake:
    """An agent that answers with a function, and remembers what it was shown and how many it answered at a time."""

    name = "fake"

    def __init__(self, answer: Answer | None = None, *, keeps_session: bool = False, seconds: float = 0.0) -> None:
        self.keeps_session = keeps_session
        self.asked: list[Conversation] = []
        self.most = 0
        self._now = 0
        self._seconds = seconds
        self._answer = answer or (lambda conversation: Reply(text=f"own {conversation.turn}"))

    async def reply(self, conversation: Conversation) -> Reply:
        self.asked.append(conversation)
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            await asyncio.sleep(self._seconds)
            return self._answer(conversation)
        finally:
            self._now -= 1

    async def close(self) -> None: ...

    @property
    def places(self) -> list[tuple[str, int, int]]:
        return sorted((one.id, one.turn, one.trial) for one in self.asked)


def suite_at(root: Path, **agent: Any) -> Suite:
    return Suite(root=root, shipped=root, settings=Settings(suite=SuiteTable(name="t"), agent=AgentTable(**agent)))


def run(
    agent: Fake,
    conversations: list[tuple[Point, ...]],
    suite: Suite,
    mode: Mode = "teacher_forced",
    done: dict[tuple[str, int, int], ReplyRecord] | None = None,
) -> dict[tuple[str, int, int], ReplyRecord]:
    """Replay, hold the promise that each outcome comes exactly once, and return them by key."""
    found: list[ReplyRecord] = []
    work = replay(
        agent, conversations, settings=suite, mode=mode, done=done or {}, sink=found.append, backoff=Backoff(0.001)
    )
    asyncio.run(work)
    by_key = {record.key: record for record in found}
    assert len(by_key) == len(found)
    return by_key


def texts(conversation: Conversation) -> list[str]:
    return [turn.text for turn in conversation.history]


def failing(at: int, kind: str = "http_4xx") -> Answer:
    def answer(conversation: Conversation) -> Reply:
        if conversation.turn == at:
            raise AgentFailure(kind, "no", retryable=kind != "http_4xx")
        return Reply(text="fine")

    return answer


def test_teacher_forced_shows_the_recorded_history_at_every_turn(tmp_path: Path) -> None:
    agent = Fake()
    records = run(agent, plan([talk("a", "one", "two")], trials=1, languages=("*",)), suite_at(tmp_path))
    shown = {one.turn: texts(one) for one in agent.asked}
    assert shown == {1: ["ask 0"], 3: ["ask 0", "one", "ask 1"]}
    assert [records["a", turn, 0].reply for turn in (1, 3)] == [Reply(text="own 1"), Reply(text="own 3")]


def test_free_running_shows_the_agents_own_earlier_replies(tmp_path: Path) -> None:
    agent = Fake()
    conversations = plan([talk("a", "one", "two", "three")], trials=1, languages=("*",))
    records = run(agent, conversations, suite_at(tmp_path), "free_running")
    lived = [["ask 0"], ["ask 0", "own 1", "ask 1"], ["ask 0", "own 1", "ask 1", "own 3", "ask 2"]]
    assert [texts(one) for one in agent.asked] == lived
    assert len({one.session for one in agent.asked}) == 1
    seen = as_seen(conversations[0], records, "free_running")
    assert [[turn.text for turn in point.history] for point in seen] == lived, "graders see what the agent saw"
    assert seen[1].history[1].speaker == "ai_agent"
    assert as_seen(conversations[0], records, "teacher_forced") == conversations[0]


def test_an_answer_of_several_turns_is_replaced_as_a_whole(tmp_path: Path) -> None:
    turns = (
        Turn(speaker="human_agent", text="Welcome"),
        Turn(speaker="customer", text="ask"),
        Turn(speaker="human_agent", text="wait"),
        Turn(speaker="tool", text="data"),
        Turn(speaker="human_agent", text="done"),
        Turn(speaker="customer", text="more"),
        Turn(speaker="human_agent", text="end"),
    )
    agent = Fake()
    conversations = plan([Transcript(schema=1, id="a", language="en", turns=turns)], trials=1, languages=("*",))
    run(agent, conversations, suite_at(tmp_path), "free_running")
    assert [texts(one) for one in agent.asked] == [["Welcome", "ask"], ["Welcome", "ask", "own 2", "more"]]


def test_after_a_divergence_nothing_is_asked_and_everything_is_recorded(tmp_path: Path) -> None:
    agent = Fake(lambda conversation: Reply(text="A colleague takes over.", handover=True))
    conversations = plan([talk("a", "one", "two", "three")], trials=1, languages=("*",))
    records = run(agent, conversations, suite_at(tmp_path), "free_running")
    assert agent.places == [("a", 1, 0)]
    assert [records["a", turn, 0].state for turn in (1, 3, 5)] == ["replied", "diverged", "diverged"]
    assert "handed over" in records["a", 5, 0].reason


@pytest.mark.parametrize(("kind", "asked"), [("http_4xx", 1), ("http_5xx", 3)])
def test_a_missing_reply_ends_a_free_running_conversation_and_no_other_turn_of_a_forced_one(
    kind: str, asked: int, tmp_path: Path
) -> None:
    conversations = plan([talk("a", "one", "two", "three")], trials=1, languages=("*",))
    suite = suite_at(tmp_path, attempts=3)
    free = Fake(failing(1, kind))
    records = run(free, conversations, suite, "free_running")
    assert len(free.asked) == asked
    assert [records["a", turn, 0].state for turn in (1, 3, 5)] == ["errored", "diverged", "diverged"]
    assert records["a", 3, 0].reason == "the reply at turn 1 is missing"
    failure = records["a", 1, 0].failure
    assert failure is not None
    assert (failure.kind, failure.attempts) == (kind, asked)
    forced = run(Fake(failing(1, kind)), conversations, suite)
    assert [forced["a", turn, 0].state for turn in (1, 3, 5)] == ["errored", "replied", "replied"]


@pytest.mark.parametrize("mode", ["teacher_forced", "free_running"])
def test_what_is_done_is_not_asked_again(mode: Mode, tmp_path: Path) -> None:
    conversations = plan([talk("a", "one", "two"), talk("b", "one")], trials=2, languages=("*",))
    whole = run(Fake(), conversations, suite_at(tmp_path), mode)
    done = {key: whole[key] for key in [("a", 1, 0), ("b", 1, 1)]}
    agent = Fake()
    rest = run(agent, conversations, suite_at(tmp_path), mode, done)
    assert agent.places == [("a", 1, 1), ("a", 3, 0), ("a", 3, 1), ("b", 1, 0)]
    assert rest | done == whole, "continued or not, the run is the same"


def test_a_divergence_found_before_the_interruption_stays(tmp_path: Path) -> None:
    conversations = plan([talk("a", "one", "two", "three")], trials=1, languages=("*",))
    gone = ReplyRecord(id="a", turn=3, trial=0, state="diverged", reason="after turn 1: why")
    done = {("a", 1, 0): ReplyRecord(id="a", turn=1, trial=0, state="replied", reply=Reply(text="x")), gone.key: gone}
    agent = Fake()
    rest = run(agent, conversations, suite_at(tmp_path), "free_running", done)
    assert agent.asked == []
    assert (rest["a", 5, 0].state, rest["a", 5, 0].reason) == ("diverged", "after turn 1: why")


def test_languages_that_are_not_claimed_are_planned_and_not_asked(tmp_path: Path) -> None:
    conversations = plan([talk("a", "x"), talk("b", "x", language="fi")], trials=1, languages=("en", "de"))
    assert [[point.claimed for point in one] for one in conversations] == [[True], [False]]
    agent = Fake()
    assert list(run(agent, conversations, suite_at(tmp_path))) == [("a", 1, 0)]


def test_trials_are_asked_apart(tmp_path: Path) -> None:
    conversations = plan([talk("a", "one")], trials=3, languages=("*",))
    agent = Fake()
    run(agent, conversations, suite_at(tmp_path))
    assert agent.places == [("a", 1, 0), ("a", 1, 1), ("a", 1, 2)]
    assert len({one.session for one in agent.asked}) == 3


def test_no_more_requests_are_under_way_than_the_suite_allows(tmp_path: Path) -> None:
    conversations = plan([talk(f"t{n}", "one", "two") for n in range(20)], trials=1, languages=("*",))
    modes: tuple[Mode, ...] = ("teacher_forced", "free_running")
    for mode in modes:
        agent = Fake(seconds=0.002)
        run(agent, conversations, suite_at(tmp_path, concurrency=5), mode)
        assert (agent.most, len(agent.asked)) == (5, 40)


def test_an_endpoint_that_keeps_the_session_cannot_be_teacher_forced(tmp_path: Path) -> None:
    conversations = plan([talk("a", "one")], trials=1, languages=("*",))
    with pytest.raises(UsageError, match=r"keeps the session.*--mode free_running"):
        run(Fake(keeps_session=True), conversations, suite_at(tmp_path))
    assert run(Fake(keeps_session=True), conversations, suite_at(tmp_path), "free_running")


def test_an_endpoint_that_keeps_the_session_is_never_told_the_same_twice(tmp_path: Path) -> None:
    conversations = plan([talk("a", "one", "two")], trials=1, languages=("*",))
    heard = Fake(failing(1, "stream_cut"), keeps_session=True)
    run(heard, conversations, suite_at(tmp_path), "free_running")
    assert len(heard.asked) == 1, "it may have heard the question before it failed"
    first = {("a", 1, 0): ReplyRecord(id="a", turn=1, trial=0, state="replied", reply=Reply(text="x"))}
    again = Fake(keeps_session=True)
    rest = run(again, conversations, suite_at(tmp_path), "free_running", first)
    assert (again.asked, rest["a", 3, 0].state) == ([], "diverged")


def test_a_reply_that_only_waits_for_a_tool_is_no_answer_to_grade(tmp_path: Path) -> None:
    conversations = plan([talk("a", "one")], trials=1, languages=("*",))
    wish = Reply(text="", tool_calls=(ToolCall(name="get_order", ok=False),))
    record = run(Fake(lambda _: wish), conversations, suite_at(tmp_path))["a", 1, 0]
    assert record.state == "diverged"
    assert "get_order" in record.reason


def test_a_cancelled_replay_leaves_only_whole_outcomes(tmp_path: Path) -> None:
    conversations = plan([talk(f"t{n}", "one") for n in range(50)], trials=1, languages=("*",))
    found: list[ReplyRecord] = []
    agent = Fake(seconds=0.01)

    async def interrupted() -> None:
        enough = asyncio.Event()

        def sink(record: ReplyRecord) -> None:
            found.append(record)
            if len(found) >= 12:
                enough.set()

        suite = suite_at(tmp_path, concurrency=4)
        work = asyncio.create_task(
            replay(agent, conversations, settings=suite, mode="teacher_forced", done={}, sink=sink)
        )
        await enough.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(interrupted())
    assert 12 <= len(found) < 50
    assert {record.state for record in found} == {"replied"}
    assert len(agent.asked) <= len(found) + 4, "at most those in flight are asked twice"


def test_a_journal_that_cannot_be_written_ends_the_replay_with_its_own_error(tmp_path: Path) -> None:
    def full(record: ReplyRecord) -> None:
        raise OSError("no space left")

    conversations = plan([talk("a", "one")], trials=1, languages=("*",))
    work = replay(Fake(), conversations, settings=suite_at(tmp_path), mode="teacher_forced", done={}, sink=full)
    with pytest.raises(OSError, match="no space left"):
        asyncio.run(work)


def shown_with(root: Path, template: str, transcript: Transcript, **agent: Any) -> Conversation:
    """Return what the agent is shown when the suite's system prompt is `template`."""
    (root / "system.md").write_text(template)
    fake = Fake()
    suite = suite_at(root, system="system.md", **agent)
    run(fake, plan([transcript], trials=1, languages=("*",)), suite)
    return fake.asked[0]


FULL = talk(
    "a",
    "one",
    market="PL",
    customer="c-1",
    started_at=dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC),
    knowledge=(Knowledge(id="fees", text="A fee is <8 kr."),),
    records={"order": {"id": "H-1"}},
)
TEMPLATE = (
    "{{ today }} {{ customer }} {{ language }} {{ market }} {{ records.order.id if records else '-' }}"
    "{% for passage in knowledge %} {{ passage.text }}{% endfor %}"
)


def test_the_system_prompt_is_filled_in_from_the_transcript(tmp_path: Path) -> None:
    assert shown_with(tmp_path, TEMPLATE, FULL).system == "2026-03-02 c-1 en PL - A fee is <8 kr."


def test_knowledge_and_records_are_shown_only_where_the_suite_says_so(tmp_path: Path) -> None:
    shown = shown_with(tmp_path, TEMPLATE, FULL, knowledge=False, records=True)
    assert shown.system == "2026-03-02 c-1 en PL H-1"


def test_the_tools_of_the_suite_are_offered(tmp_path: Path) -> None:
    (tmp_path / "tools.json").write_text('{"tools": [{"type": "function"}], "writes": [], "handover": []}')
    assert shown_with(tmp_path, "x", FULL, tools="tools.json").tools == ({"type": "function"},)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ nmae }}", "nmae.*the variables are today, customer"),
        ("{% for x in knowledge %}", "system.md:1: not a Jinja template"),
        ("{{ ''.__class__.__mro__ }}", "system.md: a: .*unsafe"),
    ],
)
def test_a_prompt_that_cannot_be_filled_in_is_refused_before_anyone_is_asked(
    template: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        shown_with(tmp_path, template, FULL)


def test_files_of_the_suite_that_are_missing_or_broken_are_named(tmp_path: Path) -> None:
    conversations = plan([FULL], trials=1, languages=("*",))
    with pytest.raises(UsageError, match=r"gone\.md.*\[agent\]"):
        run(Fake(), conversations, suite_at(tmp_path, system="gone.md"))
    (tmp_path / "tools.json").write_text("[1]")
    with pytest.raises(InputError, match=r"tools\.json.*expected"):
        run(Fake(), conversations, suite_at(tmp_path, tools="tools.json"))
