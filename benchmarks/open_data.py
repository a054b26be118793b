"""Real data that nobody on this project wrote, where a folder of them is there: read, halved, made into exchanges.

The folder is `../shared/data` (or the first argument of a benchmark). Nothing of it is shipped. Items share a half by
`split_key` (by `id` where they have none): graders may be tuned on the `dev` half; the other is reported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from chatparity.checks.calls import hands_over
from chatparity.exchange import Exchange
from chatparity.importers.tau_bench import READS, REFUSED, TRANSFER
from chatparity.points import exchanges, points_of, recorded_reply
from chatparity.transcript import ExpectedAction, Knowledge, Labels, ToolCall, Transcript, Turn

FOLDER = Path(__file__).parents[1] / ".." / "shared" / "data"
SPEAKERS = {"customer": "customer", "agent": "ai_agent", "human_agent": "human_agent"}
Item = dict[str, Any]


def key_of(item: Item) -> str:
    """Return what the items that are not independent of each other share."""
    return str(item.get("split_key") or item["id"])


def half_of(item: Item) -> Literal["dev", "exam"]:
    """Return the half of an item, by the first byte of the SHA-256 of its key."""
    return "exam" if hashlib.sha256(key_of(item).encode()).digest()[0] % 2 else "dev"


def items(folder: Path, name: str, split: str = "all") -> list[Item]:
    """Return the items of a file in one half or in both; none where the file is not there."""
    path = folder / f"{name}.jsonl"
    if not path.is_file():
        return []
    rows = [msgspec.json.decode(line) for line in path.read_bytes().splitlines() if line.strip()]
    return [row for row in rows if split in ("all", half_of(row))]


def transcript_of(item: Item) -> Transcript:
    """Return an item as a transcript; of its labels only the ground-truth actions that write."""
    knowledge = [text for text in item.get("knowledge") or () if isinstance(text, str) and text.strip()]
    actions = item["labels"].get("gt_actions")
    return Transcript(
        schema=1,
        id=item["id"],
        language=str(item["language"]).split()[0],
        turns=tuple(_turns(item["turns"])),
        cluster=key_of(item),
        knowledge=tuple(Knowledge(id=f"k{number}", text=text) for number, text in enumerate(knowledge)),
        labels=Labels(
            actions=None
            if actions is None
            else tuple(
                ExpectedAction(name=one["name"], arguments=one["arguments"])
                for one in actions
                if not READS.fullmatch(one["name"]) and one["name"] != TRANSFER
            )
        ),
    )


def _turns(turns: list[Item]) -> Iterator[Turn]:
    """Yield the turns; calls with the results that follow them go to the agent's turn that speaks next."""
    calls: list[ToolCall] = []
    waiting: list[Item] = []
    for turn in turns:
        if turn["role"] == "tool":
            asked = waiting.pop(0) if waiting else {"name": turn["tool_result"]["name"], "arguments": {}}
            calls.append(_call(asked, str(turn["tool_result"]["content"])))
            continue
        if turn["role"] == "customer":
            if calls:
                yield Turn(speaker="ai_agent", tool_calls=tuple(calls))
                calls = []
            if turn["text"].strip():
                yield Turn(speaker="customer", text=turn["text"])
            continue
        waiting += turn.get("tool_calls") or []
        if turn["text"].strip():
            yield Turn(speaker=SPEAKERS[turn["role"]], text=turn["text"], tool_calls=tuple(calls))  # type: ignore[arg-type]
            calls = []
    if calls:
        yield Turn(speaker="ai_agent", tool_calls=tuple(calls))


def _call(asked: Item, result: str) -> ToolCall:
    """Return a call with its result, decoded where it is JSON."""
    decoded: Any = result
    try:
        decoded = msgspec.json.decode(result.encode())
    except msgspec.DecodeError:
        decoded = result
    return ToolCall(name=asked["name"], arguments=asked["arguments"], ok=not result.startswith(REFUSED), result=decoded)


def exchanges_of(transcript: Transcript) -> list[Exchange]:
    """Return the recorded answers of a transcript in their context."""
    points = points_of(transcript)
    handing = {call.name for turn in transcript.turns for call in turn.tool_calls if hands_over(call.name)}
    replies = {point.turn: recorded_reply(transcript, point.turn, handover_tools=handing) for point in points}
    return exchanges(points, {turn: reply for turn, reply in replies.items() if reply is not None})
