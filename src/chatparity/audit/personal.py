"""What looks like a real person's data: valid card numbers and IBANs, telephone numbers in use, reachable addresses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from chatparity.audit.digits import western
from chatparity.audit.grounds import Fault
from chatparity.checks.personal import CARD, EMAIL, IBAN, NO_PHONE, is_card, is_iban
from chatparity.transcript import Transcript

_RESERVED_HOST = re.compile(r"(?:^|\.)(?:example\.(?:com|org|net)|example|test|invalid|localhost)$", re.IGNORECASE)
_MAY_BE_PHONE = re.compile(r"\+\d|(?<![\w.-])\(?\d[\d ()/.-]{7,}\d")

_RESERVED = {
    "1": r"[2-9]\d{2}55501\d{2}",  # North America (NANPA)
    "44": (  # Great Britain (Ofcom, numbers for drama)
        r"7700900\d{3}|1632960\d{3}|1(?:1[3-8]|21|31|41|51|61)4960\d{3}|2079460\d{3}|2896496\d{3}|2920180\d{3}"
        r"|1914980\d{3}|8081570\d{3}|9098790\d{3}|3069990\d{3}"
    ),
    "353": r"2091\d{5}",  # Ireland (ComReg)
    "49": r"(?:3023125|6990009|4066969|2214710|8999998)\d{3}|1713920\d{3}|176040690\d{2}",  # Germany (BNetzA)
    "46": r"3139006\d{2}|4062804\d{2}|8465004\d{2}|9803192\d{2}|701740(?:60[5-9]|6[1-9]\d)",  # Sweden (PTS)
    "33": r"(?:19900|26191|35301|46571|53649|63998)\d{4}",  # France (Arcep, for audiovisual works)
    "61": r"[2378](?:5550|7010)\d{4}",  # Australia (ACMA)
}
FICTION = tuple(re.compile(rf"\+{code}(?:{number})") for code, number in _RESERVED.items())
"""Ranges that national regulators keep out of service for film, books and tests, in E.164."""


def real_looking(transcript: Transcript) -> Iterator[Fault]:
    """Yield what looks like the data of a real person in the turns and the records of a transcript."""
    region = transcript.market if transcript.market != "UK" else "GB"
    for place, turn in enumerate(transcript.turns):
        for message in found_in(turn.text, region):
            yield Fault(f"turns[{place}].text", message)
    for name, text in _texts(transcript.records, "records"):
        for message in found_in(text, region):
            yield Fault(name, message)


def found_in(text: str, region: str | None = None) -> Iterator[str]:
    """Yield what a text holds that could be a real person's, each shown in part only."""
    plain = western(unicodedata.normalize("NFKC", text))
    if not any(one.isdigit() for one in plain) and "@" not in plain:
        return
    rest = plain
    for hit in IBAN.finditer(plain):
        if is_iban(hit.group()):
            rest = rest.replace(hit.group(), " ")
            yield f"expected no account number, got the valid IBAN {_masked(hit.group())}: change a digit"
    for hit in CARD.finditer(rest):
        if is_card(hit.group()):
            rest = rest.replace(hit.group(), " ")
            yield f"expected no card number, got {_masked(hit.group())}, which passes the Luhn check: change a digit"
    for hit in EMAIL.finditer(plain):
        if not _RESERVED_HOST.search(hit.group(1)):
            yield f"expected an address at example.com, .org or .net, got one at {hit.group(1)}"
    yield from _phones(rest, region)


def _phones(text: str, region: str | None) -> Iterator[str]:
    """Yield the telephone numbers of a text that could be someone's."""
    text = NO_PHONE.sub(lambda hit: " " * len(hit.group()), text)
    if not _MAY_BE_PHONE.search(text):
        return
    import phonenumbers

    known = region if region in phonenumbers.SUPPORTED_REGIONS else None
    for match in phonenumbers.PhoneNumberMatcher(text, known, leniency=phonenumbers.Leniency.VALID):
        number = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        if not any(pattern.fullmatch(number) for pattern in FICTION):
            shown = _masked(match.raw_string)
            yield f"expected a telephone number reserved for fiction, got {shown}, which may be in use"


def _masked(text: str) -> str:
    """Return a number with all but its first and last two digits hidden: an error text repeats no personal data."""
    places = [place for place, one in enumerate(text) if one.isalnum()]
    hidden = set(places[4:-2])
    return "".join("•" if place in hidden else one for place, one in enumerate(text))


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield every text of records with the field it stands in; ids and labels of the shop are looked at as well."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{name}.{key}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _texts(inner, f"{name}[{place}]")
    elif isinstance(value, str) and len(value) > 6:
        yield name, value
