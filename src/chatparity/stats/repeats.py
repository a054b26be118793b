"""Repeated trials of one task: how often all of k trials would succeed (pass^k), or at least one (pass@k).

An agent that solves a task three times of four is right for one customer and wrong for the next with the same wish.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from chatparity.stats.interval import check_confidence, clopper_pearson, t_quantile, wilson

FEW = 10


@dataclass(frozen=True)
class RepeatEstimate:
    """pass^`k` over `tasks` tasks with `trials` trials in all, as a share in [0, 1], with its two-sided interval.

    The tasks are the units: their trials are not independent. `estimate`, `low` and `high` are None where they cannot
    be estimated; `method` says how or why not.
    """

    k: int
    tasks: int
    trials: int
    estimate: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str


def pass_all(good: int, n: int, k: int) -> float:
    """Return the unbiased estimate C(good, k) / C(n, k) [1] of the chance that k trials of one task all succeed.

    It is the share of the subsets of k of the n trials in which each trial succeeded.

    [1] S. Yao, N. Shinn, P. Razavi, K. Narasimhan (2024), τ-bench, arXiv:2406.12045, section 3.
    """
    _check(good, n, k)
    return math.comb(good, k) / math.comb(n, k)


def pass_any(good: int, n: int, k: int) -> float:
    """Return the unbiased estimate 1 − C(n − good, k) / C(n, k) [1] of the chance that one of k trials succeeds.

    [1] M. Chen et al. (2021), Evaluating large language models trained on code, arXiv:2107.03374, equation 1.
    """
    _check(good, n, k)
    return 1 - math.comb(n - good, k) / math.comb(n, k)


def pass_hat(
    outcomes: Sequence[bool], tasks: Sequence[Hashable], *, confidence: float = 0.95
) -> tuple[RepeatEstimate, ...]:
    """Return pass^k for k = 1 … the fewest trials of any task, from the outcome of each trial and its task.

    Each is the mean over tasks of `pass_all` [1], so that a task counts once however often it was tried. The interval
    takes the tasks as units: Wilson's on the effective number of tasks p (1 − p) / variance of the mean, with Student's
    t on tasks − 1 degrees of freedom [2]. With fewer than ten tasks that fall short of (or rise above) the rest, the
    variance says little: then the exact one with each task as one yes or no, the most that values in [0, 1] can vary.

    [1] S. Yao et al. (2024), arXiv:2406.12045; M. Chen et al. (2021), arXiv:2107.03374.
    [2] N. Dean, M. Pagano (2015), Journal of Survey Statistics and Methodology 3, 484-503.
    """
    check_confidence(confidence)
    if len(outcomes) != len(tasks):
        raise ValueError(f"tasks: expected one an outcome ({len(outcomes)}), got {len(tasks)}")
    counts: dict[Hashable, tuple[int, int]] = {}
    for outcome, task in zip(outcomes, tasks, strict=True):
        good, n = counts.get(task, (0, 0))
        counts[task] = (good + bool(outcome), n + 1)
    if not counts:
        return ()
    most = min(n for _, n in counts.values())
    return tuple(_over_tasks(list(counts.values()), k, confidence) for k in range(1, most + 1))


def _over_tasks(counts: list[tuple[int, int]], k: int, confidence: float) -> RepeatEstimate:
    values = np.array([pass_all(good, n, k) for good, n in counts])
    tasks, trials, mean = len(counts), sum(n for _, n in counts), float(values.mean())
    if tasks < 2:
        why = "cannot be estimated from one task"
        return RepeatEstimate(k, tasks, trials, mean, None, None, confidence, why)
    if min((values < 1).sum(), (values > 0).sum()) < FEW:
        low, high = clopper_pearson(mean * tasks, tasks, confidence)
        method = "exact, tasks as single observations"
        return RepeatEstimate(k, tasks, trials, mean, low, high, confidence, method)
    variance = float(values.var(ddof=1)) / tasks
    size = max(mean * (1 - mean) / variance, tasks) if variance > 0 else float(tasks)
    low, high = wilson(mean * size, size, confidence, quantile=t_quantile(confidence, tasks - 1))
    method = f"Wilson on {size:.0f} effective tasks"
    return RepeatEstimate(k, tasks, trials, mean, low, high, confidence, method)


def _check(good: int, n: int, k: int) -> None:
    if not 0 <= good <= n:
        raise ValueError(f"good: expected a number from 0 to n = {n}, got {good}")
    if not 1 <= k <= n:
        raise ValueError(f"k: expected a number from 1 to n = {n}, got {k}")
