"""A graded run read as a stream: which replies were graded by whom, and of those that failed, what fails and how."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chatparity.exchange import Reply
from chatparity.failures.terms import Background
from chatparity.grading.rows import STOPPED_EARLY, ScoreRow, State
from chatparity.grading.taxonomy import NO_FAILURE, Taxonomy
from chatparity.run.folder import RunFolder

Key = tuple[str, int, int]
# What is kept of a failing reply's texts, in characters, so that 100,000 of them fit into memory.
REQUEST, PASSAGE, REASON = 400, 600, 400
# A sentence ends here, in any script.
END = re.compile(r"(?<![.!?…؟।])[.!?…؟।]++[\"'”»)]*\s+|[。！？]+|\n+")


class Numbering:
    """Graders and kinds of failures as bits of one number, alike in every run that is read with it."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self.graders: dict[str, int] = {}
        self.dimensions: dict[str, str] = {}

    def bit(self, row: ScoreRow) -> int:
        """Return the bit of a row's grader."""
        self.dimensions.setdefault(row.grader, row.dimension)
        return 1 << self.graders.setdefault(row.grader, len(self.graders))

    def looking_for(self, kind: str) -> int:
        """Return the bits of the graders whose failures may be of a kind; for `other`, those of all."""
        kinds = {one.name: one for one in self.taxonomy.failures}
        return sum(
            1 << number
            for name, number in self.graders.items()
            if kind not in kinds or kinds[kind].looked_for_by(name, self.dimensions[name])
        )

    def named(self, bits: int) -> list[str]:
        """Return the graders of these bits, sorted."""
        return sorted(name for name, number in self.graders.items() if bits >> number & 1)


@dataclass(slots=True)
class Seen:
    """One reply: what it counts towards, which graders scored it, and by kind of failure which of them fail it.

    `state` says why there is no score, where no grader gave one; `errored` are the graders that could not give theirs.
    `people` is the category that people gave it, `none` where they found no failure, empty where they were not asked.
    """

    cluster: str
    slices: Mapping[str, str]
    graded: int = 0
    errored: int = 0
    found: dict[str, int] = field(default_factory=dict)
    state: State = "graded"
    people: str = ""

    @property
    def categories(self) -> tuple[str, ...]:
        """Return its categories: the one that people gave, else those of what graders found, sorted."""
        if self.people:
            return () if self.people == NO_FAILURE else (self.people,)
        return tuple(sorted(self.found))

    def failing(self, common: int = -1) -> bool:
        """Say whether any of these graders fails it."""
        return any(bits & common for bits in self.found.values())


@dataclass(frozen=True, slots=True)
class Told:
    """What one grader says of a failing reply."""

    grader: str
    kind: str
    outcome: str
    reason: str


@dataclass(slots=True)
class Failing:
    """The texts of a failing reply: the customer's words, the passage that is at fault, and what graders say."""

    request: str
    told: list[Told] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    passage: str = ""


@dataclass
class Run:
    """All that is read of a run: every reply that was asked for, and the texts of those that fail.

    `failing` are those in which a grader or a person found a failure, also where people then said that there is none.
    """

    folder: RunFolder
    replies: dict[Key, Seen] = field(default_factory=dict)
    failing: dict[Key, Failing] = field(default_factory=dict)

    @property
    def graded(self) -> dict[Key, Seen]:
        """Return the replies that at least one grader scored, or people judged."""
        return {key: one for key, one in self.replies.items() if one.graded or one.people}

    def failed(self) -> list[Key]:
        """Return the replies that have a category, sorted."""
        return sorted(key for key in self.failing if self.replies[key].categories)

    def without(self) -> Counter[State]:
        """Return how many replies have no score at all, by why."""
        return Counter(one.state for one in self.replies.values() if not (one.graded or one.people))


def read_run(
    folder: RunFolder, numbering: Numbering, background: Background, people: Mapping[Key, str] | None = None
) -> Run:
    """Read the scores and replies of a run, one line at a time; `people` are the categories that people gave.

    Raises UsageError when the run is not graded.
    """
    folder.manifest()
    run = Run(folder)
    said, quotes = people or {}, dict[Key, str]()
    interned: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}
    for row in folder.each_score():
        if row.arm != "ai" or row.state == "skipped" or (row.state == "not_run" and row.reason == STOPPED_EARLY):
            continue
        seen = run.replies.get(row.key)
        if seen is None:
            slices = interned.setdefault(tuple(row.slices.items()), row.slices)
            seen = run.replies[row.key] = Seen(row.cluster, slices, state=row.state)
            seen.people = said.get(row.key, "")
            if seen.people not in ("", NO_FAILURE):
                run.failing[row.key] = Failing(row.quote[:REQUEST])
        if row.state == "graded" and not seen.graded and background.wants(seen.slices.get("language", "")):
            quotes[row.key] = row.quote
        _add(run, seen, row, numbering)
    _read_replies(run, quotes, background)
    return run


def _add(run: Run, seen: Seen, row: ScoreRow, numbering: Numbering) -> None:
    """Add one planned score to what is known of its reply."""
    bit = numbering.bit(row)
    if row.state != "graded":
        if row.state == "errored":
            seen.errored |= bit
            seen.state = "errored"
        elif seen.state == "not_run":
            seen.state = row.state
        return
    seen.graded |= bit
    if row.verdict != "fail":
        return
    kind = numbering.taxonomy.kind_of(row)
    seen.found[kind] = seen.found.get(kind, 0) | bit
    one = run.failing.setdefault(row.key, Failing(row.quote[:REQUEST]))
    one.told.append(Told(row.grader, kind, row.outcome or "", row.reason[:REASON]))
    one.spans += [(span.start, span.end) for span in row.evidence if span.where == "reply"]


def _read_replies(run: Run, quotes: dict[Key, str], background: Background) -> None:
    """Put the passages at fault to the failing replies; where one was asked again, the last answer holds."""
    for record in run.folder.replies.records():
        seen = run.replies.get(record.key)
        if seen is None or record.reply is None:
            continue
        if record.key in quotes:
            text = f"{quotes.pop(record.key)}\n{record.reply.text}"
            background.add(seen.slices.get("language", ""), text, fails=record.key in run.failing)
        one = run.failing.get(record.key)
        if one is not None:
            one.passage = passage(record.reply, one.spans)


def passage(reply: Reply, spans: Iterable[tuple[int, int]]) -> str:
    """Return the sentences of a reply that hold a span, all of it where there is none, shortened."""
    text = reply.text
    places = [(start, end) for start, end in spans if start < end <= len(text)]
    if not places:
        return text[:PASSAGE]
    edges = [0, *(found.end() for found in END.finditer(text)), len(text)]
    kept = [
        " ".join(text[start:end].split())
        for start, end in itertools.pairwise(edges)
        if any(first < end and last > start for first, last in places)
    ]
    return "\n".join(kept)[:PASSAGE]
