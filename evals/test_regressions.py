"""Whether the agent passes what it, or another, failed once: the failures that people found and made tests of."""

from __future__ import annotations

from chatparity.pytest_plugin import Regression


def test_regression(regression: Regression) -> None:
    """Hold the answer to each conversation in datasets/regressions against the graders that failed the recorded one."""
    regression.check()
