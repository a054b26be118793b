"""Where in a transcript an agent is asked, and what the recorded side answered there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from chatparity.exchange import Exchange, Point, Reply
from chatparity.transcript import AGENTS, Transcript, Turn, answer_block, answer_turns


def claims(languages: Collection[str], language: str) -> bool:
    """Say whether an agent that claims `languages` claims this one; "*" is all, `pt` covers `pt-BR`."""
    return "*" in languages or language in languages or language.split("-")[0] in languages


def points_of(transcript: Transcript, *, trial: int = 0, languages: Collection[str] = ("*",)) -> list[Point]:
    """Return the points of a transcript, oldest first, each with the recorded history before it.

    Where `labels.escalation_turns` names the answers that were labelled, the others have no escalation label.
    """
    turns = answer_turns(transcript)
    labels = msgspec.structs.replace(transcript.labels, answers=None)
    unlabelled = msgspec.structs.replace(labels, escalation=None)
    scope = labels.escalation_turns
    return [
        Point(
            id=transcript.id,
            turn=turn,
            trial=trial,
            language=transcript.language,
            market=transcript.market,
            channel=transcript.channel,
            intent=transcript.intent,
            difficulty=transcript.difficulty,
            started_at=transcript.started_at,
            cluster=transcript.cluster or transcript.id,
            history=transcript.turns[:turn],
            knowledge=transcript.knowledge,
            records=transcript.records,
            labels=labels if scope is None or turn in scope else unlabelled,
            last=turn == turns[-1],
            claimed=claims(languages, transcript.language),
            customer=transcript.customer,
            reference=recorded_reply(transcript, turn, speakers=("human_agent",)),
        )
        for turn in turns
    ]


def recorded_reply(
    transcript: Transcript,
    turn: int,
    *,
    handover_tools: Collection[str] = (),
    speakers: Collection[str] = AGENTS,
) -> Reply | None:
    """Return the answer recorded at `turn` by one of `speakers` as a Reply, or None when there is none.

    Its latency is the time from the customer's last message to the end of the answer, where the turns carry times.
    """
    block = [part for part in answer_block(transcript, turn) if part.speaker in speakers]
    if not block:
        return None
    calls = tuple(call for part in block for call in part.tool_calls)
    asked = transcript.turns[turn - 1].at if turn else None
    said = [part.at for part in block if part.at is not None]
    return Reply(
        text="\n".join(part.text for part in block if part.text),
        tool_calls=calls,
        handover=any(call.ok and call.name in handover_tools for call in calls),
        latency=max(said[-1] - asked, 0.0) if said and asked is not None else None,
        first_token=max(said[0] - asked, 0.0) if said and asked is not None else None,
    )


def exchanges(points: Sequence[Point], replies: dict[int, Reply]) -> list[Exchange]:
    """Pair the points of one conversation and trial with one side's replies, by turn; points without are left out."""
    found: list[Exchange] = []
    earlier: list[tuple[int, Reply]] = []
    for point in sorted(points, key=lambda point: point.turn):
        reply = replies.get(point.turn)
        if reply is not None:
            found.append(Exchange(point=point, reply=reply, earlier=tuple(earlier)))
            earlier.append((point.turn, reply))
    return found


def spoken(reply: Reply) -> Turn:
    """Return a reply as the turn it becomes in a history."""
    return Turn(speaker="ai_agent", text=reply.text, tool_calls=reply.tool_calls)
