"""The judge client: structured answers from a model, cached on content, bounded in cost, failing loudly."""

from __future__ import annotations

import asyncio
import random
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from chatparity.errors import JudgeFailure, UsageError
from chatparity.judge.answers import BadAnswer, parsed, strict
from chatparity.judge.cache import FORMAT, Cache, Kept, key_of
from chatparity.judge.chances import chances_of
from chatparity.judge.redact import scrubbed
from chatparity.judge.spending import Account
from chatparity.judge.wire import LOGPROBS, PARAMETERS, Answer, Message, Wire, WireFailure

ATTEMPTS = 5
LONGEST_WAIT = 60.0
Combine = Literal["majority", "mean"]
# Failures in which something was asked and answered, but the answer is no verdict: what an offline replay repeats.
WITHHELD = ("unparseable", "declined")
# Failures in which nothing was asked, by design: the score is not run, and can be had later.
NOT_ASKED = ("budget", "offline")


@dataclass
class JudgeUsage:
    """What the judge has done so far: `requests` sent, of them `retries` and `repairs`; answers found in the cache."""

    requests: int = 0
    retries: int = 0
    repairs: int = 0
    cache_hits: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True)
class Answered:
    """An answer that fits its schema; `chances` are those of each score, where they were asked for and are known."""

    answer: dict[str, Any]
    chances: Mapping[str, float] | None = None


class Judge:
    """A model that answers questions with JSON for a schema; open one with `open_judge`.

    It belongs to the event loop it was opened in. Unless `redact` is off, what looks like personal data in a message of
    the user is replaced by pseudonyms before it is sent; graders do so before, knowing more. With `offline` nothing is
    sent at all: what is not in the cache is a failure.
    """

    combine: Combine = "majority"

    def __init__(
        self,
        wire: Wire,
        cache: Cache,
        account: Account,
        *,
        concurrency: int = 16,
        offline: bool = False,
        logprobs: bool = True,
        redact: bool = True,
    ) -> None:
        self.model = wire.model
        self.usage = JudgeUsage()
        self.account = account
        self.redact = redact
        self._wire = wire
        self._cache = cache
        self._offline = offline
        self._logprobs = logprobs
        self._slots = asyncio.Semaphore(concurrency)
        self._asking: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    @property
    def members(self) -> tuple[Judge, ...]:
        """Return the judges that are asked: this one, or those of a panel."""
        return (self,)

    @property
    def identity(self) -> str:
        """Return what a licence pins of a judge: its model and where it is asked, and all of them for a panel."""
        return f"{self.model}@{self._wire.place}"

    async def ask(self, messages: Sequence[Message], schema: Mapping[str, Any], *, name: str) -> dict[str, Any]:
        """Return the model's answer to chat `messages` as an object that fits the JSON Schema `schema`.

        `name` is a word for the schema. The same question is asked once: later, and at the same time, its answer comes
        from the cache. An answer that does not fit is sent back once to be repaired. Raises JudgeFailure, whose kind is
        `budget`, `offline`, `timeout`, `refused`, `http_429`, `http_4xx`, `http_5xx`, `malformed`, `declined` or
        `unparseable`.
        """
        return (await self.answered(messages, schema, name=name)).answer

    async def answered(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, name: str, graded: str | None = None
    ) -> Answered:
        """Return what `ask` does, with the chances of each value of the whole-number property `graded` if it is named.

        They come from log-probabilities, which are asked for only then and only if `[judge] logprobs` is on.
        """
        form = strict(schema)
        graded = graded if self._logprobs else None
        sent = scrubbed(messages) if self.redact else [dict(one) for one in messages]
        question = {"model": self.model, "at": self._wire.place, "messages": sent, "schema": form, **PARAMETERS}
        if graded:
            question |= LOGPROBS
        key = key_of(question)
        lock = self._asking.setdefault(key, asyncio.Lock())
        async with lock:
            kept = self._cache.get(key)
            if kept is not None and kept.answer is not None:
                self.usage.cache_hits += 1
                return Answered(kept.answer, kept.chances)
            if self._offline:
                raise _missing(kept, self._cache, name)
            return await self._fresh(_Question(sent, form, name, graded), key, question)

    async def _fresh(self, asked: _Question, key: str, question: dict[str, Any]) -> Answered:
        """Ask the model and keep what came of it, a verdict that was withheld as well."""
        taken = _Taken()
        try:
            async with self._slots:
                found = await self._fitting(asked, taken)
        except JudgeFailure as error:
            if error.kind in WITHHELD:
                self._keep(key, asked.name, question, taken, failure=(error.kind, str(error)))
            raise
        self._keep(key, asked.name, question, taken, found=found)
        return found

    def _keep(
        self,
        key: str,
        name: str,
        question: dict[str, Any],
        taken: _Taken,
        *,
        found: Answered | None = None,
        failure: tuple[str, str] | None = None,
    ) -> None:
        kept = Kept(
            format=FORMAT,
            name=name,
            question=question if self.redact else {},
            answer=found.answer if found else None,
            failure=failure,
            chances=dict(found.chances) if found and found.chances else None,
            input_tokens=taken.read,
            output_tokens=taken.written,
        )
        self._cache.put(key, kept)

    async def _fitting(self, asked: _Question, taken: _Taken) -> Answered:
        """Ask, and once more for a repair, until an answer fits the schema."""
        first = await self._answer(asked, asked.messages, taken)
        try:
            return _fit(first, asked)
        except BadAnswer as error:
            self.usage.repairs += 1
            again = [*asked.messages, *_repair(first.text, error, asked.schema)]
        second = await self._answer(asked, again, taken)
        try:
            return _fit(second, asked)
        except BadAnswer as error:
            message = (
                f"{self.model}: no answer for the schema `{asked.name}`, not even when asked to repair it: {error}"
            )
            raise JudgeFailure("unparseable", message) from error

    async def _answer(self, asked: _Question, messages: Sequence[Message], taken: _Taken) -> Answer:
        """Send a request until it is answered, with jittered waits where waiting can help."""
        attempt = 0
        while True:
            attempt += 1
            self.account.begin()
            self.usage.requests += 1
            answer: Answer | None = None
            wait: float | None = None
            try:
                answer = await self._wire.send(messages, asked.schema, asked.name, logprobs=asked.graded is not None)
            except WireFailure as error:
                wait = _pause(error, attempt)
                if wait is None:
                    raise
                self.usage.retries += 1
            finally:
                self._count(answer, taken)
            if answer is not None:
                return answer
            await asyncio.sleep(wait or 0.0)

    def _count(self, answer: Answer | None, taken: _Taken) -> None:
        """Count what a request took, one that failed or was interrupted as well."""
        if answer is None:
            self.account.end(self.model, failed=True)
            return
        self.account.end(self.model, answered_by=answer.model, tokens=answer.tokens)
        read, written = answer.tokens or (0, 0)
        taken.read += read
        taken.written += written
        self.usage.input_tokens += read
        self.usage.output_tokens += written

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()


