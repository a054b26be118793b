"""Who grades the graders: known faults are planted into good answers, to see which of them the graders find."""

from chatparity.mutate.examine import EACH, Examination, examine
from chatparity.mutate.faults import faults_named
from chatparity.mutate.result import Result

__all__ = ["EACH", "Examination", "Result", "examine", "faults_named"]
