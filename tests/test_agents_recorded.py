"""The agent that asks nobody: replies from transcripts and from an earlier run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chatparity.agents import open_agent
from chatparity.errors import AgentFailure, InputError, UsageError
from chatparity.exchange import Conversation, Failure, Reply, ReplyRecord
from chatparity.jsonl import Journal, write_transcripts
from chatparity.suite import AgentTable, Settings, Suite, SuiteTable
from chatparity.transcript import ToolCall, Transcript, Turn

TALK = Transcript(
    schema=1,
    id="en-1",
    language="en",
    turns=(
        Turn(speaker="customer", text="A person, please.", at=10),
        Turn(speaker="ai_agent", text="One moment.", at=12),
        Turn(speaker="ai_agent", text="Here she is.", at=15, tool_calls=(ToolCall(name="hand_over"),)),
        Turn(speaker="customer", text="Thanks"),
        Turn(speaker="human_agent", text=" "),
    ),
)


def reply_from(spec: str, root: Path, *, turn: int = 1, trial: int = 0, name: str = "en-1") -> Reply:
    suite = Suite(root=root, shipped=root, settings=Settings(suite=SuiteTable(name="test"), agent=AgentTable()))
    question = Conversation(id=name, turn=turn, trial=trial, language="en", history=TALK.turns[:1])

    async def asked() -> Reply:
        async with open_agent(spec, suite) as agent:
            return await agent.reply(question)

    return asyncio.run(asked())


def test_a_transcript_answers_with_its_whole_answer_in_every_trial(tmp_path: Path) -> None:
    write_transcripts(tmp_path / "talk.jsonl", [TALK])
    for trial in (0, 3):
        reply = reply_from(f"recorded:{tmp_path / 'talk.jsonl'}", tmp_path, trial=trial)
        assert (reply.text, reply.handover) == ("One moment.\nHere she is.", True)
        assert (reply.first_token, reply.latency) == (2, 5)


def test_a_file_is_looked_for_in_the_suite_as_well(tmp_path: Path) -> None:
    write_transcripts(tmp_path / "talk.jsonl", [TALK])
    assert reply_from("recorded:talk.jsonl", tmp_path).handover


@pytest.mark.parametrize(
    ("name", "turn", "kind"), [("en-2", 1, "no_recording"), ("en-1", 9, "no_recording"), ("en-1", 4, "empty")]
)
def test_what_was_not_recorded_is_a_failure_that_no_retry_helps(
    name: str, turn: int, kind: str, tmp_path: Path
) -> None:
    write_transcripts(tmp_path / "talk.jsonl", [TALK])
    with pytest.raises(AgentFailure, match=f"{name} turn {turn}") as raised:
        reply_from(f"recorded:{tmp_path / 'talk.jsonl'}", tmp_path, turn=turn, name=name)
    assert (raised.value.kind, raised.value.retryable) == (kind, False)


def test_a_run_answers_trial_by_trial_and_fails_as_it_failed_then(tmp_path: Path) -> None:
    with Journal(tmp_path / "replies.jsonl", ReplyRecord) as journal:
        journal.append(ReplyRecord(id="en-1", turn=1, trial=0, state="replied", reply=Reply(text="First.")))
        journal.append(ReplyRecord(id="en-1", turn=1, trial=1, state="replied", reply=Reply(text="Second.")))
        failure = Failure(kind="timeout", message="no reply within 3 s", attempts=4)
        journal.append(ReplyRecord(id="en-1", turn=4, trial=0, state="errored", failure=failure))
    assert reply_from(f"recorded:{tmp_path / 'replies.jsonl'}", tmp_path, trial=1).text == "Second."
    assert reply_from(f"recorded:{tmp_path}", tmp_path).text == "First.", "a run's folder will do"
    with pytest.raises(AgentFailure, match="no reply within 3 s") as raised:
        reply_from(f"recorded:{tmp_path}", tmp_path, turn=4)
    assert (raised.value.kind, raised.value.retryable) == ("timeout", False)
    with pytest.raises(AgentFailure, match="no reply is recorded"):
        reply_from(f"recorded:{tmp_path}", tmp_path, trial=2)


def test_a_file_that_is_neither_is_bad_input(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"hello": 1}\n')
    with pytest.raises(InputError, match=r"x\.jsonl:1"):
        reply_from(f"recorded:{file}", tmp_path)
    file.write_text('{"state": "replied", "id": 7}\n')
    with pytest.raises(InputError, match=r"x\.jsonl:1: not a line of a run's replies"):
        reply_from(f"recorded:{file}", tmp_path)
    with pytest.raises(UsageError, match="recorded:FILE"):
        reply_from("recorded:", tmp_path)
