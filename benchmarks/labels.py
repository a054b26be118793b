"""How far two independent passes of labelling agree, per label, version of the guideline and language, as it came.

Reads the passes in `datasets/labels/` and the final labels of the transcripts. κ is Cohen's, weighted where values are
ordered (accuracy by distance, politeness by its square), with Krippendorff's α beside it; intervals are at 95 % and
treat the conversation as the unit. Both passes and the authors were language models of one kind, which err alike: the
agreement is an upper bound of what people would reach, and no measure of being right.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from chatparity.errors import InputError, Problem
from chatparity.jsonl import read_transcripts
from chatparity.stats import AgreementEstimate, AlphaEstimate, cohen_kappa, krippendorff_alpha
from chatparity.transcript import ExpectedAction, Fact, Transcript, answer_turns

ROOT = Path(__file__).parents[1]
SUPPORT = ROOT / "datasets" / "support"
LABELS = ROOT / "datasets" / "labels"
PASSES = ("a", "b")
RUDE = 2
RESAMPLES = 2000
CAUTION = (
    "Both passes and the authors were language models of one kind. They share habits and err alike, so this agreement "
    "is an upper bound of what people would reach, and no measure of being right."
)
NOT_ALONE = "Each version was used on other conversations, so what differs between them is not the guideline alone"

T = TypeVar("T", bound=msgspec.Struct)


class Judgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one pass said of the answer at `turn`."""

    turn: int
    escalation: Literal["none", "offer", "now"]
    reason: str
    accuracy: float
    politeness: int
    hallucinated: bool
    note: str = ""


class Due(msgspec.Struct, frozen=True):
    """A fact or an action that one pass found due at `turn`; what it says of it is kept in the file."""

    turn: int


class Labelled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a pass: what it said of one conversation, by which version of the guideline."""

    id: str
    guideline: int
    answers: tuple[Judgement, ...]
    facts: tuple[Due, ...] = ()
    forbidden: tuple[dict[str, Any], ...] = ()
    actions: tuple[Due, ...] = ()


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the adjudication: which value a label has in the end, and which rule settles it."""

    id: str
    turn: int | None
    field: str
    value: Any
    why: str


class Values(NamedTuple):
    """All labels of one answer, in a form in which two of them can be compared."""

    escalation: str
    accuracy: float
    hallucinated: bool
    politeness: int
    rude: bool
    fact_due: bool
    action_due: bool


Place = tuple[str, int]
Said = dict[Place, Values]


@dataclass(frozen=True)
class Label:
    """A label: its field in Values, what it is called, and how disagreements weigh."""

    field: str
    name: str
    weights: Literal["none", "linear", "quadratic"] = "none"


ALL = (
    Label("escalation", "escalation"),
    Label("accuracy", "accuracy (linear)", "linear"),
    Label("hallucinated", "hallucinated"),
    Label("politeness", "politeness (quadratic)", "quadratic"),
    Label("rude", "politeness ≤ 2"),
    Label("fact_due", "a fact is due"),
    Label("action_due", "an action is due"),
)


def read_lines(path: Path, kind: type[T]) -> list[T]:
    """Return the lines of a file of labels. Raises InputError naming the line that is none."""
    found, bad = [], []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            found.append(msgspec.json.decode(line, type=kind))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            bad.append(Problem(path, number, "", str(error)))
    if bad:
        raise InputError(bad)
    return found


def said_in_pass(lines: Iterable[Labelled]) -> Said:
    """Return what a pass said, by conversation and turn."""
    found: Said = {}
    for line in lines:
        facts, actions = ({due.turn for due in dues} for dues in (line.facts, line.actions))
        for one in line.answers:
            found[line.id, one.turn] = Values(
                escalation=one.escalation,
                accuracy=one.accuracy,
                hallucinated=one.hallucinated,
                politeness=one.politeness,
                rude=one.politeness <= RUDE,
                fact_due=one.turn in facts,
                action_due=one.turn in actions,
            )
    return found


