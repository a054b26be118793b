"""What a run knows of its judged and learned graders: their licence, who gave the scores, what people said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chatparity.grading.fingerprint import Fingerprint
from chatparity.grading.grader import Grader
from chatparity.grading.rows import ScoreRow
from chatparity.licence import Entry, Held, Licence, held, licence_file, read_licence
from chatparity.licence.hold import entry_for
from chatparity.run.folder import PeopleSaid, RunFolder
from chatparity.suite import LicenceTable, Suite

Key = tuple[str, int, int]
SHOWN = 3


@dataclass(frozen=True)
class Trust:
    """How far graders that are no rules may be believed; by default nobody is licensed.

    `graded_by` says by grader who gave the scores, `people` by transcript, turn and trial what people said of a sample
    of the replies.
    """

    licence: Licence = field(default_factory=Licence)
    graded_by: Mapping[str, Fingerprint] = field(default_factory=dict)
    needs: LicenceTable = field(default_factory=LicenceTable)
    people: Mapping[Key, PeopleSaid] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: RunFolder, suite: Suite) -> Trust:
        """Return what is known of the graders of a run on disk."""
        return cls(
            licence=read_licence(licence_file(suite)),
            graded_by=folder.graded_by(),
            needs=suite.settings.licence,
            people={one.key: one for one in folder.people()},
        )

    def held(self, grader: Grader, metric: str, languages: Collection[str]) -> Held:
        """Return whether a grader may decide on answers in these languages."""
        return held(self.licence, grader, metric, languages, self.graded_by.get(grader.name), self.needs)

    def evidence(self, grader: Grader, metric: str, languages: Collection[str]) -> dict[str, Entry] | None:
        """Return the entry of each language, granted or not, that is about the grader as it graded here.

        None where one is missing: a rate can be corrected only where the errors are known everywhere.
        """
        found = {one: entry_for(self.licence, grader.name, metric, one) for one in languages}
        graded_by = self.graded_by.get(grader.name)
        known = {one: entry for one, entry in found.items() if entry is not None and entry.graded_by == graded_by}
        return known if known and len(known) == len(found) else None

    def agreement(self, grader: Grader, metric: str, languages: Collection[str]) -> str:
        """Return how far the grader agreed with people, in words; "" for a rule grader."""
        if not grader.needs_licence:
            return ""
        known = self.evidence(grader, metric, languages)
        if known is None:
            return "not compared with people"
        entries = list(dict.fromkeys(known.values()))
        if len(entries) > SHOWN:
            return _spread(entries)
        told = []
        for entry in entries:
            kappa = entry.evidence.kappa
            if kappa.estimate is None or kappa.low is None or kappa.high is None:
                told.append(f"κ not known in {entry.language} ({kappa.method})")
            else:
                shown = f"κ {kappa.estimate:.2f} [{kappa.low:.2f}, {kappa.high:.2f}]".replace("-", "−")
                told.append(f"{shown} with people in {entry.language}, n = {entry.evidence.n}")
        return "; ".join(told)


def _spread(entries: Sequence[Entry]) -> str:
    """Return the agreement in many languages: from the lowest κ to the highest, and where the lowest is."""
    known = [(one.evidence.kappa.estimate, one) for one in entries if one.evidence.kappa.estimate is not None]
    n = sum(one.evidence.n for one in entries)
    if not known:
        return f"κ not known in {len(entries)} languages, n = {n}"
    (low, least), (high, _) = min(known, key=lambda one: one[0]), max(known, key=lambda one: one[0])
    shown = f"κ from {low:.2f} ({least.language}, n = {least.evidence.n}) to {high:.2f}".replace("-", "−")
    return f"{shown} with people in {len(entries)} languages, n = {n}; each stands in the licence file"


def languages_of(rows: Iterable[ScoreRow]) -> set[str]:
    """Return the languages of rows."""
    return {row.slices.get("language", "") for row in rows}
