"""Whether the agent does what was asked, with the right arguments, and nothing else."""

from __future__ import annotations

import pytest

from chatparity.pytest_plugin import Gate


@pytest.mark.gates("actions")
def test_actions(gate: Gate) -> None:
    """Hold every gate on actions that suite.toml sets against a fixed threshold."""
    gate.check()
