"""A fitted model as a grader like any other."""

from __future__ import annotations

from chatparity.exchange import Exchange, Score
from chatparity.grading.grader import Grader
from chatparity.learned.features import features_of
from chatparity.learned.model import Model, Predictor
from chatparity.points import claims


def learned_grader(model: Model) -> Grader:
    """Return the grader of a model: its value is the probability that people call the answer good.

    It abstains in languages that it was not fitted in, and where the reply has no text.
    """
    predictor = Predictor(model)

    def grade(exchange: Exchange) -> Score:
        """Return the score of one exchange."""
        if not exchange.reply.text.strip():
            return Score.abstained("the reply has no text")
        if not claims(model.languages, exchange.language):
            known = ", ".join(model.languages)
            return Score.abstained(f"fitted in {known}, and this is {exchange.language}", outcome="language")
        probability = predictor.probability(features_of(exchange))
        give, sign = (Score.passed, "≥") if probability >= model.pass_at else (Score.failed, "<")
        said = f"people call it good with probability {probability:.2f} {sign} {model.pass_at:.2f}"
        return give(f"{said}, learned from {model.n} labelled answers", value=probability)

    return Grader(
        name=model.name,
        dimension=model.dimension,
        version=model.version,
        grade=grade,
        languages=model.languages,
        kind="learned",
        doc=f"Fitted on {model.n} answers with people's label {model.label}, in {', '.join(model.languages)}.",
        fitted_on=frozenset(model.fitted_on),
    )
