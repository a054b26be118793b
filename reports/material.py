"""What a report is made from: a run's folder, read once, with look-ups by exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from chatparity.exchange import Reply, ReplyRecord
from chatparity.gate.echoes import echoes
from chatparity.gate.result import Findings
from chatparity.grading.rows import ScoreRow
from chatparity.points import recorded_reply
from chatparity.run.folder import Manifest, RunFolder
from chatparity.transcript import Transcript

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
        """Return the score rows without those in which a person's own recorded answer stands as the AI's."""
        return tuple(row for row in self.rows if row.arm != "ai" or row.key not in self.echoes)

    def reply(self, arm: str, key: Key) -> Reply | None:
        """Return what one side answered: the agent under examination, or the person on record."""
        if arm == "ai":
            record = self.records.get(key)
            return record.reply if record else None
        transcript = self.transcripts.get(key[0])
        if transcript is None:
            return None
        return recorded_reply(transcript, key[1], handover_tools=HANDOVER_TOOLS, speakers=("human_agent",))
