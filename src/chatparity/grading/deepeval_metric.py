"""deepeval's ConversationalGEval as a grader: its prompts and scoring, our judge behind it."""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from chatparity.errors import JudgeFailure
from chatparity.exchange import Exchange, Reply, Score
from chatparity.grading.rubric_file import Rubric
from chatparity.grading.verdict import withheld
from chatparity.judge import DATA_RULE, Judge, fence_for

T = TypeVar("T")
# Read by deepeval while it is imported: without them it reports usage and reads ./.env into the environment.
QUIET = {"DEEPEVAL_TELEMETRY_OPT_OUT": "1", "DEEPEVAL_DISABLE_DOTENV": "1"}
THREADS = 16
_importing = threading.Lock()


@dataclass(frozen=True)
class _Deepeval:
    """The names of deepeval that are used here."""

    metric: Any
    case: Any
    turn: Any
    tool_call: Any
    params: Any
    model: Callable[[Judge, asyncio.AbstractEventLoop], Any]


def deepeval_grade(rubric: Rubric, judge: Judge | None) -> Callable[[Sequence[Exchange]], Awaitable[Score]]:
    """Return a conversation-level grading function that runs ConversationalGEval with a rubric's criteria and steps.

    Each measurement runs in a thread with an event loop of its own: deepeval calls its model synchronously in places,
    and the judge must go on answering meanwhile. The threads are not those of the loop's default executor, which the
    judge's HTTP client needs too: measurements that fill it while they wait for the judge would wait for ever.
    """
    threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="deepeval")

    async def grade(exchanges: Sequence[Exchange]) -> Score:
        if judge is None:
            raise JudgeFailure("none", f"{rubric.name} needs a judge: name one with --judge")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(threads, _measure, rubric, judge, loop, exchanges)

    return grade


def judge_model(judge: Judge, loop: asyncio.AbstractEventLoop) -> Any:
    """Return a model for deepeval's metrics (a DeepEvalBaseLLM) that asks `judge`, which was opened in `loop`.

    `a_generate` may be awaited in any loop; `generate` blocks, so it must be called from another thread than the
    loop's. Both raise JudgeFailure, and the model remembers the first failure as `failure`.
    """
    return _load().model(judge, loop)


def _measure(rubric: Rubric, judge: Judge, loop: asyncio.AbstractEventLoop, exchanges: Sequence[Exchange]) -> Score:
    """Measure one conversation; runs in a thread of its own."""
    deepeval = _load()
    model = deepeval.model(judge, loop)
    metric = deepeval.metric(
        name=rubric.name,
        criteria=rubric.text,
        evaluation_steps=list(rubric.steps) or None,
        evaluation_params=[deepeval.params.ROLE, deepeval.params.CONTENT, deepeval.params.TOOLS_CALLED],
        model=model,
        threshold=rubric.value(rubric.pass_at),
        async_mode=True,
        verbose_mode=False,
    )
    try:
        asyncio.run(metric.a_measure(_case(deepeval, exchanges), _show_indicator=False))
    except JudgeFailure as error:
        return withheld(error)
    # deepeval's metrics may swallow a failed call and fall back to a score of their own: that is no verdict.
    if model.failure is not None:
        return withheld(model.failure)
    return _score(metric.score, metric.reason, rubric)


def _score(value: Any, reason: Any, rubric: Rubric) -> Score:
    """Return deepeval's score of a conversation (0 to 1) and its reason as a Score."""
    if not isinstance(value, (int, float)) or not 0 <= value <= 1:
        return Score.abstained(f"the judge's score is not on the scale: {value!r} of [0, 1]", outcome="unfounded")
    said = str(reason or "").strip() or "the judge gave no reason"
    give = Score.passed if value >= rubric.value(rubric.pass_at) else Score.failed
    return give(said, value=float(value))


def _case(deepeval: _Deepeval, exchanges: Sequence[Exchange]) -> Any:
    """Return a conversation as deepeval's test case: the customer's words and this side's replies, each fenced.

    It says nothing of who answered, and nothing from the labels.
    """
    texts = [(one.point.customer_text, one.reply) for one in exchanges]
    tag = fence_for("\n".join(part for text, reply in texts for part in (text, reply.text)))

    def fenced(text: str) -> str:
        return f"<{tag}>{text}</{tag}>"

    turns: list[Any] = []
    for text, reply in texts:
        turns.append(deepeval.turn(role="user", content=fenced(text)))
        turns.append(deepeval.turn(role="assistant", content=fenced(reply.text), tools_called=_tools(deepeval, reply)))
    return deepeval.case(turns=turns)


def _tools(deepeval: _Deepeval, reply: Reply) -> list[Any] | None:
    """Return a reply's tool calls as deepeval's; whether a call succeeded stands beside its result."""
    calls = [
        deepeval.tool_call(
            name=call.name,
            input_parameters=msgspec.to_builtins(call.arguments),
            output={"ok": call.ok, "result": msgspec.to_builtins(call.result)},
        )
        for call in reply.tool_calls
    ]
    return calls or None


@functools.cache
def _names() -> _Deepeval:
    """Import deepeval, quietly, and make the model class over it."""
    os.environ.update(QUIET)
    from deepeval.metrics import ConversationalGEval
    from deepeval.models import DeepEvalBaseLLM
    from deepeval.test_case import ConversationalTestCase, MultiTurnParams, ToolCall, Turn

    class JudgeModel(DeepEvalBaseLLM):  # type: ignore[misc] # deepeval is not typed
        """A deepeval model that asks the judge and remembers the first failure."""

        def __init__(self, judge: Judge, loop: asyncio.AbstractEventLoop) -> None:
            self.judge = judge
            self.loop = loop
            self.failure: JudgeFailure | None = None
            super().__init__(judge.model)

        def load_model(self) -> Judge:
            """Return the judge: there is nothing to load."""
            return self.judge

        def get_model_name(self) -> str:
            """Return the judge's model."""
            return self.judge.model

        def generate(self, prompt: str, schema: Any) -> Any:
            """Ask and wait; only from another thread than the judge's."""
            return self._checked(schema, _from_thread(self.loop, self._asked(prompt, schema)))

        async def a_generate(self, prompt: str, schema: Any) -> Any:
            """Ask, from any event loop."""
            asked = asyncio.run_coroutine_threadsafe(self._asked(prompt, schema), self.loop)
            return self._checked(schema, await asyncio.wrap_future(asked))

        async def _asked(self, prompt: str, schema: Any) -> dict[str, Any]:
            """Ask the judge, in its own loop."""
            messages = [{"role": "system", "content": DATA_RULE}, {"role": "user", "content": prompt}]
            try:
                return await self.judge.ask(messages, schema.model_json_schema(), name=schema.__name__)
            except JudgeFailure as error:
                self.failure = self.failure or error
                raise

        def _checked(self, schema: Any, answer: dict[str, Any]) -> Any:
            """Return an answer as the object that deepeval asked for."""
            return schema.model_validate(answer)

    return _Deepeval(ConversationalGEval, ConversationalTestCase, Turn, ToolCall, MultiTurnParams, JudgeModel)


def _load() -> _Deepeval:
    """Return deepeval's names; the first of several threads imports it while the others wait."""
    with _importing:
        return _names()


def _from_thread(loop: asyncio.AbstractEventLoop, asked: Coroutine[Any, Any, T]) -> T:
    """Wait for a coroutine of another thread's loop."""
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is loop:
        asked.close()
        raise RuntimeError(
            "generate() would wait for its own event loop: call it from another thread or use a_generate"
        )
    return asyncio.run_coroutine_threadsafe(asked, loop).result()
