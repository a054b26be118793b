"""Where a recording gives a person's own answer as the agent's: nothing that a person could be compared with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from chatparity.exchange import ReplyRecord
from chatparity.points import recorded_reply
from chatparity.run.folder import Manifest
from chatparity.transcript import Transcript

Spot = tuple[str, int, int]


def echoes(
    manifest: Manifest,
    records: Iterable[ReplyRecord],
    transcripts: Mapping[str, Transcript],
    handover_tools: Collection[str],
) -> frozenset[Spot]:
    """Return the places (transcript, turn, trial) at which a recorded agent said what a person had said there.

    `transcripts` are by id. Of an agent that is no recording none is an echo: it may well choose a person's words.
    """
    if not manifest.agent.startswith("recorded:"):
        return frozenset()
    found = set()
    for record in records:
        transcript = transcripts.get(record.id)
        if record.reply is None or transcript is None:
            continue
        person = recorded_reply(transcript, record.turn, handover_tools=handover_tools, speakers=("human_agent",))
        if person is not None and person.text == record.reply.text:
            found.add(record.key)
    return frozenset(found)
