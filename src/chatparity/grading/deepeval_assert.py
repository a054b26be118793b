"""chatparity's graders as deepeval metrics, for `assert_test`; imports deepeval, so only who uses it imports this.

from deepeval import assert_test
from chatparity.grading.deepeval_assert import ConversationMetric

assert_test(case, [ConversationMetric("politeness")])
assert_test(case, [ConversationMetric("accuracy_llm", judge="openai:gpt-5")])
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean
from typing import Any, ClassVar, TypeVar, cast

import msgspec

from chatparity.errors import UsageError
from chatparity.exchange import Exchange, Score
from chatparity.grading.deepeval_model import QUIET
from chatparity.grading.grader import GradeConversation, GradeExchange, Grader
from chatparity.grading.load import load_graders
from chatparity.judge import Judge, open_judge
from chatparity.points import exchanges, points_of, recorded_reply
from chatparity.suite import Suite, load_suite
from chatparity.transcript import Transcript

for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)

from deepeval.metrics import BaseConversationalMetric, BaseMetric  # noqa: E402 - after it was told to be quiet
from deepeval.test_case import ConversationalTestCase, LLMTestCase, MultiTurnParams, SingleTurnParams  # noqa: E402

T = TypeVar("T")
KEY = "chatparity"


class _Graded:
    """What both kinds of metric share: a grader by name, the judge it may ask, and what its scores become."""

    def __init__(
        self, grader: str, *, judge: str | None = None, language: str = "en", suite: Suite | None = None
    ) -> None:
        # deepeval copies a metric by its arguments, which it looks up as attributes of the same names.
        self.suite = suite or load_suite()
        self.judge = judge or self.suite.settings.judge.default
        self.language = language
        self.grader = grader
        if _named(grader, self.suite).needs_judge and self.judge == "none":
            raise UsageError(f'{grader} needs a judge: judge="openai:MODEL[@URL]", or [judge] default in suite.toml')
        # Whether it passes is the grader's verdict; deepeval compares score and threshold only to show them.
        self.threshold = 0.5
        self.async_mode = True
        self.include_reason = True
        self.evaluation_model = self.judge
        self.score: float | None = None
        self.reason: str | None = None
        self.success: bool | None = None
        self.error: str | None = None

    async def _measured(self, transcript: Transcript) -> float | None:
        """Grade the answers of a transcript and take over what comes of it."""
        scores = await self._scores(transcript)
        self.error = None
        held = [score for score in scores if score.value is not None]
        if not held:
            self.score, self.success = None, False
            why = "; ".join(score.reason for score in scores) or "there is nothing that it could grade"
            # deepeval has no third state: an abstention is an error with its reason, and never a score.
            self.error = self.reason = f"{self.grader} abstains: {why}"
            return None
        failed = [score for score in held if score.verdict == "fail"]
        self.score = fmean(score.value for score in held if score.value is not None)
        self.success = not failed
        self.reason = (failed or held)[0].reason
        return self.score

    async def _scores(self, transcript: Transcript) -> list[Score]:
        """Return the scores of a grader for the answers of a transcript, one for a conversation-level grader."""
        points = points_of(transcript)
        handover = self.suite.settings.agent.handover_tools
        found = {point.turn: recorded_reply(transcript, point.turn, handover_tools=handover) for point in points}
        made = exchanges(points, {turn: reply for turn, reply in found.items() if reply is not None})
        async with open_judge(self.judge, self.suite) as judge:
            return await _given(_named(self.grader, self.suite, judge), made)

    def is_successful(self) -> bool:
        """Return whether every score passed."""
        return bool(self.success)

    @property
    def __name__(self) -> str:
        return f"chatparity {self.grader}"


def _named(name: str, suite: Suite, judge: Judge | None = None) -> Grader:
    """Return the grader of this very name. Raises UsageError where it is only a dimension's."""
    found = load_graders(suite, judge, only=(name,))
    for one in found:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in found)
    raise UsageError(f'"{name}" is a dimension with the graders {names}: name one of them')


