"""The LLM grader of a rubric: one exchange (or, through deepeval, one conversation) put before the judge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from chatparity.errors import JudgeFailure
from chatparity.exchange import Exchange, Score
from chatparity.grading.grader import GradeConversation, GradeExchange, Grader
from chatparity.grading.rubric_file import LEVELS, Rubric, load_rubric
from chatparity.grading.verdict import messages_for, schema_for, score_of, withheld
from chatparity.judge import Judge

__all__ = ["Rubric", "load_rubric", "rubric_grader"]


def rubric_grader(rubric: Rubric, judge: Judge | None) -> Grader:
    """Return the LLM grader of a rubric, bound to `judge`; without one it exists and is not run.

    A verdict that is unsure, withheld, garbled or not backed by quotes from the text is an abstention with its reason.
    A judge that cannot be asked raises JudgeFailure: the score is errored.
    """
    grade: GradeExchange | GradeConversation
    if rubric.engine == "deepeval":
        from chatparity.grading.deepeval_metric import deepeval_grade

        grade = deepeval_grade(rubric, judge)
    else:
        grade = _grade(rubric, judge)
    calibrated = ", ".join(rubric.languages) or "none: its verdicts have not been compared with people's yet"
    return Grader(
        name=rubric.name,
        dimension=rubric.dimension,
        version=rubric.identity,
        grade=grade,
        languages=rubric.languages,
        kind="llm",
        level=LEVELS[rubric.engine],
        needs_judge=True,
        doc=f"{rubric.path.name}, read by the judge. Calibrated in: {calibrated}.",
    )


def _grade(rubric: Rubric, judge: Judge | None) -> Callable[[Exchange], Awaitable[Score]]:
    """Return the function that puts one exchange before the judge."""
    schema = schema_for(rubric.scale)

    async def grade(exchange: Exchange) -> Score:
        if judge is None:
            raise JudgeFailure("none", f"{rubric.name} needs a judge: name one with --judge")
        messages = messages_for(exchange, rubric.text, reference_facts=rubric.reference_facts)
        try:
            answer = await judge.ask(messages, schema, name=rubric.name)
        except JudgeFailure as error:
            return withheld(error)
        return score_of(answer, exchange, value=rubric.value, pass_at=rubric.pass_at)

    return grade
