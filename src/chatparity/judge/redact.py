"""Pseudonyms in the place of personal data, the same for the same person, before anything is sent to a judge."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chatparity.checks.personal import Identifier, identifiers, plainly
from chatparity.judge.wire import Message

SHORTEST = 2
_RUN = re.compile(r"\d(?:\W{0,6}\d){6,}")
_PERSON = re.compile(r"account|customer|user|person|profile|contact|billing|shipping|recipient|holder|member|client")
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"e_?mail")),
    ("phone", re.compile(r"phone|mobile|\btel\b|\bcell\b|msisdn")),
    ("iban", re.compile(r"iban|account_number|bank_account")),
    ("card", re.compile(r"card_number|\bpan\b")),
    ("id", re.compile(r"ssn|pesel|personnummer|personal_number|national_id|passport|tax_id|social_security|\bnif\b")),
    ("birth date", re.compile(r"birth|\bdob\b")),
    ("address", re.compile(r"street|address|postcode|postal|\bzip")),
    ("name", re.compile(r"(?:first|last|full|given|family|customer|holder|maiden|sur)_?name")),
)
_SEPARATORS = r"[ ()./\u00a0\u2009\u202f\u2010\u2011-]{0,3}"
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_LEAST = {"name": 2, "address": 4}
_MADE = re.compile(r"\[([a-z][a-z ]*) (\d+)[a-z]?\]")


@dataclass(frozen=True)
class Redacted:
    """A text with pseudonyms, and where in the original each stands: (start, end) here, then (start, end) there."""

    text: str
    original: str
    places: tuple[tuple[int, int, int, int], ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original that `[start, end)` of this text came from, pseudonyms in whole."""
        return self._back(start, at_end=False), self._back(end, at_end=True)

    def _back(self, at: int, *, at_end: bool) -> int:
        moved = 0
        for start, end, there, there_end in self.places:
            if at <= start:
                break
            if at < end:
                return there_end if at_end else there
            moved = there_end - end
        return at + moved


