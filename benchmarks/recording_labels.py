"""How far two independent passes agree on the recorded answers of the sandbox, and what was said of each build.

    python benchmarks/recording_labels.py                      the tables
    python benchmarks/recording_labels.py --differences FILE   first write what is still to be decided, a label a line
    python benchmarks/recording_labels.py --adjudicate         first write labels.jsonl from both passes and decisions

Reads `datasets/recordings/`: `labels-a.jsonl` and `labels-b.jsonl` as they came, `decisions.jsonl`, and only for the
last table the key that tells which build spoke. Whoever labelled saw no key. κ is as in `benchmarks/labels.py`.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import msgspec
from labels import CAUTION, RUDE, Label, _share, _table, _with, kappa_at, read_lines  # type: ignore[import-not-found]
from recordings import (  # type: ignore[import-not-found]
    LETTERS,
    RECORDINGS,
    Key,
    difference,
    read_key,
    read_letter,
)

from chatparity.errors import InputError, Problem
from chatparity.stats import cluster_rate

PASSES = ("a", "b")
# By which the differences were decided; each line of a pass says by which version it was labelled.
GUIDELINE = 5
FIELDS = ("accuracy", "politeness", "hallucinated", "handover_right")


class Judged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was said of the answer at `turn`; None in the end where it is still to be decided."""

    turn: int
    accuracy: float | None
    politeness: int | None
    hallucinated: bool | None
    handover_right: bool | None
    note: str = ""


class LabelledRecording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: what was said of the answers of one conversation that stand under one letter."""

    id: str
    recording: str
    guideline: int
    answers: tuple[Judged, ...]


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was decided where the passes differ, and which rule of the guideline settles it."""

    id: str
    recording: str
    turn: int
    field: str
    value: bool | float
    why: str


class Values(NamedTuple):
    """All labels of one answer, in a form in which two of them can be compared."""

    accuracy: float | None
    politeness: int | None
    hallucinated: bool | None
    handover_right: bool | None
    rude: bool | None


Place: TypeAlias = tuple[str, str, int]
Said: TypeAlias = dict[Place, Values]

ALL = (
    Label("accuracy", "accuracy (linear)", "linear"),
    Label("hallucinated", "hallucinated"),
    Label("politeness", "politeness (quadratic)", "quadratic"),
    Label("rude", "politeness ≤ 2"),
    Label("handover_right", "handover right"),
)


def read_said(path: Path, known: set[Place]) -> Said:
    """Return what one file says, by place. Raises InputError for a line that is none and a place that is not known."""
    found: Said = {}
    for line in read_lines(path, LabelledRecording):
        for one in line.answers:
            place = (line.id, line.recording, one.turn)
            if place not in known or place in found:
                why = "is not recorded" if place not in known else "is labelled twice"
                raise InputError([Problem(path, None, "", f"{line.id} {line.recording} turn {one.turn} {why}")])
            rude = None if one.politeness is None else one.politeness <= RUDE
            found[place] = Values(one.accuracy, one.politeness, one.hallucinated, one.handover_right, rude)
    return found


def recorded(folder: Path = RECORDINGS) -> set[Place]:
    """Return the places at which an answer is recorded."""
    both = {letter: read_letter(letter, folder) for letter in LETTERS}
    return {(name, letter, turn) for letter, found in both.items() for name in found for turn in found[name]}


def read_decisions(path: Path, passes: Sequence[Said]) -> dict[tuple[Place, str], Decision]:
    """Return the decisions by place and field, none where there is no file.

    Raises InputError for one on a field or an answer that is not known.
    """
    found: dict[tuple[Place, str], Decision] = {}
    for one in read_lines(path, Decision) if path.exists() else ():
        place = (one.id, one.recording, one.turn)
        if one.field not in FIELDS or any(place not in said for said in passes):
            message = f"expected a field that both passes labelled, got {one.field} of {place}"
            raise InputError([Problem(path, None, "", message)])
        found[place, one.field] = one
    return found


