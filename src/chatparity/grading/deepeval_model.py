"""deepeval's names, imported quietly when they are first needed, and the judge as a model for its metrics."""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from chatparity.errors import JudgeFailure
from chatparity.judge import DATA_RULE, Judge

T = TypeVar("T")
# Read by deepeval while it is imported: without them it reports usage and reads ./.env into the environment.
QUIET = {"DEEPEVAL_TELEMETRY_OPT_OUT": "1", "DEEPEVAL_DISABLE_DOTENV": "1"}
_importing = threading.Lock()


@dataclass(frozen=True)
class Deepeval:
    """The names of deepeval that are used here; `metrics` by the name that a rubric file gives them."""

    metrics: Mapping[str, Any]
    case: Any
    turn: Any
    tool_call: Any
    params: Any
    model: Callable[[Judge, asyncio.AbstractEventLoop], Any]


def judge_model(judge: Judge, loop: asyncio.AbstractEventLoop) -> Any:
    """Return a model for deepeval's metrics (a DeepEvalBaseLLM) that asks `judge`, which was opened in `loop`.

    `a_generate` may be awaited in any loop; `generate` blocks, so it must be called from another thread than the
    loop's. Both raise JudgeFailure, and the model remembers the first failure as `failure`.
    """
    return load_deepeval().model(judge, loop)


def load_deepeval() -> Deepeval:
    """Return deepeval's names; the first of several threads imports it while the others wait."""
    with _importing:
        return _names()


@functools.cache
def _names() -> Deepeval:
    """Import deepeval, quietly, and make the model class over it."""
    os.environ.update(QUIET)
    from deepeval import metrics, test_case
    from deepeval.models import DeepEvalBaseLLM

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

    return Deepeval(
        metrics={
            "conversational_geval": metrics.ConversationalGEval,
            "turn_faithfulness": metrics.TurnFaithfulnessMetric,
            "role_adherence": metrics.RoleAdherenceMetric,
            "knowledge_retention": metrics.KnowledgeRetentionMetric,
            "conversation_completeness": metrics.ConversationCompletenessMetric,
        },
        case=test_case.ConversationalTestCase,
        turn=test_case.Turn,
        tool_call=test_case.ToolCall,
        params=test_case.MultiTurnParams,
        model=JudgeModel,
    )


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
