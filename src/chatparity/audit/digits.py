"""Digits of every script as 0 to 9."""

from __future__ import annotations


def western(text: str) -> str:
    """Return a text with the decimal digits of every script as 0 to 9; each stays one character."""
    if text.isascii():
        return text
    return "".join(str(int(one)) if one.isdecimal() else one for one in text)