def settled(place: Place, field: str, passes: Sequence[Said], decision: Decision | None) -> Any:
    """Return the label in the end: what was decided, else what both say; None where it is still to be decided.

    Where politeness differs by one point and nothing was decided, a hash of the place takes one of the two, so that
    neither pass nor either end of the scale is favoured.
    """
    ours, theirs = (getattr(said[place], field) for said in passes)
    if decision is not None:
        return int(decision.value) if field == "politeness" else decision.value
    if ours == theirs:
        return ours
    if field == "politeness" and abs(ours - theirs) == 1:
        return (ours, theirs)[hashlib.blake2b(repr(place).encode(), digest_size=1).digest()[0] % 2]
    return None


def adjudicate(folder: Path) -> None:
    """Write `labels.jsonl`: the labels in the end, from both passes and the decisions."""
    passes = [read_said(folder / f"labels-{name}.jsonl", recorded(folder)) for name in PASSES]
    decisions = read_decisions(folder / "decisions.jsonl", passes)
    lines: dict[tuple[str, str], list[Judged]] = {}
    for place in sorted(set(passes[0]) & set(passes[1])):
        values = {field: settled(place, field, passes, decisions.get((place, field))) for field in FIELDS}
        lines.setdefault(place[:2], []).append(Judged(turn=place[2], **values))
    rows = [LabelledRecording(*key, GUIDELINE, tuple(answers)) for key, answers in sorted(lines.items())]
    (folder / "labels.jsonl").write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def differences(folder: Path) -> list[dict[str, Any]]:
    """Return each label that is still to be decided, with what both passes say and note."""
    passes = [read_said(folder / f"labels-{name}.jsonl", recorded(folder)) for name in PASSES]
    notes = [_notes(folder / f"labels-{name}.jsonl") for name in PASSES]
    decisions = read_decisions(folder / "decisions.jsonl", passes)
    found = []
    for place in sorted(set(passes[0]) & set(passes[1])):
        for field in FIELDS:
            if settled(place, field, passes, decisions.get((place, field))) is None:
                ours, theirs = (getattr(said[place], field) for said in passes)
                where = {"id": place[0], "recording": place[1], "turn": place[2], "field": field}
                found.append({**where, "a": ours, "b": theirs, "notes": [note.get(place, "") for note in notes]})
    return found


def _notes(path: Path) -> dict[Place, str]:
    lines = read_lines(path, LabelledRecording)
    return {(line.id, line.recording, one.turn): one.note for line in lines for one in line.answers}


def tables(folder: Path) -> list[str]:
    """Return every table, each with a sentence of what it shows."""
    places = recorded(folder)
    first, second = (read_said(folder / f"labels-{name}.jsonl", places) for name in PASSES)
    twice = sorted(set(first) & set(second))
    key = read_key(folder)
    talks = len({place[0] for place in twice})
    shown = [
        f"{talks} conversations, {len(twice)} of {len(places)} recorded answers labelled twice.",
        "The two passes with each other, before anything was decided:",
        agreement(first, second, twice, key),
    ]
    same = [place for place in unchanged(folder) if place in first and place in second]
    if same:
        told = (
            f"{len(same)} of these answers stand word for word under both letters, on two sheets. The passes with each "
            "other on one sheet, and across the two:"
        )
        shown += [told, across(first, second, same)]
    final = folder / "labels.jsonl"
    if final.exists():
        said = read_said(final, places)
        undecided = sum(getattr(values, field) is None for values in said.values() for field in FIELDS)
        told = (
            f"By build, as decided; {undecided} labels still to be decided are left out. `touched` are the answers "
            "that the faults changed, `untouched` those of the same build that they left as they were:"
        )
        shown += [told, by_build(said, key)]
    return shown


