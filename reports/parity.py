"""AI minus human: a forest plot of the paired differences, with the margin drawn in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatparity.gate.result import Findings, GateResult, SliceRate

from . import intervals, words
from .scorecard import compared, comparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "The difference between the AI and people on the same answers, by the same graders, in percentage points. "
    "The tick is the margin: the AI is “not worse” when its whole interval lies right of it. Rows without a tick have "
    "no gate and decide nothing."
)


def differences(findings: Findings) -> list[GateResult | SliceRate]:
    """Return every comparison with people: those that are gated, then those over everything that are not."""
    gated = [gate for gate in findings.gates if gate.kind == "margin" and gate.difference and gate.difference.n]
    known = {(gate.grader, gate.metric, gate.slice) for gate in gated}
    rest = [
        one for one in findings.differences if one.slice == "all" and (one.grader, one.metric, one.slice) not in known
    ]
    return [*gated, *rest]


def draw(found: Sequence[GateResult | SliceRate], names: words.Names, people: str, *, narrow: bool = False) -> Figure:
    """Draw the forest plot of comparisons with people."""
    return intervals.draw([comparison([compared(one, names) for one in found], people)], narrow=narrow)
