"""The run behind a session's gates: planned before tests are collected, made once by whoever needs it first."""

from __future__ import annotations

import asyncio
import json
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from chatparity._pytest.options import Asked

if TYPE_CHECKING:
    from chatparity.gate import Findings, GateResult, GateSlice
    from chatparity.run.select import Options
    from chatparity.suite import Mode, Suite

PAUSE = 0.2


@dataclass(frozen=True)
class Plan:
    """The suite, its dimensions, and the gates × slices that will be decided."""

    suite: Suite
    dimensions: frozenset[str]
    slices: tuple[GateSlice, ...]


class Exam:
    """One run of a suite, shared by all processes of a session: `run` is its folder, `session` names the session."""

    def __init__(self, root: Path, asked: Asked, run: Path, session: str, write: Callable[[str], None] | None) -> None:
        self.root = root
        self.asked = asked
        self.run = run
        self.session = session
        self._write = write

    @property
    def outcome_file(self) -> Path:
        """Return the file that tells the other processes of this session how the run went."""
        return self.run / f".pytest-{self.session}.json"

    @cached_property
    def plan(self) -> Plan:
        """Plan the run without asking anybody.

        Raises pytest.UsageError for a bad suite, bad transcripts, or a gate that no agent could pass.
        """
        from chatparity.errors import UsageError
        from chatparity.gate.plan import plan_gates
        from chatparity.grading import load_graders
        from chatparity.suite import load_suite

        try:
            suite = load_suite(self.root)
            graders = load_graders(suite)
            slices = plan_gates(suite, self.options)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error
        return Plan(suite, frozenset(one.dimension for one in graders), tuple(slices))

    @property
    def options(self) -> Options:
        """Return the run's options; a folder that holds an unfinished run is continued."""
        from chatparity.run.judging import Judging
        from chatparity.run.select import Options

        asked = self.asked
        resume = (self.run / "manifest.json").is_file()
        mode = cast("Mode | None", asked.mode)
        return Options(
            agent=asked.agent,
            judge=asked.judge,
            mode=mode,
            out=self.run,
            resume=resume,
            stop_early=asked.stop_early,
            judging=Judging(offline=asked.offline),
        )

    def try_endpoints(self) -> None:
        """Open and close the agent and the judge, so that a bad name ends the session before any test.

        So does a folder that cannot be made.
        """
        from chatparity.errors import UsageError
        from chatparity.run.folder import RunFolder

        if RunFolder(self.run).gate_file.is_file():
            # Yesterday's verdicts must not pass today's release.
            raise pytest.UsageError(
                f"--run-dir {self.run}: a finished run is here: name a folder that is new or unfinished"
            )
        try:
            asyncio.run(self._open())
            if self.asked.baseline is not None:
                RunFolder(self.asked.baseline).scores()
            _try_to_make(self.run)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error
        except OSError as error:
            raise pytest.UsageError(f"--run-dir {self.run}: a run cannot be written here: {error.strerror}") from error

    async def _open(self) -> None:
        from chatparity.agents import open_agent
        from chatparity.judge import open_judge

        suite = self.plan.suite
        async with (
            open_agent(self.asked.agent or suite.settings.agent.default, suite),
            open_judge(self.asked.judge or suite.settings.judge.default, suite, offline=self.asked.offline),
        ):
            pass

    def result(self, one: GateSlice) -> GateResult:
        """Return what one gate on one slice found; fails the test when there is nothing."""
        from chatparity.gate.needed import threshold_of

        wanted = (one.name, one.gate.kind, threshold_of(one.gate))
        for result in self.findings.gates:
            if (result.name, result.kind, result.threshold) == wanted:
                return result
        pytest.fail(f"INCONCLUSIVE {one.name}: the run has nothing to decide it by: {self.run}", pytrace=False)

    @cached_property
    def findings(self) -> Findings:
        """Return the findings of the run, which is made now if no process of this session has made it yet."""
        from filelock import FileLock

        from chatparity.gate.folder import read_findings
        from chatparity.run.folder import RunFolder

        self.run.mkdir(parents=True, exist_ok=True)
        with FileLock(self.run / ".pytest.lock"):
            if not self.outcome_file.is_file():
                self.outcome_file.write_text(json.dumps({"error": self._made()}), encoding="utf-8")
        error = json.loads(self.outcome_file.read_text(encoding="utf-8"))["error"]
        if error:
            pytest.fail(error, pytrace=False)
        return read_findings(RunFolder(self.run))

    def clear(self) -> None:
        """Take away what the processes of this session told each other."""
        for path in (self.outcome_file, self.run / ".pytest.lock"):
            path.unlink(missing_ok=True)

    def _made(self) -> str | None:
        """Replay, grade, gate and report; return what went wrong, or None."""
        from chatparity.errors import ChatparityError
        from chatparity.gate import judge_run
        from chatparity.gate.early import looking_at
        from chatparity.gate.page import write_report
        from chatparity.run.examine import examine
        from chatparity.run.judging import not_judged
        from chatparity.sandbox.answering import shop_of

        suite = self.plan.suite
        try:
            look = looking_at(suite, self.asked.baseline)
            show = self._progress()
            folder = asyncio.run(examine(suite, self.options, on_progress=show, tools=shop_of(suite), looking=look))
            missing = not_judged(folder.scores())
            if missing:
                return f"no verdict: {missing}\nto go on once they can be had: --run-dir {self.run}"
            write_report(folder, judge_run(folder, suite, self.asked.baseline), self.asked.baseline)
        except ChatparityError as error:
            return f"no verdict: {error}"
        except Exception:  # noqa: BLE001 - every gate must say what happened, in every process, not only the first
            return f"no verdict: the run broke off:\n{traceback.format_exc()}"
        return None

    def _progress(self) -> Callable[[int, int], None] | None:
        """Return the function that shows how far the replay is, or None where there is no terminal."""
        write = self._write
        if write is None:
            return None
        shown = 0.0

        def show(done: int, planned: int) -> None:
            nonlocal shown
            if done == planned or time.monotonic() - shown > PAUSE:
                shown = time.monotonic()
                write(f"\rreplaying {done}/{planned}" + ("\n" if done == planned else ""))

        return show

    def red_text(self, result: GateResult) -> str:
        """Return the text of a gate that does not pass."""
        from chatparity.gate import red_text

        default = self.plan.suite.settings.agent.default
        return red_text(result, self.run, agent=None if self.asked.agent in (None, default) else self.asked.agent)


def _try_to_make(folder: Path) -> None:
    """Make a folder and take it away again. Raises OSError when it cannot be made."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing:
        one.rmdir()
