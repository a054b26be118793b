"""What a number of conversations can show: power, the number needed, and the smallest difference that would be seen.

Plans, to be made before the answers are in: the true rate is what one assumes, and the design effect (see
`RateEstimate.design_effect`) is taken from earlier runs. The tests planned for are two-sided intervals at `confidence`
of which one bound must clear a threshold, as the gates read them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from chatparity.stats.interval import check_confidence, clopper_pearson, normal_quantile, t_quantile

Interval = Callable[[float, float, float], tuple[float, float]]
MOST = 1_000_000


def rate_power(
    rate: float,
    threshold: float,
    conversations: int,
    *,
    confidence: float = 0.95,
    per_conversation: float = 1.0,
    design_effect: float = 1.0,
    interval: Interval = clopper_pearson,
) -> float:
    """Return the chance that the lower bound of a rate that is truly `rate` reaches `threshold`.

    The effective number of answers is conversations · per_conversation / design_effect, rounded down; the chance is
    the binomial one of seeing at least the smallest count whose bound reaches the threshold [1]. The exact interval
    is the default; `interval` takes another, as `wilson`, which needs a little less.
    For a rate that must stay below a threshold, give both as shares of the good answers.

    [1] J. L. Fleiss, B. Levin, M. C. Paik (2003), Statistical Methods for Rates and Proportions, section 2.4.
    """
    from scipy.special import bdtrc

    _check(confidence, per_conversation, design_effect, rate=rate, threshold=threshold)
    n = math.floor(conversations * per_conversation / design_effect + 1e-9)
    if n < 1 or interval(n, n, confidence)[0] < threshold:
        return 0.0
    low, high = -1, n  # the bound of `low` good answers falls short, that of `high` does not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if interval(middle, n, confidence)[0] >= threshold else (middle, high)
    return 1.0 if high == 0 else float(bdtrc(high - 1, n, rate))


def rate_conversations(
    rate: float,
    threshold: float,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
    per_conversation: float = 1.0,
    design_effect: float = 1.0,
    interval: Interval = clopper_pearson,
) -> int | None:
    """Return with how many conversations `rate_power` reaches `power`; None where `rate` is not above `threshold`.

    Power goes up in a saw's teeth, for counts are whole. The answer is a number at which it is reached and below which
    a tenth fewer conversations do not reach it; None also where a million conversations would not do.
    """
    _check(confidence, per_conversation, design_effect, rate=rate, threshold=threshold, power=power)
    if rate <= threshold:
        return None

    def reaches(conversations: int) -> bool:
        return power <= rate_power(
            rate,
            threshold,
            conversations,
            confidence=confidence,
            per_conversation=per_conversation,
            design_effect=design_effect,
            interval=interval,
        )

    return _smallest(reaches)


def difference_power(
    discordant: float,
    margin: float,
    conversations: int,
    *,
    difference: float = 0.0,
    confidence: float = 0.95,
    per_conversation: float = 1.0,
    design_effect: float = 1.0,
) -> float:
    """Return the chance that the lower bound of a paired difference that is truly `difference` lies above −`margin`.

    `discordant` is the share of pairs in which one side alone is good (at least |difference|): the variance of a pair
    is discordant − difference² [1]. Student's t on conversations − 1 degrees of freedom, by its noncentral
    distribution; with few discordant pairs the gate uses a wider interval, and this is then too hopeful.
    `margin=0` plans for superiority.

    [1] R. J. Connor (1987), Sample size for testing differences in proportions for the paired-sample design,
        Biometrics 43, 207-211.
    """
    from scipy.special import nctdtr, stdtr

    _check(confidence, per_conversation, design_effect)
    _check_pairs(discordant, difference, margin)
    if conversations < 2:
        return 0.0
    error = _pair_error(discordant, difference, conversations * per_conversation, design_effect)
    if error == 0:
        return 1.0 if difference > -margin else 0.0
    df, shift = conversations - 1, (difference + margin) / error
    quantile = t_quantile(confidence, df)
    # For large df the noncentral t is the normal shifted, to more digits than its series gives.
    return float(1 - (stdtr(df, quantile - shift) if df > 1000 else nctdtr(df, shift, quantile)))


def difference_conversations(
    discordant: float,
    margin: float,
    *,
    difference: float = 0.0,
    power: float = 0.8,
    confidence: float = 0.95,
    per_conversation: float = 1.0,
    design_effect: float = 1.0,
) -> int | None:
    """Return the fewest conversations with which `difference_power` reaches `power`.

    None where the difference does not exceed −margin, or where a million conversations would not do.
    """
    _check(confidence, per_conversation, design_effect, power=power)
    _check_pairs(discordant, difference, margin)
    if difference <= -margin:
        return None

    def reaches(conversations: int) -> bool:
        return power <= difference_power(
            discordant,
            margin,
            conversations,
            difference=difference,
            confidence=confidence,
            per_conversation=per_conversation,
            design_effect=design_effect,
        )

    return _smallest(reaches)


def detectable_difference(
    discordant: float,
    conversations: int,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
    per_conversation: float = 1.0,
    design_effect: float = 1.0,
) -> float | None:
    """Return the smallest paired difference that would be told from zero with `power` [1]; None with one conversation.

    (t at confidence + z at power) · standard error at no difference, so on the safe side. It is also the smallest
    margin that two equals would pass.

    [1] H. S. Bloom (1995), Minimum detectable effects, Evaluation Review 19, 547-556.
    """
    _check(confidence, per_conversation, design_effect, power=power)
    _check_pairs(discordant, 0.0, 0.0)
    if conversations < 2:
        return None
    error = _pair_error(discordant, 0.0, conversations * per_conversation, design_effect)
    return (t_quantile(confidence, conversations - 1) + _one_sided(power)) * error


def detectable_rate(
    threshold: float,
    conversations: int,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
    per_conversation: float = 1.0,
    design_effect: float = 1.0,
    interval: Interval = clopper_pearson,
) -> float | None:
    """Return the lowest true rate that clears `threshold` with `power`, to 0.0001; None where not even 1 would."""

    def reaches(rate: float) -> bool:
        return power <= rate_power(
            rate,
            threshold,
            conversations,
            confidence=confidence,
            per_conversation=per_conversation,
            design_effect=design_effect,
            interval=interval,
        )

    _check(confidence, per_conversation, design_effect, power=power, threshold=threshold)
    if not reaches(1.0):
        return None
    low, high = threshold, 1.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


def _smallest(reaches: Callable[[int], bool]) -> int | None:
    """Return a number that reaches, where a tenth less does not: by doubling, halving, and going down the teeth."""
    low, high = 1, 2
    while not reaches(high):
        low, high = high, high * 2
        if high > MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    start = high
    for fewer in range(start - 1, max(1, math.floor(start * 0.9)) - 1, -max(1, start // 500)):
        high = fewer if reaches(fewer) else high
    return high


def _pair_error(discordant: float, difference: float, pairs: float, design_effect: float) -> float:
    return math.sqrt(max(discordant - difference**2, 0.0) * design_effect / pairs)


def _one_sided(power: float) -> float:
    return normal_quantile(2 * power - 1) if power > 0.5 else -normal_quantile(1 - 2 * power) if power < 0.5 else 0.0


def _check_pairs(discordant: float, difference: float, margin: float) -> None:
    if not abs(difference) <= discordant <= 1:
        raise ValueError(f"discordant: expected a share from |difference| = {abs(difference)} to 1, got {discordant}")
    if not 0 <= margin <= 1:
        raise ValueError(f"margin: expected a share from 0 to 1, got {margin}")


def _check(confidence: float, per_conversation: float, design_effect: float, **shares: float) -> None:
    check_confidence(confidence)
    if not per_conversation > 0:
        raise ValueError(f"per_conversation: expected a number above 0, got {per_conversation}")
    if not design_effect >= 1:
        raise ValueError(f"design_effect: expected a number from 1, got {design_effect}")
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"{name}: expected a share from 0 to 1, got {share}")
