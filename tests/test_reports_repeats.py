"""Repeated trials in a report: pass^k counts a task's trials together, and a failure of the endpoint as none."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

from chatparity.grading.rows import ScoreRow, State
from chatparity.suite import load_suite

load_suite()
repeats: ModuleType = importlib.import_module("chatparity_suite.reports.repeats")


def row(task: str, trial: int, *, good: bool = True, turn: int = 1, state: State = "graded") -> ScoreRow:
    return ScoreRow(
        id=f"{task}-{trial}",
        turn=turn,
        trial=0,
        arm="ai",
        grader="actions",
        dimension="actions",
        state=state,
        cluster=task,
        slices={},
        metrics={},
        verdict=("pass" if good else "fail") if state == "graded" else None,
    )


def test_pass_k_falls_where_a_task_succeeds_only_sometimes() -> None:
    # Task a succeeds in 4 of 4 trials, b in 2 of 4: pass^1 = 0.75, pass^2 = (1 + 1/6) / 2, pass^4 = 0.5.
    rows = [row("a", trial) for trial in range(4)] + [row("b", trial, good=trial < 2) for trial in range(4)]
    [found] = repeats.repeats(rows)
    assert [one.estimate for one in found.estimates] == pytest.approx([0.75, (1 + 1 / 6) / 2, 0.5, 0.5])
    assert (found.tasks, found.trials) == (2, 8)


def test_one_failed_answer_fails_its_trial() -> None:
    rows = [row(task, trial, turn=turn) for task in "ab" for trial in range(2) for turn in (1, 3)]
    rows[0] = row("a", 0, good=False)
    [found] = repeats.repeats(rows)
    assert found.estimates[0].estimate == 0.75


def test_a_trial_that_errored_is_left_out_and_not_counted_as_failed() -> None:
    rows = [row(task, trial) for task in "ab" for trial in range(3)]
    rows.append(row("a", 0, turn=3, state="errored"))
    [found] = repeats.repeats(rows)
    assert found.trials == 5
    assert [one.estimate for one in found.estimates] == [1.0, 1.0]


def test_a_task_of_which_one_trial_is_left_does_not_silence_the_others() -> None:
    rows = [row(task, trial) for task in "ab" for trial in range(3)]
    rows += [row("c", trial, state="graded" if trial == 0 else "errored") for trial in range(3)]
    [found] = repeats.repeats(rows)
    assert (found.tasks, found.trials, found.left_out) == (2, 6, 3)
    assert [one.estimate for one in found.estimates] == [1.0, 1.0, 1.0]


def test_tasks_that_were_tried_once_have_no_such_figure() -> None:
    assert repeats.repeats([row("a", 0), row("b", 0)]) == []
