"""What can be graded without labels, what cannot and why, and which label would add what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chatparity.exchange import Point
from chatparity.grading.grader import Grader
from chatparity.points import points_of
from chatparity.transcript import Transcript

# What a label or a context adds once it is there, as the end of "… would add".
ADDS: Mapping[str, str] = {
    "facts": "whether what had to be said was said",
    "forbidden": "whether something was said that must not be",
    "actions": "whether the right things were done in the tools, and nothing else",
    "escalation": "whether people were handed over to when they should be (recall, needless, ignored)",
    "knowledge": "what a stated rule, amount or deadline may rest on",
    "records": "what a statement about this customer may rest on",
}
CONTEXT: Mapping[str, Callable[[Point], bool]] = {
    "knowledge": lambda point: bool(point.knowledge),
    "records": lambda point: bool(point.records),
}


@dataclass(frozen=True)
class Gradable:
    """What one grader can do with some transcripts, counted in answers (for a conversation grader, conversations).

    Of `planned`, it has something to grade at `gradable`; `unlabelled` lack a label it needs, and the rest has the
    labels, and nothing is due there. `missing` counts, by name, the answers at which a label or a context it reads is
    not there. `bare` are gradable and have none of the contexts it reads. `judged` is false where it needs a judge
    and there is none: then nothing is gradable.
    """

    grader: str
    dimension: str
    level: str
    planned: int
    gradable: int
    unlabelled: int
    bare: int
    missing: Mapping[str, int]
    judged: bool

    @property
    def unit(self) -> str:
        """Return what is counted."""
        return "conversations" if self.level == "conversation" else "answers"


def what_can_be_graded(
    transcripts: Iterable[Transcript], graders: Sequence[Grader], *, judged: bool = False
) -> list[Gradable]:
    """Return, for each grader in order, how many answers it can grade and what keeps it from the others.

    `judged` says whether there is a judge. Transcripts are read once, as a stream; nothing is graded.
    """
    counts = [_Count(grader) for grader in graders]
    for transcript in transcripts:
        points = points_of(transcript)
        for count in counts:
            count.add(points)
    return [count.result(judged=judged) for count in counts]


class _Count:
    """The running account of one grader."""

    def __init__(self, grader: Grader) -> None:
        self.grader = grader
        self.planned = self.applies = self.unlabelled = self.bare = 0
        self.missing = dict.fromkeys(grader.needs, 0)
        self.contexts = [name for name in grader.needs if name in CONTEXT]

    def add(self, points: Sequence[Point]) -> None:
        """Count the points of one conversation, of which a conversation grader sees the last."""
        for point in points[-1:] if self.grader.level == "conversation" else points:
            self.planned += 1
            absent = [name for name in self.grader.needs if _absent(point, name)]
            for name in absent:
                self.missing[name] += 1
            if self.grader.plans(point):
                self.applies += 1
                self.bare += bool(self.contexts) and all(name in absent for name in self.contexts)
            elif any(name not in CONTEXT for name in absent):
                self.unlabelled += 1

    def result(self, *, judged: bool) -> Gradable:
        """Return the account."""
        able = judged or not self.grader.needs_judge
        return Gradable(
            grader=self.grader.name,
            dimension=self.grader.dimension,
            level=self.grader.level,
            planned=self.planned,
            gradable=self.applies if able else 0,
            unlabelled=self.unlabelled,
            bare=self.bare,
            missing={name: count for name, count in self.missing.items() if count},
            judged=able,
        )


def _absent(point: Point, name: str) -> bool:
    """Say whether a label was not given, or a context is empty, at a point."""
    return not CONTEXT[name](point) if name in CONTEXT else getattr(point.labels, name, None) is None


def missing_labels(found: Sequence[Gradable]) -> list[str]:
    """Return, as sentences, what is not graded or rests on nothing because labels or context are missing."""
    sentences: list[str] = []
    for one in found:
        if one.unlabelled:
            labels = [name for name in one.missing if name not in CONTEXT]
            adds = "; ".join(f"labels.{name} would add {ADDS.get(name, 'this')}" for name in labels)
            sentences.append(f"{one.grader}: {one.unlabelled} of {one.planned} {one.unit} have no label for it: {adds}")
        if one.bare:
            adds = "; ".join(f"{name} would add {ADDS[name]}" for name in one.missing if name in CONTEXT)
            many = f"{one.bare} of {one.planned} {one.unit}"
            sentences.append(f"{one.grader}: {many} have only tool calls, if any, to be held against: {adds}")
    return sentences


def unlabelled_paragraph(found: Sequence[Gradable], run: str = "RUN") -> str:
    """Return a short paragraph for a person whose logs lack labels, or "" when nothing is missing.

    `run` is the run from which a first sample can be drawn.
    """
    sentences = missing_labels(found)
    if not sentences:
        return ""
    whole = [one for one in found if one.judged and one.gradable and not (one.unlabelled or one.bare)]
    rest = ", ".join(f"{one.grader} ({one.gradable} {one.unit})" for one in whole)
    unasked = ", ".join(one.grader for one in found if not one.judged)
    lines = ["Labels are missing, so a part of this cannot be graded."]
    lines += [f"  graded in full: {rest}"] if rest else []
    lines += [f"  {sentence}" for sentence in sentences]
    lines += [f"  needs no label but a judge (--judge): {unasked}"] if unasked else []
    lines.append(f"  people can give ratings and escalation labels: chatparity sample {run} -n 50 -o sample/")
    return "\n".join(lines)
