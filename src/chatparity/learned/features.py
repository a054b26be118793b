"""What a learned grader reads of an exchange: the reply's words and letters, and how much of it stands elsewhere."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from chatparity.exchange import Exchange

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

WORD = re.compile(r"\w{3,}")
NUMBER = re.compile(r"\d[\d.,]*\d|\d")
# Punctuation is a word: how something is asked or exclaimed is much of its tone.
SETTINGS: dict[str, dict[str, Any]] = {
    "words": {"ngram_range": (1, 2), "token_pattern": r"(?u)\w+|[^\w\s]"},
    "letters": {"analyzer": "char_wb", "ngram_range": (2, 5)},
}
LIMITS = {"words": 20_000, "letters": 30_000}
FEWEST = {"words": 2, "letters": 3}
NUMBERS = ("length", "words known", "words of the customer", "numbers known")


@dataclass(frozen=True)
class Features:
    """One exchange as a model sees it: the reply's text, and the figures that NUMBERS names."""

    text: str
    numbers: tuple[float, ...]


def features_of(exchange: Exchange) -> Features:
    """Return the features of an exchange.

    The figures are the logarithm of the reply's number of words, and the shares of its words that stand in anything
    that was said or given (knowledge, records, tool results), of its words that the customer used, and of its numbers
    that stand anywhere before; 1 where it has none.
    """
    reply, point = exchange.reply, exchange.point
    calls = [*reply.tool_calls, *(call for turn in point.history for call in turn.tool_calls)]
    given = msgspec.json.encode([dict(point.records), [(call.arguments, call.result) for call in calls]]).decode()
    known = "\n".join((given, *(one.text for one in point.knowledge), *(turn.text for turn in point.history)))
    words = [word.casefold() for word in WORD.findall(reply.text)]
    numbers = NUMBER.findall(reply.text)
    shares = (
        _share(words, {word.casefold() for word in WORD.findall(known)}),
        _share(words, {word.casefold() for word in WORD.findall(point.customer_text)}),
        _share(numbers, set(NUMBER.findall(known))),
    )
    return Features(reply.text, (math.log1p(len(words)), *shares))


def _share(found: Sequence[str], known: set[str]) -> float:
    return sum(one in known for one in found) / len(found) if found else 1.0


def vectorizer(kind: str, **more: Any) -> TfidfVectorizer:
    """Return the vectorizer of `words` or `letters`, not fitted unless `more` holds a vocabulary."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(lowercase=True, sublinear_tf=True, **SETTINGS[kind], **more)
