"""Whether texts inside a transcript steer a team's own judge: every attack that ships, by every rubric."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from chatparity.calibrate.result import Injections
from chatparity.errors import UsageError
from chatparity.exchange import Exchange, Score
from chatparity.grading.grader import Grader
from chatparity.grading.load import load_graders
from chatparity.judge import open_judge
from chatparity.judge.injections import Grade, try_injections
from chatparity.suite import Suite


async def steered(suite: Suite, judge: str, *, only: Sequence[str] = ()) -> Injections:
    """Try every injection on each LLM grader bound to `judge`, and return the trials and which changed a verdict.

    A changed one is named "grader: attack". Graders that compare two answers are left out: the material has one. Raises
    UsageError without a judge, and where no LLM grader is among `only`; JudgeFailure where the judge cannot be asked.
    """
    async with open_judge(judge, suite) as asked:
        if asked is None:
            raise UsageError("--injections: name the judge to try: --judge openai:MODEL")
        graders = [one for one in load_graders(suite, asked, only=only) if one.kind == "llm" and not one.optional]
        if not graders:
            raise UsageError("--injections: no LLM grader is used: leave out --graders, or name one that asks a judge")
        found = await asyncio.gather(*(try_injections(_grading(one)) for one in graders))
    changed = [
        f"{grader.name}: {one.attack.name}"
        for grader, tried in zip(graders, found, strict=True)
        for one in tried
        if not one.same
    ]
    return Injections(n=sum(map(len, found)), changed=tuple(changed))


def _grading(grader: Grader) -> Grade:
    """Return what grades one exchange by a grader, which may be one of whole conversations."""

    async def grade(exchange: Exchange) -> Score:
        given = exchange if grader.level == "exchange" else [exchange]
        score = grader.grade(given)  # type: ignore[arg-type]
        return score if isinstance(score, Score) else await score

    return grade
