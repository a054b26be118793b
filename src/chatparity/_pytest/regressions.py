"""The fixture `regression`: a failure that people found once, asked again, and held against the graders it failed.

Regressions are asked in a run of their own beside the suite's: they were picked because they failed, so in the suite's
rates they would speak for nothing.
"""

from __future__ import annotations

import asyncio
import json
import traceback
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chatparity._pytest.github import harmless

if TYPE_CHECKING:
    from chatparity._pytest.exam import Exam
    from chatparity.grading.rows import ScoreRow

FOLDER = Path("datasets", "regressions")
RUN = "regressions"


@dataclass(frozen=True)
class Known:
    """A regression as its transcript's `meta.regression` describes it: the answer at `turn` must pass `graders`."""

    id: str
    turn: int
    graders: tuple[str, ...]


class Regressions:
    """The regressions of a suite and the one run in which they are asked."""

    def __init__(self, exam: Exam) -> None:
        self._exam = exam

    @cached_property
    def known(self) -> list[Known]:
        """Return the regressions there are. Raises pytest.UsageError for a transcript that says nothing to hold."""
        from chatparity.errors import UsageError
        from chatparity.jsonl import holds_transcripts, read_transcripts

        folder = self._exam.root / FOLDER
        if not folder.is_dir() or not holds_transcripts(folder):
            return []
        found = []
        try:
            for one in read_transcripts([folder]):
                about = one.meta.get("regression")
                turn, graders = (about.get("turn"), about.get("graders")) if isinstance(about, dict) else (None, None)
                if not isinstance(turn, int) or not isinstance(graders, list) or not graders:
                    raise UsageError(
                        f'{folder}: {one.id}: meta.regression: expected {{"turn": N, "graders": ["NAME", …]}}'
                    )
                found.append(Known(one.id, turn, tuple(map(str, graders))))
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error
        return found

    @cached_property
    def rows(self) -> dict[tuple[str, int, str], ScoreRow]:
        """Return the scores of the run, made now if no process of this session has made it; fails the test else."""
        from filelock import FileLock

        from chatparity.run.folder import RunFolder

        run = self._exam.run / RUN
        outcome = run / f".pytest-{self._exam.session}.json"
        run.mkdir(parents=True, exist_ok=True)
        with FileLock(run / ".pytest.lock"):
            if not outcome.is_file():
                outcome.write_text(json.dumps({"error": self._made(run)}), encoding="utf-8")
        error = json.loads(outcome.read_text(encoding="utf-8"))["error"]
        if error:
            pytest.fail(error, pytrace=False)
        return {(row.id, row.turn, row.grader): row for row in RunFolder(run).scores() if row.arm == "ai"}

    def _made(self, run: Path) -> str | None:
        """Ask for the regressions; return what went wrong, or None."""
        from dataclasses import replace

        from chatparity.errors import ChatparityError
        from chatparity.run.examine import examine
        from chatparity.sandbox.answering import shop_of

        suite, asked = self._exam.plan.suite, self._exam.options
        resume = (run / "manifest.json").is_file()
        options = replace(asked, paths=(self._exam.root / FOLDER,), out=run, resume=resume, stop_early=False)
        try:
            asyncio.run(examine(suite, options, tools=shop_of(suite)))
        except ChatparityError as error:
            return f"no verdict: {error}"
        except Exception:  # noqa: BLE001 - every regression must say what happened, not only the first
            return f"no verdict: the run broke off:\n{traceback.format_exc()}"
        return None

    def clear(self) -> None:
        """Take away what the processes of this session told each other."""
        run = self._exam.run / RUN
        for path in (run / f".pytest-{self._exam.session}.json", run / ".pytest.lock"):
            path.unlink(missing_ok=True)


class Regression:
    """One regression, as a test sees it."""

    def __init__(self, known: Known, regressions: Regressions, exam: Exam) -> None:
        self.known = known
        self._regressions = regressions
        self._exam = exam

    def check(self) -> None:
        """Fail the test unless the agent's answer passes every grader that the recorded one failed."""
        lines, languages = [], []
        for grader in self.known.graders:
            row = self._regressions.rows.get((self.known.id, self.known.turn, grader))
            if row is None:
                lines.append(f"{grader}: no score: is there a grader of that name?")
            elif row.state == "skipped":
                languages.append(row.reason)
            elif row.verdict != "pass":
                lines.append(
                    f"{grader}: {row.reason}" if row.verdict == "fail" else f"{grader}: {row.state}: {row.reason}"
                )
        if lines:
            told = "\n  ".join(lines)
            asked = f" --agent {self._exam.asked.agent}" if self._exam.asked.agent else ""
            again = f"again: chatparity run {FOLDER.as_posix()} --ids {self.known.id}{asked}"
            text = f"FAIL regression {self.known.id} turn {self.known.turn}\n  {told}\n  {again}"
            pytest.fail(harmless(text), pytrace=False)
        if languages:
            pytest.skip(languages[0])
