"""Whether the agent is no worse than people, on the same answers, by the same graders."""

from __future__ import annotations

import pytest

from chatparity.pytest_plugin import Gate


@pytest.mark.gates(kind="margin")
def test_parity(gate: Gate) -> None:
    """Hold every gate of suite.toml that compares the agent with people."""
    gate.check()