def said_in_the_end(transcripts: Iterable[Transcript]) -> Said:
    """Return the labels that the transcripts carry, by conversation and turn; answers that lack one are left out."""
    found: Said = {}
    for one in transcripts:
        labels = one.labels
        expected = {label.turn: label.expect for label in labels.escalation or ()}
        facts = {label.due_by_turn for label in labels.facts or ()}
        actions = {label.due_by_turn for label in labels.actions or ()}
        for label in labels.answers or ():
            if label.accuracy is None or label.politeness is None or label.hallucinated is None:
                continue
            found[one.id, label.turn] = Values(
                escalation=expected.get(label.turn, "none"),
                accuracy=label.accuracy,
                hallucinated=label.hallucinated,
                politeness=label.politeness,
                rude=label.politeness <= RUDE,
                fact_due=label.turn in facts,
                action_due=label.turn in actions,
            )
    return found


def kappa_at(first: Said, second: Said, places: Sequence[Place], label: Label) -> AgreementEstimate:
    """Return how far two sources agree on a label at these places; the conversation is the cluster."""
    ours, theirs, clusters = _columns(first, second, places, label)
    return cohen_kappa(ours, theirs, clusters, weights=label.weights, seed=1, resamples=RESAMPLES)


def alpha_at(first: Said, second: Said, places: Sequence[Place], label: Label) -> AlphaEstimate | None:
    """Return Krippendorff's α for the order of the values; None for a label whose values have none."""
    if label.weights == "none":
        return None
    ours, theirs, clusters = _columns(first, second, places, label)
    pairs = list(zip(ours, theirs, strict=True))
    return krippendorff_alpha(pairs, level="ordinal", clusters=clusters, seed=1, resamples=RESAMPLES)


def _columns(
    first: Said, second: Said, places: Sequence[Place], label: Label
) -> tuple[list[Any], list[Any], list[str]]:
    ours, theirs = ([getattr(said[place], label.field) for place in places] for said in (first, second))
    return ours, theirs, [place[0] for place in places]


@dataclass(frozen=True)
class Labelling:
    """All that was ever said of the transcripts: two passes, the decisions, the final labels."""

    passes: tuple[Said, Said]
    final: Said
    guideline: Mapping[str, int]
    language: Mapping[str, str]
    decisions: tuple[Decision, ...]
    notes: tuple[Mapping[Place, str], Mapping[Place, str]] = ({}, {})

    @property
    def twice(self) -> list[Place]:
        """Return the answers that both passes judged, in order."""
        return sorted(set(self.passes[0]) & set(self.passes[1]))

    @property
    def languages(self) -> list[str]:
        """Return the languages in which answers were judged twice."""
        return sorted({self.language[name] for name, _ in self.twice})


def read_labelling(folder: Path = LABELS, support: Path = SUPPORT) -> Labelling:
    """Read the passes, the decisions (where there are any yet) and the final labels.

    Raises InputError when a pass judges an answer that no transcript has.
    """
    transcripts = read_transcripts([support])
    known = {(one.id, turn) for one in transcripts for turn in answer_turns(one)}
    lines = [read_lines(folder / f"pass-{name}.jsonl", Labelled) for name in PASSES]
    first, second = (said_in_pass(one) for one in lines)
    for name, said in zip(PASSES, (first, second), strict=True):
        strange = sorted(set(said) - known)
        if strange:
            where = f"{strange[0][0]} turn {strange[0][1]}"
            message = f"expected answers of the transcripts, got {where}"
            raise InputError([Problem(folder / f"pass-{name}.jsonl", None, "", message)])
    decided = folder / "decisions.jsonl"
    return Labelling(
        passes=(first, second),
        final=said_in_the_end(transcripts),
        guideline={line.id: line.guideline for one in lines for line in one},
        language={one.id: one.language for one in transcripts},
        decisions=tuple(read_lines(decided, Decision)) if decided.exists() else (),
        notes=(_notes(lines[0]), _notes(lines[1])),
    )


