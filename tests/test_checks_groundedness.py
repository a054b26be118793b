"""How far a free text rests on its sources: what is copied, reworded, exchanged and invented, in several languages."""

from __future__ import annotations

from dataclasses import fields
from importlib.resources import files

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatparity.checks.groundedness import Features, features, groundedness
from chatparity.checks.wording import worded_languages

POLICY = "You can move a due date once, by up to 14 days, free of charge. After that a late fee of 5 euros is charged."
TOLD = {
    "en": (
        POLICY,
        "You can move the due date once by up to 14 days.",
        "Our shops in Lisbon sell umbrellas on Sundays.",
    ),
    "de": (
        "Sie können die Fälligkeit einmal um bis zu 14 Tage verschieben, danach fällt eine Mahngebühr an.",
        "Die Fälligkeit lässt sich einmal um bis zu 14 Tage verschieben.",
        "Unsere Läden in Lissabon verkaufen sonntags Regenschirme.",
    ),
    "pl": (
        "Termin płatności można przesunąć raz o maksymalnie 14 dni, potem naliczamy opłatę.",
        "Termin płatności może Pani przesunąć raz, o 14 dni.",
        "Nasze sklepy w Lizbonie sprzedają w niedziele parasole.",
    ),
    "ja": (
        "お支払い期限は一度だけ、最大14日間延長できます。その後は延滞料がかかります。",
        "お支払い期限は一度、14日間まで延長できます。",
        "リスボンの店舗では日曜日に傘を販売しております。",
    ),
    "ar": (
        "يمكن تأجيل تاريخ الاستحقاق مرة واحدة لمدة تصل إلى 14 يوما مجانا.",
        "يمكنك تأجيل تاريخ الاستحقاق مرة واحدة لمدة 14 يوما.",
        "متاجرنا في لشبونة تبيع المظلات يوم الأحد.",
    ),
}


def score(text: str, *sources: str, language: str = "en") -> float:
    found = groundedness(text, sources, language)
    assert found is not None
    return found


def end(text: str) -> float:
    found = features(text, (POLICY,), "en")
    assert found is not None
    return found.end


@pytest.mark.parametrize("language", TOLD)
def test_what_the_sources_say_rests_on_them_more_than_what_they_do_not(language: str) -> None:
    source, carried, invented = TOLD[language]
    assert score(carried, source, language=language) > 0.5 > score(invented, source, language=language)


def test_a_number_that_no_source_has_counts_against_a_text() -> None:
    right, wrong = (f"You can move the due date once by up to {days} days." for days in (14, 40))
    assert score(right, POLICY) - score(wrong, POLICY) > 0.2


def test_a_number_in_words_is_the_number_in_digits() -> None:
    assert features("up to fourteen days", (POLICY,), "en").number == 0.0  # type: ignore[union-attr]
    assert features("up to forty days", (POLICY,), "en").number == 1.0  # type: ignore[union-attr]


def test_thousands_are_the_same_number_however_they_are_grouped() -> None:
    assert features("6000 parcels", ("over 6,000 parcels",), "en").number == 0.0  # type: ignore[union-attr]
    assert features("6.000 Pakete", ("über 6000 Pakete",), "de").number == 0.0  # type: ignore[union-attr]
    assert features("6.5 kg", ("65 kg",), "en").number == 1.0  # type: ignore[union-attr]


def test_words_that_stand_far_apart_in_the_sources_rest_on_them_less() -> None:
    near, far = features("move a due date", (POLICY,), "en"), features("move euros", (POLICY,), "en")
    assert near is not None
    assert far is not None
    assert near.apart < far.apart
    assert near.window == far.window == 0.0 or near.window < far.window


def test_what_no_source_has_counts_more_at_the_end_of_a_statement() -> None:
    before, after = "In Lisbon you can move a due date once.", "You can move a due date once in Lisbon."
    assert end(before) == 0.0 < end(after)
    assert score(before, POLICY) - score(after, POLICY) > 0.1
    assert end(f"{after} You can move a due date once.") == end(f"You can move a due date once. {after}")


@pytest.mark.parametrize(
    "asked", ["Do you like umbrellas?", "Do you like umbrellas?!", "你喜欢雨伞吗？", "هل تحب المظلات؟"]
)
def test_what_is_asked_or_has_one_word_is_no_end_where_something_is_stated(asked: str) -> None:
    stated = "You can move a due date once in Lisbon."
    assert end(f"{stated} {asked}") == end(f"Umbrellas! {stated}") == end(stated)
    assert end(asked) == 1.0


@pytest.mark.parametrize(
    ("text", "sources"), [("", (POLICY,)), ("?!", (POLICY,)), ("You can.", ()), ("You can.", ("",))]
)
def test_without_words_or_sources_nothing_is_said(text: str, sources: tuple[str, ...]) -> None:
    assert groundedness(text, sources, "en") is None


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(["en", "zh", "hi", "xx"]))
def test_whatever_is_written_the_score_lies_between_0_and_1(text: str, source: str, language: str) -> None:
    found = groundedness(text, (source,), language)
    assert found is None or 0.0 <= found <= 1.0


def test_every_feature_has_a_weight_and_every_language_its_small_words() -> None:
    folder = files("chatparity.checks")
    weights = msgspec.toml.decode((folder / "groundedness.toml").read_bytes(), type=dict[str, float])
    small = msgspec.toml.decode((folder / "small_words.toml").read_bytes(), type=dict[str, dict[str, str]])
    assert set(weights) == {"always", *(one.name for one in fields(Features))}
    assert set(small) == set(worded_languages())
    assert all(set(lines) == {"small", "i", "you", "yes"} and all(lines.values()) for lines in small.values())
