"""Values are found in the formats of six languages, and equal values are equal whatever their format."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent
from hypothesis import given, settings
from hypothesis import strategies as st

from chatparity.checks.facts import find_values
from chatparity.checks.values import Value, parse_number

ON = dt.date(2026, 3, 20)
MARKETS = [
    ("en", "GB", "GBP"),
    ("en", "US", "USD"),
    ("en", "IE", "EUR"),
    ("de", "DE", "EUR"),
    ("de", "AT", "EUR"),
    ("sv", "SE", "SEK"),
    ("pl", "PL", "PLN"),
    ("es", "ES", "EUR"),
    ("es", "MX", "MXN"),
    ("ar", "AE", "AED"),
]


def values(text: str, language: str, market: str | None = None) -> tuple[Value, ...]:
    return find_values(text, language, market, ON)


def shown(text: str, language: str, market: str | None = None) -> list[tuple[str, str, str]]:
    return [(one.kind, str(one.normal), one.unit) for one in values(text, language, market)]


@pytest.mark.parametrize(
    ("language", "market", "text", "amount", "currency"),
    [
        ("en", "GB", "That comes to £12.50 in all.", "12.50", "GBP"),
        ("en", "GB", "You still owe 1,249 pounds.", "1249", "GBP"),
        ("en", "US", "A fee of $7 applies.", "7", "USD"),
        ("en", "IE", "It's €1,249.00 altogether.", "1249.00", "EUR"),
        ("en", "IE", "from 35.00 EUR or more", "35.00", "EUR"),
        ("de", "DE", "Offen sind noch 1.249,00 €.", "1249.00", "EUR"),
        ("de", "DE", "Das macht 25 Euro.", "25", "EUR"),
        ("de", "AT", "Offen sind € 12,50.", "12.50", "EUR"),
        ("sv", "SE", "Du har 1 249 kr kvar att betala.", "1249", "SEK"),
        ("sv", "SE", "Avgiften är 60:- den här gången.", "60", "SEK"),
        ("sv", "SE", "Det blir 249,50 kronor.", "249.50", "SEK"),
        ("pl", "PL", "Do zapłaty zostało 249,00 zł.", "249.00", "PLN"),
        ("pl", "PL", "To jest 1 249,99 złotych.", "1249.99", "PLN"),
        ("pl", "PL", "razem 25 pln", "25", "PLN"),
        ("es", "ES", "Le quedan 12,50 € por pagar.", "12.50", "EUR"),
        ("es", "MX", "Debes $1,249.00 todavía.", "1249.00", "MXN"),
        ("es", "MX", "Son 600 pesos.", "600", "MXN"),
        ("ar", "AE", "المتبقي ٢٤٩٫٥٠ درهمًا.", "249.50", "AED"),
        ("ar", "AE", "الرسوم 25.00 د.إ فقط", "25.00", "AED"),
        ("ar", "AE", "المبلغ AED 1,249.00", "1249.00", "AED"),
    ],
)
def test_an_amount_is_found_in_local_format(language: str, market: str, text: str, amount: str, currency: str) -> None:
    found = [one for one in values(text, language, market) if one.kind == "amount"]
    assert [(one.normal, one.unit) for one in found] == [(Decimal(amount), currency)]
    assert text[found[0].start : found[0].end] == found[0].text


@pytest.mark.parametrize(("language", "market", "currency"), MARKETS)
@settings(max_examples=60, deadline=None)
@given(cents=st.integers(min_value=1, max_value=99_999_999))
def test_whatever_babel_writes_as_money_is_read_back_as_the_same_amount(
    language: str, market: str, currency: str, cents: int
) -> None:
    amount = Decimal(cents) / 100
    text = format_currency(amount, currency, locale=f"{language}_{market}")
    assert [(one.kind, one.normal, one.unit) for one in values(text, language, market)] == [
        ("amount", amount, currency)
    ], text


@pytest.mark.parametrize(("language", "market", "currency"), MARKETS)
@settings(max_examples=30, deadline=None)
@given(day=st.dates(min_value=dt.date(2020, 1, 1), max_value=dt.date(2030, 12, 31)))
def test_whatever_babel_writes_as_a_date_is_read_back_as_the_same_day(
    language: str, market: str, currency: str, day: dt.date
) -> None:
    for form in ("short", "medium", "long"):
        text = format_date(day, form, locale=f"{language}_{market}")
        found = [one.normal for one in values(text, language, market) if one.kind == "date"]
        assert found == [day], (form, text)


@pytest.mark.parametrize(("language", "market", "currency"), MARKETS)
def test_whatever_babel_writes_as_a_number_or_percentage_is_read_back(
    language: str, market: str, currency: str
) -> None:
    generator = random.Random(7)
    for _ in range(50):
        number = Decimal(generator.randrange(1, 10**7)) / 100
        locale = f"{language}_{market}"
        assert values(format_decimal(number, locale=locale), language, market)[0].normal == number
        share = Decimal(generator.randrange(1, 100)) / 100
        assert values(format_percent(share, locale=locale), language, market)[0].key == ("percent", share * 100, "")


@pytest.mark.parametrize(
    ("language", "market", "text", "expected"),
    [
        ("en", "GB", "by 12 March", "2026-03-12"),
        ("en", "GB", "by the 3rd of April 2026", "2026-04-03"),
        ("en", "GB", "on 03/04/2026", "2026-04-03"),
        ("en", "US", "on 03/04/2026", "2026-03-04"),
        ("en", "US", "by April 3rd, 2026", "2026-04-03"),
        ("en", "GB", "your plan ended on 30 December", "2025-12-30"),
        ("de", "DE", "bis zum 12. März", "2026-03-12"),
        ("de", "DE", "am 03.04. fällig", "2026-04-03"),
        ("de", "AT", "am 7. Jänner 2026", "2026-01-07"),
        ("sv", "SE", "senast den 12 mars", "2026-03-12"),
        ("sv", "SE", "den 3:e april", "2026-04-03"),
        ("sv", "SE", "betala före 2026-04-03", "2026-04-03"),
        ("pl", "PL", "do 12 marca 2026 r.", "2026-03-12"),
        ("pl", "PL", "do 03.04.2026", "2026-04-03"),
        ("es", "ES", "antes del 12 de marzo de 2026", "2026-03-12"),
        ("es", "MX", "a más tardar el 3 de abril del 2026", "2026-04-03"),
        ("ar", "AE", "حتى ١٢ مارس ٢٠٢٦", "2026-03-12"),
        ("ar", "AE", "في 3 أبريل", "2026-04-03"),
        ("ar", "AE", "قبل ٣ نيسان", "2026-04-03"),
    ],
)
def test_a_date_is_found_in_local_format(language: str, market: str, text: str, expected: str) -> None:
    assert shown(text, language, market) == [("date", expected, "")]


@pytest.mark.parametrize(
    ("language", "text", "days"),
    [
        ("en", "within 14 days", 14),
        ("en", "in two weeks", 14),
        ("en", "a 30-day pause", 30),
        ("en", "7 more days", 7),
        ("de", "innerhalb von 14 Tagen", 14),
        ("de", "zwei Wochen lang", 14),
        ("de", "14-tägige Frist", 14),
        ("sv", "inom 14 dagar", 14),
        ("sv", "i två veckor", 14),
        ("sv", "30 dagars paus", 30),
        ("pl", "w ciągu 14 dni", 14),
        ("pl", "przez dwa tygodnie", 14),
        ("es", "en 14 días", 14),
        ("es", "dentro de dos semanas", 14),
        ("ar", "خلال ١٤ يومًا", 14),
        ("ar", "خلال أسبوعين", 14),
        ("ar", "خلال يومين", 2),
        ("ar", "لمدة 10 أيام", 10),
    ],
)
def test_a_duration_is_the_same_in_days_and_in_weeks(language: str, text: str, days: int) -> None:
    assert [one.key for one in values(text, language)] == [("duration", Decimal(days * 1440), "minute")]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "within 5 business days"),
        ("en", "five working days"),
        ("de", "innerhalb von 5 Werktagen"),
        ("de", "fünf Bankarbeitstage"),
        ("sv", "inom fem bankdagar"),
        ("sv", "5 arbetsdagar"),
        ("pl", "w ciągu 5 dni roboczych"),
        ("es", "en 5 días hábiles"),
        ("es", "cinco días laborables"),
        ("ar", "خلال ٥ أيام عمل"),
        ("ar", "خلال خمسة أيام عمل"),
    ],
)
def test_business_days_are_not_days(language: str, text: str) -> None:
    assert [one.key for one in values(text, language)] == [("duration", Decimal(5), "business_day")]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "3 to 5 days", [3, 5]),
        ("de", "3 bis 5 Tage", [3, 5]),
        ("sv", "3-5 dagar", [3, 5]),
        ("pl", "od 3 do 5 dni", [3, 5]),
        ("es", "de 3 a 5 días", [3, 5]),
        ("ar", "3 إلى 5 أيام", [3, 5]),
    ],
)
def test_a_range_is_both_its_ends(language: str, text: str, expected: list[int]) -> None:
    assert [one.normal for one in values(text, language)] == [Decimal(number * 1440) for number in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order H-20417, please", "H-20417"),
        ("h-20417 it is", "H-20417"),
        ("instalment H-20417-1.", "H-20417-1"),
        ("your reference HO-118-1", "HO-118-1"),
        ("reservation OBUT9V", "OBUT9V"),
        ("order #W2378156", "W2378156"),
        ("I am c-118", "C-118"),
    ],
)
def test_an_id_is_found_as_it_is_written(text: str, expected: str) -> None:
    assert shown(text, "en") == [("id", expected, "")]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "We are here 24/7 and 1/4 of it is paid."),
        ("en", "All 25 of us, the 100 top tips."),
        ("en", "You may 14 times a day."),
        ("en", "Version 2.0 at 10AM"),
        ("en", "Call +44 7700 900123 or see https://example.com/14-days/2026-03-12"),
        ("de", "Visa •••• 4242"),
        ("sv", "Sätt en 5:a på det."),
        ("pl", "Wybierz opcję 3."),
        ("es", "Opción 2, por favor."),
    ],
)
def test_look_alikes_are_no_checkable_values(language: str, text: str) -> None:
    kinds = {one.kind for one in values(text, language)}
    assert kinds <= {"number", "time", "phone", "url"} or "may 14" in text.lower(), values(text, language)


def test_an_email_is_no_id_and_a_date_is_no_number() -> None:
    text = "Write to ada.h-20417@example.com before 2026-04-03."
    assert [one.kind for one in values(text, "en")] == ["email", "date"]


def test_a_date_without_a_year_is_left_out_where_nobody_knows_the_day() -> None:
    assert [one.kind for one in find_values("by 12 March", "en")] == []
    assert [one.normal for one in find_values("by 12 March 2026", "en")] == [dt.date(2026, 3, 12)]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "It is due tomorrow."),
        ("de", "Sie ist morgen fällig."),
        ("sv", "Den förfaller i morgon."),
        ("pl", "Termin mija jutro."),
        ("es", "Vence mañana."),
        ("ar", "يستحق غدًا."),
    ],
)
def test_tomorrow_is_a_date_and_marked_as_relative(language: str, text: str) -> None:
    (found,) = values(text, language)
    assert (found.normal, found.relative) == (dt.date(2026, 3, 21), True)


@pytest.mark.parametrize(
    ("token", "decimal", "group", "money", "expected"),
    [
        ("1.249", ".", ",", False, "1.249"),
        ("1.249", ".", ",", True, "1249"),
        ("1.249", ",", ".", False, "1249"),
        ("1,249", ".", ",", False, "1249"),
        ("1.249.000", ",", ".", False, "1249000"),
        ("1 249,50", ",", " ", False, "1249.50"),
        ("0.125", ".", ",", True, "0.125"),
        ("1٬249٫5", ".", ",", False, "1249.5"),
    ],
)
def test_a_number_is_read_as_its_locale_has_it(
    token: str, decimal: str, group: str, money: bool, expected: str
) -> None:
    assert parse_number(token, decimal, group, money=money) == Decimal(expected)


@pytest.mark.parametrize("language", ["fi", "ja", "hi", "pt-BR", "xx"])
def test_a_language_without_a_lexicon_still_finds_what_cldr_knows(language: str) -> None:
    assert ("amount", "12.50", "EUR") in shown("12.50 EUR", language)
    assert ("date", "2026-04-03", "") in shown("2026-04-03", language)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60), language=st.sampled_from(["en", "de", "sv", "pl", "es", "ar"]))
def test_no_text_breaks_the_finder_and_every_span_is_the_text_it_names(text: str, language: str) -> None:
    for one in values(text, language):
        assert text[one.start : one.end] == one.text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("واليوم نراجع طلبك", "date"),
        ("فغدًا نرد عليك", "date"),
        ("وأسبوعين بعد ذلك", "duration"),
        ("و١٤ يومًا", "duration"),
    ],
)
def test_arabic_words_may_have_and_attached(text: str, kind: str) -> None:
    assert [one.kind for one in values(text, "ar", "AE")] == [kind]


def test_an_amount_written_without_a_space_is_no_order_id() -> None:
    found = find_values("PLN418.00 for HAT078, AED1,240.50", "pl", "PL")
    assert [(one.kind, str(one.normal), one.unit) for one in found] == [
        ("amount", "418.00", "PLN"),
        ("id", "HAT078", ""),
        ("amount", "1240.50", "AED"),
    ]
