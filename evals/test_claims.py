"""Whether what was said in public still holds, on the logs that --claims-logs or [claims] logs in suite.toml names."""

from __future__ import annotations

import pytest

from chatparity.pytest_plugin import Claim


@pytest.mark.claims
def test_claims(claim: Claim) -> None:
    """Hold every claim of the claims file: supported, and not out of date."""
    claim.check()
