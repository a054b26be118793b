"""Graders: what they are, how a suite's are found, and how they are run over exchanges."""

from chatparity.exchange import Evidence, Exchange, Point, Score
from chatparity.grading.grader import RATE, Grader, Metric, always, grader, passes

__all__ = ["RATE", "Evidence", "Exchange", "Grader", "Metric", "Point", "Score", "always", "grader", "passes"]
