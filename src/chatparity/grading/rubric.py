"""The LLM grader of a rubric: an exchange or a conversation put before the judge, or before each judge of a panel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from chatparity.errors import JudgeFailure
from chatparity.exchange import Exchange, Point, Score
from chatparity.grading.comparison import compare
from chatparity.grading.grader import Grader, always
from chatparity.grading.material import Material, conversation_material, is_reference, material_of
from chatparity.grading.panel import combined
from chatparity.grading.rubric_file import Rubric, load_rubric
from chatparity.grading.verdict import messages_for, schema_for, score_of, withheld
from chatparity.judge import Judge

__all__ = ["Rubric", "load_rubric", "rubric_grader"]

# Grades what a grader is given, an Exchange or a conversation's, by one judge.
ByOne = Callable[[Any, Judge], Awaitable[Score]]
REQUESTS = {"compare": 2}


def rubric_grader(rubric: Rubric, judge: Judge | None) -> Grader:
    """Return the LLM grader of a rubric, bound to `judge`; without one it exists and is not run.

    A verdict that is unsure, withheld, garbled or not backed by quotes from the text is an abstention with its reason.
    A judge that cannot be asked raises JudgeFailure: the score is errored, or not run where its budget is used up.
    """
    calibrated = ", ".join(rubric.languages) or "none: its verdicts have not been compared with people's yet"
    guided = rubric.engine == "compare" or rubric.reference_answer
    return Grader(
        name=rubric.name,
        dimension=rubric.dimension,
        version=rubric.identity,
        grade=_by_all(rubric, judge),
        languages=rubric.languages,
        kind="llm",
        level=rubric.level,
        applies=_has_reference if guided else always,
        needs_judge=True,
        doc=f"{rubric.path.name}, read by the judge. Calibrated in: {calibrated}.",
        optional=rubric.optional,
        requests=REQUESTS.get(rubric.engine, 1),
    )


def _has_reference(point: Point) -> bool:
    """Hold where a person answered, whose answer can be shown."""
    return point.reference is not None


def _by_all(rubric: Rubric, judge: Judge | None) -> Callable[[Any], Awaitable[Score]]:
    """Return the grading function: every judge on its own, a panel's scores made one."""
    by_one = _by_one(rubric)

    async def grade(given: Any) -> Score:
        if judge is None:
            raise JudgeFailure("none", f"{rubric.name} needs a judge: name one with --judge")
        asked = judge.members
        scores = await asyncio.gather(*(_scored(by_one, given, one) for one in asked))
        if len(asked) == 1:
            return scores[0]
        pairs = [(one.identity, score) for one, score in zip(asked, scores, strict=True)]
        return combined(pairs, judge.combine, pass_value=rubric.value(rubric.pass_at))

    return grade


async def _scored(by_one: ByOne, given: Any, judge: Judge) -> Score:
    """Return one judge's score; a verdict that it withheld is an abstention."""
    try:
        return await by_one(given, judge)
    except JudgeFailure as error:
        return withheld(error)


def _by_one(rubric: Rubric) -> ByOne:
    """Return how one judge is asked."""
    if rubric.engine == "deepeval":
        from chatparity.grading.deepeval_metric import deepeval_grade

        return cast("ByOne", deepeval_grade(rubric))
    if rubric.engine == "compare":
        return lambda exchange, judge: compare(exchange, rubric, judge)
    return lambda given, judge: _graded(given, rubric, judge)


async def _graded(given: Exchange | Sequence[Exchange], rubric: Rubric, judge: Judge) -> Score:
    """Return the score of one exchange or, for a rubric of that level, one conversation."""
    if isinstance(given, Exchange) and rubric.reference_answer and is_reference(given):
        return Score.abstained("the reply is the reference answer itself", outcome="same")
    material = _material(given, rubric, judge)
    messages = messages_for(material, rubric.text, rubric.task)
    answered = await judge.answered(messages, schema_for(rubric.scale), name=rubric.name, graded="score")
    return score_of(answered, material, value=rubric.value, pass_at=rubric.pass_at)


def _material(given: Exchange | Sequence[Exchange], rubric: Rubric, judge: Judge) -> Material:
    """Return what the judge is shown."""
    if not isinstance(given, Exchange):
        return conversation_material(given, redact=judge.redact)
    return material_of(
        given,
        reference_facts=rubric.reference_facts,
        reference_answer=rubric.reference_answer,
        redact=judge.redact,
    )
