"""The claims of a suite as items of a session: asked only where logs are named, measured once a process."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chatparity._pytest.github import harmless

if TYPE_CHECKING:
    from chatparity.claims.file import ClaimsFile
    from chatparity.claims.logs import Logs
    from chatparity.claims.result import ClaimResult

MARK = (
    "claims(*ids): ask the claims of the claims file (default: all) on the logs that --claims-logs or [claims] logs in "
    "suite.toml names; without logs the test is not collected"
)
NO_LOGS = "claims: not asked: name logs with --claims-logs or with [claims] logs in suite.toml"


class Claims:
    """The claims file of a suite and its logs; `given` are the logs named on the command line."""

    def __init__(self, root: Path, given: Path | None) -> None:
        self._root = root
        self._given = given

    @cached_property
    def logs_path(self) -> Path | None:
        """Return where the logs lie; None where none are named. Raises pytest.UsageError for a bad suite.toml."""
        from chatparity.errors import UsageError
        from chatparity.suite import load_suite

        if self._given is not None:
            return self._given
        try:
            suite = load_suite(self._root)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error
        named = suite.settings.claims.logs
        return suite.path(named) if named is not None else None

    @cached_property
    def file(self) -> ClaimsFile:
        """Return the claims file. Raises pytest.UsageError for one that cannot be read."""
        from chatparity.claims.file import read_claims
        from chatparity.errors import UsageError
        from chatparity.suite import load_suite

        try:
            suite = load_suite(self._root)
            return read_claims(suite.path(suite.settings.claims.file))
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error

    def check(self) -> None:
        """Raise pytest.UsageError for logs that are named and not there, and for a bad claims file."""
        path = self.logs_path
        if path is None:
            return
        if not path.exists():
            raise pytest.UsageError(f"{path}: no such logs: --claims-logs or [claims] logs in suite.toml names them")
        self.file  # noqa: B018 - reading it finds what is wrong

    @cached_property
    def _logs(self) -> Logs | str:
        """Return the logs, or why they cannot be read: every claim must say so, not only the first."""
        from chatparity.claims.read import read_logs
        from chatparity.errors import UsageError

        assert self.logs_path is not None
        try:
            return read_logs(self.logs_path, self.file)
        except UsageError as error:
            return str(error)

    def measure(self, name: str) -> ClaimResult:
        """Measure one claim; fails the test where the logs cannot be read."""
        import datetime as dt

        from chatparity.claims.measure import measure_claim

        logs = self._logs
        if isinstance(logs, str):
            pytest.fail(f"no verdict: {logs}", pytrace=False)
        [claim] = [one for one in self.file.claim if one.id == name]
        return measure_claim(claim, self.file, logs, dt.datetime.now(dt.UTC).date())

    def chosen(self, mark: pytest.Mark) -> list[str]:
        """Return the ids of the claims that a marker asks for. Raises CollectError for one that does not exist."""
        known = [claim.id for claim in self.file.claim]
        unknown = [name for name in mark.args if name not in known]
        if unknown:
            raise pytest.Collector.CollectError(
                f'claims: no claim is called "{unknown[0]}": there are {", ".join(known)}'
            )
        return [name for name in known if not mark.args or name in mark.args]


class Claim:
    """One claim as a test sees it."""

    def __init__(self, name: str, claims: Claims, properties: list[tuple[str, object]], inconclusive: str) -> None:
        self.name = name
        self._claims = claims
        self._properties = properties
        self._inconclusive = inconclusive

    @cached_property
    def result(self) -> ClaimResult:
        """Return what was measured: verdict, figure, interval, n, and what they rest on."""
        return self._claims.measure(self.name)

    def check(self) -> None:
        """Fail the test unless the claim is supported and not out of date.

        `--inconclusive` says what one that cannot be told, or that must be measured again, does.
        """
        from chatparity.claims.text import claim_lines

        result = self.result
        self._properties += [("claim", result.id), ("verdict", result.verdict), ("n", result.n)]
        if result.interval is not None:
            low, high = result.interval
            self._properties += [("estimate", result.estimate), ("low", low), ("high", high)]
        if result.effect == "PASS":
            return
        text = harmless("\n".join(claim_lines(result)))
        mode = self._inconclusive if result.effect == "INCONCLUSIVE" else "fail"
        if mode == "skip":
            pytest.skip(text)
        if mode == "fail":
            pytest.fail(text, pytrace=False)
