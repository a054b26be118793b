"""The two arms of a run's conversations, as graders see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chatparity.exchange import Point, ReplyRecord
from chatparity.grading import Side, human_side
from chatparity.grading.rows import STOPPED_EARLY
from chatparity.replay import as_seen, plan
from chatparity.replay.seen import Key, key_of
from chatparity.run.folder import Looks, Manifest, RunFolder
from chatparity.suite import Suite
from chatparity.transcript import Transcript

Talk = tuple[str, int]


def talk_of(conversation: tuple[Point, ...]) -> Talk:
    """Return what names a conversation in a run: transcript and trial."""
    return (conversation[0].id, conversation[0].trial)


def sides_of(suite: Suite, folder: RunFolder, manifest: Manifest) -> dict[Talk, list[Side]]:
    """Return the arms of every conversation and trial of a run, in order."""
    transcripts = folder.transcripts()
    conversations = plan(transcripts, trials=manifest.trials, languages=manifest.languages)
    records = {record.key: record for record in folder.outcomes()}
    return arms(suite, manifest, conversations, transcripts, records, folder.looks())


def arms(
    suite: Suite,
    manifest: Manifest,
    conversations: Iterable[tuple[Point, ...]],
    transcripts: Iterable[Transcript],
    records: Mapping[Key, ReplyRecord],
    looks: Looks | None = None,
) -> dict[Talk, list[Side]]:
    """Return the arms of conversations: the AI's, and people's where they answered.

    People answered once, whatever the number of trials: their side stands beside each, so that each is compared; the
    cluster, which is the conversation, keeps one answer from counting as several. Of a run that was stopped early,
    neither arm is graded beyond what it came to.
    """
    by_id = {transcript.id: transcript for transcript in transcripts}
    stopped = looks if looks is not None and looks.stopped else None
    sampled = frozenset(stopped.sampled) if stopped else frozenset()
    swept = frozenset(stopped.swept) if stopped else frozenset()
    found: dict[Talk, list[Side]] = {}
    for conversation in conversations:
        first = conversation[0]
        left = STOPPED_EARLY if stopped and first.cluster not in sampled else ""
        by = stopped.graders if stopped and first.cluster in swept else ()
        mine = {point.turn: records[key] for point in conversation if (key := key_of(point)) in records}
        seen = as_seen(conversation, records, manifest.mode)
        sides = [Side("ai", conversation, mine, seen=seen, left=left, graded_by=by)]
        human = human_side(by_id[first.id], conversation, suite.settings.agent.handover_tools)
        if human is not None:
            sides.append(Side(human.arm, human.points, human.records, left=left, graded_by=by))
        found[talk_of(conversation)] = sides
    return found
