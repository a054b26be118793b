"""One request to an OpenAI-compatible endpoint for the judge, and every way in which it can fail."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import msgspec

from chatparity.agents.masking import is_loopback
from chatparity.errors import JudgeFailure

if TYPE_CHECKING:
    import aiohttp

Message = Mapping[str, str]
OK = 200
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
    """One chat completion a request, over aiohttp, without retries of its own: the judge counts every request.

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
        self._opened: aiohttp.ClientSession | None = None

    @property
    def _session(self) -> aiohttp.ClientSession:
        """Return the connections, opened when they are first needed: what comes from the cache alone needs none."""
        import aiohttp

        if self._opened is None:
            headers = {"content-type": "application/json", **self._address.headers}
            if self._key and not self._address.headers:
                headers["authorization"] = f"Bearer {self._key}"
            self._opened = aiohttp.ClientSession(
                # How many requests are under way is the judge's to say.
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                headers=headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=not is_loopback(self._address.url),
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
        import aiohttp

        url = f"{self._address.url.rstrip('/')}/chat/completions"
        # The one place where text of a transcript leaves for the judge.
        try:
            body = msgspec.json.encode(self._request(messages, schema, name, logprobs))
            async with self._session.post(
                url, data=body, params=dict(self._address.query), allow_redirects=False
            ) as response:
                content = await response.read()
        except TimeoutError as error:
            message = f"{self.place}: no answer from {self.model} within {self._timeout:g} s"
            raise WireFailure("timeout", message, retryable=True) from error
        except (aiohttp.ClientError, OSError) as error:
            message = f"{self.place}: cannot be reached: {self._safe(str(error))}"
            raise WireFailure("refused", message, retryable=True) from error
        except (UnicodeEncodeError, msgspec.MsgspecError) as error:
            raise WireFailure("malformed", f"the question cannot be written down: {error}") from error
        if response.status != OK:
            raise self._status(response.status, response.headers, content)
        return self._read(content)

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

    def _read(self, content: bytes) -> Answer:
        """Return the text of a chat completion. Raises WireFailure when there is none to be had."""
        try:
            found = msgspec.json.decode(content, type=_Completion)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            why = self._safe(f"{error}: {content[:SHOWN].decode(errors='replace')}")
            message = f"{self.place}: the response is not a chat completion: {why}"
            raise WireFailure("malformed", message, retryable=True) from error
        if not found.choices or found.choices[0].message is None:
            message = f"{self.place}: the response is not a chat completion: it has no choices"
            raise WireFailure("malformed", message, retryable=True)
        choice, said = found.choices[0], found.choices[0].message
        if said.refusal or choice.finish_reason == "content_filter":
            raise WireFailure("declined", f"{self.model} declined to answer: {self._safe(said.refusal or 'filtered')}")
        usage = found.usage
        read, written = (usage.prompt_tokens, usage.completion_tokens) if usage else (None, None)
        return Answer(
            text=said.content or "",
            tokens=None if read is None and written is None else (read or 0, written or 0),
            logprobs=choice.logprobs,
            model=found.model,
        )

    def _status(self, status: int, headers: Mapping[str, str], content: bytes) -> WireFailure:
        """Return what an HTTP error status means, and remember an optional parameter that was refused."""
        from chatparity.agents.failures import retry_after

        said, param = _error(content)
        message = f"{self.place}: HTTP {status}: {self._safe(said)}"
        if status in (400, 422):
            told = f"{param} {said}"
            refused = next((one for one in OPTIONAL if one in told and one not in self._refused), None)
            # Models that refuse log-probabilities often do not name the parameter as it is written.
            if refused is None and "log prob" in told.lower() and "logprobs" not in self._refused:
                refused = "logprobs"
            if refused:
                self._refused.add(refused)
                return WireFailure("http_4xx", message, retryable=True, retry_after=0)
        if status == 429:
            return WireFailure("http_429", message, retryable=True, retry_after=retry_after(headers))
        if status >= 500:
            return WireFailure("http_5xx", message, retryable=True, retry_after=retry_after(headers))
        if 300 <= status < 400:
            to = self._safe(headers.get("location", "another address"))
            return WireFailure("http_3xx", f"{self.place}: HTTP {status}: moved to {to}: name that address")
        return WireFailure("http_4xx", message, retryable=status in (408, 409))

    def _safe(self, text: str) -> str:
        """Return a foreign text short and without the key, which some endpoints send back."""
        if self._key:
            text = text.replace(self._key, "***")
        text = " ".join(text.split())
        return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


class _Said(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Said | None = None
    finish_reason: str | None = None
    logprobs: Any = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Completion(msgspec.Struct):
    """What is read of a chat completion; everything else in it is passed over."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    model: str | None = None


def _error(content: bytes) -> tuple[str, str]:
    """Return what an error response says, and the parameter it names if it names one."""
    text = content.decode(errors="replace")
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text, ""
    error = found.get("error", found) if isinstance(found, dict) else found
    if not isinstance(error, dict):
        return str(error) if isinstance(error, str) else text, ""
    return str(error.get("message") or text), str(error.get("param") or "")
