"""The plugin object of a session with a suite: options, marker, parameters, fixture, and the scorecard at the end."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from chatparity._pytest import github
from chatparity._pytest.claims import MARK as CLAIMS_MARK
from chatparity._pytest.claims import NO_LOGS, Claim, Claims
from chatparity._pytest.exam import Exam
from chatparity._pytest.gate import Gate
from chatparity._pytest.options import add_options, read_options
from chatparity._pytest.regressions import Known, Regression, Regressions
from chatparity.naming import new_folder

if TYPE_CHECKING:
    from chatparity.exchange import Exchange
    from chatparity.gate import GateSlice
    from chatparity.grading import Grader

MARK = (
    "gates(*dimensions, kind=None, metric=None): ask the gates of suite.toml on these dimensions (default: all);"
    " kind names the requirement, and without it those with a fixed threshold are asked"
)
FIXED = ("at_least", "at_most", "zero")
COLOURS = {"PASS": "green", "FAIL": "red", "INCONCLUSIVE": "yellow"}


class Examination:
    """Registered once a session where a suite is found; under xdist, once in the controller and in each worker."""

    def __init__(self, root: Path, config: pytest.Config) -> None:
        self.root = root
        self._config = config
        self._exam: Exam | None = None
        self._claims: Claims | None = None
        self._unasked = False

    def pytest_addoption(self, parser: pytest.Parser) -> None:
        """Add the options."""
        add_options(parser)

    def pytest_configure(self, config: pytest.Config) -> None:
        """Read the options and name the run; a worker takes the run that the controller named."""
        config.addinivalue_line("markers", MARK)
        config.addinivalue_line("markers", CLAIMS_MARK)
        asked = read_options(config)
        shared = getattr(config, "workerinput", {}).get("chatparity")
        if shared is None:
            run = (asked.run_dir or new_folder(self.root, asked.agent or "evals")).resolve()
            shared = {"run": str(run), "session": uuid.uuid4().hex}
        self._claims = Claims(self.root, asked.claims_logs)
        self._exam = Exam(self.root, asked, Path(shared["run"]), shared["session"], self._terminal())

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist which run is this session's."""
        node.workerinput["chatparity"] = {"run": str(self.exam.run), "session": self.exam.session}

    @property
    def exam(self) -> Exam:
        """Return the session's exam."""
        if self._exam is None:
            raise pytest.UsageError("chatparity: asked for gates before pytest was configured")
        return self._exam

    @property
    def claims(self) -> Claims:
        """Return the session's claims."""
        if self._claims is None:
            raise pytest.UsageError("chatparity: asked for claims before pytest was configured")
        return self._claims

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Refuse bad input before anything is collected, once: in the process that starts the workers."""
        config = session.config
        if hasattr(config, "workerinput") or not self._asked_for(config):
            return
        try:
            self.exam.plan  # noqa: B018 - planning is what finds what is wrong
            self.claims.check()
            if not config.option.collectonly:
                self.exam.try_endpoints()
        except pytest.UsageError as error:
            self._tell_github([github.refused(str(error), self.root)])
            raise

    def _asked_for(self, config: pytest.Config) -> bool:
        """Say whether the paths of this session reach the suite's evals.

        `norecursedirs` may name evals/: then it is reached only by a path that names it.
        """
        evals = self.root.resolve() / "evals"
        kept_out = any(fnmatch("evals", pattern) for pattern in config.getini("norecursedirs"))
        paths = [(config.invocation_params.dir / arg.split("::")[0]).resolve() for arg in config.args]
        return any(path == evals or evals in path.parents or (path in evals.parents and not kept_out) for path in paths)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, obj: object) -> list[pytest.Item] | None:
        """Collect no test of claims where no logs are named: there is nothing to ask them of."""
        marks = getattr(obj, "pytestmark", ())
        asks = isinstance(marks, list) and any(mark.name == "claims" for mark in marks)
        if not asks or self.claims.logs_path is not None:
            return None
        self._unasked = True
        return []

    def pytest_report_collectionfinish(self, items: Sequence[pytest.Item]) -> str:
        """Say why there is nothing to run where only claims were asked for."""
        return NO_LOGS if not items and self._unasked else ""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make one item a gate × slice of tests with the marker `gates`, one a claim with `claims`, a regression."""
        asked = metafunc.definition.get_closest_marker("claims")
        if asked is not None and "claim" in metafunc.fixturenames:
            metafunc.parametrize("claim", self.claims.chosen(asked), indirect=True)
        if "regression" in metafunc.fixturenames:
            known = self.regressions.known
            given: list[Any] = [pytest.param(one, id=one.id) for one in known]
            none_yet = pytest.mark.skip(
                reason="no failure was made a test yet: chatparity review SAMPLE --to-test ITEM"
            )
            metafunc.parametrize("regression", given or [pytest.param(None, id="none", marks=none_yet)], indirect=True)
        mark = metafunc.definition.get_closest_marker("gates")
        if mark is None or "gate" not in metafunc.fixturenames:
            return
        chosen = _chosen(self.exam.plan.slices, mark, self.exam.plan.dimensions)
        many = len({one.gate.dimension for one in chosen}) > 1
        ids = [f"{one.gate.dimension}-{_id(one)}" if many else _id(one) for one in chosen]
        metafunc.parametrize("gate", chosen, indirect=True, ids=ids)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Let no time limit meant for unit tests cut the run off: the first gate waits for all of it."""
        waits = item.get_closest_marker("gates") or "regression" in getattr(item, "fixturenames", ())
        if waits and self._config.pluginmanager.hasplugin("timeout"):
            item.add_marker(pytest.mark.timeout(0))

    @pytest.fixture
    def gate(self, request: pytest.FixtureRequest) -> Gate:
        """One gate of suite.toml on one slice; `gate.check()` fails the test unless it passes."""
        one = getattr(request, "param", None)
        if one is None:
            raise pytest.UsageError('the fixture gate needs a marker on the test: @pytest.mark.gates("accuracy")')
        return Gate(cast("GateSlice", one), self.exam, request.node.user_properties)

    @pytest.fixture
    def claim(self, request: pytest.FixtureRequest) -> Claim:
        """One claim of the claims file; `claim.check()` fails the test unless it is supported and not out of date."""
        name = getattr(request, "param", None)
        if name is None:
            raise pytest.UsageError("the fixture claim needs a marker on the test: @pytest.mark.claims")
        return Claim(name, self.claims, request.node.user_properties, self.exam.asked.inconclusive)

    @cached_property
    def regressions(self) -> Regressions:
        """Return the failures that people found and made tests of."""
        return Regressions(self.exam)

    @pytest.fixture
    def regression(self, request: pytest.FixtureRequest) -> Regression:
        """One failure that people found; `regression.check()` fails the test unless the agent passes it now."""
        return Regression(cast("Known", request.param), self.regressions, self.exam)

    @cached_property
    def _graders(self) -> Mapping[str, Grader]:
        from chatparity.grading import load_graders
        from chatparity.suite import load_suite

        return {one.name: one for one in load_graders(load_suite(self.root))}

    @pytest.fixture
    def graders(self) -> Mapping[str, Grader]:
        """Give the suite's graders by name, for tests of your own: `graders["greets"].grade(exchange_of("Hello!"))`."""
        return self._graders

    @pytest.fixture
    def exchange_of(self) -> Callable[..., Exchange]:
        """Give the function that makes an exchange of a reply and, if it matters, of question, language, labels."""
        from chatparity._pytest import trying

        return trying.exchange_of

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the scorecard and where the report is."""
        # A worker of xdist has a summary of its own, which nobody sees: the run is the controller's to tell of.
        if self._exam is None or hasattr(self._config, "workerinput") or not self._exam.run.is_dir():
            return
        exam = self._exam
        self.regressions.clear()
        if not exam.outcome_file.is_file():
            if (exam.run / "replies.jsonl").is_file():
                terminalreporter.section("chatparity")
                terminalreporter.line(f"the run is not finished; to go on: --run-dir {exam.run}")
            return
        try:
            findings = exam.findings
        except pytest.fail.Exception as error:
            self._tell_github([github.refused(str(error), self.root)])
            return
        finally:
            exam.clear()
        from chatparity.gate.card import card_lines
        from chatparity.gate.text import near

        terminalreporter.section(f"chatparity: {findings.verdict}", "=", **_colour(findings.verdict))
        for line, verdict in card_lines(findings):
            terminalreporter.line(line, **_colour(verdict))
        looked = _looked_at(terminalreporter)
        unseen = [gate.name for gate in findings.gates if f"{gate.name} {gate.kind}" not in looked]
        if unseen:
            terminalreporter.line(f"no test of this session looked at: {', '.join(unseen)}", yellow=True)
        terminalreporter.line(f"report: {near(exam.run / 'report.html')}")
        self._tell_github(github.annotated(exam, looked))
        if github.on_github():
            github.write_summary(exam.run)

    def _tell_github(self, found: Iterable[github.Annotation]) -> None:
        """Print annotations on lines of their own in the log of a step; nothing anywhere else."""
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        if not github.on_github() or reporter is None:
            return
        reporter.ensure_newline()
        for one in found:
            reporter.write_line(str(one))

    def _terminal(self) -> Callable[[str], None] | None:
        """Return a function that writes to the terminal past pytest's capture, or None where there is none."""
        stream = sys.__stderr__
        if hasattr(self._config, "workerinput") or stream is None or not stream.isatty():
            return None
        capture = self._config.pluginmanager.getplugin("capturemanager")

        def write(text: str) -> None:
            if capture is None:
                stream.write(text)
                stream.flush()
                return
            with capture.global_and_fixture_disabled():
                stream.write(text)
                stream.flush()

        return write