def _notes(lines: Iterable[Labelled]) -> dict[Place, str]:
    return {(line.id, one.turn): one.note for line in lines for one in line.answers if one.note}


def not_followed(decisions: Iterable[Decision], transcripts: Iterable[Transcript]) -> Iterator[str]:
    """Yield each decision that the final labels do not follow; those on fields that are not known are yielded too."""
    by_id = {one.id: one for one in transcripts}
    for one in decisions:
        if one.id not in by_id or not _followed(one, by_id[one.id]):
            yield f"{one.id} turn {one.turn}: {one.field} should be {one.value}"


def _followed(decision: Decision, transcript: Transcript) -> bool:
    """Say whether a transcript's labels are as decided."""
    labels, turn, value = transcript.labels, decision.turn, decision.value
    if decision.field == "escalation":
        found = next((one for one in labels.escalation or () if one.turn == turn), None)
        expect, reason = (found.expect, found.reason) if found else ("none", "")
        return bool(expect == value["expect"] and (expect == "none" or reason == value["reason"]))
    if decision.field in ("accuracy", "hallucinated", "politeness"):
        return any(one.turn == turn and getattr(one, decision.field) == value for one in labels.answers or ())
    if decision.field == "fact_missing":
        due = {one.id for one in labels.facts or () if one.due_by_turn == value.get("due_by_turn", turn)}
        put_in = set(value.get("ids", ()))
        return not due if value.get("do") == "drop" else bool(put_in) and put_in <= due
    if decision.field == "fact":
        return _is_due(value, [one for one in labels.facts or () if one.id == value["id"]])
    if decision.field == "action":
        named = [one for one in labels.actions or () if one.name == value["name"]]
        return _is_due(value, [one for one in named if value["do"] != "drop" or one.due_by_turn == turn])
    return False


def _is_due(value: Mapping[str, Any], there: Sequence[Fact | ExpectedAction]) -> bool:
    """Say whether what was decided to keep or move is there, and what was to be dropped is not."""
    if value["do"] == "drop":
        return not there
    due = value.get("due_by_turn")
    return any(due is None or one.due_by_turn == due for one in there)


def main() -> None:
    """Print the tables."""
    more = "the same for the recorded answers of the sandbox: python benchmarks/recording_labels.py"
    form = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser(description=__doc__, epilog=more, formatter_class=form).parse_args()
    labelling = read_labelling()
    print(CAUTION, *tables(labelling), sep="\n\n")


def tables(labelling: Labelling) -> list[str]:
    """Return every table, each with a sentence of what it shows, as Markdown."""
    both = len({name for name, _ in labelling.twice})
    noted = sorted(set(labelling.notes[0]) & set(labelling.notes[1]))
    same = sum(labelling.notes[0][place] == labelling.notes[1][place] for place in noted)
    told = (
        f"{both} of {len(labelling.language)} conversations were labelled twice: {len(labelling.twice)} answers. "
        f"Both passes wrote a note on {len(noted)} of them; {same} of these notes are the same words."
    )
    decided = (
        f"which {len(labelling.decisions)} written decisions have changed or confirmed"
        if labelling.decisions
        else "which are still the authors' own"
    )
    return [
        told,
        f"The two passes with each other, before anything was decided, by version of the guideline. {NOT_ALONE}:",
        by_guideline(labelling),
        "The same by language, as agreement and κ with its interval (–: cannot be estimated):",
        by_language(labelling),
        f"Each pass with the final labels, {decided}:",
        with_the_final(labelling),
        "Where the passes differed, whose value became the final one; where they agreed, how often neither's did:",
        adjudicated(labelling),
    ]


