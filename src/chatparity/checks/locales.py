"""What babel's CLDR data says of a language and market: symbols of numbers, names of months, currencies and units."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from chatparity.checks.text import fold, folded

if TYPE_CHECKING:
    from babel import Locale

# The territories whose month names differ from the language's own in CLDR (Levant, Maghreb, Mexico).
_MORE_MONTHS = {"ar": ("ar_LB", "ar_MA", "ar_DZ"), "es": ("es_MX", "es_ES"), "en": ("en_GB",), "de": ("de_AT", "de")}
# Numbers that among them take every form of the plural in every language, that of fractions too.
_COUNTS = (1, 2, 3, 5, 11, 21, 100, 1.5)
# Where a numeric date is written in both orders, so that 6/5 may be either.
_BOTH_ORDERS = frozenset({"CA"})
_EITHER = "either"
_UNITS = {"minute": 1, "hour": 60, "day": 1440, "week": 10080, "month": 1, "year": 12}


@dataclass(frozen=True)
class LocaleData:
    """Number symbols, month and unit words and date order of one locale, words in folded form.

    `currencies` maps symbols and names to ISO codes; `own` is the market's currency; `order` is the order of a
    numeric date ("dmy", "mdy", "ymd"), `short_order` that of one without a year ("dm", "md", "either" where both are
    customary); `short_form` its pattern; `dotted` says that dates with
    a year are written with dots.
    """

    language: str
    decimal: str
    group: str
    months: dict[str, int]
    currencies: dict[str, str]
    codes: frozenset[str]
    own: str | None
    units: dict[str, str]
    order: str
    short_order: str
    short_form: str
    dotted: bool


def base(language: str) -> str:
    """Return a language tag without region and script: `pt-BR` → `pt`."""
    return language.split("-")[0].lower()


def is_unit(name: str) -> bool:
    """Say whether `name` is a unit of time that durations are counted in."""
    return name in _UNITS or name == "business_day"


def in_smallest(count: int, unit: str) -> tuple[int, str]:
    """Return a duration in minutes, months or business days, so that 2 weeks equal 14 days."""
    if unit == "business_day":
        return count, unit
    return count * _UNITS[unit], "month" if unit in ("month", "year") else "minute"


@lru_cache(maxsize=256)
def locale_data(language: str, market: str | None = None) -> LocaleData:
    """Return the data of a language in a market; an unknown pair falls back to the language, then to English."""
    from babel.numbers import get_decimal_symbol, get_group_symbol

    locale = _locale(language, market)
    pattern = str(locale.date_formats["short"].pattern)
    letters = re.sub("[^dMy]", "", pattern.replace("'", ""))
    short = str(locale.datetime_skeletons["Md"].pattern)
    own = _own_currency(locale, market)
    names, codes = _currencies(locale, own)
    return LocaleData(
        language=base(language),
        decimal=fold(get_decimal_symbol(locale)).text,
        group=fold(get_group_symbol(locale)).text,
        months=_months(locale),
        currencies=names,
        codes=codes,
        own=own,
        units=_unit_words(locale),
        order="".join(dict.fromkeys(letters.lower())),
        short_form=short,
        short_order=_short_order(locale, market, short),
        dotted="." in pattern,
    )


def _short_order(locale: Locale, market: str | None, short: str) -> str:
    """Return the order of day and month; English in a country that has none of its own follows either custom."""
    foreign = locale.language == "en" and market is not None and locale.territory != market
    if foreign or market in _BOTH_ORDERS:
        return _EITHER
    return re.sub("[^dM]", "", "".join(dict.fromkeys(short))).lower()


def _locale(language: str, market: str | None) -> Locale:
    """Return babel's locale for a language and market, as near as there is one."""
    from babel import Locale, UnknownLocaleError

    for name in (f"{base(language)}_{market}" if market else "", language.replace("-", "_"), base(language), "en"):
        try:
            if name:
                return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError("babel always has English")


def _own_currency(locale: Locale, market: str | None) -> str | None:
    """Return the currency of the market, else of the country where the language is chiefly spoken."""
    from babel.core import get_global
    from babel.numbers import get_territory_currencies

    country = market or locale.territory
    if country is None:
        likely = get_global("likely_subtags").get(locale.language, "")
        country = likely.split("_")[-1]
    found = get_territory_currencies(country, start_date=dt.date(2024, 1, 1)) if len(country) == 2 else []
    return str(found[0]) if found else None


def _currencies(locale: Locale, own: str | None) -> tuple[dict[str, str], frozenset[str]]:
    """Return symbols and names of currencies by folded text, and all ISO codes that are still in use."""
    from babel.numbers import get_currency_symbol

    names, codes = _named(str(locale))
    found = dict(names)
    found |= {"€": "EUR", "£": "GBP", "¥": "JPY", "₺": "TRY", "₹": "INR", "zł": "PLN", "kč": "CZK"}
    if own is not None:
        # "$" and "kr" mean the market's own money; CLDR gives the symbol in the currency's home.
        found[folded(get_currency_symbol(own, locale))] = own
        for key, kin in (
            ("$", ("USD", "MXN", "AUD", "CAD", "NZD", "SGD", "HKD", "CLP", "COP", "ARS")),
            ("kr", ("SEK", "NOK", "DKK", "ISK")),
        ):
            found[key] = own if own in kin else found.get(key, kin[0])
    found.pop(own.lower() if own else "", None)
    return found, codes


@lru_cache(maxsize=128)
def _named(name: str) -> tuple[dict[str, str], frozenset[str]]:
    """Return the code of each name and symbol of a currency in a locale, and all codes."""
    from babel import Locale
    from babel.numbers import get_currency_name, get_currency_symbol, list_currencies

    locale = Locale.parse(name)
    codes = frozenset(code for code in list_currencies() if not code.startswith("X"))
    found: dict[str, str] = {}
    for code in sorted(codes & set(locale.currencies)):
        names = {get_currency_name(code, count=count, locale=locale) for count in (None, *_COUNTS)}
        symbol = get_currency_symbol(code, locale)
        for name in (*names, symbol):
            key = folded(str(name))
            if key and not key.isdigit() and key != code.lower():
                found.setdefault(key, code)
    return found, codes


def _months(locale: Locale) -> dict[str, int]:
    """Return the names of months in all widths and cases by folded text."""
    from babel import Locale as Babel

    kin = [locale, *(Babel.parse(name) for name in _MORE_MONTHS.get(locale.language, ()))]
    found: dict[str, int] = {}
    for one in kin:
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in one.months[context][width].items():
                    key = folded(name).rstrip(".")
                    if len(key) > 1 and not any(character.isdigit() for character in key) and _own_script(name, locale):
                        found.setdefault(key, number)
    return found


def _own_script(name: str, locale: Locale) -> bool:
    """Say whether a name is not one that CLDR's data falls back to: of Hebrew letters elsewhere."""
    return locale.language in ("he", "yi") or not any("\u0590" <= letter <= "\u05ff" for letter in name)


def _unit_words(locale: Locale) -> dict[str, str]:
    """Return the words for units of time in all their plural forms."""
    from babel.units import format_unit

    found: dict[str, str] = {}
    for unit in _UNITS:
        for length in ("long", "short"):
            for count in _COUNTS:
                shown = folded(format_unit(count, f"duration-{unit}", length=length, locale=locale))
                word = re.sub(r"[\d.,]+", "", shown).strip()
                if len(word) > 1 and re.search(r"\d", shown) and not word.startswith("duration"):
                    found.setdefault(word.rstrip("."), unit)
    return found