class Pseudonyms:
    """The pseudonyms of one conversation: `[phone 1]`, `[name 2a]`, …, numbered as they come up.

    Found are e-mail addresses, telephone, card and account numbers, the national numbers of the market (`region`), and
    what the customer's data (`learn`) names as someone's name, address, birth date or number. A name that stands only
    in a message is not found, nor is one in an inflected form.
    """

    def __init__(self, region: str | None = None, *, on: bool = True) -> None:
        self._region = "GB" if region == "UK" else region
        self._on = on
        self._labels: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self._known: dict[str, str] = {}
        self._secrets: list[tuple[str, str]] = []
        self._pattern: re.Pattern[str] | None = None

    def learn(self, data: Any) -> None:
        """Remember what records or the result of a tool call name as personal data, by the names of their fields."""
        if self._on:
            for kind, value in _personal(data, ""):
                self._learn(kind, value)
            self._pattern = None

    def _learn(self, kind: str, value: str) -> None:
        if kind == "name":
            self._learn_name(value)
            return
        found = identifiers(value, self._region)
        whole = found[0] if len(found) == 1 and found[0].end - found[0].start >= len(value) - 2 else None
        label = self._label(whole.kind, whole.value) if whole else self._label(kind, value.casefold())
        self._known.setdefault(_loosely(whole or Identifier(kind, value, 0, 0)), label)
        self._secrets.append((whole.kind if whole else kind, whole.value if whole else value))

    def _learn_name(self, value: str) -> None:
        """Give the parts of a name pseudonyms that tell they are one person's: `[name 1a]` and `[name 1b]`."""
        parts = [part for part in re.split(r"[\s,]+", value) if len(part) >= _LEAST["name"] and not part.endswith(".")]
        if not parts:
            return
        number = self._label("name", value.casefold()).rstrip("]")
        labels = [f"{number}{chr(ord('a') + place)}]" for place in range(min(len(parts), 26))]
        if len(parts) > 1:
            together = r"\W{1,3}".join(map(re.escape, parts))
            self._known.setdefault(rf"(?<!\w)(?i:{together})(?!\w)", " ".join(labels))
            self._secrets.append(("name", " ".join(parts)))
        for part, label in zip(parts, labels, strict=False):
            written = "|".join(sorted({re.escape(part), re.escape(part.upper())}))
            # Scripts without spaces between words have no end of a word to look for.
            begin, end = ("", "") if _UNSPACED.search(part) else (r"(?<!\w)", r"(?!\w)")
            self._known.setdefault(f"{begin}(?:{written}){end}", label)

    def _label(self, kind: str, value: str) -> str:
        """Return the pseudonym of a value, a new one the first time."""
        if (kind, value) not in self._labels:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._labels[kind, value] = f"[{kind} {self._counts[kind]}]"
        return self._labels[kind, value]

    def of(self, text: str) -> Redacted:
        """Return a text with its personal data replaced."""
        if not self._on or len(text) < SHORTEST:
            return Redacted(text, text)
        spans = [(one.start, one.end, self._label(one.kind, one.value)) for one in identifiers(text, self._region)]
        spans += self._learnt(text, spans)
        return _replaced(text, sorted(spans))

    def _learnt(self, text: str, taken: Sequence[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
        """Yield the spans of what was learnt, where nothing else was found."""
        if not self._known:
            return
        if self._pattern is None:
            # The longest first: a whole name before its parts, a street before its number.
            ordered = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("|".join(f"({one})" for one in ordered))
            self._ordered = [self._known[one] for one in ordered]
        for begin, finish, number in _hits(self._pattern, text):
            if not any(begin < end and start < finish for start, end, _ in taken):
                yield begin, finish, self._ordered[number]

    def within(self, value: Any) -> Any:
        """Return a JSON value with every text in it redacted; the names of fields stay."""
        if isinstance(value, str):
            return self.of(value).text
        if isinstance(value, Mapping):
            return {key: self.within(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.within(one) for one in value]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            written = self.of(str(value)).text
            return value if written == str(value) else written
        return value

    def leaks(self, value: Any) -> list[str]:
        """Return the kinds of personal data that a redacted JSON value still holds; the leak audit, none is well.

        It looks in another way than the replacing does: for the digits of known numbers, whatever stands between them,
        and for known addresses and whole names in any case; and for anything that would be found anew.
        """
        if not self._on:
            return []
        texts = list(_texts(value))
        found = {one.kind for text in texts for one in identifiers(text, self._region)}
        # Words between the texts, so that the end of one and the beginning of the next are not read as one number.
        found |= set(leaking("\nnext\n".join(texts), self.secrets()))
        return sorted(found)

    def secrets(self) -> list[tuple[str, str]]:
        """Return the (kind, value) of all that was replaced or learnt, for an audit of what was sent."""
        return list(dict.fromkeys([*self._secrets, *(key for key in self._labels if key[0] != "name")]))


@lru_cache(maxsize=65_536)
def _hits(pattern: re.Pattern[str], text: str) -> tuple[tuple[int, int, int], ...]:
    """Return where a pattern of alternatives in groups stands in a text, each with the number of its alternative."""
    return tuple((*hit.span(), hit.lastindex - 1) for hit in pattern.finditer(plainly(text)) if hit.lastindex)


def leaking(text: str, secrets: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the kinds of the known personal data that a text still holds in some form."""
    plain = plainly(text).casefold()
    runs: list[str] | None = None
    for kind, value in secrets:
        digits = re.sub(r"\D", "", value)
        if kind in ("phone", "card", "id") and len(digits) >= 7:
            if runs is None:
                runs = [re.sub(r"\D", "", hit) for hit in _RUN.findall(plain)]
            # Without the code of the country a telephone number is the same number.
            wanted = digits[-9:] if kind == "phone" and len(digits) > 9 else digits
            if any(wanted in run for run in runs):
                yield kind
        elif kind in ("email", "iban"):
            if re.search(r"\s*".join(map(re.escape, value.casefold())), plain):
                yield kind
        elif len(value) >= _LEAST["address"]:
            words = re.findall(r"\w+", value.casefold())
            if words and all(word in plain for word in words):
                together = r"[\W_]+".join(map(re.escape, words))
                if re.search(rf"(?<!\w){together}(?!\w)", plain):
                    yield kind


def scrubbed(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Return chat messages without what looks like personal data anywhere; the system's own, which are ours, stay.

    This is the net below the graders' own redaction, which knows the market and the customer's data: it finds what can
    be told from the text alone, and goes on numbering where pseudonyms in the text stopped.
    """
    found: list[dict[str, str]] = []
    made: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}
    for message in messages:
        for kind, number in _MADE.findall(message["content"]):
            counts[kind] = max(counts.get(kind, 0), int(number))
    for message in messages:
        text = message["content"]
        if message["role"] == "system" or not _worth_looking(text):
            found.append(dict(message))
            continue
        spans: list[tuple[int, int, str]] = []
        for one in identifiers.__wrapped__(text):
            if (one.kind, one.value) not in made:
                counts[one.kind] = counts.get(one.kind, 0) + 1
                made[one.kind, one.value] = f"[{one.kind} {counts[one.kind]}]"
            spans.append((one.start, one.end, made[one.kind, one.value]))
        found.append({**message, "content": _replaced(text, spans).text})
    return found


def _worth_looking(text: str) -> bool:
    """Say cheaply whether a text may hold an identifier that needs no market to be told."""
    return "@" in text or not text.isascii() or re.search(r"(?:\+|\b00)\d|\d(?:[ -]?\d){11}", text) is not None


def _replaced(text: str, spans: Sequence[tuple[int, int, str]]) -> Redacted:
    """Replace spans, which are sorted and do not overlap."""
    if not spans:
        return Redacted(text, text)
    pieces: list[str] = []
    places: list[tuple[int, int, int, int]] = []
    at = length = 0
    for start, end, label in spans:
        pieces += [text[at:start], label]
        length += start - at
        places.append((length, length + len(label), start, end))
        length += len(label)
        at = end
    return Redacted("".join([*pieces, text[at:]]), text, tuple(places))


def _loosely(one: Identifier) -> str:
    """Return an expression for a number however it is grouped, a telephone number with or without its country."""
    if one.kind == "phone":
        return _dialled(one.value)
    if one.kind in ("card", "iban", "id"):
        grouped = "[ -]?".join(map(re.escape, one.value))
        return rf"(?<!\w)(?i:{grouped})(?!\w)"
    return _literal(one.value)


def _dialled(value: str) -> str:
    """Return an expression for a telephone number in any grouping: E.164, or as it was written where it is none."""
    import phonenumbers

    country, digits = "", re.sub(r"\D", "", value)
    if value.startswith("+"):
        number = phonenumbers.parse(value)
        digits = phonenumbers.national_significant_number(number)
        country = rf"(?:(?:\+|00)?{number.country_code}{_SEPARATORS})?(?:\(?0\)?)?{_SEPARATORS}"
    return rf"(?<!\d){country}{_SEPARATORS.join(digits)}(?!\d)" if digits else _literal(value)


def _literal(value: str) -> str:
    """Return an expression for a value as it is written, in any case, whatever white space is in it."""
    words = r"\s+".join(re.escape(word) for word in value.split())
    return rf"(?<!\w)(?i:{words})(?!\w)"


def _personal(data: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, value) of what fields of data name as personal."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _personal(value, f"{path}.{key}")
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from _personal(value, path)
    elif isinstance(data, (str, int)) and not isinstance(data, bool):
        kind = _kind_of(path)
        text = str(data).strip()
        if kind is not None and len(text) >= _LEAST.get(kind, 5):
            yield kind, text


@lru_cache(maxsize=4096)
def _kind_of(path: str) -> str | None:
    """Return the kind of personal data that a field holds by its name, or None."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", path).casefold().replace("-", "_")
    parent, _, name = snake.rpartition(".")
    spaced = name.replace("_", " ")
    for kind, pattern in _KINDS:
        if pattern.search(name) or pattern.search(spaced):
            return kind
    return "name" if name == "name" and _PERSON.search(parent) else None


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)