def by_guideline(labelling: Labelling) -> str:
    """Return the agreement per label for all answers and for each version of the guideline."""
    versions = sorted({labelling.guideline[name] for name, _ in labelling.twice})
    groups = [("all", labelling.twice)]
    for version in versions:
        groups.append((str(version), [one for one in labelling.twice if labelling.guideline[one[0]] == version]))
    rows = []
    for label in ALL:
        for name, places in groups:
            found = kappa_at(*labelling.passes, places, label)
            alpha = alpha_at(*labelling.passes, places, label)
            ordered = "" if alpha is None else _with(alpha)
            rows.append([label.name, name, *_counted(found), _share(found), _with(found), ordered])
    return _table(["label", "guideline", "answers", "conversations", "agreement", "κ [95 %]", "α [95 %]"], rows)


def by_language(labelling: Labelling) -> str:
    """Return the agreement per language: a row a language, a column a label."""
    rows = []
    for language in labelling.languages:
        places = [one for one in labelling.twice if labelling.language[one[0]] == language]
        found = [kappa_at(*labelling.passes, places, label) for label in ALL]
        versions = sorted({labelling.guideline[name] for name, _ in places})
        cells = [f"{_share(one)}, {_with(one)}" for one in found]
        rows.append([language, ", ".join(map(str, versions)), str(len(places)), *cells])
    return _table(["language", "guideline", "answers", *(label.name for label in ALL)], rows)


def with_the_final(labelling: Labelling) -> str:
    """Return the agreement of each pass with the final labels."""
    rows = []
    for label in ALL:
        for name, said in zip(PASSES, labelling.passes, strict=True):
            places = sorted(set(said) & set(labelling.final))
            found = kappa_at(said, labelling.final, places, label)
            rows.append([label.name, name, *_counted(found), _share(found), _with(found)])
    return _table(["label", "pass", "answers", "conversations", "agreement", "κ [95 %]"], rows)


def adjudicated(labelling: Labelling) -> str:
    """Return whose value became the final one where the passes differed, and where both were overruled."""
    fields = {"fact": "fact_due", "fact_missing": "fact_due", "action": "action_due"}
    decided = Counter(fields.get(one.field, one.field) for one in labelling.decisions)
    rows = []
    for label in ALL:
        counts: Counter[str] = Counter()
        for place in labelling.twice:
            ours, theirs = (getattr(said[place], label.field) for said in labelling.passes)
            final = getattr(labelling.final[place], label.field)
            if ours == theirs:
                counts["alike" if final == ours else "overruled"] += 1
            else:
                counts["a" if final == ours else "b" if final == theirs else "neither"] += 1
        made = decided[label.field]
        differed = counts["a"] + counts["b"] + counts["neither"]
        cells = (counts["alike"], counts["overruled"], differed, counts["a"], counts["b"], counts["neither"])
        rows.append([label.name, *map(str, cells), "–" if label.field == "rude" else str(made)])
    head = ["label", "alike, and final", "alike, overruled", "differed", "as a", "as b", "neither", "written decisions"]
    return _table(head, rows)


def _counted(found: AgreementEstimate) -> tuple[str, str]:
    return str(found.n), str(found.clusters)


def _share(found: AgreementEstimate) -> str:
    return "–" if found.observed is None else f"{100 * found.observed:.1f} %"


def _with(found: AgreementEstimate | AlphaEstimate) -> str:
    """Return an estimate with its interval; a dash where it cannot be estimated."""
    if found.estimate is None:
        return "–"
    if found.low is None or found.high is None:
        return f"{found.estimate:.2f} [–]"
    return f"{found.estimate:.2f} [{found.low:.2f}, {found.high:.2f}]".replace("-", "−")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table: words to the left, figures to the right."""
    body = list(rows)
    right = [all(row[place][:1] in "0123456789–" for row in body if row[place]) for place in range(len(head))]
    line = " | ".join("---:" if one else "---" for one in right)
    return "\n".join([f"| {' | '.join(head)} |", f"| {line} |", *(f"| {' | '.join(row)} |" for row in body)])


if __name__ == "__main__":
    main()
