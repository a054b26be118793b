"""All that the page and the comment say, as plain frozen objects: the templates only lay it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from chatparity.gate import red_text
from chatparity.gate.result import Findings
from chatparity.grading.rows import LedgerLine

from . import conversations, fonts, words
from .compared import Compared, compared
from .judged import Judged, judged
from .material import Material
from .tables import GateRow, RateRow, gate_row, rate_rows
from .verdict import Sentence, advice, lead, sentences, tally
from .waived import Waiver, early, waivers


@dataclass(frozen=True)
class LedgerRow:
    """One line of the denominator ledger; `closes` says whether planned is the sum of the rest."""

    line: LedgerLine
    side: str
    closes: bool


@dataclass(frozen=True)
class Page:
    """The whole report, in the order in which it is read."""

    title: str
    verdict: str
    symbol: str
    lead: str
    advice: str
    tally: str
    echoes: str
    scale: str
    confidence: str
    mode: str
    synthetic: bool
    people: str
    has_people: bool
    dimensions: tuple[Sentence, ...]
    gates: tuple[GateRow, ...]
    readings: tuple[conversations.Reading, ...]
    readings_title: str
    red: tuple[str, ...]
    rates: tuple[RateRow, ...]
    compared: Compared
    not_measured: tuple[str, ...]
    ledger: tuple[LedgerRow, ...]
    made: tuple[tuple[str, str], ...]
    waivers: tuple[Waiver, ...]
    judged: tuple[Judged, ...]
    notes: tuple[str, ...]
    early: str
    failure_map: str = ""


def page_of(material: Material, names: words.Names) -> Page:
    """Build all that a report says of a run."""
    findings, manifest = material.findings, material.manifest
    read = conversations.readings(material, names)
    found = compared(material, names)
    has_people = any(row.arm == "human" for row in material.rows)
    return Page(
        title=f"{findings.verdict}: {manifest.suite}",
        verdict=findings.verdict,
        symbol=words.SYMBOLS[findings.verdict],
        lead=lead(findings, names, material.people),
        advice=advice(findings, material.people),
        tally=tally(findings),
        scale=_scale(material, names),
        confidence=_confidence(findings),
        mode=manifest.mode,
        synthetic=material.synthetic,
        people=material.people,
        has_people=has_people,
        echoes=_echoes(material),
        dimensions=tuple(sentences(findings, names, material.people)),
        gates=tuple(gate_row(gate, names, material.people) for gate in findings.gates),
        readings=tuple(read),
        readings_title=_readings_title(read, findings.verdict),
        red=_red(material),
        rates=rate_rows(findings, names),
        compared=found,
        not_measured=_not_measured(material, names, found),
        ledger=tuple(_ledger(line) for line in findings.ledger),
        made=_made(material, fonts.families(" ".join(_labels(material, names)))),
        waivers=waivers(findings, names),
        judged=judged(findings, names),
        notes=findings.notes,
        early=early(findings),
    )


def _echoes(material: Material) -> str:
    """Return a warning where a recording holds people's answers, which gates on a rate then count as the agent's."""
    if not material.echoes:
        return ""
    gates = sum(gate.kind == "margin" for gate in material.findings.gates)
    compared = (
        f" The {words.count(gates, 'gate')} against people decide nothing where all answers are: nobody is compared "
        "with himself."
    )
    return (
        f"The agent is a recording, and {len(material.echoes):,} of its {words.count(len(material.records), 'answer')} "
        f"are those of people: gates on a rate count them as the agent’s.{compared if gates else ''}"
    )


def _scale(material: Material, names: words.Names) -> str:
    """Return what was examined, in one sentence."""
    manifest = material.manifest
    asked_of = {name for name, _, _ in material.records}
    talked = [one for name, one in material.transcripts.items() if name in asked_of]
    languages = [names.language(code) for code in dict.fromkeys(one.language for one in talked)]
    if len(languages) > 6:
        languages = [*languages[:5], f"{len(languages) - 5} more languages"]
    asked = words.count(len(material.records), "answer")
    talks = words.count(len(talked), "conversation")
    made = (
        "synthetic conversations, no real customers or colleagues" if material.synthetic else "recorded conversations"
    )
    return (
        f"{material.findings.agent} was asked for {asked} in {talks} in {words.listed(languages) or 'no language'}, "
        f"on {manifest.created_at:%-d %B %Y}; {made}."
    )


def _confidence(findings: Findings) -> str:
    """Return the confidence of the intervals: "with 95 % confidence"."""
    levels = sorted({(gate.difference or gate.rate).confidence for gate in findings.gates})
    return f"with {' or '.join(words.threshold_text(level) for level in levels) or '95 %'} confidence"


def _readings_title(read: list[conversations.Reading], reached: str) -> str:
    """Return the heading over the conversations."""
    number = words.spelled(len(read)).capitalize()
    noun = "conversation" if len(read) == 1 else "conversations"
    return f"{number} {noun} {'worth reading all the same' if reached == 'PASS' else 'that drove the verdict'}"


def _red(material: Material) -> tuple[str, ...]:
    """Return what each gate that did not pass prints: its line, what to read, how to run it again."""
    agent, named = material.manifest.agent, material.manifest.paths
    return tuple(
        red_text(gate, Path(material.name), agent=agent, transcripts=named)
        for gate in material.findings.gates
        if gate.verdict != "PASS"
    )


def _not_measured(material: Material, names: words.Names, found: Compared) -> tuple[str, ...]:
    """Return all that the report does not say, with the reason for each."""
    said = [*material.findings.not_measured, *found.without_times]
    if material.manifest.selection:
        left = ", ".join(f"{name} {value}" for name, value in material.manifest.selection.items())
        said.append(f"Transcripts outside the selection ({left}): not asked")
    if not any(one.name == "resolution" for one in material.findings.gates):
        said.append(
            "Whether the AI’s conversations ended in a solution: a replay does not go on to the end, so time to "
            "resolution is given as the waiting in it"
        )
    said += fonts.missing(_labels(material, names))
    return tuple(one.rstrip(".") + "." for one in dict.fromkeys(said))


def _labels(material: Material, names: words.Names) -> list[str]:
    """Return the texts from transcripts and suite that stand in figures."""
    seen = {pair for row in material.rows for pair in row.slices.items()}
    found = {names.slice(f"{name}={value}") for name, value in seen}
    return sorted(found | {row.grader for row in material.rows})


def _ledger(line: LedgerLine) -> LedgerRow:
    """Return a line of the ledger, with whether it closes."""
    parts = line.graded + line.abstained + line.errored + line.diverged + line.skipped + line.not_run
    return LedgerRow(line=line, side="AI" if line.arm == "ai" else "people", closes=parts == line.planned)


def _made(material: Material, lettering: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return how the report came to be: all that a repetition needs."""
    manifest = material.manifest
    chosen = msgspec.json.encode(manifest.selection).decode() if manifest.selection else "all"
    pairs = [
        ("Suite", manifest.suite),
        ("Agent", manifest.agent),
        ("Mode", manifest.mode.replace("_", " ")),
        ("Judge", manifest.judge),
        ("Trials", str(manifest.trials)),
        ("Languages claimed", ", ".join(manifest.languages).replace("*", "all")),
        ("Selection", chosen),
        ("Begun", f"{manifest.created_at:%Y-%m-%d %H:%M} UTC"),
        ("chatparity", manifest.chatparity),
        ("Python", manifest.python),
        ("Settings SHA-256", manifest.settings_sha256),
        ("Graders", ", ".join(manifest.graders)),
        ("Letters of figures", ", ".join(lettering)),
    ]
    pairs += [("Invalid line", line) for line in manifest.invalid_lines[:5]]
    pairs += [
        (
            "Dataset",
            f"{one.path}: {words.count(one.transcripts, 'transcript')}, {one.invalid} invalid, SHA-256 {one.sha256}",
        )
        for one in manifest.datasets
    ]
    return tuple(pairs)
