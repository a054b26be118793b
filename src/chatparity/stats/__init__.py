"""Statistics for verdicts: rates, paired differences and agreement, each with its n, its interval and its method.

The cluster is the conversation (or the task it names): answers within one are not independent. What the data cannot
tell is `None` ("cannot be estimated"), never an interval of width zero.
"""

from chatparity.stats.agreement import AgreementEstimate, cohen_kappa
from chatparity.stats.difference import (
    DifferenceEstimate,
    UnpairedDifference,
    paired_difference,
    score_interval,
    unpaired_difference,
)
from chatparity.stats.interval import clopper_pearson, wilson
from chatparity.stats.rate import RateEstimate, cluster_rate

__all__ = [
    "AgreementEstimate",
    "DifferenceEstimate",
    "RateEstimate",
    "UnpairedDifference",
    "clopper_pearson",
    "cluster_rate",
    "cohen_kappa",
    "paired_difference",
    "score_interval",
    "unpaired_difference",
    "wilson",
]
