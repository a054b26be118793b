"""All that the page and the comment say, as plain frozen objects: the templates only lay it out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from chatparity.gate import red_text
from chatparity.gate.result import Findings, GateResult, Rate
from chatparity.grading.rows import LedgerLine

from . import conversations, escalation, latency, words
from .material import Material
from .verdict import Sentence, lead, sentences, tally


@dataclass(frozen=True)
class GateRow:
    """One gate as a row of the scorecard; `sides` are the rates that a difference was made of."""

    what: str
    slice: str
    figures: str
    sides: tuple[str, ...]
    counted: str
    beside: tuple[str, ...]
    need: str
    verdict: str
    symbol: str
    reason: str


@dataclass(frozen=True)
class RateRow:
    """One metric on one slice with people beside the AI where they are known.

    `kind` is what sort of slice it is: `all`, `language`, or `other`.
    """

    what: str
    slice: str
    ai: str
    people: str
    why: str
    kind: str


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
    tally: str
    scale: str
    confidence: str
    synthetic: bool
    people: str
    has_people: bool
    dimensions: tuple[Sentence, ...]
    gates: tuple[GateRow, ...]
    readings: tuple[conversations.Reading, ...]
    readings_title: str
    red: tuple[str, ...]
    rates: tuple[RateRow, ...]
    matrices: tuple[escalation.Matrix, ...]
    times: tuple[latency.Times, ...]
    not_measured: tuple[str, ...]
    ledger: tuple[LedgerRow, ...]
    made: tuple[tuple[str, str], ...]


def page_of(material: Material, names: words.Names) -> Page:
    """Build all that a report says of a run."""
    findings, manifest = material.findings, material.manifest
    read = conversations.readings(material, names)
    times, without_times = latency.times(material)
    has_people = any(row.arm == "human" for row in material.rows)
    return Page(
        title=f"{findings.verdict}: {manifest.suite}",
        verdict=findings.verdict,
        symbol=words.SYMBOLS[findings.verdict],
        lead=lead(findings, names, material.people),
        tally=tally(findings),
        scale=_scale(material, names),
        confidence=_confidence(findings),
        synthetic=material.synthetic,
        people=material.people,
        has_people=has_people,
        dimensions=tuple(sentences(findings, names, material.people)),
        gates=tuple(_gate(gate, names, material) for gate in findings.gates),
        readings=tuple(read),
        readings_title=_readings_title(read, findings.verdict),
        red=_red(material),
        rates=_rates(findings, names),
        matrices=tuple(escalation.matrices(material)),
        times=tuple(times),
        not_measured=_not_measured(material, without_times),
        ledger=tuple(_ledger(line) for line in findings.ledger),
        made=_made(material),
    )


def _scale(material: Material, names: words.Names) -> str:
    """Return what was examined, in one sentence."""
    manifest = material.manifest
    languages = [names.language(code) for code in dict.fromkeys(one.language for one in material.transcripts.values())]
    if len(languages) > 6:
        languages = [*languages[:5], f"{len(languages) - 5} more languages"]
    asked = words.count(len(material.records), "answer")
    talks = words.count(len(material.transcripts), "conversation")
    made = (
        "synthetic conversations, no real customers or colleagues" if material.synthetic else "recorded conversations"
    )
    return (
        f"{material.findings.agent} was asked for {asked} in {talks} in {words.listed(languages)}, "
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


def _gate(gate: GateResult, names: words.Names, material: Material) -> GateRow:
    """Return one row of the scorecard."""
    shown = gate.difference or gate.rate
    unit = "pair" if gate.difference else "conversation" if gate.metric == "overall" else "answer"
    other = material.people if gate.kind == "margin" else "baseline"
    sides = [("AI", gate.rate), (other, gate.other)] if gate.difference else []
    return GateRow(
        what=words.metric_name(gate.dimension, gate.metric, gate.grader)
        + (f", AI − {other}" if gate.difference else ""),
        slice=names.slice(gate.slice),
        figures=words.difference_text(shown) + "\u00a0points" if gate.difference else words.rate_text(shown),
        sides=tuple(f"{name} {_rate_and_n(rate)}" for name, rate in sides if rate is not None),
        counted=f"{words.count(shown.n, unit)} in {words.count(shown.clusters, 'conversation')}",
        beside=_beside(shown),
        need=words.need_text(gate),
        verdict=gate.verdict,
        symbol=words.SYMBOLS[gate.verdict],
        reason="" if gate.verdict == "PASS" else gate.reason,
    )


def _beside(rate: Rate) -> tuple[str, ...]:
    """Return what became of the planned answers that are not in n."""
    parts = (
        (rate.unknown, "without a score, counted as worst and best"),
        (rate.abstained, "abstained"),
        (rate.diverged, "diverged"),
    )
    return tuple(f"{number} {said}" for number, said in parts if number)


def _rate_and_n(rate: Rate) -> str:
    """Return a rate with its interval and its n."""
    return f"{words.rate_text(rate)}, {words.n_text(rate.n)}"


def _red(material: Material) -> tuple[str, ...]:
    """Return what each gate that did not pass prints: its line, what to read, how to run it again."""
    agent = material.manifest.agent
    return tuple(
        red_text(gate, Path(material.name), agent=agent) for gate in material.findings.gates if gate.verdict != "PASS"
    )


def _rates(findings: Findings, names: words.Names) -> tuple[RateRow, ...]:
    """Return what decides nothing, the AI and people of the same metric and slice on one row.

    Where only the human side is ungated, the AI's rate is taken from its gate. What nothing is known of is left out:
    it stands under what was not measured.
    """
    grouped: dict[tuple[str, str, str, str], dict[str, Rate]] = {}
    why: dict[tuple[str, str, str, str], str] = {}
    for one in findings.rates:
        key = (one.dimension, one.metric, one.grader, one.slice)
        grouped.setdefault(key, {})[one.arm] = one.rate
        if one.arm == "ai":
            why[key] = one.why
    for gate in findings.gates:
        key = (gate.dimension, gate.metric, gate.grader, gate.slice)
        if gate.difference is None and key in grouped and "ai" not in grouped[key]:
            grouped[key]["ai"] = gate.rate
            why[key] = "the AI is gated, people are not"
    return tuple(
        RateRow(
            what=words.metric_name(dimension, metric, grader),
            slice=names.slice(of),
            ai=_with_n(arms.get("ai")),
            people=_with_n(arms.get("human")),
            why=why.get((dimension, metric, grader, of), "people only"),
            kind=of.partition("=")[0] if of == "all" or of.startswith("language=") else "other",
        )
        for (dimension, metric, grader, of), arms in grouped.items()
        if any(rate.n for rate in arms.values())
    )


def _with_n(rate: Rate | None) -> str:
    """Return a rate with its interval and n, or nothing."""
    return _rate_and_n(rate) if rate else ""


def _not_measured(material: Material, without_times: list[str]) -> tuple[str, ...]:
    """Return all that the report does not say, with the reason for each."""
    found = [*material.findings.not_measured, *without_times]
    if material.manifest.selection:
        left = ", ".join(f"{name} {value}" for name, value in material.manifest.selection.items())
        found.append(f"Transcripts outside the selection ({left}): not asked")
    return tuple(one.rstrip(".") + "." for one in dict.fromkeys(found))


def _ledger(line: LedgerLine) -> LedgerRow:
    """Return a line of the ledger, with whether it closes."""
    parts = line.graded + line.abstained + line.errored + line.diverged + line.skipped + line.not_run
    return LedgerRow(line=line, side="AI" if line.arm == "ai" else "people", closes=parts == line.planned)


def _made(material: Material) -> tuple[tuple[str, str], ...]:
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
