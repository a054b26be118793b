"""Graders: what they are, how a suite's are found, and how they are run over exchanges."""

from chatparity.exchange import Evidence, Exchange, Point, Score
from chatparity.grading.engine import Side, grade, human_side
from chatparity.grading.grader import RATE, Grader, Metric, always, grader, passes
from chatparity.grading.load import load_graders

__all__ = [
    "RATE",
    "Evidence",
    "Exchange",
    "Grader",
    "Metric",
    "Point",
    "Score",
    "Side",
    "always",
    "grade",
    "grader",
    "human_side",
    "load_graders",
    "passes",
]
