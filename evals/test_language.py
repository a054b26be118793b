"""Whether the agent answers in the customer's language."""

from __future__ import annotations

import pytest

from chatparity.pytest_plugin import Gate


@pytest.mark.gates("language")
def test_language(gate: Gate) -> None:
    """Hold every gate on language that suite.toml sets against a fixed threshold."""
    gate.check()
