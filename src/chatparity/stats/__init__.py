"""Statistics for verdicts: rates, means, differences and agreement, each with its n, its interval and its method.

The cluster is the conversation (or the task it names): answers within one are not independent. What the data cannot
tell is `None` ("cannot be estimated"), never an interval of width zero.
"""

from chatparity.stats.agreement import AgreementEstimate, cohen_kappa
from chatparity.stats.beta_binomial import BetaBinomialEstimate, beta_binomial
from chatparity.stats.bootstrap import BootstrapEstimate, cluster_bootstrap
from chatparity.stats.clusters import REPEATED_ICC, WORKING_ICC
from chatparity.stats.difference import (
    DifferenceEstimate,
    UnpairedDifference,
    paired_difference,
    score_interval,
    unpaired_difference,
)
from chatparity.stats.interval import clopper_pearson, wilson
from chatparity.stats.mean import MeanEstimate, cluster_mean, paired_mean_difference, unpaired_mean_difference
from chatparity.stats.rate import RateEstimate, cluster_rate

__all__ = [
    "REPEATED_ICC",
    "WORKING_ICC",
    "AgreementEstimate",
    "BetaBinomialEstimate",
    "BootstrapEstimate",
    "DifferenceEstimate",
    "MeanEstimate",
    "RateEstimate",
    "UnpairedDifference",
    "beta_binomial",
    "clopper_pearson",
    "cluster_bootstrap",
    "cluster_mean",
    "cluster_rate",
    "cohen_kappa",
    "paired_difference",
    "paired_mean_difference",
    "score_interval",
    "unpaired_difference",
    "unpaired_mean_difference",
    "wilson",
]
