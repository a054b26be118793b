"""Answers that people rated, wherever their labels come from: gold labels, a filled-in sample, labels made of one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import msgspec

from chatparity.errors import UsageError
from chatparity.grading.people import Truth, truths
from chatparity.jsonl import read_transcripts, transcript_files
from chatparity.points import points_of, recorded_reply
from chatparity.sample import read_labels
from chatparity.sample.folder import SAMPLE, SHEET, read_sample
from chatparity.sample.labels import is_sheet
from chatparity.suite import Suite
from chatparity.transcript import Transcript


@dataclass(frozen=True)
class Rated:
    """One answer with what people said of it, by dimension.

    `trial` is None where the label is about the recorded answer, whatever the trial. `probability` is that with which
    the answer could come among those that people looked at; `drawn`: it was drawn by chance from the answers of a run.
    """

    id: str
    turn: int
    trial: int | None
    text: str
    truths: Mapping[str, Truth]
    probability: float
    synthetic: bool
    drawn: bool = False


class _Review(msgspec.Struct):
    """What a sample leaves in `meta.review` of a transcript, as far as it is read here."""

    turn: int
    inclusion_probability: Annotated[float, msgspec.Meta(gt=0, le=1)]


class _Origin(msgspec.Struct):
    """What a sample leaves in `meta.sampled_from`: the reply of a run that a transcript was made for."""

    id: str
    turn: int
    trial: int


@dataclass(frozen=True)
class Ratings:
    """All rated answers of a source, and its name with a hash of its files for the licence."""

    rated: tuple[Rated, ...]
    source: str


def read_ratings(path: Path, suite: Suite) -> Ratings:
    """Read the labels of people: labelled transcripts, the folder of a filled-in sample, or a sheet beside one.

    Raises UsageError where there is no label of an answer, InputError for what cannot be read.
    """
    folder = path if (path / SAMPLE).is_file() else path.parent if is_sheet(path) else None
    if folder is not None:
        files = [folder / SHEET if path == folder else path]
        transcripts: Sequence[Transcript] = read_labels(folder, files[0]).transcripts
    else:
        files = list(transcript_files([path]))
        transcripts = read_transcripts([path])
    rated = tuple(one for transcript in transcripts for one in rated_in(transcript, suite))
    if folder is not None and read_sample(folder).source.kind == "run":
        rated = tuple(replace(one, drawn=True) for one in rated)
    if not rated and folder is not None:
        raise UsageError(f"{path}: nothing is labelled yet: chatparity review {folder}, or fill in {files[0]}")
    if not rated:
        wanted = "labels.answers, labels.escalation or outcome.resolved, or the folder of a judged sample"
        raise UsageError(f"{path}: no label here says how good an answer is: expected {wanted}")
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return Ratings(rated, f"{path.name} ({len(rated)} rated answers, sha256 {digest[:12]})")


def rated_in(transcript: Transcript, suite: Suite) -> list[Rated]:
    """Return the rated answers of one transcript.

    In one that was made for an item of a sample only that item's answer is rated, and it is the reply of a run.
    """
    drawn = _meta(transcript, "sampled_from", _Origin)
    chances = _probabilities(transcript)
    found = []
    points = points_of(transcript)
    for point in points:
        reply = recorded_reply(transcript, point.turn, handover_tools=suite.settings.agent.handover_tools)
        if reply is None or (drawn and point.turn != len(transcript.turns) - 1):
            continue
        said = truths(transcript, point.turn, reply, last=point.last)
        if not said:
            continue
        place: tuple[str, int, int | None] = (transcript.id, point.turn, None)
        if drawn:
            place = (drawn.id, drawn.turn, drawn.trial)
        found.append(Rated(*place, reply.text, said, chances.get(point.turn, 1.0), transcript.synthetic, bool(drawn)))
    return found


def _probabilities(transcript: Transcript) -> dict[int, float]:
    """Return the inclusion probability of each answer that came from a sample."""
    reviews: list[_Review] = _meta(transcript, "review", list[_Review]) or []
    return {one.turn: one.inclusion_probability for one in reviews}


def _meta(transcript: Transcript, name: str, kind: Any) -> Any:
    """Return a field of `meta` that a sample wrote, or None: `meta` is anybody's, and may hold other things there."""
    try:
        return msgspec.convert(transcript.meta[name], kind)
    except (KeyError, msgspec.ValidationError):
        return None
