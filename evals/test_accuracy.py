"""Whether the agent says what it must, when it must, and nothing that it must not."""

from __future__ import annotations

import pytest

from chatparity.pytest_plugin import Gate


@pytest.mark.gates("accuracy")
def test_accuracy(gate: Gate) -> None:
    """Hold every gate on accuracy that suite.toml sets against a fixed threshold."""
    gate.check()
