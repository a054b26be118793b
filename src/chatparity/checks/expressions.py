"""Pieces of regular expressions that the finder is made of: words by the thousand, and where a word may end."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chatparity.checks.text import UNSPACED

# A letter that runs on: what follows a word of a script without spaces (日, 天) does not make it another word.
LETTER = rf"[^\W\d_{UNSPACED}]"
# The same with digits: what may not stand beside a number.
ANY_LETTER = rf"[^\W{UNSPACED}]"
# Letters and digits before a number; Hebrew and Arabic small words are written onto it.
BEFORE_NUMBER = re.compile(rf"[^\W{UNSPACED}\u0590-\u06ff]")


_UNSPACED_LANGUAGES = frozenset({"ja", "ko", "zh"})


def compiled(language: str, expression: str) -> re.Pattern[str]:
    """Compile an expression for a language; where words are spaced it need not know the scripts without spaces.

    Such classes of letters are dear to compile and slower to match.
    """
    return re.compile(expression if language in _UNSPACED_LANGUAGES else expression.replace(UNSPACED, ""))


def any_of(words: Iterable[str]) -> str:
    """Return an expression for any of some words, the longest that fits; nothing for none.

    It branches letter by letter, so that thousands of words cost hardly more than one.
    """
    tree = _Tree()
    for word in words:
        node = tree
        for letter in word:
            node = node.setdefault(letter, _Tree())
        if word:
            node[""] = _Tree()
    return _branches(tree)


class _Tree(dict[str, "_Tree"]):
    """What may follow a beginning: letters, and "" where a word is complete."""


def _branches(node: _Tree) -> str:
    """Return the expression for all that follows a node."""
    branches = [re.escape(letter) + _branches(inner) for letter, inner in sorted(node.items()) if letter]
    if not branches:
        return ""
    if "" not in node:
        return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
    return f"(?:{'|'.join(branches)})?"


def optional(words: Iterable[str], after: str) -> str:
    """Return an expression for one of some words and what follows it, which may be left out."""
    some = any_of(words)
    return f"(?:{some}{after})?" if some else ""


def code_of(codes: Iterable[str]) -> str:
    """Return an expression for any of some currency codes, in small letters."""
    return any_of(code.lower() for code in codes)
