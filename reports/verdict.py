"""The verdict in one sentence, and one sentence for each dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatparity.gate.result import Findings, GateResult

from . import words
from .waived import waived_of
from .words import Names

ORDER = {"FAIL": 0, "INCONCLUSIVE": 1, "PASS": 2}


@dataclass(frozen=True)
class Sentence:
    """What is to be said of one dimension: its worst verdict, the sentence, and what else its gates say."""

    dimension: str
    verdict: str
    symbol: str
    text: str
    beside: str


def lead(findings: Findings, names: Names, people: str) -> str:
    """Return why the verdict is what it is, as a sentence to stand behind it."""
    if findings.verdict == "PASS":
        waived = waived_of(findings.gates)
        if waived:
            rest = len(findings.gates) - waived
            others = f"{rest} of {words.count(len(findings.gates), 'gate')} passed, and"
            is_ = "one known failure is" if waived == 1 else f"{waived} known failures are"
            return f"the agent passed this examination, because {others} {is_} waived."
        return f"the agent passed this examination, because {_all(len(findings.gates))} passed."
    told = {"FAIL": "the agent is not ready", "INCONCLUSIVE": "there is too little data to decide"}[findings.verdict]
    chosen = [gate for gate in worst_first(findings.gates) if gate.effect == findings.verdict]
    if not chosen:
        return "there is nothing to decide by, because no gate was decided: the figures below are only reported."
    dimensions = list(dict.fromkeys(gate.dimension for gate in chosen))
    if len(dimensions) == 1:
        return f"{told}, because {_on(chosen[0], names)} {clause(chosen[0], people)}."
    verb = "it failed on" if findings.verdict == "FAIL" else "the gates leave open"
    return f"{told}, because {verb} {words.listed(dimensions)}."


def advice(findings: Findings, people: str) -> str:
    """Return what the comparisons with people come to, for whoever decides on a rollout; nothing without any.

    "On accuracy the AI is not worse than our people by more than 5 points; on escalation it is: so do not widen its
    use."
    """
    gates = [gate for gate in findings.gates if _parity(gate) and _known(gate) and gate.slice == "all"]
    if not gates:
        return ""
    worst: dict[str, GateResult] = {}
    for gate in sorted(gates, key=lambda one: -ORDER[one.verdict]):
        worst[gate.dimension] = gate
    by = {verdict: [gate for gate in worst.values() if gate.verdict == verdict] for verdict in ORDER}
    other = f" than our {people}"
    said: list[str] = []
    for verdict, told in (
        ("PASS", "the AI is not worse{other} by more than"),
        ("FAIL", "{who} is worse{other} by more than"),
        ("INCONCLUSIVE", "it cannot be told yet whether {who} is worse{other} by more than"),
    ):
        if by[verdict]:
            clause_ = told.format(who="it" if said else "the AI", other="" if said else other)
            said.append(f"{_named(by[verdict])} {clause_} {_margins(by[verdict])}")
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}: {_so(findings, by)}."


def _named(gates: Sequence[GateResult]) -> str:
    """Return the dimensions of gates as the beginning of a clause."""
    return f"on {words.listed([gate.dimension for gate in gates])}"


def _margins(gates: Sequence[GateResult]) -> str:
    """Return the margins of gates: one in points, several as a range."""
    values = sorted({gate.threshold for gate in gates})
    if len(values) == 1:
        return words.points_text(values[0])
    return f"their margins of {words.points_text(values[0]).split(chr(0xA0))[0]} to {words.points_text(values[-1])}"


def _so(findings: Findings, by: dict[str, list[GateResult]]) -> str:
    """Return what follows for a rollout."""
    if by["FAIL"]:
        return "so do not widen its use"
    if findings.verdict == "FAIL":
        failed = dict.fromkeys(gate.dimension for gate in findings.gates if gate.verdict == "FAIL")
        return f"but other gates failed, on {words.listed(list(failed))}, so do not widen its use"
    if by["INCONCLUSIVE"] or findings.verdict == "INCONCLUSIVE":
        return "so do not widen its use before more conversations have told"
    return "nothing measured here speaks against widening its use"


def tally(findings: Findings) -> str:
    """Return how many gates said what, in a sentence: "2 of 7 gates failed, 1 cannot be decided, 4 passed."."""
    verdicts = ["waived" if gate.waived else gate.effect for gate in findings.gates]
    told = (
        ("FAIL", "failed"),
        ("INCONCLUSIVE", "cannot be decided yet"),
        ("waived", "known to fail and waived"),
        ("PASS", "passed"),
    )
    said = [f"{verdicts.count(verdict)} {verb}" for verdict, verb in told if verdict in verdicts]
    return f"Of {words.count(len(verdicts), 'gate')}, {', '.join(said)}." if said else ""


def _all(number: int) -> str:
    """Return that many gates as the subject of a sentence."""
    return "its only gate" if number == 1 else f"all {number} gates"


def worst_first(gates: Sequence[GateResult]) -> list[GateResult]:
    """Return gates in the order in which they are to be read: red first, the whole before its slices."""
    return sorted(gates, key=lambda gate: (ORDER[gate.effect], ORDER[gate.verdict], gate.slice != "all"))


def _on(gate: GateResult, names: Names) -> str:
    """Return the beginning of a sentence about a gate."""
    return f"on {gate.dimension}{names.within(gate.slice)}"


def sentences(findings: Findings, names: Names, people: str) -> list[Sentence]:
    """Return a sentence for each dimension that has a gate, the worst first, else in the order of the suite."""
    found = []
    for dimension in dict.fromkeys(gate.dimension for gate in findings.gates):
        gates = [gate for gate in findings.gates if gate.dimension == dimension]
        found.append(_sentence(dimension, gates, names, people))
    return sorted(found, key=lambda one: ORDER[one.verdict])


def _sentence(dimension: str, gates: Sequence[GateResult], names: Names, people: str) -> Sentence:
    """Return the sentence of one dimension: its worst gate, a comparison with people before a bare rate."""
    ranked = sorted(
        worst_first(gates),
        key=lambda gate: (
            ORDER[gate.effect],
            ORDER[gate.verdict],
            not _known(gate),
            gate.slice != "all",
            not _parity(gate),
        ),
    )
    first = ranked[0]
    text = f"{_on(first, names)} {clause(first, people)}"
    if first.waived:
        text += "; this failure is known and waived"
    return Sentence(
        dimension=dimension,
        verdict=first.verdict,
        symbol=words.SYMBOLS[first.verdict],
        text=text[:1].upper() + text[1:] + ".",
        beside=_beside(ranked[1:], names, people),
    )


def _parity(gate: GateResult) -> bool:
    """Say whether a gate compares the AI with people."""
    return gate.kind == "margin" and gate.difference is not None


def _known(gate: GateResult) -> bool:
    """Say whether a gate has anything to go by."""
    return (gate.difference or gate.rate).estimate is not None


def _beside(gates: Sequence[GateResult], names: Names, people: str) -> str:
    """Return what the other gates of a dimension say: the comparison with people in full, the rest counted."""
    said: list[str] = []
    against = next((gate for gate in gates if _parity(gate) and gate.slice == "all"), None)
    if against is not None:
        text = clause(against, people)
        said.append(text[:1].upper() + text[1:] + ".")
    rest = [gate for gate in gates if gate is not against]
    for verdict, verb in (("FAIL", "failed"), ("INCONCLUSIVE", "cannot be decided")):
        some = [gate for gate in rest if gate.verdict == verdict]
        if some:
            said.append(f"Also {verb}: {'; '.join(_short(gate, names) for gate in some)}.")
    passed = sum(gate.verdict == "PASS" for gate in rest)
    if passed:
        said.append(f"{passed} other {'gate' if passed == 1 else 'gates'} of this dimension passed.")
    return " ".join(said)


def _short(gate: GateResult, names: Names) -> str:
    """Return what a gate measures, where, and what it found, for a list."""
    shown = gate.difference or gate.rate
    against = " against people" if _parity(gate) else ""
    name = f"{words.metric_name(gate.dimension, gate.metric, gate.grader)}{against}{names.within(gate.slice)}"
    figures = words.difference_text(shown) if gate.difference else words.rate_text(shown)
    return f"{name} {figures}, {words.n_text(shown.n)} (needed: {words.need_text(gate)})"


def clause(gate: GateResult, people: str) -> str:
    """Return what a gate found, as a clause without its dimension and slice."""
    if gate.difference is not None:
        return _comparison(gate, people)
    spoken = words.phrase(gate.dimension, gate.metric)
    rate = gate.rate
    if rate.estimate is None:
        return f"nothing can be said: {words.count(rate.n, 'answer')} graded"
    if gate.kind == "zero":
        share = f"{rate.good} of {rate.n:,} {spoken.among}, {words.rate_text(rate)}"
        return f"the AI {spoken.did} in {share}; not one is allowed{_more(gate)}"
    share = f"{words.rate_text(rate)} of {rate.n:,} {spoken.among}"
    return f"the AI {spoken.did} in {share}; {words.need_text(gate)} is needed{_more(gate)}"


def _comparison(gate: GateResult, people: str) -> str:
    """Return what a comparison with people or with the baseline found."""
    rate = gate.difference
    if rate is None:
        raise ValueError(f"gate {gate.name}: a comparison without a difference")
    other = f"our {people}" if gate.kind == "margin" else "the baseline run"
    points = words.points_text(gate.threshold)
    if rate.estimate is None:
        return f"the AI cannot be compared with {other}: {rate.method}"
    figures = f"{words.difference_text(rate)} on {words.count(rate.n, 'paired answer')}"
    what = words.phrase(gate.dimension, gate.metric).name
    told = {
        "PASS": f"the AI is not worse than {other} by more than {points}",
        "FAIL": f"the AI is worse than {other} by more than {points}",
        "INCONCLUSIVE": f"it cannot be told yet whether the AI is worse than {other} by more than {points}",
    }[gate.verdict]
    named = "" if gate.metric == "rate" else f" in {what}"
    return f"{told}{named}: {figures}{_more(gate)}"


def _more(gate: GateResult) -> str:
    """Return what keeps an undecided gate from a verdict."""
    if gate.verdict != "INCONCLUSIVE":
        return ""
    if gate.needed:
        rounded = int(float(f"{gate.needed:.2g}"))
        return f"; about {words.count(rounded, 'more conversation')} would decide"
    if "estimate misses" in gate.reason:
        return "; so far it points the wrong way, but that may be chance"
    return f"; {gate.reason.replace(' (min_n)', '')}" if gate.reason else ""
