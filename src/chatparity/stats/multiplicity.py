"""Many slices, one claim: adjusted p-values, and intervals that hold for all slices together.

Among twenty slices in which nothing is wrong, one looks wrong at 95 %. Holm bounds the chance of even one false alarm;
Benjamini and Hochberg bound the share of false alarms among the alarms, and so find more.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatparity.stats.interval import check_confidence


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return Holm's adjusted p-values [1] in the order given; None (not estimated) stays None and does not count.

    Calling every slice with an adjusted value of at most α different makes a false call anywhere with probability of
    at most α, however the slices depend on each other.

    [1] S. Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6,
        65-70.
    """
    known = sorted(_known(p_values), key=lambda one: one[1])
    adjusted: list[float | None] = [None] * len(p_values)
    so_far = 0.0
    for rank, (position, p_value) in enumerate(known):
        so_far = max(so_far, min((len(known) - rank) * p_value, 1.0))
        adjusted[position] = so_far
    return tuple(adjusted)


def benjamini_hochberg(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return Benjamini and Hochberg's adjusted p-values [1] in the order given; None stays None and does not count.

    Of the slices with an adjusted value of at most α, a share of at most α is expected to be false calls, if the
    slices are independent or depend on each other positively.

    [1] Y. Benjamini, Y. Hochberg (1995), Controlling the false discovery rate, JRSS B 57, 289-300.
    """
    known = _known(p_values)
    adjusted: list[float | None] = [None] * len(p_values)
    if known:
        from statsmodels.stats.multitest import multipletests

        values = multipletests([one for _, one in known], method="fdr_bh")[1]
        for (position, _), value in zip(known, values, strict=True):
            adjusted[position] = float(value)
    return tuple(adjusted)


def simultaneous_confidence(confidence: float, slices: int) -> float:
    """Return the confidence each of `slices` intervals needs so that all hold together with `confidence`.

    Bonferroni's [1]: 1 − (1 − confidence) / slices, however the slices depend on each other.

    [1] O. J. Dunn (1961), Multiple comparisons among means, JASA 56, 52-64.
    """
    check_confidence(confidence)
    if slices < 1:
        raise ValueError(f"slices: expected at least 1, got {slices}")
    return 1 - (1 - confidence) / slices


def holm_confidences(p_values: Sequence[float | None], confidence: float = 0.95) -> tuple[float | None, ...]:
    """Return for each slice the confidence at which its own interval leaves out zero exactly when Holm [1] calls it.

    `p_values` are two-sided, of the tests that belong to the intervals. The smallest is held against α / k, the next
    against α / (k − 1), and so on until one is not called; all from there on keep the level at which it failed. These
    intervals decide as Holm does; to hold jointly as estimates they would need `simultaneous_confidence`.

    [1] S. Holm (1979), Scandinavian Journal of Statistics 6, 65-70; on what intervals can follow from it,
        K. Strassburger, F. Bretz (2008), Compatible simultaneous lower confidence bounds for the Holm procedure,
        Statistics in Medicine 27, 4914-4927.
    """
    check_confidence(confidence)
    known = _known(p_values)
    alpha = 1 - confidence
    levels: dict[int, float] = {}
    left = len(known)
    for position, p_value in sorted(known, key=lambda one: one[1]):
        levels[position] = 1 - alpha / left
        if p_value <= alpha / left and left > 1:
            left -= 1
        elif p_value > alpha / left:
            break
    rest = 1 - alpha / max(left, 1)
    positions = {position for position, _ in known}
    return tuple(levels.get(one, rest) if one in positions else None for one in range(len(p_values)))


def _known(p_values: Sequence[float | None]) -> list[tuple[int, float]]:
    known = [(position, one) for position, one in enumerate(p_values) if one is not None]
    for position, one in known:
        if not 0 <= one <= 1:
            raise ValueError(f"p_values[{position}]: expected a number from 0 to 1, got {one}")
    return known
