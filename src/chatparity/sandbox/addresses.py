"""Postal addresses in a customer's words: street, postcode and city, in the order their market writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_POSTCODES = {
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
    "IE": r"[A-Z]\d[\dW] ?[A-Z\d]{4}",
    "US": r"(?:[A-Z]{2} )?\d{5}(?:-\d{4})?",
    "SE": r"\d{3} ?\d{2}",
    "CA": r"(?:[A-Z]{2} )?[A-Z]\d[A-Z] ?\d[A-Z]\d",
    "PL": r"\d{2}-\d{3}",
    "AT": r"\d{4}",
    "CH": r"\d{4}",
    "NO": r"\d{4}",
    "DK": r"\d{4}",
    "NL": r"\d{4} ?[A-Z]{2}",
    "PT": r"\d{4}-\d{3}",
    "CZ": r"\d{3} ?\d{2}",
    "RO": r"\d{6}",
    "JP": r"(?:〒 ?)?\d{3}-\d{4}",
    "BR": r"\d{5}-?\d{3}",
}
_POSTCODE = r"\d{5}"
_NOTHING = re.compile(r"(?!)")
_STATE = re.compile(r"^[A-Z]{2} ", re.IGNORECASE)
_BEFORE_POSTCODE = {"US": _STATE, "CA": _STATE, "JP": re.compile(r"^〒 ?")}
_CITY_WORDS = 4
_LABEL = re.compile(r"(^|[,،;.!]\s*)[^\W\d]+(?:[ /-][^\W\d]+)?\s*:\s*")
_ID = re.compile(r"\b(?:H|CH|PM)-[\d-]+", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """A postal address as the shop stores it."""

    street: str
    postcode: str
    city: str


def find_address(text: str, market: str, table: Mapping[str, Any]) -> Address | None:
    """Return the address in a text, or None when street, postcode and city are not all there.

    `table` is the `[slots]` table of the language: `address_lead` matches what leads up to an address,
    `address_stop` what begins the sentence after it.
    """
    plain = _LABEL.sub(r"\1", _ID.sub(" ", ", ".join(line.strip(" ,،") for line in text.splitlines() if line.strip())))
    plain = _counted_out(plain, table)
    flags = re.IGNORECASE if market in ("GB", "IE", "CA", "NL") else 0
    hits = list(re.finditer(rf"(?<![\w-])(?:{_POSTCODES.get(market, _POSTCODE)})(?![\w-])", plain, flags))
    if not hits:
        return None
    hit = hits[-1]
    stop = re.compile(str(table["address_stop"]), re.IGNORECASE)
    before, after = plain[: hit.start()].rstrip(" ,،"), plain[hit.end() :]
    ending = stop.search(after)
    following = re.split(r"[.!?؟;]", after[: ending.start()] if ending else after)[0].strip(" ,،-")
    following = re.split(r"[,،]", following)[0].strip()
    before = re.sub(rf"\b(?:{table['postcode']})\W*$", "", before, flags=re.IGNORECASE)
    street = _lead_off(before, str(table["address_lead"]))
    if following and len(following.split()) <= _CITY_WORDS:
        city = following
    else:
        street, _, city = street.rpartition(",") if "," in street else street.rpartition("،")
    postcode = hit.group().strip()
    postcode = _BEFORE_POSTCODE.get(market, _NOTHING).sub("", postcode)
    found = Address(street.strip(" ,،.;"), postcode, _city(city))
    return found if found.street and found.city and re.search(r"\d", found.street) else None


def _counted_out(text: str, table: Mapping[str, Any]) -> str:
    """Return a text in which counted zeros, "five zeros", stand as digits."""
    numbers = {str(word): int(count) for word, count in table["numbers"].items()}
    counted = rf"\b({'|'.join(map(re.escape, numbers))}|\d) (?:{table['zeros']})\b"

    def digits(hit: re.Match[str]) -> str:
        word = hit.group(1).lower()
        return "0" * (int(word) if word.isdigit() else numbers[word])

    return re.sub(counted, digits, text, flags=re.IGNORECASE)


def _city(text: str) -> str:
    return re.split(r"[,،]", text.strip(" ,،"))[0].strip(" .,،")


def _lead_off(text: str, lead: str) -> str:
    """Return the end of a text that is an address: what follows the last lead-in, colon or end of sentence."""
    last = 0
    for hit in re.finditer(rf"(?:{lead})|[:!?؟][\s,،]+|(?<=\w{{4}})\.\s+", text, re.IGNORECASE):
        if re.search(r"\d", text[hit.end() :]):
            last = hit.end()
    return text[last:].strip(" ,،")
