"""Pseudonyms before anything is sent: the same for the same person, found again in quotes, and nothing left over."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatparity.checks.personal import identifiers
from chatparity.errors import JudgeFailure
from chatparity.exchange import Exchange, Reply, Score
from chatparity.grading.material import material_of
from chatparity.grading.rubric import load_rubric, rubric_grader
from chatparity.judge import Pseudonyms, open_judge
from chatparity.judge.cache import Cache
from chatparity.judge.opening import cache_folder
from chatparity.judge.redact import leaking, scrubbed
from chatparity.points import points_of
from chatparity.suite import JudgeTable, Settings, Suite, SuiteTable
from chatparity.transcript import ToolCall, Transcript, Turn

GRADERS = Path(__file__).parents[1] / "graders"
# Synthetic: numbers that regulators keep for fiction, an IBAN of the standard's own example, a test card.
PHONES = ("+44 7700 900123", "07700 900123", "07700900123", "+447700900123", "0044 7700 900 123", "(07700) 900-123")
IBAN = "GB33BUKB20201555555555"
CARD = "4242 4242 4242 4242"
RECORDS = {
    "account": {
        "id": "c-1",
        "name": "Anna Maria Zielińska",
        "email": "anna.z@example.com",
        "phone": "+447700900123",
        "street": "12 Juniper Lane",
        "postcode": "AB1 2CD",
        "birth_date": "1981-04-09",
    },
    "order": {"id": "H-20417", "item": "Rose lamp", "total": "249.00", "name": "Rose lamp"},
}


def names(region: str | None = "GB", records: Any = RECORDS) -> Pseudonyms:
    made = Pseudonyms(region)
    made.learn(records)
    return made


@pytest.mark.parametrize("written", PHONES)
def test_a_telephone_number_has_one_pseudonym_however_it_is_written(written: str) -> None:
    made = names()
    assert made.of("call +44 7700 900123").text == made.of(f"call {written}").text
    assert "[phone 1]" in made.of(f"call {written}!").text


def test_the_parts_of_a_name_tell_that_they_are_one_persons() -> None:
    made = names()
    assert made.of("Dear Anna, are you ANNA MARIA ZIELIŃSKA? anna  maria zielińska!").text == (
        "Dear [name 1a], are you [name 1a] [name 1b] [name 1c]? [name 1a] [name 1b] [name 1c]!"
    )
    assert made.of("Rose lamp, H-20417, 249.00").text == "Rose lamp, H-20417, 249.00", "a product is no person"


def test_addresses_dates_of_birth_cards_and_accounts_are_replaced_in_every_value() -> None:
    made = names()
    data = {
        "said": f"{IBAN} {CARD} 12 juniper lane, ab1 2cd, ANNA.Z@example.com",
        "records": RECORDS,
        "n": 447700900123,
    }
    shown = json.dumps(made.within(data), ensure_ascii=False)
    for personal in (IBAN, "4242", "uniper", "AB1", "ab1", "anna", "ANNA", "Anna", "Ziel", "1981-04-09", "900123"):
        assert personal not in shown, personal
    for kept in ("H-20417", "249.00", "Rose lamp", "c-1"):
        assert kept in shown
    assert made.leaks(made.within(data)) == []


@pytest.mark.parametrize(
    "text",
    ["due 2026-03-12", "order H-20417, 249.00 GBP", "12.03.2026 at 10:30", "1 234 567,89 zł", "items 10001-10004", "5"],
)
def test_dates_amounts_and_order_numbers_stay(text: str) -> None:
    assert names().of(text).text == text


@pytest.mark.parametrize(
    ("region", "text", "kind"),
    [
        ("PL", "PESEL 44051401359", "id"),
        ("SE", "personnummer 880320-0016", "id"),
        ("FI", "hetu 131052-308T", "id"),
        ("ES", "DNI 54362315K", "id"),
        ("DE", "ruf 030 23125 001 an", "phone"),
        (None, "رقمي ٠٠٤٤٧٧٠٠٩٠٠١٢٣", "phone"),
        (None, "mail ａnna＠example．com", "email"),
    ],
)
def test_national_numbers_and_other_scripts_are_read(region: str | None, text: str, kind: str) -> None:
    assert [one.kind for one in identifiers(text, region)] == [kind]


@settings(max_examples=200, deadline=None)
@given(
    digits=st.integers(100, 999).map(lambda tail: f"7700900{tail}"),
    gaps=st.lists(st.sampled_from(["", " ", "-", ".", "\u00a0", ") ", "/"]), min_size=9, max_size=9),
    before=st.sampled_from(["", "call ", "tel:", "(", "№ ", "é"]),
    code=st.sampled_from(["+44", "0044", "0", ""]),
)
def test_a_known_number_never_passes_the_audit_unreplaced(digits: str, gaps: list[str], before: str, code: str) -> None:
    spread = "".join(one + gap for one, gap in zip(digits, [*gaps, ""], strict=True))
    made = names(records={"phone": f"+44{digits}"})
    written = f"{before} {code}{spread} thanks"
    shown = made.of(written).text
    # Either it was replaced or the audit stops it from being sent.
    assert digits not in "".join(one for one in shown if one.isdigit()) or made.leaks(shown) == ["phone"]


@settings(max_examples=200, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from(
            ["Anna", "Zielińska", "+44 7700 900123", "anna.z@example.com", "x", "ü ", "12 Juniper Lane", "—"]
        ),
        max_size=12,
    )
)
def test_a_span_of_the_redacted_text_leads_back_to_the_original(parts: list[str]) -> None:
    text = " ".join(parts)
    redacted = names().of(text)
    assert redacted.span(0, len(redacted.text)) == (0, len(text))
    for start in range(len(redacted.text)):
        for end in (start + 1, len(redacted.text)):
            begin, finish = redacted.span(start, end)
            assert 0 <= begin < finish <= len(text)
            if not redacted.places:
                assert text[begin:finish] == redacted.text[start:end]


def test_the_net_below_finds_what_needs_no_knowledge_and_goes_on_numbering() -> None:
    messages = [
        {"role": "system", "content": "Ours: write to help@example.com."},
        {"role": "user", "content": f"[email 1] and b@example.com, b@example.com, {CARD}, +44 7700 900123"},
    ]
    system, user = scrubbed(messages)
    assert system == messages[0]
    assert user["content"] == "[email 1] and [email 2], [email 2], [card 1], [phone 1]"


def talk() -> Transcript:
    return Transcript(
        schema=1,
        id="t",
        language="en",
        market="GB",
        started_at=dt.datetime.fromisoformat("2026-03-02T09:00:00+00:00"),
        records=RECORDS,
        turns=(
            Turn(speaker="customer", text="I am Anna, reach me at 07700 900123."),
            Turn(speaker="human_agent", text="Thanks Anna!"),
            Turn(speaker="customer", text="Did you get +44 7700 900 123?"),
            Turn(speaker="human_agent", text="Yes."),
        ),
    )


def test_pseudonyms_are_the_same_at_every_turn_of_a_conversation() -> None:
    first, last = points_of(talk())
    one = material_of(Exchange(point=first, reply=Reply(text="Is it 07700900123, Anna?"))).shown
    two = material_of(Exchange(point=last, reply=Reply(text="Yes, ms Zielińska."))).shown
    assert one["reply"]["text"] == "Is it [phone 1], [name 1a]?"
    assert two["conversation"][:1] == one["conversation"]
    assert two["conversation"][2]["text"] == "Did you get [phone 1]?"
    assert two["reply"]["text"] == "Yes, ms [name 1c]."
    assert one["records"] == two["records"]


def test_a_quote_with_a_pseudonym_is_found_in_the_original_and_nothing_personal_is_sent_or_kept(
    judge_server: Any, tmp_path: Path
) -> None:
    quote = "We call you on [phone 1], [name 1a]"
    judge_server.always = {"reason": "Fine.", "evidence": [quote], "unsure": False, "score": 5}
    table = JudgeTable(key_env="TEST_JUDGE_KEY")
    suite = Suite(root=tmp_path, shipped=tmp_path / "none", settings=Settings(suite=SuiteTable(name="t"), judge=table))
    reply = Reply(text="We call you on 07700 900123, Anna.", tool_calls=(ToolCall(name="get", result=RECORDS),))

    async def run() -> Score:
        async with open_judge(f"openai:m@{judge_server.url}", suite) as judge:
            made: Any = rubric_grader(load_rubric(GRADERS / "accuracy.md"), judge).grade
            score = await made(Exchange(point=points_of(talk())[1], reply=reply))
            assert isinstance(score, Score)
            return score

    score = asyncio.run(run())
    (span,) = score.evidence
    assert (span.text, reply.text[span.start : span.end]) == (("We call you on 07700 900123, Anna",) * 2)
    secrets = names().secrets()
    (kept,) = Cache(cache_folder(suite)).every()
    for sent in (json.dumps(judge_server.requests, ensure_ascii=False), json.dumps(kept.question, ensure_ascii=False)):
        assert list(leaking(sent, secrets)) == []
        assert "Anna" not in sent
    assert "phone" in set(leaking(reply.text, secrets)), "the audit does find what is there"


def test_what_cannot_be_replaced_is_not_sent() -> None:
    # Further apart than any grouping that is replaced: the audit, which looks in another way, stops it.
    with pytest.raises(JudgeFailure, match=r"nothing was sent.*phone") as caught:
        material_of(Exchange(point=points_of(talk())[1], reply=Reply(text="Ring 7 7 0 0  -  9 0 0 1 2 3")))
    assert caught.value.kind == "leak"
    assert "900" not in str(caught.value)


def test_redaction_can_be_switched_off() -> None:
    point = points_of(talk())[0]
    assert material_of(Exchange(point=point, reply=Reply(text="Hi Anna")), redact=False).shown["records"] == RECORDS
