"""Where a sample comes from: the replies of a run, or answers recorded in transcripts, read as a stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatparity.errors import InputError, Problem, UsageError
from chatparity.exchange import Point, Reply, ReplyRecord
from chatparity.grading import Grader, Side, grade, load_graders
from chatparity.jsonl import scan, transcript_files
from chatparity.points import points_of, recorded_reply
from chatparity.replay import as_seen
from chatparity.run.folder import Manifest, RunFolder
from chatparity.run.select import sha256_of
from chatparity.sample.design import Draw, Drawn, Key
from chatparity.sample.kinds import is_flagged
from chatparity.sample.mixture import Mixed
from chatparity.sample.result import Automatic, Source, SourceFile
from chatparity.sample.scored import NO_FAULTS, Faults, Scored, faults_of
from chatparity.suite import Suite
from chatparity.transcript import Transcript

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Candidate:
    """An exchange that may be looked at; `recorded` when the reply is the one that stands in the transcript.

    `scores` are what graders say of it, as controls, where it was graded on the way.
    """

    transcript: Transcript
    point: Point
    reply: Reply
    recorded: bool
    scores: Faults = NO_FAULTS


@dataclass(frozen=True)
class Found:
    """What was drawn from a source, and all that must be told about it."""

    drawn: Sequence[Drawn[Candidate] | Mixed[Candidate]]
    source: Source
    left_out: int
    invalid: tuple[Problem, ...]
    graders: tuple[str, ...]
    scores: Mapping[Key, Faults]
    automatic: tuple[Automatic, ...]


def draw_from_run(folder: RunFolder, draw: Draw[ReplyRecord]) -> Found:
    """Draw from the replies of a run. A uniform draw needs no scores.

    Raises UsageError when the run has no replies, or is not graded and the draw is not uniform.
    """
    manifest = folder.manifest()
    rows = folder.scores() if draw.share_random < 1 else []
    flagged = {row.key for row in rows if row.arm == "ai" and is_flagged(row)}
    records = folder.outcomes()
    for record in records:
        if record.reply is not None:
            draw.offer(record.key, record, flagged=record.key in flagged)
    if not draw.population:
        raise UsageError(f"{folder.path}: no reply to sample: the run has {len(records)} exchanges, all without one")
    files = [folder.manifest_file, folder.transcripts_file, folder.replies.path]
    files += [folder.scores_file] if rows else []
    drawn = draw.result()
    there = {record.key for record in records if record.reply is not None}
    scored = Scored({one.key for one in drawn})
    scored.add(row for row in rows if row.arm == "ai" and row.key in there)
    whole = resolved(folder, manifest, {one.key: one.kept for one in drawn}, records)
    return Found(
        drawn=[Drawn(one.key, one.flagged, whole[one.key]) for one in drawn],
        source=Source(kind="run", path=str(folder.path), files=hashed(files), agent=manifest.agent, mode=manifest.mode),
        left_out=manifest.planned - draw.population,
        invalid=(),
        graders=tuple(sorted({row.grader for row in rows})),
        scores=scored.kept,
        automatic=scored.automatic(draw.population),
    )


def resolved(
    folder: RunFolder, manifest: Manifest, drawn: Mapping[Key, ReplyRecord], records: Sequence[ReplyRecord]
) -> dict[Key, Candidate]:
    """Return the drawn replies with their transcripts, of which only these are kept."""
    wanted = {name for name, _, _ in drawn}
    transcripts = {
        item.id: item
        for _, _, item in scan([folder.transcripts_file])
        if isinstance(item, Transcript) and item.id in wanted
    }
    by_key = {record.key: record for record in records if record.id in wanted}
    found: dict[Key, Candidate] = {}
    for (name, turn, trial), record in drawn.items():
        transcript, reply = transcripts.get(name), record.reply
        if transcript is None or reply is None:
            problem = Problem(
                folder.transcripts_file, None, "id", f'expected the transcript "{name}" that was replayed'
            )
            raise InputError([problem])
        conversation = tuple(points_of(transcript, trial=trial))
        point = next(point for point in as_seen(conversation, by_key, manifest.mode) if point.turn == turn)
        there = recorded_reply(transcript, turn)
        same = there is not None and (there.text, there.tool_calls) == (reply.text, reply.tool_calls)
        recorded = same and manifest.agent.startswith("recorded:") and manifest.mode == "teacher_forced"
        found[name, turn, trial] = Candidate(transcript, point, reply, recorded)
    return found


async def draw_from_transcripts(
    paths: Sequence[Path],
    suite: Suite,
    draw: Draw[Candidate],
    *,
    skip_invalid: bool = False,
    on_progress: Progress | None = None,
) -> Found:
    """Draw from the answers recorded in transcripts, whoever gave them, reading one transcript at a time.

    Unless the draw is uniform they are graded by every grader that needs no judge; each grades what it has labels for.
    `on_progress` is called with (lines read, lines in all). Raises InputError with every invalid line, unless those
    are to be skipped, and UsageError when there is no answer.
    """
    files = transcript_files(paths)
    lines = sum(lines_of(path) for path in files) if on_progress else 0
    graders = [one for one in load_graders(suite) if not one.needs_judge] if draw.share_random < 1 else []
    invalid: list[Problem] = []
    scored = Scored()
    unanswered = 0
    for number, (_, _, item) in enumerate(scan(paths), 1):
        if isinstance(item, Problem):
            invalid.append(item)
        elif skip_invalid or not invalid:
            unanswered += await _offer(item, suite, graders, draw, scored)
        if on_progress:
            on_progress(min(number, lines), lines)
    if invalid and not skip_invalid:
        raise InputError(invalid)
    if not draw.population:
        raise UsageError(f"{', '.join(map(str, paths))}: no recorded answer to sample")
    drawn = draw.result()
    return Found(
        drawn=drawn,
        source=Source(kind="transcripts", path=", ".join(map(str, paths)), files=hashed(files)),
        left_out=unanswered,
        invalid=tuple(invalid),
        graders=tuple(one.name for one in graders),
        scores={one.key: one.kept.scores for one in drawn},
        automatic=scored.automatic(draw.population),
    )


async def _offer(
    transcript: Transcript, suite: Suite, graders: Sequence[Grader], draw: Draw[Candidate], scored: Scored
) -> int:
    """Offer every recorded answer of a transcript to the draw and return how many points have none."""
    points = points_of(transcript)
    handover = suite.settings.agent.handover_tools
    answers = {point.turn: recorded_reply(transcript, point.turn, handover_tools=handover) for point in points}
    replies = {turn: reply for turn, reply in answers.items() if reply is not None}
    answered = tuple(point for point in points if point.turn in replies)
    records = {
        turn: ReplyRecord(id=transcript.id, turn=turn, trial=0, state="replied", reply=reply)
        for turn, reply in replies.items()
    }
    rows = await grade([Side("ai", answered, records)], graders, judged=False) if graders else []
    flagged: set[Key] = {row.key for row in rows if is_flagged(row)}
    scored.add(rows)
    scores = faults_of(rows)
    for point in answered:
        key = (point.id, point.turn, 0)
        candidate = Candidate(transcript, point, replies[point.turn], recorded=True, scores=scores.get(key, NO_FAULTS))
        draw.offer(key, candidate, flagged=key in flagged)
    return len(points) - len(answered)


def lines_of(path: Path) -> int:
    """Count the lines of a file without holding it."""
    with path.open("rb") as file:
        return sum(1 for _ in file)


def hashed(paths: Sequence[Path]) -> tuple[SourceFile, ...]:
    """Return files with their SHA-256."""
    return tuple(SourceFile(path=str(path), sha256=sha256_of(path)) for path in paths)
