"""Telephone numbers, so that their digits are nothing else: international ones, and those of the market."""

from __future__ import annotations

import re
from functools import lru_cache

from chatparity.checks.scan import Meaning

PHONE = re.compile(
    r"\+\d[\d ()/-]{6,}\d|(?<![\w.,+-])(?:\(\d{2,5}\)|0\d{1,4})[ /-]?\d(?:[ /-]?\d){5,11}(?![\w%]|[.,]\d)"
)
_DATE = re.compile(r"\d{1,2}[-/ ]\d{1,2}[-/ ]\d{2,4}")


@lru_cache(maxsize=4096)
def phone(token: str, market: str | None) -> tuple[Meaning, ...] | None:
    """Read a telephone number in its form without blanks; without the country's code it must be one of the market."""
    if token.startswith("+"):
        return (Meaning("phone", "+" + re.sub(r"\D", "", token.replace("(0)", ""))),)
    if market is None or _DATE.fullmatch(token):
        return None
    import phonenumbers

    try:
        number = phonenumbers.parse(token, market)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return (Meaning("phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)),)
