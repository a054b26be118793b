"""Two answers compared by a judge, in both orders: what does not survive the exchange of places is no preference."""

from __future__ import annotations

import asyncio
from typing import Literal

from chatparity.exchange import Evidence, Exchange, Score
from chatparity.grading.material import comparison_material, is_reference
from chatparity.grading.rubric_file import Rubric
from chatparity.grading.verdict import comparison_schema, founded, messages_for, reason_of
from chatparity.judge import Judge

Preferred = Literal["reply", "reference", "neither"]
VALUES: dict[Preferred, float] = {"reply": 1.0, "neither": 0.5, "reference": 0.0}
OUTCOMES: dict[Preferred, str] = {"reply": "better", "neither": "equal", "reference": "worse"}


async def compare(exchange: Exchange, rubric: Rubric, judge: Judge) -> Score:
    """Return how a reply stands against the answer that a person gave: 1 better, 0.5 equal, 0 worse, which fails.

    The judge is asked twice, with the answers in both orders (Zheng et al., "Judging LLM-as-a-Judge with MT-Bench and
    Chatbot Arena", 2023, section 3.4). Two preferences that contradict each other are an abstention with the outcome
    `inconsistent`; one preference and one tie are a tie. Raises JudgeFailure.
    """
    if is_reference(exchange):
        return Score.abstained("the reply is the answer it would be compared with", outcome="same")
    first, second = await asyncio.gather(*(_one(exchange, rubric, judge, swapped=one) for one in (False, True)))
    if isinstance(first, Score):
        return first
    if isinstance(second, Score):
        return second
    (one, reason, spans), (other, second_reason, more) = first, second
    if {one, other} == {"reply", "reference"}:
        said = f"in one order: {reason} In the other: {second_reason}"
        return Score.abstained(f"the judge prefers whatever stands in one place; {said}", outcome="inconsistent")
    preferred: Preferred = one if one == other else "neither"
    give = Score.failed if preferred == "reference" else Score.passed
    evidence = list(dict.fromkeys([*spans, *more]))
    return give(reason, value=VALUES[preferred], evidence=evidence, outcome=OUTCOMES[preferred])


async def _one(
    exchange: Exchange, rubric: Rubric, judge: Judge, *, swapped: bool
) -> tuple[Preferred, str, list[Evidence]] | Score:
    """Return which answer is preferred in one order and why, or the abstention that this is."""
    material = comparison_material(exchange, swapped=swapped, redact=judge.redact)
    messages = messages_for(material, rubric.text, "comparison")
    answer = await judge.ask(messages, comparison_schema(), name=rubric.name)
    found = founded(answer, material, "better")
    if isinstance(found, Score):
        return found
    places: dict[str, Preferred] = {"first": "reply", "second": "reference", "neither": "neither"}
    if swapped:
        places |= {"first": "reference", "second": "reply"}
    # Evidence names the texts of this exchange: a span of the other answer has no place in it.
    return places[answer["better"]], reason_of(answer), [span for span in found if span.where != "reference"]
