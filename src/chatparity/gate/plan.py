"""The gates of a run before it is begun: those that will be decided, and what keeps them from it."""

from __future__ import annotations

from chatparity.gate.looks import AT_THE_END, ONE_LOOK
from chatparity.gate.slices import GateSlice, check_gates, expand, planned
from chatparity.gate.waived import check_waivers
from chatparity.grading.load import load_graders
from chatparity.run.examine import planned_points
from chatparity.run.select import Options
from chatparity.suite import Suite


def plan_gates(suite: Suite, options: Options) -> list[GateSlice]:
    """Return the gates × slices that a run of the suite will decide; nobody is asked.

    Raises InputError for a gate or waiver that names what does not exist, and, when all of the suite's own transcripts
    are examined, for a gate that even a perfect agent could not pass, with the n that it needs. A run of chosen or
    other transcripts may be too small for its gates: they are INCONCLUSIVE then.
    """
    graders = load_graders(suite)
    transcripts, conversations = planned_points(suite, options)
    points = [point for conversation in conversations for point in conversation]
    asked = expand(suite.settings, graders, planned(points, graders))
    check_waivers(suite.settings, asked, {one.id for one in transcripts} if options.whole_suite else None)
    if options.whole_suite:
        return check_gates(suite.settings, points, graders, AT_THE_END if options.stop_early else ONE_LOOK)
    return [one for one in asked if one.gated]


def check_names(suite: Suite) -> None:
    """Raise InputError for a gate that names what does not exist: all that can be wrong when a run goes on."""
    expand(suite.settings, load_graders(suite), {})
