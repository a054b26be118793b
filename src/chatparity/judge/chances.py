"""Log-probabilities of a score's token as chances of each score, where an endpoint gives them."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Any

import msgspec

LEAST_MASS = 0.5


def chances_of(logprobs: Any, text: str, name: str, scores: Collection[int]) -> dict[str, float] | None:
    """Return the chance of each of `scores` as the value of the property `name` in the answer `text`, summing to 1.

    `logprobs` is `choices[0].logprobs` of a chat completion. Its tokens are laid along the text to find the one that
    is the score; the alternatives at that place which are scores are kept and made to sum to one, as in Liu et al.,
    "G-Eval" (2023), equation 1. None where the endpoint gave nothing usable: no tokens, a score of several tokens, or
    alternatives that hold less than half of the probability.
    """
    tokens = _tokens(logprobs)
    hits = list(re.finditer(rf'"{re.escape(name)}"\s*:\s*(-?\d+)', text))
    if not tokens or not hits or "".join(one.token for one in tokens) != text:
        return None
    start, end = hits[-1].span(1)
    at = 0
    for one in tokens:
        if at <= start < at + len(one.token):
            alone = end <= at + len(one.token)
            return _kept(one.top_logprobs, one.token, start - at, scores) if alone else None
        at += len(one.token)
    return None


class _Alternative(msgspec.Struct):
    token: str
    logprob: float


class _Token(msgspec.Struct):
    token: str
    top_logprobs: list[_Alternative] | None = None


def _tokens(logprobs: Any) -> list[_Token]:
    """Return the tokens of an answer, none where the endpoint gave something else."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    try:
        return msgspec.convert(content or [], list[_Token])
    except msgspec.ValidationError:
        return []


def _kept(
    listed: list[_Alternative] | None, token: str, inside: int, scores: Collection[int]
) -> dict[str, float] | None:
    """Return the alternatives of a token that are scores; what stands around the number must be as in the token."""
    before, number = token[:inside], re.match(r"-?\d+", token[inside:])
    after = token[inside + number.end() :] if number else ""
    found: dict[str, float] = {}
    for one in listed or ():
        inner = one.token.removeprefix(before).removesuffix(after)
        if re.fullmatch(r"-?\d+", inner) and int(inner) in scores:
            found[str(int(inner))] = found.get(str(int(inner)), 0.0) + math.exp(one.logprob)
    mass = sum(found.values())
    return {score: chance / mass for score, chance in sorted(found.items())} if mass >= LEAST_MASS else None
