"""The area under the ROC curve: how well values tell good from bad, whatever the threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def roc_auc(values: NDArray[np.float64], good: NDArray[np.bool_]) -> float:
    """Return how often a good one has the higher value than a bad one, ties as halves [1], shapes (n,).

    Not a number where all are good, or none is.

    [1] J. A. Hanley, B. J. McNeil (1982), The meaning and use of the area under a receiver operating characteristic
        (ROC) curve, Radiology 143, 29-36.
    """
    from scipy.stats import rankdata

    count, other = int(good.sum()), int((~good).sum())
    if not count or not other:
        return float("nan")
    return float((rankdata(values)[good].sum() - count * (count + 1) / 2) / (count * other))
