"""Whether the agent stays civil, whatever the customer writes."""

from __future__ import annotations

import pytest

from chatparity.pytest_plugin import Gate


@pytest.mark.gates("politeness")
def test_politeness(gate: Gate) -> None:
    """Hold every gate on politeness that suite.toml sets against a fixed threshold."""
    gate.check()
