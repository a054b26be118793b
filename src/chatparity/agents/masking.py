"""Keeps secrets out of every message: what was read from the environment is never shown again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chatparity.errors import UsageError

SHOWN = 300
KEY_ENV = "OPENAI_API_KEY"
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_LOOKS_SECRET = re.compile(r"(?i)(bearer\s+|\b(?:sk|pk|rk|key)-)[\w.~+/=-]{6,}")
_USER = re.compile(r"://[^/\s]+@")
_NAMES_SECRET = re.compile(r"(?i)key|token|secret|passw|credential|auth")
_IN_QUERY = re.compile(r"""(?i)([?&][\w.-]*(?:key|token|secret|passw|credential|auth)[\w.-]*=)[^&\s"'<>]+""")
_LONG_ENOUGH = 8
_read: dict[str, str] = {}


def from_environment(name: str, *, needed_by: str) -> str:
    """Return an environment variable and mask its value from now on. Raises UsageError naming it when it is unset."""
    value = os.environ.get(name)
    if not value:
        raise UsageError(f"{needed_by}: the environment variable {name} is not set: export {name}=…")
    _read[value] = name
    return value


def variables_read() -> tuple[str, ...]:
    """Return the names of the environment variables that agents of this process have read, in that order."""
    return tuple(dict.fromkeys(_read.values()))


def key_for(url: str, name: str | None, *, needed_by: str) -> str | None:
    """Return the key for an address: of the variable that was named, else OPENAI_API_KEY where it is set.

    Only OpenAI's own endpoint is known to need one: without it, that raises UsageError.
    """
    if name is None and not is_openai(url) and not os.environ.get(KEY_ENV):
        return None
    return from_environment(name or KEY_ENV, needed_by=needed_by)


def expand(text: str, *, needed_by: str) -> str:
    """Return a text with each `${NAME}` replaced from the environment. Raises UsageError naming what is unset."""
    return _VARIABLE.sub(lambda match: from_environment(match[1], needed_by=needed_by), text)


def mask(text: str) -> str:
    """Return a text without the values that agents read from the environment, and without what looks like a key.

    Values of variables whose names speak of keys, tokens and passwords are masked as well, read or not, and so are
    user names in addresses and parameters with such names.
    """
    named = {value for name, value in os.environ.items() if _NAMES_SECRET.search(name) and len(value) >= _LONG_ENOUGH}
    for secret in sorted(_read.keys() | named, key=len, reverse=True):
        for written in _forms(secret):
            text = text.replace(written, "***")
    text = _IN_QUERY.sub(r"\1***", _USER.sub("://***@", text))
    return _LOOKS_SECRET.sub(lambda match: f"{match[1]}***", text)


@lru_cache(maxsize=1024)
def _forms(secret: str) -> tuple[str, ...]:
    """Return a secret as it is, as it stands in JSON, and as it stands in JSON within JSON; the longest first."""
    forms = {secret}
    for _ in range(2):
        forms |= {json.dumps(form, ensure_ascii=ascii_only)[1:-1] for form in forms for ascii_only in (True, False)}
    return tuple(sorted(forms, key=len, reverse=True))


def names_secret(name: str) -> bool:
    """Say whether the name of a header or variable speaks of a secret."""
    return _NAMES_SECRET.search(name) is not None or name.lower() in ("cookie", "set-cookie")


def excerpt(content: bytes | str) -> str:
    """Return the beginning of what an endpoint sent, on one line and masked, for a message."""
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    text = " ".join(mask(text).split())
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def mask_all(value: Any) -> Any:
    """Return a JSON value with the secrets in all of its texts masked."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {mask(str(name)): mask_all(one) for name, one in value.items()}
    return [mask_all(one) for one in value] if isinstance(value, (list, tuple)) else value


def holds_secret(written: bytes) -> bool:
    """Say whether a JSON text holds a value that agents have read from the environment."""
    return any(form.encode() in written for secret in _read for form in _forms(secret))


def checked_url(url: str, *, needed_by: str, written: str | None = None) -> str:
    """Return an endpoint's address. Raises UsageError when it is none or a secret is written into it.

    `written` is the address as it stood before variables of the environment were put in, where that was done.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{needed_by}: expected an address such as https://host/v1, got {mask(url)!r}")
    if parts.username is not None:
        raise UsageError(f"{needed_by}: the address holds a user name or password: keep secrets in the environment")
    for name, value in parse_qsl(urlsplit(written or url).query):
        if names_secret(name) and not _VARIABLE.search(value):
            raise UsageError(
                f"{needed_by}: the address holds a secret ({name}): keep it in the environment and write "
                f"{name}=${{NAME}} into the `url` of a table"
            )
    return url


def place(url: str) -> str:
    """Return an address for messages: without its query, masked."""
    parts = urlsplit(url)
    return mask(f"{parts.scheme}://{parts.netloc}{parts.path}")


def is_loopback(url: str) -> bool:
    """Say whether an address is on this machine: no key is needed there, and no proxy is asked."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def is_openai(url: str) -> bool:
    """Say whether an address is OpenAI's own, which answers nobody without a key."""
    return (urlsplit(url).hostname or "").endswith("openai.com")
