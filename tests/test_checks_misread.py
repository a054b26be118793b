"""What native speakers found misread stays mended, and plain sentences have no values."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec
import pytest

from chatparity.checks.facts import find_values
from chatparity.checks.grounding import findings
from chatparity.checks.said import find_form
from chatparity.exchange import Exchange, Point, Reply
from chatparity.points import points_of
from chatparity.transcript import Labels, Transcript

ON = dt.date(2026, 3, 20)


def _plain(normal: object) -> str:
    """Return a normal form as text, amounts without the zeros at their end."""
    return f"{normal:f}".rstrip("0").rstrip(".") if isinstance(normal, Decimal) and normal % 1 else str(normal)


def shown(text: str, language: str, market: str | None = None) -> list[str]:
    """Return the values of a text, numbers without a unit left out, in short: days of a duration as `3d`."""
    out: list[str] = []
    for one in find_values(text, language, market, ON):
        if one.kind == "duration" and one.unit == "minute":
            assert isinstance(one.normal, Decimal)
            out.append(f"{one.normal / 1440}d")
        elif one.kind != "number":
            out.append(f"{_plain(one.normal)} {one.unit}".strip())
    return out


@pytest.mark.parametrize(
    ("language", "market", "text", "expected"),
    [
        ("uk", "GB", "Ліміт двісті п’ятдесят фунтів.", []),
        ("bg", "DE", "Осемдесетте и четири евро за столчето.", []),
        ("ko", "US", "열두 달에 한 번입니다.", []),
        ("ko", "GB", "환불은 모두 두 달이 걸립니다.", ["2 month"]),
        ("en", "GB", "You can return this one twenty days later.", ["20d"]),
        ("pl", "PL", "Gwarancja trwa dwa i pół roku.", []),
        ("nl", "NL", "De garantie duurt twee en een half jaar.", []),
        ("he", "IL", "בתוך מאה ועשרים יום.", []),
        ("en", "GB", "One or two days, five pounds and twenty days.", ["1d", "2d", "5 GBP", "20d"]),
        ("he", "IL", "יש לך מכתב ב-dana.levi@example.com.", ["dana.levi@example.com"]),
        ("ja", "GB", "お支払いは5/1と2/10です。", ["2026-05-01", "2026-02-10"]),
        ("ja", "JP", "合計は1万3,200円、残りは3万4,800円です。", ["13200 JPY", "34800 JPY"]),
        ("zh", "FR", "编号C-4408-1，6月24日前答复", ["C-4408-1", "2026-06-24"]),
        ("ko", "US", "환불 금액은 168달러 20센트입니다.", ["168.2 USD"]),
        ("fr", "FR", "Sous 8 jours ouvrés ou 3 jours ouvrables.", ["8 business_day", "3 business_day"]),
        ("it", "IT", "Entro 9 giorni lavorativi.", ["9 business_day"]),
        ("ro", "RO", "În 3 zile lucrătoare, 3 zile bancare.", ["3 business_day", "3 business_day"]),
        ("pt", "PT", "Em 3 dias úteis ou 3 dias bancários.", ["3 business_day", "3 business_day"]),
        ("id", "AE", "Dalam 3 hari kerja atau 3 hari perbankan.", ["3 business_day", "3 business_day"]),
        ("sq", "CH", "Brenda 3 ditë pune.", ["3 business_day"]),
        ("el", "DE", "Σε 3 εργάσιμες ημέρες.", ["3 business_day"]),
        ("tr", "DE", "3 iş günü içinde.", ["3 business_day"]),
        ("hi", "GB", "3 कारोबारी दिन में।", ["3 business_day"]),
        ("he", "US", "תוך 3 ימי עסקים.", ["3 business_day"]),
        ("ro", "RO", "Taxa este 32,00 lei.", ["32.00 RON"]),
        ("fr", "CH", "Les frais sont de 8 fr. 50.", ["8.5 CHF"]),
        ("sq", "CH", "Tarifa është 8,50 franga.", ["8.5 CHF"]),
        ("sq", "SE", "Tarifa është 60,00 korona.", ["60.00 SEK"]),
        ("el", "SE", "Η χρέωση είναι 60 κορόνες.", ["60 SEK"]),
        ("hi", "US", "शुल्क 39 डॉलर है।", ["39 USD"]),
        ("he", "GB", "העמלה היא 6 ליש״ט.", ["6 GBP"]),
        ("lt", "IE", "Grąžinsime 32 eurus.", ["32 EUR"]),
        ("hr", "AT", "Radimo od 8 do 18 sati.", ["08:00", "18:00"]),
        ("bs", "AT", "Radimo od 8 do 17 sati.", ["08:00", "17:00"]),
        ("nl", "NL", "Vóór 18.00 uur, tot 18 uur.", ["18:00", "18:00"]),
        ("nl", "NL", "Binnen 24 uur.", ["1d"]),
        ("lt", "IE", "Dirbame iki 19 val., kitaip iki 18 val.", ["19:00", "18:00"]),
        ("hu", "AT", "9 és 18 óra között.", ["09:00", "18:00"]),
        ("id", "AE", "Sampai jam 6 sore.", ["18:00"]),
        ("lt", "NO", "Iki sausio 15 dienos.", ["2026-01-15"]),
        ("lt", "IE", "Mokestis 6 eurai 50 centų.", ["6.5 EUR"]),
        ("nl", "NL", "Het bedrag is 54 euro 20.", ["54.2 EUR"]),
        ("tr", "AT", "Tutar 64 euro 50.", ["64.5 EUR"]),
        ("pt", "BR", "São 74 reais e 90 centavos.", ["74.9 BRL"]),
        ("hi", "IE", "शुल्क 6 यूरो 50 सेंट, यानी साढ़े 6 यूरो।", ["6.5 EUR", "6.5 EUR"]),
        ("hu", "AT", "Fizetés 02.12. napján.", ["2026-02-12"]),
        ("en", "GB", "Twenty-eight days, or twenty-four hours.", ["28d", "1d"]),
        ("pt", "PT", "Até 16 de março ou 1º de junho.", ["2026-03-16", "2026-06-01"]),
        ("he", "US", "עד 14 באפריל, כלומר עד 14.4.", ["2026-04-14", "2026-04-14"]),
        ("sq", "SE", "Deri më 9 qershorit.", ["2026-06-09"]),
        ("sq", "SE", "Brenda 14 ditësh.", ["14d"]),
    ],
)
def test_what_native_speakers_found_misread_is_read(language: str, market: str, text: str, expected: list[str]) -> None:
    assert shown(text, language, market) == expected


@pytest.mark.parametrize(("language", "market"), [("en", "CA"), ("fr", "CA"), ("en", "MX")])
def test_a_date_that_may_be_either_is_both(language: str, market: str) -> None:
    (found,) = find_values("6/5", language, market, ON)
    assert {normal for _, normal, _ in found.keys} == {dt.date(2026, 6, 5), dt.date(2026, 5, 6)}
    (found,) = find_values("6/25", language, market, ON)
    assert [normal for _, normal, _ in found.keys] == [dt.date(2026, 6, 25)]


def point(language: str, market: str) -> Point:
    started = dt.datetime(2026, 3, 20, 9, tzinfo=dt.UTC)
    return Point(
        id="t-1",
        cluster="t-1",
        trial=1,
        channel="chat",
        intent=None,
        difficulty=None,
        language=language,
        market=market,
        turn=1,
        history=(),
        labels=Labels(),
        knowledge=(),
        records={},
        started_at=started,
        last=True,
    )


@pytest.mark.parametrize(
    ("form", "text", "said"),
    [
        ("8.00", "We are open until 8 tonight.", False),
        ("8.00", "There are 8 of them.", False),
        ("8.00", "The fee is £8.", True),
        ("6 May", "It is due on 5/6.", True),
        ("5 June", "It is due on 5/6.", True),
        ("7 June", "It is due on 5/6.", False),
    ],
)
def test_a_form_is_said_by_an_equal_value_only(form: str, text: str, said: bool) -> None:
    place = point("en", "CA" if "due" in text else "GB")
    assert (find_form(form, text, place) is not None) is said


# A sentence a support agent may write, with numbers or words that look like values and are none.
PLAIN = {
    "ar": "يسعدنا أن نساعدك، ولدينا مئات الطلبات وثلاثة خيارات.",
    "bg": "С удоволствие ще помогна, имаме три възможности и 2 въпроса.",
    "bs": "Rado ću pomoći, imamo tri mogućnosti i 2 pitanja.",
    "cs": "Rád pomohu, máme tři možnosti a 2 otázky, jak v lednu.",
    "da": "Jeg hjælper gerne, vi har tre muligheder og 2 spørgsmål.",
    "de": "Gern helfe ich, wir haben drei Möglichkeiten und 2 Fragen, wie im Mai.",
    "el": "Με χαρά θα βοηθήσω, έχουμε τρεις επιλογές και 2 ερωτήσεις.",
    "en": "You may ask me two things in 1 go; step 3 of 4 in March was real.",
    "es": "Con gusto le ayudo, tenemos tres opciones y 2 preguntas, como en mayo.",
    "et": "Aitan hea meelega, meil on kolm võimalust ja 2 küsimust.",
    "fi": "Autan mielelläni, meillä on kolme vaihtoehtoa ja 2 kysymystä.",
    "fr": "Je vous aide volontiers, nous avons trois options et 2 questions.",
    "he": "אשמח לעזור, יש לנו שלוש אפשרויות ו-2 שאלות.",
    "hi": "मुझे मदद करने में खुशी होगी, हमारे पास तीन विकल्प और 2 सवाल हैं।",
    "hr": "Rado ću pomoći, imamo tri mogućnosti i 2 pitanja.",
    "hu": "Szívesen segítek, három lehetőségünk és 2 kérdésünk van.",
    "id": "Saya senang membantu, ada tiga pilihan dan 2 pertanyaan.",
    "it": "La aiuto volentieri, lei ha tre possibilità e 2 domande.",
    "ja": "喜んでお手伝いします。三つの方法と2つの質問があります。",
    "ko": "기꺼이 도와드리겠습니다. 세 가지 방법과 2가지 질문이 있습니다.",
    "lt": "Mielai padėsiu, turime tris galimybes ir 2 klausimus.",
    "lv": "Labprāt palīdzēšu, mums ir trīs iespējas un 2 jautājumi.",
    "nb": "Jeg hjelper gjerne, vi har tre muligheter og 2 spørsmål.",
    "nl": "Ik help graag, we hebben drie opties en 2 vragen.",
    "pl": "Chętnie pomogę, mamy trzy możliwości i 2 pytania.",
    "pt": "Ajudo com gosto, temos três opções e 2 perguntas, mil desculpas.",
    "ro": "Vă ajut cu plăcere, avem trei variante și 2 întrebări.",
    "ru": "С радостью помогу, у нас три варианта и 2 вопроса.",
    "sk": "Rád pomôžem, máme tri možnosti a 2 otázky.",
    "sl": "Z veseljem pomagam, imamo tri možnosti in 2 vprašanji.",
    "sq": "Ju ndihmoj me kënaqësi, kemi tri mundësi dhe 2 pyetje.",
    "sv": "Jag hjälper gärna, vi har tre möjligheter och 2 frågor.",
    "tr": "Memnuniyetle yardım ederim, üç seçeneğimiz ve 2 sorumuz var.",
    "uk": "Радо допоможу, маємо три варіанти й 2 запитання.",
    "zh": "我很乐意帮忙，我们有三个办法和2个问题，第三天再说。",
}


@pytest.mark.parametrize(("language", "text"), sorted(PLAIN.items()))
def test_a_plain_sentence_has_no_values(language: str, text: str) -> None:
    assert shown(text, language) == []


@pytest.mark.parametrize(
    ("text", "language", "market", "kind", "normal"),
    [
        ("Ring us on +44 7700 900123.", "en", "GB", "phone", "+447700900123"),
        ("Ruf an: 030 901820 bitte.", "de", "DE", "phone", "+4930901820"),
        ("See https://example.com/14-days/2026-03-12.", "en", "GB", "url", "https://example.com/14-days/2026-03-12"),
        ("请看https://example.com/a，谢谢", "zh", "GB", "url", "https://example.com/a"),
        ("Write to ada@example.com, please.", "en", "GB", "email", "ada@example.com"),
        ("参考番号はC-4408-1です。", "ja", "JP", "id", "C-4408-1"),
    ],
)
def test_addresses_and_telephone_numbers_are_found(
    text: str, language: str, market: str, kind: str, normal: str
) -> None:
    (found,) = find_values(text, language, market, ON)
    assert (found.kind, found.normal) == (kind, normal)
    assert text[found.start : found.end] == found.text


PAUSE = {"id": "pause", "text": "Payments are paused for 21 days when a parcel is reported missing."}
GRACE = {"id": "grace", "text": "A late fee is charged 7 days of grace after the due date."}
SINCE = {"id": "since", "text": "The limit is 600.00 PLN.", "valid_from": "2026-01-01"}


def standing(reply: str, knowledge: list[dict[str, str]]) -> list[str]:
    """Return how each value of a reply stands."""
    line = {
        "schema": 1,
        "id": "t",
        "language": "en",
        "market": "PL",
        "started_at": "2026-03-20T09:14:00+01:00",
        "turns": [{"speaker": "customer", "text": "Question?"}, {"speaker": "human_agent", "text": "(recorded)"}],
        "knowledge": knowledge,
        "records": {"order": {"id": "H-20417", "total": "256.00", "currency": "PLN"}},
    }
    asked = points_of(msgspec.convert(line, Transcript))[-1]
    return [one.standing for one in findings(Exchange(point=asked, reply=Reply(text=reply), earlier=()))]


@pytest.mark.parametrize(
    ("reply", "knowledge", "expected"),
    [
        ("Your payment is paused until 10 April.", [PAUSE], "supported"),
        ("Without a payment a fee is due on 17 April.", [PAUSE, GRACE], "supported"),
        ("Without a payment a fee is due on 18 April.", [PAUSE, GRACE], "unsupported"),
        ("This has been so since 1 January 2026.", [SINCE], "supported"),
        ("This has been so since 2 January 2026.", [SINCE], "unsupported"),
        ("You pay 4 times 64.00 PLN.", [], "supported"),
        ("You pay 3 times 64.00 PLN.", [], "unsupported"),
        ("You pay 64.00 PLN.", [], "unsupported"),
    ],
)
def test_what_follows_from_the_sources_is_supported_and_no_more(
    reply: str, knowledge: list[dict[str, str]], expected: str
) -> None:
    assert standing(reply, knowledge) == [expected]


@pytest.mark.parametrize(("times", "expected"), [("3", "supported"), ("4", "supported"), ("5", "unsupported")])
def test_a_number_of_times_may_be_a_count_of_a_record_or_stand_in_words(times: str, expected: str) -> None:
    line = {
        "schema": 1,
        "id": "t",
        "language": "en",
        "turns": [{"speaker": "customer", "text": "Where is it?"}, {"speaker": "human_agent", "text": "(recorded)"}],
        "knowledge": [{"id": "k", "text": "A parcel is brought three times at most."}],
        "records": {"delivery": {"attempts": 4}},
    }
    asked = points_of(msgspec.convert(line, Transcript))[-1]
    reply = Reply(text=f"The courier rang {times} times.")
    assert [one.standing for one in findings(Exchange(point=asked, reply=reply))] == [expected]
