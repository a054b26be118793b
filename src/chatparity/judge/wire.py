"""One request to an OpenAI-compatible endpoint for the judge, and every way in which it can fail."""

from __future__ import annotations

import asyncio
import email.utils
import math
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import msgspec

from chatparity.errors import JudgeFailure

if TYPE_CHECKING:
    from openai import AsyncOpenAI

Message = Mapping[str, str]
SHOWN = 300
OPENAI_URL = "https://api.openai.com/v1"
PARAMETERS: dict[str, Any] = {"temperature": 0, "seed": 20260101}
LOGPROBS: dict[str, Any] = {"top_logprobs": 20, "logprobs": True}
# In the order in which a refusal is looked for: the longer name first.
OPTIONAL = ("response_format", *PARAMETERS, *LOGPROBS)
AZURE = re.compile(r"\.(?:openai\.azure|cognitiveservices\.azure|services\.ai\.azure)\.(?:com|us|cn)$")


class WireFailure(JudgeFailure):
    """A request failed; `retryable` says whether another can help, `retry_after` the seconds the server asked for."""

    def __init__(self, kind: str, message: str, *, retryable: bool = False, retry_after: float | None = None) -> None:
        self.retryable = retryable
        self.retry_after = retry_after
        super().__init__(kind, message)


@dataclass(frozen=True)
class Answer:
    """The model's text, the (read, written) tokens that the endpoint names, and its log-probabilities if it gave any.

    `model` is the name under which it answered.
    """

    text: str
    tokens: tuple[int, int] | None
    logprobs: Any = None
    model: str | None = None


@dataclass(frozen=True)
class Address:
    """Where an endpoint is asked: its base URL without a query, the query that goes with every request, its headers."""

    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


