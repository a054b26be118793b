"""From the specification of a judge, or of several, to a judge that can be asked."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from urllib.parse import urlsplit

from chatparity.agents.masking import checked_url
from chatparity.errors import UsageError
from chatparity.judge.cache import Cache
from chatparity.judge.client import Judge, Panel
from chatparity.judge.spending import Account
from chatparity.judge.wire import Wire
from chatparity.suite import Suite

EXPECTED = "expected openai:MODEL, openai:MODEL@URL, several of them with commas between, or none"
_SPEC = re.compile(r"openai:(?P<model>(?:(?!@\w+://)[^\s,])+)(?:@(?P<url>https?://[^\s,]+))?")
_BETWEEN = re.compile(r",(?=openai:)")


def open_judge(
    spec: str, suite: Suite, *, offline: bool = False, account: Account | None = None
) -> AbstractAsyncContextManager[Judge | None]:
    """Return a context manager that opens the judge named by `spec`: `openai:MODEL[@URL]`, or `none` for no judge.

    Several with commas between are a panel. The key comes from the environment variable that `[judge] key_env` names,
    or `[judge.keys]` for a host; an endpoint of one's own may need none, and `offline` none at all: then only the
    cache answers. `account` is what it may spend and has spent; by default, what `[judge]` allows and nothing.
    Raises UsageError for a specification that cannot be read, a missing key, and a limit of money without prices.
    """
    if spec == "none":
        return contextlib.nullcontext(None)
    account = account or Account(suite)
    wires = [_wire(one, spec, suite, offline=offline) for one in _BETWEEN.split(spec)]
    names = [f"{one.model}@{one.place}" for one in wires]
    if len(set(names)) < len(names):
        raise UsageError(f'judge "{_masked(spec)}": expected judges that differ, got one of them twice')
    if not offline:
        account.check(one.model for one in wires)
    return _opened(wires, suite, account, offline=offline)


def models_in(spec: str) -> tuple[str, ...]:
    """Return the models that a specification names; none for `none`. Raises UsageError when it cannot be read."""
    return () if spec == "none" else tuple(_read(one, spec)["model"] for one in _BETWEEN.split(spec))


def _read(one: str, spec: str) -> re.Match[str]:
    """Read one judge of a specification."""
    match = _SPEC.fullmatch(one)
    if match is None:
        raise UsageError(f'judge "{_masked(spec)}": {EXPECTED}')
    return match


def _wire(one: str, spec: str, suite: Suite, *, offline: bool) -> Wire:
    """Return the way to one judge."""
    table = suite.settings.judge
    match = _read(one, spec)
    url = match["url"]
    if url and urlsplit(url).username is not None:
        raise UsageError(f'judge "{_masked(spec)}": no password in a URL: put the key into ${table.key_env}')
    if url:
        checked_url(url, needed_by="judge")
    host = urlsplit(url).hostname if url else None
    name = table.keys.get(host or "api.openai.com", table.key_env)
    key = os.environ.get(name) or None
    if key is None and url is None and not offline and not os.environ.get("OPENAI_BASE_URL"):
        raise UsageError(f'judge "{spec}": no key: set the environment variable {name}')
    return Wire(match["model"], url, key, timeout_seconds=table.timeout_seconds)


@contextlib.asynccontextmanager
async def _opened(wires: list[Wire], suite: Suite, account: Account, *, offline: bool) -> AsyncIterator[Judge]:
    """Open a judge and close its connections in the end."""
    table = suite.settings.judge
    cache = Cache(cache_folder(suite))
    members = [
        Judge(
            wire,
            cache,
            account,
            concurrency=table.concurrency,
            offline=offline,
            logprobs=table.logprobs,
            redact=table.redact,
        )
        for wire in wires
    ]
    judge = members[0] if len(members) == 1 else Panel(members, table.combine)
    try:
        yield judge
    finally:
        await judge.close()


def cache_folder(suite: Suite) -> Path:
    """Return where answers are kept: in the suite, or, when only the shipped one is there, under the current folder."""
    own = suite.root != suite.shipped or (suite.root / ".git").exists()
    return (suite.root if own else Path.cwd()) / suite.settings.judge.cache


def _masked(spec: str) -> str:
    """Return a specification without what stands before the host in its URLs."""
    return re.sub(r"//[^/@\s,]*@", "//***@", spec)
