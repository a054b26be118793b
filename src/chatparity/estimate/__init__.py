"""Estimates: how often each failure happens in a whole population, from what people said of a sample of it."""

from chatparity.estimate.measure import estimate
from chatparity.estimate.result import Estimate, FailureRate, Interval, Raw

__all__ = ["Estimate", "FailureRate", "Interval", "Raw", "estimate"]
