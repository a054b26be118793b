"""Statistics for verdicts: rates, paired differences and agreement, each with its n, its interval and its method.

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
from chatparity.stats.equivalence import MarginTest, equivalence, margin_test, non_inferiority, paired_margin_test
from chatparity.stats.interval import clopper_pearson, wilson
from chatparity.stats.inversion import two_sided_p
from chatparity.stats.judged import CorrectedRate, rogan_gladen
from chatparity.stats.krippendorff import AlphaEstimate, krippendorff_alpha
from chatparity.stats.mean import MeanEstimate, cluster_mean, paired_mean_difference, unpaired_mean_difference
from chatparity.stats.multiplicity import benjamini_hochberg, holm, holm_confidences, simultaneous_confidence
from chatparity.stats.power import (
    detectable_difference,
    detectable_rate,
    difference_conversations,
    difference_power,
    rate_conversations,
    rate_power,
)
from chatparity.stats.prediction_powered import PoweredMean, prediction_powered_mean
from chatparity.stats.rate import RateEstimate, cluster_rate
from chatparity.stats.repeats import RepeatEstimate, pass_all, pass_any, pass_hat
from chatparity.stats.roc import roc_auc
from chatparity.stats.standardise import Gap, StandardisedDifference, standardised_difference
from chatparity.stats.survey import Control, SurveyMean, survey_mean
from chatparity.stats.two_rates import (
    McNemarTest,
    ScoreTest,
    farrington_manning,
    mcnemar,
    newcombe_difference,
    newcombe_paired,
)
from chatparity.stats.weighted_sum import weighted_sum

__all__ = [
    "REPEATED_ICC",
    "WORKING_ICC",
    "AgreementEstimate",
    "AlphaEstimate",
    "BetaBinomialEstimate",
    "BootstrapEstimate",
    "Control",
    "CorrectedRate",
    "DifferenceEstimate",
    "Gap",
    "MarginTest",
    "McNemarTest",
    "MeanEstimate",
    "PoweredMean",
    "RateEstimate",
    "RepeatEstimate",
    "ScoreTest",
    "StandardisedDifference",
    "SurveyMean",
    "UnpairedDifference",
    "benjamini_hochberg",
    "beta_binomial",
    "clopper_pearson",
    "cluster_bootstrap",
    "cluster_mean",
    "cluster_rate",
    "cohen_kappa",
    "detectable_difference",
    "detectable_rate",
    "difference_conversations",
    "difference_power",
    "equivalence",
    "farrington_manning",
    "holm",
    "holm_confidences",
    "krippendorff_alpha",
    "margin_test",
    "mcnemar",
    "newcombe_difference",
    "newcombe_paired",
    "non_inferiority",
    "paired_difference",
    "paired_margin_test",
    "paired_mean_difference",
    "pass_all",
    "pass_any",
    "pass_hat",
    "prediction_powered_mean",
    "rate_conversations",
    "rate_power",
    "roc_auc",
    "rogan_gladen",
    "score_interval",
    "simultaneous_confidence",
    "standardised_difference",
    "survey_mean",
    "two_sided_p",
    "unpaired_difference",
    "unpaired_mean_difference",
    "weighted_sum",
    "wilson",
]
