"""Personal data taken out of a transcript, the same person and the same number always under the same stand-in.

What is known to be a person's comes from the records (their keys say what it is) and from what has the form of an
address, a telephone, account or card number. A name that stands in free text alone is not known here: somebody has to
read what comes out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from chatparity.checks.personal import FICTION
from chatparity.transcript import Transcript

# Keys of records by what stands under them; matched as whole words of a key ("first_name", "shippingStreet").
KINDS: Mapping[str, frozenset[str]] = {
    "name": frozenset({"name", "firstname", "lastname", "surname", "fullname", "holder", "recipient"}),
    "street": frozenset({"street", "address", "line1", "line2"}),
    "postcode": frozenset({"postcode", "zip", "postal"}),
    "birth": frozenset({"birth", "birthday", "dob", "birthdate"}),
    "number": frozenset({"iban", "card", "account", "ssn", "passport", "phone", "mobile", "tel", "email", "mail"}),
}
# Things that are called something, and are no persons.
THINGS = frozenset(
    {"product", "item", "company", "merchant", "shop", "store", "tool", "plan", "status", "brand", "file"}
)
# fmt: off
FIRST = (
    "Alba", "Bruno", "Cora", "Dario", "Elba", "Falk", "Gesa", "Hanno", "Ilka", "Jory", "Kaia", "Lino", "Mika",
    "Nelo", "Oda", "Pia", "Quin", "Rune", "Sanna", "Tamo", "Una", "Veit", "Wenke", "Xenia", "Yuna", "Zeno",
)
LAST = (
    "Adler", "Birke", "Corvin", "Dorn", "Esche", "Falke", "Ginster", "Hasel", "Iltis", "Jasmin", "Kranich", "Linde",
    "Mohn", "Nelke", "Olmen", "Pappel", "Quitte", "Reiher", "Salbei", "Tanne", "Ulme", "Veil", "Weide", "Zeder",
)
# fmt: on
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
IBAN = re.compile(r"(?<![0-9A-Za-z-])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![0-9A-Za-z-])")
CARD = re.compile(r"(?<![\w-])(?:\d[ -]?){12,18}\d(?![\w-])")
OWN = re.compile(r"person\d+@example\.com")
SHORTEST = 3
FIXED = ("speaker", "expect", "started_at", "valid_from", "valid_to", "id")


def redacted(transcript: Transcript) -> tuple[Transcript, int]:
    """Return a transcript without the personal data that is known as such, and how many stand-ins it took.

    Turns, tool calls, records, knowledge and labels are treated alike, so that what was grounded stays grounded.
    """
    redactor = _Redactor(transcript.market)
    for name, value in _leaves(transcript.records):
        redactor.learn(name, value)
    given = msgspec.to_builtins(transcript)
    kept = {name: given.pop(name) for name in ("schema", "id", "language", "market", "meta") if name in given}
    customer = given.pop("customer", None)
    if customer:
        given["customer"] = f"customer-{_digest(str(customer)):x}"[:20]
    clean = _mapped(given, redactor.clean)
    return msgspec.convert({**kept, **clean}, Transcript), len(redactor.stand_ins)


class _Redactor:
    """Finds what is personal and remembers what stands for it."""

    def __init__(self, region: str | None) -> None:
        self.stand_ins: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._region = region

    def learn(self, key: str, value: str) -> None:
        """Take a value of the records for what its key says it is."""
        kind = _kind(key)
        text = " ".join(value.split())
        if kind is None or len(text) < SHORTEST:
            return
        if kind == "name":
            self._learn_name(text)
        elif kind != "number":
            self.stand_ins.setdefault(text, f"[{kind} {self._count(kind)}]")
        elif self.clean(text) == text:
            self.stand_ins.setdefault(text, f"[number {self._count('number')}]")

    def _learn_name(self, text: str) -> None:
        """Give a person another name; each part of the real one stands for that part of the other."""
        first, last = self._other(text)
        self.stand_ins.setdefault(text, f"{first} {last}" if " " in text else first)
        parts = [one for one in re.split(r"[\s,]+", text) if len(one) >= SHORTEST and one[0].isalpha()]
        for number, part in enumerate(parts if len(parts) > 1 else []):
            self.stand_ins.setdefault(part, first if number == 0 else last)

    def _other(self, text: str) -> tuple[str, str]:
        digest = _digest(text.casefold())
        for step in range(len(FIRST) * len(LAST)):
            number = (digest + step) % (len(FIRST) * len(LAST))
            name = (FIRST[number % len(FIRST)], LAST[number // len(FIRST)])
            if " ".join(name) not in self.stand_ins.values():
                break
        return name

    def _count(self, kind: str) -> int:
        return sum(one.startswith(f"[{kind} ") for one in self.stand_ins.values()) + 1

    def clean(self, text: str) -> str:
        """Return a text with stand-ins for all that is personal."""
        for find, make in ((_addresses, _address), (_accounts, self._account), (_cards, self._card)):
            text = self._replaced(text, find(text), make)
        text = self._replaced(text, _phones(text, self._region), _phone)
        folded = text.casefold()
        for real in sorted(self.stand_ins, key=len, reverse=True):
            if real.casefold() in folded:
                text = re.sub(rf"(?<!\w){re.escape(real)}(?!\w)", self._stand_in(real), text, flags=re.IGNORECASE)
        return text

    def _stand_in(self, real: str) -> Callable[[re.Match[str]], str]:
        return lambda _: self.stand_ins[real]

    def _replaced(self, text: str, found: Iterator[str], make: Callable[[str], str]) -> str:
        """Replace what was found; a number is the same number however it is spaced."""
        for real in list(found):
            same = re.sub(r"[\s()/.-]", "", real) if "@" not in real else real.casefold()
            if same not in self._numbers:
                self._numbers[same] = make(real)
                self.stand_ins.setdefault(real, self._numbers[same])
            text = text.replace(real, self._numbers[same])
        return text

    def _account(self, _: str) -> str:
        return f"[account {self._count('account')}]"

    def _card(self, _: str) -> str:
        return f"[card {self._count('card')}]"


def _addresses(text: str) -> Iterator[str]:
    """Yield the e-mail addresses of a text that are not stand-ins already."""
    yield from (one for one in EMAIL.findall(text) if not OWN.fullmatch(one))


def _accounts(text: str) -> Iterator[str]:
    """Yield the valid IBANs of a text."""
    for one in IBAN.findall(text):
        from stdnum import iban

        if iban.is_valid(one, check_country=False):
            yield one


def _cards(text: str) -> Iterator[str]:
    """Yield what passes for the number of a payment card."""
    for one in CARD.findall(text):
        from stdnum import luhn

        if luhn.is_valid(re.sub(r"\D", "", one)):
            yield one


def _phones(text: str, region: str | None) -> Iterator[str]:
    """Yield the telephone numbers of a text that could be someone's."""
    if sum(one.isdigit() for one in text) < 7:
        return
    import phonenumbers

    known = region if region in phonenumbers.SUPPORTED_REGIONS else None
    for match in phonenumbers.PhoneNumberMatcher(text, known, leniency=phonenumbers.Leniency.VALID):
        number = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        if not any(pattern.fullmatch(number) for pattern in FICTION):
            yield match.raw_string


def _address(real: str) -> str:
    return f"person{_digest(real.casefold()) % 10_000}@example.com"


def _phone(real: str) -> str:
    # A range that Ofcom keeps for fiction.
    return f"+44 7700 900{_digest(re.sub(r'[^0-9]', '', real)) % 1000:03d}"


def _kind(key: str) -> str | None:
    """Return what the last key of a place in the records says that its value is."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower())
    if THINGS & set(words[:-1]):
        return None
    return next((kind for kind, known in KINDS.items() if words and words[-1] in known), None)


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of nested data with its key, that of its parent before it."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            parent = re.split(r"[_ ]", key)[-1]
            yield from _leaves(one, f"{parent}_{name}" if parent else str(name))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _leaves(one, key)
    elif isinstance(value, str):
        yield key, value


def _mapped(value: Any, clean: Callable[[str], str], key: str = "") -> Any:
    """Return nested data with every text cleaned; what says which turn, tool or speaker it is stays."""
    if isinstance(value, Mapping):
        return {name: _mapped(one, clean, str(name)) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(one, clean, key) for one in value]
    return clean(value) if isinstance(value, str) and key not in FIXED else value


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
