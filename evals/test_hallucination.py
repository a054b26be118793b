"""Whether everything the agent states and claims to have done is backed by knowledge, records or tools."""

from __future__ import annotations

import pytest

from chatparity.pytest_plugin import Gate


@pytest.mark.gates("hallucination")
def test_hallucination(gate: Gate) -> None:
    """Hold every gate on hallucination that suite.toml sets against a fixed threshold."""
    gate.check()