def _chosen(slices: Sequence[GateSlice], mark: pytest.Mark, dimensions: Iterable[str]) -> list[GateSlice]:
    """Return the gates that a marker asks for. Raises CollectError for one that asks for what does not exist."""
    known = sorted(dimensions)
    unknown = [name for name in mark.args if name not in known]
    if unknown:
        raise pytest.Collector.CollectError(
            f'gates: no dimension is called "{unknown[0]}": there are {", ".join(known)}'
        )
    wrong = sorted(set(mark.kwargs) - {"kind", "metric"})
    if wrong:
        raise pytest.Collector.CollectError(f"gates: expected kind or metric, got {wrong[0]}")
    kind, metric = mark.kwargs.get("kind"), mark.kwargs.get("metric")
    return [
        one
        for one in slices
        if (not mark.args or one.gate.dimension in mark.args)
        and one.gate.kind in ((kind,) if kind else FIXED)
        and metric in (None, one.metric.name)
    ]


def _colour(verdict: str) -> dict[str, bool]:
    return {COLOURS[verdict]: True} if verdict in COLOURS else {}


def _id(one: GateSlice) -> str:
    return f"{one.metric.name}-{one.short}"


def _looked_at(reporter: pytest.TerminalReporter) -> set[object]:
    """Return the gates that tests have checked, from what their reports carry, whichever process ran them."""
    reports = [report for listed in reporter.stats.values() for report in listed]
    return {value for report in reports for name, value in getattr(report, "user_properties", ()) if name == "gate"}
