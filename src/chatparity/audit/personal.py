"""What looks like a real person's data: valid card numbers and IBANs, telephone numbers in use, reachable addresses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from chatparity.audit.digits import western
from chatparity.audit.grounds import Fault
from chatparity.checks.personal import CARD, EMAIL, FICTION, IBAN, NO_PHONE, is_card, is_iban
from chatparity.transcript import Transcript

_RESERVED_HOST = re.compile(r"(?:^|\.)(?:example\.(?:com|org|net)|example|test|invalid|localhost)$", re.IGNORECASE)
_MAY_BE_PHONE = re.compile(r"\+\d|(?<![\w.-])\(?\d[\d ()/.-]{7,}\d")


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
