"""deepeval's conversation metrics as graders: its prompts and scoring; our judge, cache and account behind them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from chatparity.errors import JudgeFailure
from chatparity.exchange import Exchange, Reply, Score
from chatparity.grading.deepeval_model import Deepeval, judge_model, load_deepeval
from chatparity.grading.material import knowledge_at
from chatparity.grading.rubric_file import Rubric
from chatparity.grading.verdict import withheld
from chatparity.judge import Judge, Pseudonyms, fence_for, fenced

__all__ = ["deepeval_grade", "judge_model"]

THREADS = 16
NAME = 40
NOTHING_KEPT = "the customer said nothing that would have to be kept in mind"
NOTHING_WANTED = "the judge found nothing that the customer wanted"
# The metrics whose verdicts are a list: where it is empty there was nothing to grade, whatever they make of it.
EMPTY = {"knowledge_retention": NOTHING_KEPT, "conversation_completeness": NOTHING_WANTED}


def deepeval_grade(rubric: Rubric) -> Callable[[Sequence[Exchange], Judge], Awaitable[Score]]:
    """Return a function that grades one conversation by a rubric's deepeval metric and one judge.

    Each measurement runs in a thread with an event loop of its own: deepeval calls its model synchronously in places,
    and the judge must go on answering meanwhile. The threads are not those of the loop's default executor, which the
    judge's HTTP client needs too: measurements that fill it while they wait for the judge would wait for ever.
    """
    threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="deepeval")

    async def grade(exchanges: Sequence[Exchange], judge: Judge) -> Score:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(threads, _measure, rubric, judge, loop, exchanges)

    return grade


def _measure(rubric: Rubric, judge: Judge, loop: asyncio.AbstractEventLoop, exchanges: Sequence[Exchange]) -> Score:
    """Measure one conversation; runs in a thread of its own."""
    deepeval = load_deepeval()
    case = _case(deepeval, exchanges, rubric, redact=judge.redact)
    model = deepeval.model(judge, loop)
    metric = _metric(deepeval, rubric, model)
    try:
        asyncio.run(metric.a_measure(case, _show_indicator=False))
    except JudgeFailure as error:
        return withheld(error)
    # deepeval's metrics may swallow a failed call and fall back to a score of their own: that is no verdict.
    if model.failure is not None:
        return withheld(model.failure)
    if rubric.metric in EMPTY and not [one for one in metric.verdicts if one is not None]:
        return Score.abstained(EMPTY[rubric.metric], outcome="nothing")
    return _score(metric.score, metric.reason, rubric)


def _metric(deepeval: Deepeval, rubric: Rubric, model: Any) -> Any:
    """Return the metric that a rubric names, with the judge as its model."""
    made = deepeval.metrics[rubric.metric]
    settings = {"model": model, "threshold": rubric.value(rubric.pass_at), "async_mode": True, "verbose_mode": False}
    if rubric.metric != "conversational_geval":
        return made(**settings)
    return made(
        name=rubric.name,
        criteria=rubric.text,
        evaluation_steps=list(rubric.steps) or None,
        evaluation_params=[deepeval.params.ROLE, deepeval.params.CONTENT, deepeval.params.TOOLS_CALLED],
        **settings,
    )


def _score(value: Any, reason: Any, rubric: Rubric) -> Score:
    """Return deepeval's score of a conversation (0 to 1) and its reason as a Score."""
    if not isinstance(value, (int, float)) or not 0 <= value <= 1:
        return Score.abstained(f"the judge's score is not on the scale: {value!r} of [0, 1]", outcome="unfounded")
    said = str(reason or "").strip() or "the judge gave no reason"
    give = Score.passed if value >= rubric.value(rubric.pass_at) else Score.failed
    return give(said, value=float(value))


def _case(deepeval: Deepeval, exchanges: Sequence[Exchange], rubric: Rubric, *, redact: bool) -> Any:
    """Return a conversation as deepeval's test case: the customer's words and this side's replies, each fenced.

    It says nothing of who answered, and nothing from the labels. What a reply may rest on, the knowledge, the records
    and what tools returned, is its retrieval context. Raises JudgeFailure `leak` as `material_of` does.
    """
    point = exchanges[-1].point
    names = Pseudonyms(point.market, on=redact)
    names.learn([point.records, *(call.result for one in exchanges for call in one.reply.tool_calls)])
    said = [(names.of(one.point.customer_text).text, names.of(one.reply.text).text) for one in exchanges]
    calls = [_calls(one.reply, names) for one in exchanges]
    known = [names.of(passage.text).text for passage in knowledge_at(point)]
    if point.records:
        known.append(_json(names.within(dict(point.records))))
    left = names.leaks([said, calls, known])
    if left:
        raise JudgeFailure("leak", f"nothing was sent: after redaction the text still holds: {', '.join(left)}")
    tag = fence_for(_json([said, calls, known]))
    turns: list[Any] = []
    for (text, reply), called in zip(said, calls, strict=True):
        turns.append(deepeval.turn(role="user", content=fenced(text, tag)))
        returned = [_json(one["output"]) for one in called]
        context = [fenced(one, tag) for one in [*known, *returned]]
        turns.append(
            deepeval.turn(
                role="assistant",
                content=fenced(reply, tag),
                tools_called=[_tool(deepeval, one, tag) for one in called] or None,
                # An empty list would be refused as missing: there is nothing that the reply could rest on.
                retrieval_context=context or [fenced("(nothing)", tag)],
            )
        )
    return deepeval.case(turns=turns, chatbot_role=rubric.role or None)


def _calls(reply: Reply, names: Pseudonyms) -> list[dict[str, Any]]:
    """Return a reply's tool calls, redacted; whether a call succeeded stands beside its result."""
    return [
        {
            "name": call.name,
            "input": names.within(call.arguments),
            "output": {"ok": call.ok, "result": names.within(msgspec.to_builtins(call.result))},
        }
        for call in reply.tool_calls
    ]


def _tool(deepeval: Deepeval, call: dict[str, Any], tag: str) -> Any:
    """Return a tool call as deepeval's: what was put in and what came out are data and stand in the fence."""
    return deepeval.tool_call(
        # A tool's name stands outside the fence, so it is no more than a name.
        name=re.sub(r"[^\w.-]+", "_", call["name"])[:NAME],
        input_parameters={"arguments": fenced(_json(call["input"]), tag)},
        output=fenced(_json(call["output"]), tag),
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
