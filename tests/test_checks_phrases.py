"""A phrase is found as a whole in texts of every script, also where words are written without spaces."""

from __future__ import annotations

import pytest

from chatparity.checks.phrases import fill
from chatparity.checks.text import fold, phrase_pattern


def says(text: str, phrase: str) -> bool:
    return phrase_pattern(phrase).search(fold(text).text) is not None


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("元のカードへ、3月30日までに返金されます。", "3月30日"),
        ("元のカードに8,980円が戻ります", "8,980円"),
        ("末尾3391に戻ります", "3391"),
        ("退款将于3月30日前退回原卡", "退回原卡"),
        ("3월 30일까지 돌아갑니다", "3월 30일"),
        ("ההחזר יגיע לכרטיס המקורי", "כרטיס המקורי"),
        ("سيصل المبلغ إلى بطاقتك", "بطاقتك"),
        ("Erä erääntyy 28.6., summa pysyy", "28.6."),
    ],
)
def test_a_phrase_is_found_where_the_language_attaches_words(text: str, phrase: str) -> None:
    assert says(text, phrase)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("14日以内", "4日"),
        ("18,980円", "8,980円"),
        ("2.4 km", "4"),
        ("13391に", "3391"),
        ("recharged", "charge"),
        ("abc4", "4"),
    ],
)
def test_a_number_or_a_word_inside_another_is_not_the_phrase(text: str, phrase: str) -> None:
    assert not says(text, phrase)


def test_a_list_that_may_be_left_out_is_left_out_with_its_blank() -> None:
    assert fill("i have {now} paid", {"now": ("[just|now]",)}) == "i have [just|now] paid"
    assert fill("i have {now} paid", {"now": ("just", "now")}) == "i have (just|now) paid"
