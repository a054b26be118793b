"""What a report is made from: a run's folder, read once, with look-ups by exchange."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from chatparity.exchange import Reply, ReplyRecord
from chatparity.gate.echoes import echoes
from chatparity.gate.measure import Table
from chatparity.gate.result import Findings
from chatparity.gate.slices import planned_rows
from chatparity.grading.rows import ScoreRow
from chatparity.points import recorded_reply
from chatparity.run.folder import Looks, Manifest, RunFolder
from chatparity.transcript import Transcript, answer_turns

HANDOVER_TOOLS = ("hand_over", "transfer_to_human_agents")
Key = tuple[str, int, int]


@dataclass(frozen=True)
class Material:
    """A run as a report reads it; `transcripts` and `records` are by id and by (transcript, turn, trial).

    `baseline` is the run it is compared with, read in the same way.
    """

    name: str
    manifest: Manifest
    findings: Findings
    transcripts: Mapping[str, Transcript]
    records: Mapping[Key, ReplyRecord]
    rows: tuple[ScoreRow, ...]
    baseline: Material | None = None
    looks: Looks | None = None

    @classmethod
    def of(cls, folder: RunFolder, findings: Findings, baseline: RunFolder | None = None) -> Material:
        """Read a run's folder. Raises UsageError when it was not graded, InputError when a file cannot be read."""
        return cls(
            name=folder.path.name,
            manifest=folder.manifest(),
            findings=findings,
            transcripts={one.id: one for one in folder.transcripts()},
            records={record.key: record for record in folder.replies.read()},
            rows=tuple(folder.scores()),
            looks=folder.looks(),
            baseline=cls.of(baseline, findings) if baseline is not None else None,
        )

    @property
    def synthetic(self) -> bool:
        """Say whether any of the people in this run are made up."""
        return self.findings.synthetic or self.manifest.synthetic

    @property
    def people(self) -> str:
        """Return the name of the human side, with what must be said beside every figure of it."""
        return "people (synthetic)" if self.synthetic else "people"

    @cached_property
    def echoes(self) -> frozenset[Key]:
        """Return where the agent is a recording that gave what a person had answered: no answer of an AI."""
        return echoes(self.manifest, self.records.values(), self.transcripts, HANDOVER_TOOLS)

    @cached_property
    def own_rows(self) -> tuple[ScoreRow, ...]:
        """Return `drawn_rows` without those in which a person's own recorded answer stands as the AI's.

        As in the gates: an AI that chose a person's words here and there keeps its rows.
        """
        people = {row.key for row in self.drawn_rows if row.arm == "human"}
        if not all(row.key in self.echoes for row in self.drawn_rows if row.arm == "ai" and row.key in people):
            return self.drawn_rows
        return tuple(row for row in self.drawn_rows if row.arm != "ai" or row.key not in self.echoes)

    @cached_property
    def _sampled(self) -> frozenset[str] | None:
        """Return the clusters that a run stopped early came to in its random order; None for all."""
        return frozenset(self.looks.sampled) if self.looks is not None and self.looks.stopped else None

    def drawn(self, name: str) -> bool:
        """Say whether a transcript is one of those that figures rest on: of a run stopped early, those drawn."""
        transcript = self.transcripts.get(name)
        cluster = (transcript.cluster if transcript else None) or name
        return self._sampled is None or cluster in self._sampled

    @cached_property
    def drawn_rows(self) -> tuple[ScoreRow, ...]:
        """Return the score rows that figures rest on: of a run stopped early, those of the clusters drawn at random.

        What was asked beyond them, for zero tolerance alone, is no sample of anything.
        """
        return tuple(row for row in self.rows if self._sampled is None or row.cluster in self._sampled)

    def table(self, rows: Iterable[ScoreRow]) -> Table:
        """Return rows as a table whose intervals are made as the gates': always-valid where the run was stopped."""
        sizes = None if self._sampled is None else {key: one.largest for key, one in planned_rows(self.rows).items()}
        return Table.of(rows, sizes)

    @cached_property
    def most_in_one(self) -> int | None:
        """Return the most answers planned in one cluster where the run was stopped early, else None (see `rate_of`)."""
        if self._sampled is None:
            return None
        answers = Counter[str]()
        for one in self.transcripts.values():
            answers[one.cluster or one.id] += len(answer_turns(one)) * self.manifest.trials
        return max(answers.values(), default=1)

    def reply(self, arm: str, key: Key) -> Reply | None:
        """Return what one side answered: the agent under examination, or the person on record."""
        if arm == "ai":
            record = self.records.get(key)
            return record.reply if record else None
        transcript = self.transcripts.get(key[0])
        if transcript is None:
            return None
        return recorded_reply(transcript, key[1], handover_tools=HANDOVER_TOOLS, speakers=("human_agent",))
