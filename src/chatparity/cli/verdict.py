"""How a run's verdicts are printed, for `run` and `gate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatparity.cli.show import say

if TYPE_CHECKING:
    from chatparity.gate.result import Findings
    from chatparity.run.folder import RunFolder
    from chatparity.suite import Suite

CODES = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 3}


def show_verdict(folder: RunFolder, findings: Findings, suite: Suite, *, as_json: bool) -> int:
    """Print the scorecard and every red gate's text, or all of it as JSON; return the exit code."""
    if as_json:
        import msgspec

        say(msgspec.json.encode(findings).decode())
        return CODES[findings.verdict]
    from chatparity.gate import red_text, scorecard

    say(scorecard(findings))
    named = folder.manifest().paths
    agent = None if findings.agent == suite.settings.agent.default else findings.agent
    for result in findings.gates:
        if result.verdict != "PASS":
            say(red_text(result, folder.path, agent=agent, transcripts=named))
    waived = sum(result.waived for result in findings.gates)
    beside = f" ({waived} not passing {'gate' if waived == 1 else 'gates'} waived)" if waived else ""
    say(f"{findings.verdict}{beside}  run: {folder.path}")
    return CODES[findings.verdict]