class ConversationMetric(_Graded, BaseConversationalMetric):  # type: ignore[misc] # deepeval is not typed
    """A grader of the suite as a deepeval metric for a ConversationalTestCase.

    Exchange-level graders grade every reply of the assistant: the score is their mean, and it is successful when all
    of them pass. What a test case has no field for goes into its metadata: `{"chatparity": {"language": "pl",
    "labels": {…}, "records": {…}, "market": "PL"}}`, with the names of a transcript. `judge` is `openai:MODEL[@URL]`;
    answers are cached as in a run. Where every score abstains, the metric has an error and no score.
    Raises UsageError for a grader that does not exist, or needs a judge and has none.
    """

    _required_test_case_params: ClassVar[list[Any]] = [MultiTurnParams.CONTENT, MultiTurnParams.ROLE]

    def measure(self, test_case: ConversationalTestCase, *args: Any, **kwargs: Any) -> float | None:
        """Grade a test case and return its score."""
        return _run(self.a_measure(test_case))

    async def a_measure(self, test_case: ConversationalTestCase, *args: Any, **kwargs: Any) -> float | None:
        """Grade a test case and return its score."""
        return await self._measured(transcript_of(test_case, language=self.language))


class ReplyMetric(_Graded, BaseMetric):  # type: ignore[misc] # deepeval is not typed
    """The same for an LLMTestCase: `input` is the customer's message, `actual_output` the reply."""

    _required_params: ClassVar[list[Any]] = [SingleTurnParams.INPUT, SingleTurnParams.ACTUAL_OUTPUT]

    def measure(self, test_case: LLMTestCase, *args: Any, **kwargs: Any) -> float | None:
        """Grade a test case and return its score."""
        return _run(self.a_measure(test_case))

    async def a_measure(self, test_case: LLMTestCase, *args: Any, **kwargs: Any) -> float | None:
        """Grade a test case and return its score."""
        return await self._measured(transcript_of(test_case, language=self.language))


def transcript_of(case: ConversationalTestCase | LLMTestCase, *, language: str = "en") -> Transcript:
    """Return a deepeval test case as a transcript: its (retrieval) contexts are the knowledge.

    Raises UsageError when its metadata under `chatparity` are no fields of a transcript.
    """
    single = not hasattr(case, "turns")
    turns: list[dict[str, Any]] = []
    known = [*(case.context or ()), *((case.retrieval_context or ()) if single else ())]
    if single:
        turns.append({"speaker": "customer", "text": case.input})
        turns.append({"speaker": "ai_agent", "text": case.actual_output or "", "tool_calls": _calls(case.tools_called)})
    for turn in () if single else case.turns:
        known += turn.retrieval_context or ()
        speaker = "customer" if turn.role == "user" else "ai_agent"
        calls = _calls(turn.tools_called) if speaker == "ai_agent" else []
        turns.append({"speaker": speaker, "text": turn.content, "tool_calls": calls})
    knowledge = [{"id": f"context-{place}", "text": one} for place, one in enumerate(dict.fromkeys(map(_text, known)))]
    fields = {"schema": 1, "id": case.name or "deepeval", "language": language, "turns": turns, "knowledge": knowledge}
    given = (getattr(case, "metadata", None) or getattr(case, "additional_metadata", None) or {}).get(KEY, {})
    try:
        return msgspec.convert({**fields, **given}, Transcript)
    except msgspec.ValidationError as error:
        raise UsageError(f'{fields["id"]}: metadata["{KEY}"]: expected fields of a transcript: {error}') from error


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(getattr(value, "context", value))


def _calls(called: Sequence[Any] | None) -> list[dict[str, Any]]:
    """Return deepeval's tool calls as a transcript's."""
    return [{"name": one.name, "arguments": one.input_parameters or {}, "result": one.output} for one in called or ()]


async def _given(grader: Grader, made: Sequence[Exchange]) -> list[Score]:
    """Return what a grader gives for the exchanges at which it has something to grade."""
    wanted = made[-1:] if grader.level == "conversation" else made
    if not any(grader.plans(one.point) for one in wanted):
        return []
    if grader.level == "conversation":
        whole = cast("GradeConversation", grader.grade)(made)
        return [await whole if inspect.isawaitable(whole) else whole]
    scores: list[Score] = []
    for one in made:
        if grader.plans(one.point):
            given = cast("GradeExchange", grader.grade)(one)
            scores.append(await given if inspect.isawaitable(given) else given)
    return scores


def _run(asked: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, in a thread of its own where a loop is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(asked)
    with ThreadPoolExecutor(max_workers=1) as threads:
        return threads.submit(asyncio.run, asked).result()
