"""Which conversations to read: those that drove the verdict, red gates first, no two alike while there is a choice."""

from __future__ import annotations

from itertools import zip_longest

from chatparity.gate.result import Example, GateResult
from chatparity.grading.rows import ScoreRow

from .material import Material
from .verdict import ORDER, worst_first

SHOWN = 10


def chosen(material: Material) -> list[tuple[GateResult, Example]]:
    """Take one example of each gate in turn, worst gates first, no conversation twice.

    Gates of a better verdict are asked only when those of a worse one have no more to give. Of a gate's examples the
    first of a language and outcome not shown yet is taken, so that ten conversations are not ten times the same.
    What is left is filled with answers that the AI got right and people did not: they too are behind a comparison.
    """
    found: list[tuple[GateResult, Example]] = []
    seen: set[str] = set()
    kinds: set[tuple[str, str]] = set()

    held = {
        (gate.name, gate.kind, gate.threshold): [
            one
            for one in _held(material, gate)
            if one.id in material.transcripts and (one.id, one.turn, 0) not in material.echoes
        ]
        for gate in material.findings.gates
    }

    def kind(example: Example) -> tuple[str, str]:
        return material.transcripts[example.id].language, example.outcome

    for verdict in ORDER:
        gates = [gate for gate in worst_first(material.findings.gates) if gate.verdict == verdict]
        while len(found) < SHOWN:
            before = len(found)
            for gate in gates:
                left = [one for one in held[gate.name, gate.kind, gate.threshold] if one.id not in seen]
                if left and len(found) < SHOWN:
                    example = next((one for one in left if kind(one) not in kinds), left[0])
                    seen.add(example.id)
                    kinds.add(kind(example))
                    found.append((gate, example))
            if len(found) == before:
                break
    for gate, example in _only_people(material):
        if len(found) < SHOWN and example.id not in seen:
            seen.add(example.id)
            found.append((gate, example))
    return found


def _held(material: Material, gate: GateResult) -> list[Example]:
    """Return what a gate holds against the agent: its own examples, then all other answers found bad by its metric."""
    found = list(gate.failures)
    if gate.difference is None:
        known = {one.id for one in found}
        name, _, value = gate.slice.partition("=")
        rows = [
            row
            for row in material.rows
            if (row.arm, row.grader, row.state) == ("ai", gate.grader, "graded")
            and row.metrics.get(gate.metric) is (not gate.good_is_high)
            and (gate.slice == "all" or row.slices.get(name) == value)
            and row.id not in known
        ]
        found += [_example(row, row.outcome or "") for row in sorted(rows, key=lambda one: one.value or 0.0)[:SHOWN]]
    return found


def _only_people(material: Material) -> list[tuple[GateResult, Example]]:
    """Return the answers, by gate against people in turn, that the AI got right and people did not."""
    lists = []
    for gate in material.findings.gates:
        if gate.kind == "margin" and gate.slice == "all":
            good = {
                arm: {
                    row.key: row
                    for row in material.own_rows
                    if (row.arm, row.grader, row.state) == (arm, gate.grader, "graded") and gate.metric in row.metrics
                }
                for arm in ("ai", "human")
            }
            shared = [(row, good["human"][key]) for key, row in good["ai"].items() if key in good["human"]]
            lists.append(
                [
                    (gate, _example(ours, "only people were found wanting"))
                    for ours, theirs in shared
                    if ours.metrics[gate.metric] is gate.good_is_high
                    and theirs.metrics[gate.metric] is not gate.good_is_high
                ]
            )
    return [one for turn in zip_longest(*lists) for one in turn if one is not None]


def _example(row: ScoreRow, outcome: str) -> Example:
    """Return a score row as an example."""
    return Example(id=row.id, turn=row.turn, outcome=outcome, quote=row.quote, reason=row.reason)