def address_of(url: str, model: str, key: str | None) -> Address:
    """Return the address of an OpenAI-compatible base URL, Azure's ways of writing one included.

    Azure OpenAI takes the key in the header `api-key`. Its resource alone (`https://NAME.openai.azure.com`) means the
    v1 API, with an `api-version` the older one, in which the deployment, here the model, stands in the path.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    path = parts.path.rstrip("/")
    headers: dict[str, str] = {}
    if AZURE.search(parts.hostname or "") or "api-version" in query:
        headers = {"api-key": key} if key else {}
        if "/deployments/" not in path and "api-version" in query and not path.endswith("/v1"):
            path = f"{path.removesuffix('/openai')}/openai/deployments/{model}"
        elif not path:
            path = "/openai/v1"
    return Address(urlunsplit((parts.scheme, parts.netloc, path, "", "")), query, headers)


class Wire:
    """The official client over its aiohttp transport, without its retries: the judge counts every request.

    An endpoint that refuses one of `OPTIONAL` is asked again without it, then and ever after; without
    `response_format` the schema stands in the prompt.
    """

    def __init__(self, model: str, url: str | None, key: str | None, *, timeout_seconds: float) -> None:
        self.model = model
        url = url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL
        self.place = "api.openai.com" if url == OPENAI_URL else urlunsplit((*urlsplit(url)[:3], "", ""))
        self._address = address_of(url, model, key)
        self._key = key
        self._timeout = timeout_seconds
        self._refused: set[str] = set()
        self._opened: AsyncOpenAI | None = None

    @property
    def _client(self) -> AsyncOpenAI:
        """Return the client, made when it is first needed: what comes from the cache alone needs none."""
        import openai

        if self._opened is None:
            # A local server without a key still gets a header, because the client insists on one.
            self._opened = openai.AsyncOpenAI(
                api_key=self._key or "none",
                base_url=self._address.url,
                default_query=dict(self._address.query),
                default_headers=dict(self._address.headers),
                max_retries=0,
                timeout=self._timeout,
                http_client=openai.DefaultAioHttpClient(timeout=self._timeout),
            )
        return self._opened

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    async def send(
        self, messages: Sequence[Message], schema: Mapping[str, Any], name: str, *, logprobs: bool = False
    ) -> Answer:
        """Send one request and return what was answered; log-probabilities only if asked for. Raises WireFailure."""
        import openai

        # The one place where text of a transcript leaves for the judge.
        try:
            async with asyncio.timeout(self._timeout):
                body = self._request(messages, schema, name, logprobs)
                found = await self._client.chat.completions.create(**body)
        except openai.APIStatusError as error:
            raise self._status(error) from error
        except (TimeoutError, openai.APIConnectionError) as error:
            raise self._unreached(error) from error
        except (openai.OpenAIError, ValueError) as error:
            message = f"{self.place}: the response is not a chat completion: {self._safe(str(error))}"
            raise WireFailure("malformed", message, retryable=True) from error
        return self._read(found)

    def _request(
        self, messages: Sequence[Message], schema: Mapping[str, Any], name: str, logprobs: bool
    ) -> dict[str, Any]:
        """Return the request's body, without what this endpoint has refused before."""
        optional = PARAMETERS | LOGPROBS if logprobs and not self._refused & LOGPROBS.keys() else PARAMETERS
        body: dict[str, Any] = {key: value for key, value in optional.items() if key not in self._refused}
        body |= {"model": self.model, "messages": list(messages)}
        if "response_format" in self._refused:
            asked = "Answer with one JSON object for this JSON Schema and nothing else:\n"
            body["messages"].append({"role": "user", "content": asked + msgspec.json.encode(schema).decode()})
        else:
            form = {"name": name, "strict": True, "schema": dict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body

    def _read(self, found: Any) -> Answer:
        """Return the text of a chat completion. Raises WireFailure when there is none to be had."""
        choices = getattr(found, "choices", None)
        if not choices or choices[0].message is None:
            message = f"{self.place}: the response is not a chat completion: it has no choices"
            raise WireFailure("malformed", message, retryable=True)
        said = choices[0].message
        if getattr(said, "refusal", None) or choices[0].finish_reason == "content_filter":
            reason = self._safe(getattr(said, "refusal", None) or "content filter")
            raise WireFailure("declined", f"{self.model} declined to answer: {reason}")
        usage = getattr(found, "usage", None)
        read, written = getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None)
        return Answer(
            text=said.content or "",
            tokens=None if read is None and written is None else (read or 0, written or 0),
            logprobs=getattr(choices[0], "logprobs", None),
            model=getattr(found, "model", None),
        )

    def _status(self, error: Any) -> WireFailure:
        """Return what an HTTP error status means, and remember an optional parameter that was refused."""
        status = error.status_code
        message = f"{self.place}: HTTP {status}: {self._safe(error.message)}"
        if status in (400, 422):
            told = f"{getattr(error, 'param', None) or ''} {error.message}"
            refused = next((one for one in OPTIONAL if one in told and one not in self._refused), None)
            # Models that refuse log-probabilities often do not name the parameter as it is written.
            if refused is None and "log prob" in told.lower() and "logprobs" not in self._refused:
                refused = "logprobs"
            if refused:
                self._refused.add(refused)
                return WireFailure("http_4xx", message, retryable=True, retry_after=0)
        if status == 429:
            return WireFailure("http_429", message, retryable=True, retry_after=_wait(error.response.headers))
        if status >= 500:
            return WireFailure("http_5xx", message, retryable=True, retry_after=_wait(error.response.headers))
        return WireFailure("http_4xx", message, retryable=status in (408, 409))

    def _unreached(self, error: BaseException) -> WireFailure:
        """Return why no response came: the transport calls a refused connection a timeout, so its causes are asked."""
        import openai

        cause: BaseException | None = error
        while cause is not None and (isinstance(cause, TimeoutError) or not isinstance(cause, OSError)):
            cause = cause.__cause__ or cause.__context__
        if cause is None and isinstance(error, (TimeoutError, openai.APITimeoutError)):
            message = f"{self.place}: no answer from {self.model} within {self._timeout:g} s"
            return WireFailure("timeout", message, retryable=True)
        message = f"{self.place}: cannot be reached: {self._safe(str(cause or error.__cause__ or error))}"
        return WireFailure("refused", message, retryable=True)

    def _safe(self, text: str) -> str:
        """Return a foreign text short and without the key, which some endpoints send back."""
        if self._key:
            text = text.replace(self._key, "***")
        text = " ".join(text.split())
        return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a Retry-After header asks for: a number or a date (RFC 9110, section 10.2.3)."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return None if math.isnan(seconds) else max(seconds, 0.0)