class Panel(Judge):
    """Several judges, each asked on its own; how their scores become one is `combine`.

    It has no one answer: graders ask its `members`. Its usage and its account are those of all of them together.
    """

    def __init__(self, members: Sequence[Judge], combine: Combine) -> None:
        self._members = tuple(members)
        self.combine = combine
        self.model = "+".join(one.model for one in members)
        self.account = members[0].account
        self.redact = members[0].redact
        self.usage = JudgeUsage()
        for one in members:
            one.usage = self.usage

    @property
    def members(self) -> tuple[Judge, ...]:
        """Return the judges that are asked."""
        return self._members

    @property
    def identity(self) -> str:
        """Return what a licence pins: every member and how they come to one score."""
        return f"{self.combine} of {', '.join(sorted(one.identity for one in self._members))}"

    async def answered(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, name: str, graded: str | None = None
    ) -> Answered:
        """Raise UsageError: several judges give several answers."""
        raise UsageError(f"{name}: a panel has no one answer: name one judge, openai:MODEL[@URL]")

    async def close(self) -> None:
        """Close the connections of every member."""
        await asyncio.gather(*(one.close() for one in self._members))


@dataclass(frozen=True)
class _Question:
    messages: list[dict[str, str]]
    schema: Mapping[str, Any]
    name: str
    graded: str | None


@dataclass
class _Taken:
    read: int = 0
    written: int = 0


def _fit(answer: Answer, asked: _Question) -> Answered:
    """Return an answer that fits its schema. Raises BadAnswer."""
    found = parsed(answer.text, asked.schema)
    if asked.graded is None or answer.logprobs is None:
        return Answered(found)
    allowed = asked.schema["properties"][asked.graded].get("enum", ())
    scores = [one for one in allowed if isinstance(one, int)]
    return Answered(found, chances_of(answer.logprobs, answer.text, asked.graded, scores))


def _missing(kept: Kept | None, cache: Cache, name: str) -> JudgeFailure:
    """Return why there is no answer offline: it was withheld when it was asked for, or it never was."""
    if kept is not None and kept.failure is not None:
        return JudgeFailure(*kept.failure)
    return JudgeFailure("offline", f"no answer for `{name}` in {cache.folder}, and --offline asks nobody")


def _pause(error: WireFailure, attempt: int) -> float | None:
    """Return the seconds to wait before the next attempt, or None when there is to be none.

    Full jitter over a doubling bound; what the server asks for is waited at least, and never less than it says.
    """
    if not error.retryable or attempt >= ATTEMPTS:
        return None
    if error.retry_after is not None:
        # Beyond a minute the server is telling us to go away, not to wait.
        return error.retry_after + random.uniform(0, 0.1) if error.retry_after <= LONGEST_WAIT else None  # noqa: S311
    return random.uniform(0.1, min(0.5 * 2**attempt, 20.0))  # noqa: S311 - spreads load, guards nothing


def _repair(text: str, error: BadAnswer, schema: Mapping[str, Any]) -> list[Message]:
    """Return the messages that send a bad answer back."""
    asked = (
        f"That answer cannot be used: {error}. Give the same verdict again as one JSON object for this JSON Schema, "
        f"and nothing else:\n{msgspec.json.encode(schema).decode()}"
    )
    return [{"role": "assistant", "content": text or "(empty)"}, {"role": "user", "content": asked}]
