"""A rate that a judge found, corrected for how often the judge is known to err (Rogan and Gladen)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from chatparity.stats.interval import check_confidence, check_counts, normal_quantile


@dataclass(frozen=True)
class CorrectedRate:
    """A judged rate corrected for the judge's errors, as shares in [0, 1], with its two-sided interval.

    `judged` is the rate as the judge found it; `sensitivity` and `specificity` are the judge's, from validation.
    `estimate`, `low` and `high` are None where they cannot be estimated; `method` says how or why not.
    """

    judged: float
    sensitivity: float | None
    specificity: float | None
    estimate: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str


def rogan_gladen(
    found: float,
    n: float,
    *,
    true_found: float,
    truly: float,
    true_cleared: float,
    not_truly: float,
    confidence: float = 0.95,
) -> CorrectedRate:
    """Return the true rate of what a judge found in `found` of `n` answers, from a separate validation sample.

    Of `truly` answers that people say have it, the judge found it in `true_found` (sensitivity); of `not_truly` that
    have it not, it cleared `true_cleared` (specificity). The estimate is (found/n + specificity − 1) / (sensitivity +
    specificity − 1) [1], kept in [0, 1]. The interval is Lang and Reiczigel's [2]: counts enlarged as Agresti and Coull
    do, the variance of all three rates, and a shift towards the middle. For clusters, divide each pair of counts by
    its design effect: fractions are allowed. Validation must resemble what is judged: sensitivity and specificity
    from other languages or intents correct nothing.

    No interval where the judge is not shown to be better than chance (lower bound of sensitivity + specificity − 1 not
    above 0), for the correction then divides by what may be zero.

    [1] W. J. Rogan, B. Gladen (1978), Estimating prevalence from the results of a screening test, American Journal of
        Epidemiology 107, 71-76.
    [2] Z. Lang, J. Reiczigel (2014), Confidence limits for prevalence of disease adjusted for estimated sensitivity
        and specificity, Preventive Veterinary Medicine 113, 13-22, equations 4, 6, 7, 16 and 17.
    """
    check_confidence(confidence)
    check_counts(found, n, confidence)
    judged = found / n
    for name, good, of in (("true_found", true_found, truly), ("true_cleared", true_cleared, not_truly)):
        if not 0 <= good <= of:
            raise ValueError(f"{name}: expected a number from 0 to {of}, got {good}")
    if truly == 0 or not_truly == 0:
        which = "sensitivity" if truly == 0 else "specificity"
        why = f"cannot be estimated: no validated answer tells the {which}"
        known = (true_found / truly if truly else None, true_cleared / not_truly if not_truly else None)
        return CorrectedRate(judged, *known, None, None, None, confidence, why)
    sensitivity, specificity = true_found / truly, true_cleared / not_truly
    z = normal_quantile(confidence)
    # [2], equations 6 and 7: two more validated answers of each kind, z² more judged ones, half of them found.
    size, truly_2, not_truly_2 = n + z * z, truly + 2, not_truly + 2
    apparent, se, sp = (found + z * z / 2) / size, (true_found + 1) / truly_2, (true_cleared + 1) / not_truly_2
    var_found, var_se, var_sp = (
        apparent * (1 - apparent) / size,
        se * (1 - se) / truly_2,
        sp * (1 - sp) / not_truly_2,
    )
    youden = se + sp - 1
    if youden - z * math.sqrt(var_se + var_sp) <= 0 or sensitivity + specificity <= 1:
        why = "cannot be estimated: the judge is not shown to be better than chance"
        return CorrectedRate(judged, sensitivity, specificity, None, None, None, confidence, why)
    estimate = min(max((judged + specificity - 1) / (sensitivity + specificity - 1), 0.0), 1.0)
    rate = (apparent + sp - 1) / youden
    shift = 2 * z * z * (rate * var_se - (1 - rate) * var_sp)  # [2], equation 17
    half = z * math.sqrt(var_found + rate**2 * var_se + (1 - rate) ** 2 * var_sp) / youden  # [2], equation 4
    low, high = min(max(rate + shift - half, 0.0), 1.0), min(max(rate + shift + half, 0.0), 1.0)
    # The interval is built around a shrunken rate: at the edges it must still hold the estimate that is shown.
    low, high = min(low, estimate), max(high, estimate)
    method = "Rogan–Gladen, interval of Lang and Reiczigel"
    return CorrectedRate(judged, sensitivity, specificity, estimate, low, high, confidence, method)
