"""Amounts of money as they stand in a text: a number with a currency's symbol, code or name beside it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_name, get_currency_symbol

from chatparity.mutate.numbers import Number, numbers_in

CURRENCIES = (
    *("EUR", "USD", "GBP", "CAD", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "RON", "JPY", "MXN", "BRL", "AED"),
    *("HUF", "BGN", "TRY", "UAH", "RUB", "ILS", "INR", "IDR", "KRW", "CNY", "ALL", "BAM", "RSD", "AUD", "NZD"),
)
# What people write and babel's data do not have; the first currency is meant where a word is shared.
COLLOQUIAL = {
    "kr": "SEK", "kr.": "SEK", "lei": "RON", "leu": "RON", "zł": "PLN", "kč": "CZK", "円": "JPY", "엔": "JPY",
    "€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₪": "ILS", "₹": "INR", "元": "CNY", "달러": "USD", "유로": "EUR",
    "euro": "EUR", "dollar": "USD", "ליש״ט": "GBP", "ליש\"ט": "GBP", "lek": "ALL", "pund": "GBP", "pound": "GBP",
    "ドル": "USD", "ユーロ": "EUR", "美元": "USD", "欧元": "EUR", "يورو": "EUR", "كرون": "SEK", "درهم": "AED",
    "دولار": "USD",
}  # fmt: skip
# Languages that put the nationality of a currency after its name.
NOUN_FIRST = ("ar", "es", "fr", "he", "id", "it", "pt", "ro", "sq")
_SPACE = r"[ \u00a0\u202f]?"
_AFTER = re.compile(rf"{_SPACE}([^\W\d_]+(?:[״\"][^\W\d_]+)?|[€$£¥₪₹₽₴₺])")
_BEFORE = re.compile(rf"(?<!\d)(?<!\d[ \u00a0\u202f])((?:[A-Z]{{1,3}})?[€$£¥₪₹₽₴₺]|[A-Z]{{3}}|\b[Kk]r\.?){_SPACE}$")
# Scripts that do not part words: a currency is only the beginning of the run of letters.
_RUN_ON = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True)
class Amount:
    """A number and the mark of a currency beside it, which stands at characters [mark_start, mark_end)."""

    number: Number
    currency: str
    mark_start: int
    mark_end: int

    @property
    def start(self) -> int:
        """Return where it begins."""
        return min(self.number.start, self.mark_start)

    @property
    def end(self) -> int:
        """Return where it ends."""
        return max(self.number.end, self.mark_end)


def amounts_in(text: str, language: str) -> Iterator[Amount]:
    """Yield the amounts of a text in a language whose currency can be told."""
    names = _names(language)
    for number in numbers_in(text):
        after = _AFTER.match(text, number.end)
        before = _BEFORE.search(text, max(number.start - 6, 0), number.start)
        for match in (after, before):
            found = _currency_of(match[1], names) if match else None
            if match and found:
                currency, length = found
                yield Amount(number, currency, match.start(1), match.start(1) + length)
                break


def other_mark(amount: Amount, text: str, currency: str, language: str) -> str:
    """Return the mark of another currency, of the same kind as the amount has: a symbol, a code or a name."""
    mark = text[amount.mark_start : amount.mark_end]
    locale = _locale(language)
    if re.fullmatch(r"[A-Z]{3}", mark):
        return currency
    if not any(character.isalpha() for character in mark) or len(mark) <= 2 or mark.endswith("$"):
        return get_currency_symbol(currency, locale=locale)
    name = get_currency_name(currency, count=amount.number.value, locale=locale)
    # Babel may write a name large that stands small in a sentence; initials such as USA stay.
    return name[0].lower() + name[1:] if mark.islower() and name[1:2].islower() else name


def _locale(language: str) -> Locale:
    """Return babel's locale of a language, English where it has none."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


@functools.cache
def _names(language: str) -> dict[str, str]:
    """Return currencies' names in a language and their symbols, each with its code; of long names the beginning."""
    locale = _locale(language)
    found: dict[str, str] = dict(COLLOQUIAL)
    for code in CURRENCIES:
        found.setdefault(get_currency_symbol(code, locale=locale).casefold(), code)
        found.setdefault(code.casefold(), code)
        for name in (get_currency_name(code, count, locale) for count in (None, 1, 2, 5, 1.5)):
            words = name.casefold().split()
            word = words[0 if language.split("-")[0] in NOUN_FIRST else -1].split("-")[-1]
            found.setdefault(word[: max(4, len(word) - 2)], code)
    return found


def _currency_of(mark: str, names: dict[str, str]) -> tuple[str, int] | None:
    """Return the currency of a mark and how many of its characters name it: all, or a beginning where words run on."""
    plain = mark.casefold()
    found = names.get(plain)
    if found:
        return found, len(mark)
    if plain[-1] in names and not plain[-1].isalpha():
        return names[plain[-1]], len(mark)
    run_on = bool(_RUN_ON.match(plain))
    stems = [stem for stem in names if plain.startswith(stem) and (run_on or len(stem) >= 4)]
    if not stems:
        return None
    stem = max(stems, key=len)
    return names[stem], len(stem) if run_on else len(mark)
