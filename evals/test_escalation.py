"""Whether the agent hands over to a person when it must, at once, and only then."""

from __future__ import annotations

import pytest

from chatparity.pytest_plugin import Gate


@pytest.mark.gates("escalation")
def test_escalation(gate: Gate) -> None:
    """Hold every gate on escalation that suite.toml sets against a fixed threshold."""
    gate.check()
