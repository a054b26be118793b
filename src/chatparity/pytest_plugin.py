"""The pytest face of chatparity: wakes up only where a suite is found, and loads next to nothing until then.

pytest imports this module in every session of an environment that has chatparity. It looks for `evals/suite.toml` at or
above the paths that are asked for, or the folder it was started in; where there is none it adds no option, no marker
and no fixture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from chatparity._pytest.claims import Claim
    from chatparity._pytest.gate import Gate
    from chatparity._pytest.regressions import Regression

__all__ = ["Claim", "Gate", "Regression"]

# The same place as `chatparity.suite.MARKER`, which is not imported here because it loads third parties.
MARKER = Path("evals", "suite.toml")
OTHER_RUNS = ("--baseline", "--run-dir", "--claims-logs")


@pytest.hookimpl(trylast=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Register the examination where there is a suite; last, so that the options of conftest files come first."""
    root = find_suite(early_config.invocation_params.dir, args)
    if root is not None:
        from chatparity._pytest.session import Examination

        early_config.pluginmanager.register(Examination(root, early_config), "chatparity-examination")


def find_suite(here: Path, args: Sequence[str]) -> Path | None:
    """Return the root of the suite at or above the paths among `args`, else at or above `here`, or None."""
    for start in (*_paths(here, args), here):
        for folder in (start, *start.parents):
            if (folder / MARKER).is_file():
                return folder
    return None


def _paths(here: Path, args: Sequence[str]) -> Iterator[Path]:
    """Yield the paths that a command line names; those of another run, which may lie in another suite, do not count."""
    before = ""
    for arg in args:
        path = (here / arg.split("::")[0]).resolve()
        if not arg.startswith("-") and before not in OTHER_RUNS and path.exists():
            yield path
        before = arg


def __getattr__(name: str) -> object:
    """Fetch the type of a fixture, for annotations that are read while a test file is imported."""
    if name == "Claim":
        from chatparity._pytest.claims import Claim

        return Claim
    if name == "Gate":
        from chatparity._pytest.gate import Gate

        return Gate
    if name == "Regression":
        from chatparity._pytest.regressions import Regression

        return Regression
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
