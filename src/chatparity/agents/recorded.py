"""The agent `recorded:FILE`: gives the replies that a transcript file or a run's replies.jsonl holds, asking nobody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from chatparity.errors import AgentFailure, InputError, Problem, UsageError
from chatparity.exchange import Conversation, Reply, ReplyRecord
from chatparity.jsonl import read_transcripts
from chatparity.points import recorded_reply
from chatparity.suite import Suite
from chatparity.transcript import answer_turns

REPLIES = "replies.jsonl"
Key = tuple[str, int, int | None]


class RecordedAgent:
    """Answers from a recording: agent turns of transcripts (the same in every trial), or the replies of a run."""

    keeps_session = False

    def __init__(self, name: str, replies: Mapping[Key, Reply | AgentFailure], source: Path) -> None:
        self.name = name
        self._replies = replies
        self._source = source

    @classmethod
    def read(cls, name: str, argument: str, suite: Suite) -> RecordedAgent:
        """Read the recording: a `.jsonl` file of transcripts or replies, or a folder with `replies.jsonl` in it.

        Raises UsageError and InputError when there is none or it cannot be read.
        """
        if not argument:
            raise UsageError("--agent recorded: expected recorded:FILE, got no file")
        path = Path(argument) if Path(argument).exists() else suite.path(argument)
        path = path / REPLIES if (path / REPLIES).is_file() else path
        handover_tools = suite.settings.agent.handover_tools
        return cls(name, _run(path) if _is_run(path) else _transcripts(path, handover_tools), path)

    async def reply(self, conversation: Conversation) -> Reply:
        """Return the recorded reply. Raises AgentFailure `no_recording` where there is none."""
        place = (conversation.id, conversation.turn)
        found = self._replies.get((*place, conversation.trial)) or self._replies.get((*place, None))
        if found is None:
            message = f"{self._source}: no reply is recorded for {conversation.id} turn {conversation.turn}"
            raise AgentFailure("no_recording", message, retryable=False)
        if isinstance(found, AgentFailure):
            raise AgentFailure(found.kind, str(found), retryable=False)
        return found

    async def close(self) -> None:
        """Hold nothing open."""


class _Kind(msgspec.Struct):
    """The one field that tells a line of a run's replies from a transcript."""

    state: str | None = None


def _is_run(path: Path) -> bool:
    """Say whether a file's first line is a reply of a run; what is neither is left to the reader of transcripts."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        try:
            return msgspec.json.decode(file.readline(), type=_Kind).state is not None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False


def _transcripts(path: Path, handover_tools: tuple[str, ...]) -> dict[Key, Reply | AgentFailure]:
    """Return the recorded answers of transcripts by id and turn."""
    found: dict[Key, Reply | AgentFailure] = {}
    for transcript in read_transcripts([path]):
        for turn in answer_turns(transcript):
            reply = recorded_reply(transcript, turn, handover_tools=handover_tools)
            if reply is None:
                continue
            empty = not reply.text.strip() and not reply.tool_calls
            message = f"{path}: the recorded reply of {transcript.id} turn {turn} is empty"
            found[transcript.id, turn, None] = AgentFailure("empty", message, retryable=False) if empty else reply
    return found


def _run(path: Path) -> dict[Key, Reply | AgentFailure]:
    """Return the replies and failures of a run by id, turn and trial. A last line without its end is left out."""
    found: dict[Key, Reply | AgentFailure] = {}
    decoder = msgspec.json.Decoder(ReplyRecord)
    data = path.read_bytes()
    for number, line in enumerate(data[: data.rfind(b"\n") + 1].splitlines(), 1):
        try:
            record = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError([Problem(path, number, "", f"not a line of a run's replies: {error}")]) from error
        if record.reply is not None:
            found[record.key] = record.reply
        elif record.failure is not None:
            found[record.key] = AgentFailure(record.failure.kind, record.failure.message, retryable=False)
    return found
