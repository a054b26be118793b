"""The judge client: structured answers from a model, cached on content, bounded in requests, failing loudly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import weakref
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from chatparity.errors import JudgeFailure, UsageError
from chatparity.judge.answers import BadAnswer, parsed, strict
from chatparity.judge.cache import FORMAT, Cache, Kept, key_of
from chatparity.judge.wire import PARAMETERS, Answer, Message, Wire, WireFailure
from chatparity.suite import JudgeTable, Suite

ATTEMPTS = 5
LONGEST_WAIT = 60.0
_SPEC = re.compile(r"openai:(?P<model>(?:(?!@\w+://)\S)+)(?:@(?P<url>https?://\S+))?")


@dataclass
class JudgeUsage:
    """What the judge has cost so far: `requests` sent, of them `retries` and `repairs`; answers found in the cache."""

    requests: int = 0
    retries: int = 0
    repairs: int = 0
    cache_hits: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class Judge:
    """A model that answers questions with JSON for a schema; open one with `open_judge`.

    It belongs to the event loop it was opened in. Text is sent as it is given: nothing is redacted here.
    """

    def __init__(self, wire: Wire, cache: Cache, *, concurrency: int = 16, max_requests: int | None = None) -> None:
        self.model = wire.model
        self.usage = JudgeUsage()
        self._wire = wire
        self._cache = cache
        self._max_requests = max_requests
        self._slots = asyncio.Semaphore(concurrency)
        self._asking: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    async def ask(self, messages: Sequence[Message], schema: Mapping[str, Any], *, name: str) -> dict[str, Any]:
        """Return the model's answer to chat `messages` as an object that fits the JSON Schema `schema`.

        `name` is a word for the schema. The same question is asked once: later, and at the same time, its answer comes
        from the cache. An answer that does not fit is sent back once to be repaired. Raises JudgeFailure, whose kind is
        `budget`, `timeout`, `refused`, `http_429`, `http_4xx`, `http_5xx`, `malformed`, `declined` or `unparseable`.
        """
        form = strict(schema)
        question = {
            "model": self.model,
            "at": self._wire.place,
            "messages": list(messages),
            "schema": form,
            **PARAMETERS,
        }
        key = key_of(question)
        lock = self._asking.setdefault(key, asyncio.Lock())
        async with lock:
            kept = self._cache.get(key)
            if kept is not None:
                self.usage.cache_hits += 1
                return kept.answer
            async with self._slots:
                answer, used = await self._fitting(messages, form, name)
            self._cache.put(key, Kept(format=FORMAT, name=name, answer=answer, **used))
            return answer

    async def _fitting(
        self, messages: Sequence[Message], schema: Mapping[str, Any], name: str
    ) -> tuple[dict[str, Any], dict[str, int]]:
        """Ask, and once more for a repair, until an answer fits the schema; return it and the tokens it took."""
        first = await self._answer(messages, schema, name)
        used = {"input_tokens": first.input_tokens, "output_tokens": first.output_tokens}
        try:
            return parsed(first.text, schema), used
        except BadAnswer as error:
            self.usage.repairs += 1
            again = [*messages, *_repair(first.text, error, schema)]
        second = await self._answer(again, schema, name)
        used = {
            "input_tokens": used["input_tokens"] + second.input_tokens,
            "output_tokens": used["output_tokens"] + second.output_tokens,
        }
        try:
            return parsed(second.text, schema), used
        except BadAnswer as error:
            message = f"{self.model}: no answer for the schema `{name}`, not even when asked to repair it: {error}"
            raise JudgeFailure("unparseable", message) from error

    async def _answer(self, messages: Sequence[Message], schema: Mapping[str, Any], name: str) -> Answer:
        """Send a request until it is answered, with jittered waits where waiting can help."""
        attempt = 0
        while True:
            attempt += 1
            self._spend()
            try:
                answer = await self._wire.send(messages, schema, name)
            except WireFailure as error:
                wait = _pause(error, attempt)
                if wait is None:
                    raise
                self.usage.retries += 1
                await asyncio.sleep(wait)
            else:
                self.usage.input_tokens += answer.input_tokens
                self.usage.output_tokens += answer.output_tokens
                return answer

    def _spend(self) -> None:
        """Count one request against the budget. Raises JudgeFailure when it is used up."""
        if self._max_requests is not None and self.usage.requests >= self._max_requests:
            message = f"the budget of {self._max_requests} judge requests is used up: raise [judge] max_requests"
            raise JudgeFailure("budget", message)
        self.usage.requests += 1


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


def open_judge(spec: str, suite: Suite) -> AbstractAsyncContextManager[Judge | None]:
    """Return a context manager that opens the judge named by `spec`: `openai:MODEL[@URL]`, or `none` for no judge.

    The key comes from the environment variable that `[judge] key_env` names; an endpoint of one's own may need none.
    Raises UsageError for a specification that cannot be read and for a missing key.
    """
    settings = suite.settings.judge
    if spec == "none":
        return contextlib.nullcontext(None)
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise UsageError(f'judge "{_masked(spec)}": expected openai:MODEL, openai:MODEL@URL or none')
    url = match["url"]
    if url and urlsplit(url).username is not None:
        raise UsageError(f'judge "{_masked(spec)}": no password in a URL: put the key into ${settings.key_env}')
    key = os.environ.get(settings.key_env) or None
    if key is None and url is None:
        raise UsageError(f'judge "{spec}": no key: set the environment variable {settings.key_env}')
    return _opened(match["model"], url, key, settings, _cache_folder(suite))


@contextlib.asynccontextmanager
async def _opened(
    model: str, url: str | None, key: str | None, settings: JudgeTable, folder: Path
) -> AsyncIterator[Judge]:
    """Open a judge and close its connections in the end."""
    wire = Wire(model, url, key, timeout_seconds=settings.timeout_seconds)
    try:
        yield Judge(wire, Cache(folder), concurrency=settings.concurrency, max_requests=settings.max_requests)
    finally:
        await wire.close()


def _cache_folder(suite: Suite) -> Path:
    """Return where answers are kept: in the suite, or, when only the shipped one is there, under the current folder."""
    own = suite.root != suite.shipped or (suite.root / ".git").exists()
    return (suite.root if own else Path.cwd()) / suite.settings.judge.cache


def _masked(spec: str) -> str:
    """Return a specification without what stands before the host in its URL."""
    return re.sub(r"//[^/@\s]*@", "//***@", spec)
