"""Gates: verdicts with their strength, from score rows."""

from chatparity.gate.card import scorecard
from chatparity.gate.decide import decide
from chatparity.gate.folder import judge_run
from chatparity.gate.result import Example, Findings, GateResult, Rate, SliceRate, Verdict
from chatparity.gate.slices import GateSlice, Planned, check_gates, planned
from chatparity.gate.text import red_text

__all__ = [
    "Example",
    "Findings",
    "GateResult",
    "GateSlice",
    "Planned",
    "Rate",
    "SliceRate",
    "Verdict",
    "check_gates",
    "decide",
    "judge_run",
    "planned",
    "red_text",
    "scorecard",
]
