"""Where a text holds what identifies a person: e-mail addresses, telephone, card, account and national numbers."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

CARD = re.compile(
    r"(?<![0-9A-Za-z-])(?:[2-6]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5})"
    r"(?![0-9A-Za-z-]|[.,]\d)"
)
IBAN = re.compile(r"(?<![0-9A-Za-z-])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![0-9A-Za-z-])")
EMAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
NO_PHONE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,2}:\d\d|[A-Z]{1,3}-[\d-]+")
_MAY_BE_PHONE = re.compile(
    r"(?<![\w+-])(?:\+|00|\()?\d(?:[ ().\-\u00a0\u2009\u202f\u2010\u2011/]{0,3}\d){5,16}(?![\w-]|[.,]\d)"
)
# The numbers by which states know their people, in the form of each market's own module of python-stdnum.
NATIONAL: Mapping[str, tuple[str, re.Pattern[str]]] = {
    "PL": ("stdnum.pl.pesel", re.compile(r"(?<![\w-])\d{11}(?![\w-])")),
    "SE": ("stdnum.se.personnummer", re.compile(r"(?<![\w-])(?:\d{2})?\d{6}[-+]?\d{4}(?![\w-])")),
    "FI": ("stdnum.fi.hetu", re.compile(r"(?<![\w-])\d{6}[-+A-FU-Y]\d{3}[0-9A-Y](?![\w-])")),
    "DK": ("stdnum.dk.cpr", re.compile(r"(?<![\w-])\d{6}-?\d{4}(?![\w-])")),
    "NO": ("stdnum.no.fodselsnummer", re.compile(r"(?<![\w-])\d{6} ?\d{5}(?![\w-])")),
    "DE": ("stdnum.de.idnr", re.compile(r"(?<![\w-])\d{2} ?\d{3} ?\d{3} ?\d{3}(?![\w-])")),
    "ES": ("stdnum.es.nif", re.compile(r"(?<![\w-])[0-9XYZ]\d{7}-?[A-Z](?![\w-])")),
    "FR": ("stdnum.fr.nir", re.compile(r"(?<![\w-])[12](?: ?\d){12}(?: ?\d{2})(?![\w-])")),
    "IT": ("stdnum.it.codicefiscale", re.compile(r"(?<![\w-])[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z](?![\w-])")),
    "NL": ("stdnum.nl.bsn", re.compile(r"(?<![\w-])\d{9}(?![\w-])")),
    "BR": ("stdnum.br.cpf", re.compile(r"(?<![\w-])\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?![\w-])")),
    "US": ("stdnum.us.ssn", re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")),
    "IN": ("stdnum.in_.aadhaar", re.compile(r"(?<![\w-])\d{4} ?\d{4} ?\d{4}(?![\w-])")),
    "TR": ("stdnum.tr.tckimlik", re.compile(r"(?<![\w-])\d{11}(?![\w-])")),
}
_PLAIN = {code: str(int(chr(code))) for code in range(0x80, sys.maxunicode + 1) if chr(code).isdecimal()}
_PLAIN |= {0xFF20: "@", 0xFE6B: "@", 0xFF0E: ".", 0xFF0B: "+"}
# Where digits of other scripts may stand: not in Latin, Greek, Cyrillic, Hebrew, nor among punctuation and signs.
_FOREIGN = re.compile(r"[^\x00-\u065f\u1e00-\u2fff]")

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


@dataclass(frozen=True)
class Identifier:
    """A span of a text that identifies a person; `value` is the same for every way of writing the same thing."""

    kind: str
    value: str
    start: int
    end: int


@lru_cache(maxsize=16_384)
def identifiers(text: str, region: str | None = None) -> tuple[Identifier, ...]:
    """Return the identifiers in a text, in order and without overlaps; `region` is its market, such as `PL`.

    Account and card numbers must pass their check digits; telephone numbers must be possible with their country's code,
    or valid in the market without it. Digits of every script are read.
    """
    plain = plainly(text)
    if "@" not in plain and not re.search(r"\d.*\d.*\d.*\d.*\d.*\d", plain, re.DOTALL):
        return ()
    found: list[Identifier] = []
    for one in _all(plain, region):
        if not any(one.start < other.end and other.start < one.end for other in found):
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.start))


def plainly(text: str) -> str:
    """Return a text with the digits of every script as 0 to 9; each character stays one."""
    return text if text.isascii() or not _FOREIGN.search(text) else text.translate(_PLAIN)


def _all(plain: str, region: str | None) -> Iterator[Identifier]:
    """Yield identifiers, the surest kinds first."""
    for hit in EMAIL.finditer(plain):
        yield Identifier("email", hit.group().casefold().rstrip("."), *hit.span())
    for hit in IBAN.finditer(plain):
        if is_iban(hit.group()):
            yield Identifier("iban", hit.group().replace(" ", ""), *hit.span())
    for hit in CARD.finditer(plain):
        if is_card(hit.group()):
            yield Identifier("card", re.sub(r"\D", "", hit.group()), *hit.span())
    # With the code of its country a telephone number is surer than a national number, without it less sure.
    phones = list(_phones(plain, region))
    yield from (one for one in phones if plain[one.start] == "+")
    yield from _national(plain, region)
    yield from phones


def is_iban(text: str) -> bool:
    """Say whether a text is an IBAN by its check digits."""
    from stdnum import iban

    return bool(iban.is_valid(text, check_country=False))


def is_card(text: str) -> bool:
    """Say whether a text is a card number by its length and check digit."""
    from stdnum import luhn

    digits = re.sub(r"\D", "", text)
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and bool(luhn.is_valid(digits))


def _national(plain: str, region: str | None) -> Iterator[Identifier]:
    """Yield the national numbers of a market."""
    if region is None or region not in NATIONAL:
        return
    name, pattern = NATIONAL[region]
    for hit in pattern.finditer(plain):
        if import_module(name).is_valid(hit.group()):
            yield Identifier("id", re.sub(r"[^0-9A-Z]", "", hit.group()), *hit.span())


def _phones(plain: str, region: str | None) -> Iterator[Identifier]:
    """Yield the telephone numbers of a text."""
    masked = NO_PHONE.sub(lambda hit: "#" * len(hit.group()), plain)
    for hit in _MAY_BE_PHONE.finditer(masked):
        number = _phone(hit.group(), region)
        if number is not None:
            yield Identifier("phone", number, *hit.span())


@lru_cache(maxsize=16_384)
def _phone(text: str, region: str | None) -> str | None:
    """Return a telephone number as E.164, or None for what is none."""
    import phonenumbers

    known = region if region in phonenumbers.SUPPORTED_REGIONS else None
    if known is None and not text.startswith(("+", "00")):
        return None
    written = f"+{text[2:]}" if known is None and text.startswith("00") else text
    try:
        number = phonenumbers.parse(written, known)
    except phonenumbers.NumberParseException:
        return None
    international = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # With the code of its country a number is meant as one; without it, only what could be dialled there, or is kept
    # out of service for fiction, is told from any other number.
    meant = written.startswith("+") and phonenumbers.is_possible_number(number)
    known_ones = meant or phonenumbers.is_valid_number(number) or any(one.fullmatch(international) for one in FICTION)
    return international if known_ones else None
