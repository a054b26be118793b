"""What an endpoint's failure is called, and whether asking again can help."""

from __future__ import annotations

import datetime as dt
import email.utils
import math
from collections.abc import Mapping

import aiohttp

from chatparity.agents.masking import excerpt
from chatparity.errors import AgentFailure

OK = 200
_MULTIPLE = 300
_BAD_REQUEST = 400
_TOO_MANY = 429
_SERVER_ERROR = 500
_CAN_PASS = (408, 409, 425)


def http_failure(status: int, headers: Mapping[str, str], body: bytes | str, *, where: str) -> AgentFailure:
    """Return the failure that an HTTP status other than 2xx means; `headers` must ignore case."""
    said = excerpt(body)
    message = f"{where}: HTTP {status}" + (f": {said}" if said else "")
    wait = retry_after(headers)
    if status == _TOO_MANY:
        return AgentFailure("http_429", message, retryable=True, retry_after=wait)
    if status >= _SERVER_ERROR:
        return AgentFailure("http_5xx", message, retryable=True, retry_after=wait)
    if _MULTIPLE <= status < _BAD_REQUEST:
        to = excerpt(headers.get("location", "another address"))
        return AgentFailure("http_3xx", f"{where}: HTTP {status}: moved to {to}: name that address", retryable=False)
    return AgentFailure("http_4xx", message, retryable=status in _CAN_PASS, retry_after=wait)


def retry_after(headers: Mapping[str, str], *, now: dt.datetime | None = None) -> float | None:
    """Return the seconds an endpoint asks us to wait, or None: a number or a date (RFC 9110, section 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        pass
    else:
        return max(seconds, 0.0) if math.isfinite(seconds) else None
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max((moment - (now or dt.datetime.now(dt.UTC))).total_seconds(), 0.0)


def malformed(where: str, why: str) -> AgentFailure:
    """Return the failure of an answer that came whole and cannot be read."""
    return AgentFailure("malformed", f"{where}: {excerpt(why)}", retryable=True)


def connection_failure(error: aiohttp.ClientError, *, where: str) -> AgentFailure:
    """Return what an error of the connection means: never reached, broken off, or not HTTP at all."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return AgentFailure(
            "unknown_host", f"{where}: the host has no address: {excerpt(str(error.os_error))}", retryable=True
        )
    if isinstance(error, aiohttp.ClientSSLError):
        why = f"{where}: no encrypted connection: {excerpt(str(error))}"
        # A certificate that is not trusted now will not be in a moment.
        return AgentFailure("tls", why, retryable=not isinstance(error, aiohttp.ClientConnectorCertificateError))
    if isinstance(error, aiohttp.ClientConnectorError):
        return AgentFailure("refused", f"{where}: cannot be reached: {excerpt(str(error))}", retryable=True)
    if isinstance(error, (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError)):
        return cut(where, str(error))
    return malformed(where, f"not an HTTP response: {error}")


def cut(where: str, why: str) -> AgentFailure:
    """Return the failure of an answer that ended before it was whole."""
    return AgentFailure("stream_cut", f"{where}: the answer ended before it was whole: {excerpt(why)}", retryable=True)
