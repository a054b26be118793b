"""What babel writes in 35 languages and 23 markets is read back as the same value, at its own place in a sentence."""

from __future__ import annotations

import datetime as dt
import random
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit

from chatparity.checks.facts import find_values
from chatparity.checks.values import Value, duration

ON = dt.date(2026, 3, 20)
MARKETS = tomllib.loads((Path(__file__).parents[1] / "datasets" / "markets.toml").read_text(encoding="utf-8"))
# Plain sentences of support, without any value, around which a value is put.
SENTENCES = {
    "ar": "شكرا لك على رسالتك {} وسنرد عليك",
    "he": "תודה על ההודעה {} ונחזור אליכם",
    "hi": "आपके संदेश के लिए धन्यवाद {} हम आपसे मिलेंगे",
    "ja": "ご連絡ありがとうございます。{}",
    "ko": "문의해 주셔서 감사합니다. {}",
    "zh": "谢谢您的来信。{}",
}


def pairs() -> Iterator[tuple[str, str, str]]:
    """Yield each language in its home markets and in three others, with the locale that formats are written in."""
    names = sorted(MARKETS["market"])
    for place, (language, own) in enumerate(sorted(MARKETS["language"].items())):
        homes = {
            name: one["locales"][language] for name, one in MARKETS["market"].items() if language in one["locales"]
        }
        for step in (0, 8, 16):
            homes.setdefault(names[(place + step) % len(names)], own["locale"])
        for market, locale in homes.items():
            yield language, market, locale


PAIRS = list(pairs())


def put(value: str, language: str) -> tuple[str, int]:
    """Return a sentence with a value in it, and where the value begins."""
    sentence = SENTENCES.get(language, "— {} —")
    return sentence.replace("{}", value), sentence.index("{}")


def read(value: str, language: str, market: str) -> list[Value]:
    """Return what is read of a value in a sentence, none of it outside the value and no digit left unread."""
    text, start = put(value, language)
    found = list(find_values(text, language, market, ON))
    for one in found:
        assert text[one.start : one.end] == one.text
        assert start <= one.start < one.end <= start + len(value), (value, found)
    covered = {place for one in found for place in range(one.start, one.end)}
    left = [text[place] for place in range(len(text)) if text[place].isdigit() and place not in covered]
    assert left == [], (value, found)
    return found


def numbers(seed: str) -> random.Random:
    return random.Random(seed)


@pytest.mark.parametrize(("language", "market", "locale"), PAIRS)
def test_an_amount_in_any_style_is_the_same_amount(language: str, market: str, locale: str) -> None:
    some, own = numbers(locale + market), MARKETS["market"][market]
    for currency in (own["currency"], "EUR"):
        for _ in range(6):
            places = own["decimals"] if currency == own["currency"] else 2
            amount = Decimal(some.randrange(1, 10 ** some.randrange(2, 7))) / 10**places
            forms = [
                format_currency(amount, currency, locale=locale),
                format_currency(amount, currency, locale=locale, format_type="name"),
                f"{currency} {format_decimal(amount, locale=locale)}",
                f"{format_decimal(amount, locale=locale)} {currency}",
                f"{amount} {currency}",
                f"{amount:,} {currency}",
            ]
            for form in forms:
                assert [one.key for one in read(form, language, market)] == [("amount", amount, currency)], form


@pytest.mark.parametrize(("language", "market", "locale"), PAIRS)
def test_a_date_in_any_style_is_the_same_day(language: str, market: str, locale: str) -> None:
    some = numbers(locale + market)
    for _ in range(12):
        day = ON + dt.timedelta(some.randrange(-150, 150))
        forms = [format_date(day, style, locale=locale) for style in ("short", "medium", "long", "full")]
        forms += [format_skeleton(skeleton, day, locale=locale) for skeleton in ("MMMd", "MMMMd")]
        # Some locales write a number for the month in some of these: the next test reads such dates.
        forms = [form for form in forms if any(map(str.isalpha, form)) or len(form) > 6]
        forms += [day.isoformat(), day.strftime("%Y/%m/%d")]
        for form in forms:
            assert any(("date", day, "") in one.keys for one in read(form, language, market)), form
            assert {one.kind for one in read(form, language, market)} == {"date"}, form


