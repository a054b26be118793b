"""The sources of a mixture: replies of a run, or recorded answers of any number of transcripts, read as a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from chatparity.errors import InputError, Problem, UsageError
from chatparity.exchange import Point, ReplyRecord
from chatparity.grading import Grader, Side, grade, load_graders
from chatparity.grading.rows import ScoreRow
from chatparity.jsonl import scan, transcript_files
from chatparity.points import points_of, recorded_reply
from chatparity.replay import as_seen
from chatparity.run.folder import RunFolder
from chatparity.sample.design import Key
from chatparity.sample.kinds import Finder, turning
from chatparity.sample.mixture import MixDraw, Mixed
from chatparity.sample.result import Source
from chatparity.sample.scored import NO_FAULTS, Faults, Scored, faults_of
from chatparity.sample.source import Candidate, Found, Progress, hashed, lines_of, resolved
from chatparity.suite import Suite
from chatparity.transcript import Transcript

FIELDS = ("language", "market", "channel", "intent", "difficulty")
UNKNOWN = "unknown"
CHANGED = "the transcripts were changed while they were read: draw again"


class Place(NamedTuple):
    """Where an answer stands, which is all that is kept of it while others stream by, and what graders say of it."""

    file: int
    line: int
    scores: Faults


def stratum_of(point: Point, by: str) -> str:
    """Return the stratum of an exchange: the field and its value."""
    return f"{by} {point.slices.get(by) or UNKNOWN}" if by else ""


def mix_from_run(folder: RunFolder, draw: MixDraw[ReplyRecord], finder: Finder, by: str) -> Found:
    """Draw from the replies of a run; its scores, as many as there are, become the controls.

    Raises UsageError when the run has no replies, or is not graded and the mix needs scores.
    """
    manifest = folder.manifest()
    rows = folder.scores() if finder.graded or folder.scores_file.is_file() else []
    records = folder.outcomes()
    there = {record.key: record for record in records if record.reply is not None}
    if not there:
        raise UsageError(f"{folder.path}: no reply to sample: the run has {len(records)} exchanges, all without one")
    by_key: dict[Key, list[ScoreRow]] = {}
    for row in rows:
        if row.arm == "ai" and row.key in there:
            by_key.setdefault(row.key, []).append(row)
    finder = Finder(finder.wanted, finder.taxonomy, finder.seen, turning(row for one in by_key.values() for row in one))
    for point in _points(folder, there, manifest.trials):
        key = (point.id, point.turn, point.trial)
        if key in there:
            draw.offer(key, there[key], kinds=finder.kinds(point, by_key.get(key, [])), stratum=stratum_of(point, by))
    _check_all_offered(folder, draw, there)
    drawn = draw.result()
    whole = resolved(folder, manifest, {one.key: one.kept for one in drawn}, records)
    scored = Scored({one.key for one in drawn})
    scored.add(row for one in by_key.values() for row in one)
    files = [folder.manifest_file, folder.transcripts_file, folder.replies.path]
    return Found(
        drawn=[Mixed(one.key, one.cell, whole[one.key]) for one in drawn],
        source=Source(
            kind="run",
            path=str(folder.path),
            files=hashed([*files, folder.scores_file] if rows else files),
            agent=manifest.agent,
            mode=manifest.mode,
        ),
        left_out=manifest.planned - draw.population,
        invalid=(),
        graders=tuple(sorted({row.grader for row in rows})),
        scores=scored.kept,
        automatic=scored.automatic(draw.population),
    )


def _points(folder: RunFolder, records: Mapping[Key, ReplyRecord], trials: int) -> Iterator[Point]:
    """Yield the points of a run with the history that the agent saw, one conversation at a time."""
    mode = folder.manifest().mode
    for _, _, item in scan([folder.transcripts_file], compact=True):
        if isinstance(item, Transcript):
            for trial in range(trials):
                yield from as_seen(tuple(points_of(item, trial=trial)), records, mode)


def _check_all_offered(folder: RunFolder, draw: MixDraw[ReplyRecord], there: Mapping[Key, ReplyRecord]) -> None:
    if draw.population != len(there):
        message = f"expected the transcripts of {len(there)} replies, got those of {draw.population}"
        raise InputError([Problem(folder.transcripts_file, None, "id", message)])


async def mix_from_transcripts(
    paths: Sequence[Path],
    suite: Suite,
    draw: MixDraw[Place],
    finder: Finder,
    by: str,
    *,
    skip_invalid: bool = False,
    on_progress: Progress | None = None,
) -> Found:
    """Draw from the answers recorded in transcripts, in memory that does not grow with their number.

    Of each answer that may yet be drawn only its place is kept; what was drawn is read again at the end. Beside that an
    id needs 14 bytes. Answers are graded, by every grader that needs no judge, only where the mix needs scores.
    `on_progress` is called with (lines read, lines in all). Raises InputError with every invalid line, unless those are
    to be skipped, and UsageError when there is no answer.
    """
    files = transcript_files(paths)
    numbers = {path: number for number, path in enumerate(files)}
    lines = sum(lines_of(path) for path in files) if on_progress else 0
    graders = [one for one in load_graders(suite) if not one.needs_judge] if finder.graded else []
    invalid: list[Problem] = []
    scored, unanswered = Scored(), 0
    for count, (path, line, item) in enumerate(scan(files, compact=True), 1):
        if isinstance(item, Problem):
            invalid.append(item)
        elif skip_invalid or not invalid:
            unanswered += await _offer(item, (numbers[path], line), suite, graders, draw, finder, by, scored)
        if on_progress:
            on_progress(min(count, lines), lines)
    if invalid and not skip_invalid:
        raise InputError(invalid)
    if not draw.population:
        raise UsageError(f"{', '.join(map(str, paths))}: no recorded answer to sample")
    drawn = draw.result()
    whole = _read_again(files, drawn, suite)
    return Found(
        drawn=[Mixed(one.key, one.cell, whole[one.key]) for one in drawn],
        source=Source(kind="transcripts", path=", ".join(map(str, paths)), files=hashed(files)),
        left_out=unanswered,
        invalid=tuple(invalid),
        graders=tuple(one.name for one in graders),
        scores={one.key: one.kept.scores for one in drawn},
        automatic=scored.automatic(draw.population),
    )


async def _offer(
    transcript: Transcript,
    place: tuple[int, int],
    suite: Suite,
    graders: Sequence[Grader],
    draw: MixDraw[Place],
    finder: Finder,
    by: str,
    scored: Scored,
) -> int:
    """Offer every recorded answer of a transcript to the draw and return how many points have none."""
    points = points_of(transcript)
    handover = suite.settings.agent.handover_tools
    answers = {point.turn: recorded_reply(transcript, point.turn, handover_tools=handover) for point in points}
    records = {
        turn: ReplyRecord(id=transcript.id, turn=turn, trial=0, state="replied", reply=reply)
        for turn, reply in answers.items()
        if reply is not None
    }
    answered = tuple(point for point in points if point.turn in records)
    rows = await grade([Side("ai", answered, records)], graders, judged=False) if graders else []
    scored.add(rows)
    faults = faults_of(rows)
    by_key: dict[Key, list[ScoreRow]] = {}
    for row in rows:
        by_key.setdefault(row.key, []).append(row)
    for point in answered:
        key = (point.id, point.turn, 0)
        kinds = finder.kinds(point, by_key.get(key, []))
        draw.offer(key, Place(*place, faults.get(key, NO_FAULTS)), kinds=kinds, stratum=stratum_of(point, by))
    return len(points) - len(answered)


def _read_again(files: Sequence[Path], drawn: Sequence[Mixed[Place]], suite: Suite) -> dict[Key, Candidate]:
    """Return the drawn answers with their transcripts. Raises UsageError when a file was changed meanwhile."""
    wanted: dict[int, dict[int, list[Mixed[Place]]]] = {}
    for one in drawn:
        wanted.setdefault(one.kept.file, {}).setdefault(one.kept.line, []).append(one)
    found: dict[Key, Candidate] = {}
    for number, by_line in wanted.items():
        for line, transcript in _lines(files[number], by_line.keys()):
            points = {point.turn: point for point in points_of(transcript)}
            for one in by_line[line]:
                name, turn, _ = one.key
                tools = suite.settings.agent.handover_tools
                reply = recorded_reply(transcript, turn, handover_tools=tools) if transcript.id == name else None
                if reply is not None and turn in points:
                    found[one.key] = Candidate(transcript, points[turn], reply, recorded=True)
    if len(found) < len(drawn):
        raise UsageError(CHANGED)
    return found


def _lines(path: Path, wanted: Iterable[int]) -> Iterator[tuple[int, Transcript]]:
    """Yield the wanted lines of a file that was read before, and found valid, as transcripts."""
    import msgspec

    decoder, left = msgspec.json.Decoder(Transcript), set(wanted)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if number in left:
                try:
                    yield number, decoder.decode(line.removeprefix(b"\xef\xbb\xbf"))
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise UsageError(CHANGED) from error
                left.discard(number)
                if not left:
                    return