def agreement(first: Said, second: Said, twice: Sequence[Place], key: Mapping[str, Key]) -> str:
    """Return agreement and κ per label, for all answers and by language."""
    languages = sorted({one.language for one in key.values()})
    rows = []
    for label in ALL:
        for name in ("all", *languages):
            places = [place for place in twice if name in ("all", key[place[0]].language)]
            if places:
                found = kappa_at(first, second, places, label)
                rows.append([label.name, name, str(found.n), str(found.clusters), _share(found), _with(found)])
    return str(_table(["label", "language", "answers", "conversations", "agreement", "κ [95 %]"], rows))


def unchanged(folder: Path) -> list[Place]:
    """Return the places, under either letter, at which both builds said and did the same."""
    one, other = (read_letter(letter, folder) for letter in LETTERS)
    return [
        (name, letter, turn)
        for name in sorted(one)
        for turn in sorted(set(one[name]) - set(difference(one[name], other[name])))
        for letter in LETTERS
    ]


def across(first: Said, second: Said, same: Sequence[Place]) -> str:
    """Return agreement and κ on the same words, where both passes read one sheet and where each read another."""
    turned = {LETTERS[0]: LETTERS[1], LETTERS[1]: LETTERS[0]}
    other = {(name, turned[letter], turn): values for (name, letter, turn), values in second.items()}
    rows = []
    for label in ALL:
        for what, theirs in (("the same sheet", second), ("the other sheet", other)):
            places = [place for place in same if place in theirs]
            found = kappa_at(first, theirs, places, label)
            rows.append([label.name, what, str(found.n), str(found.clusters), _share(found), _with(found)])
    return str(_table(["label", "second pass read", "answers", "conversations", "agreement", "κ [95 %]"], rows))


def by_build(said: Said, key: Mapping[str, Key]) -> str:
    """Return how often each build was right, by the labels in the end, with its interval."""
    groups: dict[str, list[Place]] = {"sound": [], "faulty": [], "faulty, touched": [], "faulty, untouched": []}
    for place in sorted(said):
        build = getattr(key[place[0]], place[1])
        groups[build].append(place)
        if build == "faulty":
            groups["faulty, touched" if place[2] in key[place[0]].touched else "faulty, untouched"].append(place)
    good = {
        "accuracy 1": lambda one: None if one.accuracy is None else one.accuracy == 1,
        "hallucinated": lambda one: one.hallucinated,
        "politeness ≤ 2": lambda one: one.rude,
        "handover right": lambda one: one.handover_right,
    }
    rows = [[name, *(_rate(said, places, one) for one in good.values())] for name, places in groups.items() if places]
    return str(_table(["build", *good], rows))


def _rate(said: Said, places: Iterable[Place], of: Any) -> str:
    values = [(of(said[place]), place[0]) for place in places]
    known = [(value, name) for value, name in values if value is not None]
    if not known:
        return "–"
    found = cluster_rate([value for value, _ in known], [name for _, name in known])
    count = sum(value for value, _ in known)
    interval = "" if found.low is None or found.high is None else f" [{100 * found.low:.1f}, {100 * found.high:.1f}]"
    return f"{count}/{len(known)} = {100 * count / len(known):.1f} %{interval}"


def main() -> None:
    """Do what the arguments name, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=RECORDINGS)
    parser.add_argument("--adjudicate", action="store_true", help="write labels.jsonl first")
    parser.add_argument("--differences", type=Path, metavar="FILE", help="write what is still to be decided")
    given = parser.parse_args()
    missing = [name for name in PASSES if not (given.folder / f"labels-{name}.jsonl").exists()]
    if missing:
        parser.error(f"{given.folder}: not labelled yet: labels-{missing[0]}.jsonl is missing")
    if given.differences:
        rows = differences(given.folder)
        given.differences.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
        print(f"{given.differences}: {len(rows)} labels to decide")
    if given.adjudicate:
        adjudicate(given.folder)
    print(CAUTION.replace("and the authors ", ""), *tables(given.folder), sep="\n\n")


if __name__ == "__main__":
    main()