@pytest.mark.parametrize(("language", "market", "locale"), PAIRS)
def test_a_day_and_month_in_numbers_are_read_in_the_order_of_the_locale(
    language: str, market: str, locale: str
) -> None:
    some = numbers(locale + market)
    for _ in range(12):
        day = ON.replace(day=1) + dt.timedelta(some.randrange(-150, 150))
        day = day.replace(day=some.randrange(13, 29))
        found = find_values(format_skeleton("Md", day, locale=locale), language, market, ON)
        dates = [one.normal for one in found if one.kind == "date"]
        assert dates in ([day], []), (language, format_skeleton("Md", day, locale=locale))


@pytest.mark.parametrize(("language", "market", "locale"), PAIRS)
def test_a_duration_or_percentage_is_the_same_in_any_language(language: str, market: str, locale: str) -> None:
    for unit in ("minute", "hour", "day", "week", "month", "year"):
        for count in (2, 3, 5, 7, 14, 21, 30):
            form = format_unit(count, f"duration-{unit}", length="long", locale=locale)
            # A form that babel does not have it writes as the name of the unit.
            if any(map(str.isdigit, form)) and "duration-" not in form:
                assert [one.key for one in read(form, language, market)] == [("duration", *duration(count, unit))], form
    for share in ("0.05", "0.14", "1"):
        form = format_percent(Decimal(share), locale=locale)
        assert [one.key for one in read(form, language, market)] == [("percent", Decimal(share) * 100, "")], form


@pytest.mark.parametrize("language", sorted(MARKETS["language"]))
def test_digits_of_any_script_are_the_same_number(language: str) -> None:
    for zero in ("٠", "۰", "०", "０"):
        digits = "".join(chr(ord(zero) + int(one)) for one in "1249")
        assert [one.key for one in find_values(f"{digits} EUR", language)] == [("amount", Decimal(1249), "EUR")]


@pytest.mark.parametrize(
    ("text", "language", "market", "amount", "currency"),
    [
        ("1.234,50 €", "de", "DE", "1234.5", "EUR"),
        ("€1,234.50", "en", "IE", "1234.5", "EUR"),
        ("1234.5 EUR", "fr", "FR", "1234.5", "EUR"),
        ("1 234,50 €", "fr", "FR", "1234.5", "EUR"),
        ("1’234.50 Fr.", "de", "CH", "1234.5", "CHF"),
        ("₪1,234.50", "he", None, "1234.5", "ILS"),
        ("١٬٢٣٤٫٥٠ ر.س.", "ar", "SA", "1234.5", "SAR"),
        ("1 234,50 Kč", "cs", "CZ", "1234.5", "CZK"),
        ("1.234,50 lei", "ro", "RO", "1234.5", "RON"),
        ("1234,50 лв.", "bg", "BG", "1234.5", "BGN"),
        ("1.234,50 kr.", "da", "DK", "1234.5", "DKK"),
        ("1 234,50 kr", "nb", "NO", "1234.5", "NOK"),
        ("₹1,23,456.50", "hi", "IN", "123456.5", "INR"),
        ("１２，３４５円", "ja", "JP", "12345", "JPY"),
        ("R$ 1.234,50", "pt", "BR", "1234.5", "BRL"),
        ("1.234,50 kn", "hr", None, "1234.5", "HRK"),
        ("₺1.234,50", "tr", "TR", "1234.5", "TRY"),
        ("1 234,50 грн", "uk", "UA", "1234.5", "UAH"),
        ("599 kronor", "sv", "NO", "599", "NOK"),
        ("599 kronor", "sv", "FI", "599", "SEK"),
        ("9 dollars", "en", "CA", "9", "CAD"),
    ],
)
def test_equal_amounts_are_equal_whatever_their_format(
    text: str, language: str, market: str | None, amount: str, currency: str
) -> None:
    assert [one.key for one in find_values(text, language, market)] == [("amount", Decimal(amount), currency)]
