"""What is wrong with the gates of a run, told before anybody is asked and anything is paid."""

from __future__ import annotations

from chatparity.gate.slices import check_gates, expand
from chatparity.grading.load import load_graders
from chatparity.run.examine import planned_points
from chatparity.run.select import Options
from chatparity.suite import Suite


def check_before(suite: Suite, options: Options) -> None:
    """Raise InputError for gates that name what does not exist and, of the whole suite, that no agent could pass.

    Where only some transcripts are examined, or others than the suite's, a gate without enough of them is
    INCONCLUSIVE, no mistake.
    """
    graders = load_graders(suite)
    if options.resume or not options.whole_suite:
        expand(suite.settings, graders, {})
        return
    _, conversations = planned_points(suite, options)
    check_gates(suite.settings, [point for conversation in conversations for point in conversation], graders)
