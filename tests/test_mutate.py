"""Planted faults stand where they say and nowhere else, and what is reported of them is what the graders did."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatparity.cli import main
from chatparity.errors import UsageError
from chatparity.exchange import Exchange, Score
from chatparity.grading import Grader, grader
from chatparity.jsonl import read_transcripts, write_transcripts
from chatparity.mutate import Examination, examination, examine, faults_named
from chatparity.mutate.bank import half_of, load_bank
from chatparity.mutate.dates import days_in, shifted
from chatparity.mutate.edit import inserted, sentences
from chatparity.mutate.fault import Answer, NotPlantable, Planted
from chatparity.mutate.money import amounts_in
from chatparity.mutate.numbers import numbers_in, read_number, rewritten
from chatparity.mutate.plant import Mutant, good_answers, plant, world_of
from chatparity.splits import Split, is_in
from chatparity.suite import load_suite
from chatparity.transcript import AGENTS, Knowledge, Labels, Transcript, Turn

SUPPORT = Path(__file__).parents[1] / "datasets" / "support"
TOOLS = ("hand_over",)
WANTED = (
    *("wrong_amount", "off_by_one_date", "wrong_currency", "wrong_order_id", "contradiction", "omitted_fact"),
    *("invented_policy", "expired_policy", "wrong_market_policy", "claimed_action", "unwanted_write"),
    *("dropped_handover", "late_handover", "needless_handover", "refused_person"),
    *("rude", "passive_aggressive", "wrong_language", "formality_switch", "apology_loop", "asks_again"),
    "cheerful_at_distress",
)
VALUES = ("wrong_amount", "off_by_one_date", "wrong_currency", "wrong_order_id", "contradiction")
RULES = ("expired_policy", "wrong_market_policy")
SENTENCES = ("invented_policy", "invented_practice", "claimed_action", "rude", "passive_aggressive", "asks_again")


@pytest.fixture(scope="module")
def transcripts() -> list[Transcript]:
    files = [SUPPORT / "en.jsonl", SUPPORT / "hi.jsonl", SUPPORT / "starter" / "de.jsonl"]
    return [*read_transcripts(files[:1])[:40], *read_transcripts(files[1:])]


@pytest.fixture(scope="module")
def mutants(transcripts: list[Transcript]) -> list[Mutant]:
    goods, rated = good_answers(transcripts)
    assert rated
    old = [one for transcript in transcripts for one in transcript.knowledge]
    expired = [
        Knowledge(id=f"{one.id}-old", text=one.text.replace("14 days", "11 days"), valid_to=dt.date(2024, 1, 1))
        for one in old
        if "14 days" in one.text
    ]
    found, account = plant(goods, faults_named(), world_of(transcripts, TOOLS, expired), each=25)
    assert account.planted == len(found)
    assert account.planted + sum(account.left.values()) == account.tried == len(goods) * len(faults_named())
    return found


def of(mutants: list[Mutant], *names: str) -> list[Mutant]:
    found = [one for one in mutants if one.fault.name in names]
    assert found
    return found


def test_there_is_every_fault_that_was_asked_for_and_each_says_what_it_is() -> None:
    faults = faults_named()
    assert set(WANTED) <= set(faults)
    for fault in faults.values():
        seen_by = fault.doc.partition("Seen by:")[2].partition("Applies")[0]
        assert all(dimension in seen_by for dimension in fault.sees), fault.name
        assert "Applies" in fault.doc, fault.name
        assert ("A rule can see it" in fault.doc) == fault.rule, fault.name
        assert fault.rule or "A rule cannot" in fault.doc, fault.name


def test_a_fault_that_does_not_exist_is_an_error_that_lists_those_that_do() -> None:
    with pytest.raises(UsageError, match=r'no fault is called "typo": there are wrong_amount'):
        faults_named(["typo"])


def test_every_mutant_differs_from_its_original_in_its_own_answers_and_nowhere_else(mutants: list[Mutant]) -> None:
    assert {one.fault.name for one in mutants} >= set(WANTED) - {"formality_switch"}
    for one in mutants:
        was, now = one.of.transcript, one.planted.transcript
        spared = set(range(len(was.turns))) - set(_parts(one))
        assert [was.turns[index] for index in sorted(spared)] == [now.turns[index] for index in sorted(spared)]
        assert was.turns != now.turns
        assert (was.knowledge, was.records, was.language, was.market) == (
            now.knowledge,
            now.records,
            now.language,
            now.market,
        )
        assert now.labels == msgspec.structs.replace(was.labels, answers=None)
        assert now.cluster == (was.cluster or was.id)
        assert now.meta["mutant"]["fault"] == one.fault.name


def _parts(one: Mutant) -> list[int]:
    """Return the turns that a fault may touch: those of its answers, of a loop also of the two answers before."""
    turns = one.of.transcript.turns
    starts = set(one.planted.turns)
    if one.fault.name == "apology_loop":
        starts |= set(Answer(one.of.transcript, one.of.turn).earlier[-2:])
    found = []
    for start in starts:
        for index in range(start, len(turns)):
            if turns[index].speaker == "customer":
                break
            found.append(index)
    return found


def text_of(transcript: Transcript, turn: int) -> str:
    return "\n".join(transcript.turns[index].text for index in Answer(transcript, turn).parts)


def test_a_wrong_value_changes_the_value_and_no_other_character(mutants: list[Mutant]) -> None:
    for one in of(mutants, *VALUES, *RULES):
        was, now = (text_of(which, one.of.turn) for which in (one.of.transcript, one.planted.transcript))
        before, after = one.planted.before, one.planted.after
        assert before != after
        places = [at for at in range(len(was)) if was.startswith(before, at)]
        assert any(was[:at] + after + was[at + len(before) :] == now for at in places)


def test_a_wrong_value_is_none_that_the_conversation_knows(mutants: list[Mutant]) -> None:
    for one in of(mutants, "wrong_amount"):
        known = Answer(one.of.transcript, one.of.turn).known
        assert read_number(one.planted.after) not in known.numbers
    for one in of(mutants, "off_by_one_date"):
        was, now = int(one.planted.before.rstrip("stndrh")), int(one.planted.after.rstrip("stndrh"))
        assert abs(was - now) == 1


def test_an_added_sentence_is_all_that_is_added(mutants: list[Mutant]) -> None:
    for one in of(mutants, *SENTENCES):
        was, now = (text_of(which, one.of.turn) for which in (one.of.transcript, one.planted.transcript))
        assert one.planted.after in now
        assert "".join(now.replace(one.planted.after, "", 1).split()) == "".join(was.split())


def test_an_omitted_fact_is_in_no_accepted_form_any_more(mutants: list[Mutant]) -> None:
    for one in of(mutants, "omitted_fact"):
        said = text_of(one.planted.transcript, one.of.turn)
        was = text_of(one.of.transcript, one.of.turn)
        facts = [fact for fact in one.of.transcript.labels.facts or () if fact.due_by_turn == one.of.turn]
        stated = [fact for fact in facts if any(form.casefold() in was.casefold() for form in fact.accept)]
        assert any(not any(form.casefold() in said.casefold() for form in fact.accept) for fact in stated)
        assert said.strip()


def test_handovers_are_dropped_delayed_or_added_by_the_call_and_in_words(mutants: list[Mutant]) -> None:
    def calls(transcript: Transcript, turn: int) -> list[str]:
        return [call.name for call in Answer(transcript, turn).calls]

    for one in of(mutants, "dropped_handover", "refused_person"):
        assert "hand_over" in calls(one.of.transcript, one.of.turn)
        assert "hand_over" not in calls(one.planted.transcript, one.of.turn)
        assert text_of(one.planted.transcript, one.of.turn) == one.planted.after
    for one in of(mutants, "late_handover"):
        first, second = one.planted.turns
        assert "hand_over" not in calls(one.planted.transcript, first)
        assert "hand_over" in calls(one.planted.transcript, second)
    for one in of(mutants, "needless_handover"):
        assert calls(one.planted.transcript, one.of.turn) == [*calls(one.of.transcript, one.of.turn), "hand_over"]


def test_deeds_change_calls_and_leave_the_words(mutants: list[Mutant]) -> None:
    for one in of(mutants, "unwanted_write", "undone_action"):
        was, now = (Answer(which, one.of.turn) for which in (one.of.transcript, one.planted.transcript))
        assert was.text == now.text
        assert len(now.calls) != len(was.calls)
    for one in of(mutants, "unwanted_write"):
        expected = {action.name for action in one.of.transcript.labels.actions or ()}
        assert Answer(one.planted.transcript, one.of.turn).calls[-1].name not in expected


def test_a_wrong_language_answer_is_made_of_phrases_of_another_bank(mutants: list[Mutant]) -> None:
    for one in of(mutants, "wrong_language"):
        assert text_of(one.planted.transcript, one.of.turn) == one.planted.after
        own = load_bank(one.language)
        assert own is None or not any(phrase in one.planted.after for phrase in own.wrong_language)


def test_a_formality_switch_has_a_twin_that_differs_in_the_address_alone(transcripts: list[Transcript]) -> None:
    assert load_bank("de") is not None
    goods, _ = good_answers([one for one in transcripts if one.language == "de"])
    found, _ = plant(goods, faults_named(["formality_switch"]), world_of(transcripts, TOOLS))
    for one in found:
        assert one.planted.twin is not None
        said = text_of(one.planted.transcript, one.of.turn)
        assert said.replace(one.planted.after, one.planted.before) == text_of(one.planted.twin, one.of.turn)
    assert found


@pytest.mark.parametrize("split", ["dev", "exam"])
def test_phrases_of_one_half_never_meet_the_other(transcripts: list[Transcript], split: Split) -> None:
    goods, _ = good_answers([one for one in transcripts if is_in(one, split)])
    bank = load_bank("en")
    assert bank is not None
    phrases = {phrase for _, section in bank.sections() for phrase in section}
    found, _ = plant(goods, faults_named(SENTENCES), world_of(transcripts, TOOLS), split=split)
    said = {one.planted.after for one in found} & phrases
    assert said
    assert {half_of(phrase) for phrase in said} == {split}


def test_mutants_depend_on_the_seed_and_not_on_the_order_of_the_answers(transcripts: list[Transcript]) -> None:
    goods, _ = good_answers(transcripts[:12])
    world = world_of(transcripts, TOOLS)

    def made(seed: int, *, turned: bool = False) -> list[tuple[str, str]]:
        answers = goods[::-1] if turned else goods
        found, _ = plant(answers, faults_named(), world, seed=seed, each=5)
        return [(one.id, one.planted.after) for one in found]

    assert made(0) == made(0, turned=True)
    assert made(0) != made(1)


def test_answers_of_people_without_any_rating_are_all_taken_for_good(transcripts: list[Transcript]) -> None:
    bare = [msgspec.structs.replace(one, labels=Labels()) for one in transcripts]
    rated, said = good_answers(transcripts)
    every, unsaid = good_answers(bare)
    assert (said, unsaid) == (True, False)
    assert len(every) > len(rated)


def oracle(exchange: Exchange) -> Score:
    """Fail whatever does not stand in the original: what a perfect grader would do."""
    return Score.failed("a mutant") if "~" in exchange.id and "~twin" not in exchange.id else Score.passed("good")


def graders_of(*functions: tuple[str, object]) -> list[Grader]:
    made = []
    for name, function in functions:
        for dimension in ("hallucination", "accuracy", "politeness", "escalation", "actions", "language"):
            made.append(grader(dimension=dimension, name=f"{name}_{dimension}")(function))  # type: ignore[arg-type]
    return made


def examined(monkeypatch: pytest.MonkeyPatch, graders: list[Grader], **kwargs: object) -> Examination:
    monkeypatch.setattr(examination, "load_graders", lambda suite, judge, only: graders)
    paths = [SUPPORT / "starter" / "en.jsonl"]
    return asyncio.run(examine(load_suite(), paths, each=3, judge="none", **kwargs))  # type: ignore[arg-type]


def test_a_perfect_grader_detects_everything_and_raises_no_false_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    result = examined(monkeypatch, graders_of(("oracle", oracle))).result
    assert result.overall.detection_of_all.rate == 1.0
    assert result.overall.false_alarm.rate == 0.0
    assert sum(line.n for line in result.by_fault.values()) == result.mutants
    assert sum(cell.n for cell in result.cells) == result.mutants
    low, high = result.overall.detection.interval or (0.0, 0.0)
    assert low > 0.9
    assert high == 1.0


def test_a_grader_that_fails_everything_detects_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    result = examined(monkeypatch, graders_of(("angry", lambda exchange: Score.failed("no")))).result
    assert result.overall.detection.rate == 0.0
    assert result.hidden == result.mutants
    assert result.overall.false_alarm.rate == 1.0


def test_a_grader_that_abstains_counts_as_missing_and_one_that_crashes_as_undecided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silent = examined(monkeypatch, graders_of(("silent", lambda exchange: Score.abstained("cannot tell")))).result
    assert (silent.overall.detection.rate, silent.ungraded) == (0.0, silent.mutants)
    assert silent.hidden == 0
    assert silent.overall.false_alarm.n == 0

    def crash(exchange: Exchange) -> Score:
        raise RuntimeError("broken")

    broken = examined(monkeypatch, graders_of(("broken", crash))).result
    assert broken.undecided == broken.mutants
    assert broken.overall.detection.n == 0


def test_faults_of_dimensions_without_a_grader_are_named_and_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    only = [one for one in graders_of(("oracle", oracle)) if one.dimension == "politeness"]
    result = examined(monkeypatch, only).result
    assert "wrong_amount" in result.unexamined
    assert set(result.by_fault) == {name for name, fault in faults_named().items() if "politeness" in fault.sees} & set(
        result.by_fault
    )


def test_a_rule_is_held_to_what_a_rule_can_see(monkeypatch: pytest.MonkeyPatch) -> None:
    def misses(exchange: Exchange) -> Score:
        return Score.passed("fine") if "passive_aggressive" in exchange.id else oracle(exchange)

    result = examined(monkeypatch, graders_of(("rule", misses))).result
    assert result.rules_only
    assert result.overall.detection.rate == 1.0
    assert (result.overall.detection_of_all.rate or 0) < 1.0
    assert not result.by_fault["passive_aggressive"].rule


def test_own_data_in_a_language_without_phrases_is_counted_and_not_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = (
        Turn(speaker="customer", text="سفارش من کجاست؟"),
        Turn(speaker="ai_agent", text="سفارش H-20417 امروز می‌رسد."),
    )
    records = {"order": {"id": "H-20417"}}
    mine = [Transcript(schema=1, id=f"fa-{number}", language="fa", turns=turns, records=records) for number in range(3)]
    file = tmp_path / "mine.jsonl"
    write_transcripts(file, mine)
    with pytest.raises(SystemExit) as ended:
        main(["mutate", str(file), "--json"])
    assert ended.value.code == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rated"] is False
    assert found["without_phrases"] == ["fa"]
    left = {(one["fault"], one["reason"]): one["n"] for one in found["not_planted"]}
    assert left["rude", "no phrases in this language"] == 3
    assert {"wrong_order_id", "wrong_language"} <= set(found["by_fault"])
    assert set(found["overall"]["detection"]) == {"n", "count", "clusters", "rate", "interval"}


def test_the_folder_holds_mutants_that_can_be_read_and_graded_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    source = str(SUPPORT / "starter" / "en.jsonl")
    with pytest.raises(SystemExit) as ended:
        main(["mutate", source, "--each", "2", "--graders", "escalation,language", "--out", str(out)])
    assert ended.value.code == 0
    assert "false alarm" in capsys.readouterr().out
    mutated = read_transcripts([out / "mutants.jsonl"])
    rows = json.loads((out / "planted.json").read_text())
    assert [one.id for one in mutated] == [row["id"] for row in rows]
    assert {row["state"] for row in rows} <= {"detected", "missed", "undecided"}
    assert all(turn.text or turn.tool_calls or turn.speaker in AGENTS for one in mutated for turn in one.turns)
    assert (out / "detection.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "missed.md").read_text().startswith("# Missed faults")
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    with pytest.raises(SystemExit) as refused:
        main(["mutate", source, "--out", str(other)])
    assert refused.value.code == 2


def test_the_list_of_faults_names_each_with_what_it_changes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["mutate", "--list"])
    text = capsys.readouterr().out
    assert all(f"{name}\n" in text for name in WANTED)


@pytest.mark.parametrize(
    ("text", "language", "value", "currency"),
    [
        ("Das sind 1.234,50 € im Monat.", "de", "1234.50", "EUR"),
        ("to 249,00 zł do piątku", "pl", "249.00", "PLN"),
        ("المبلغ ٦٧٫٥٠ يورو", "ar", "67.50", "EUR"),
        ("金額は12,400円です", "ja", "12400", "JPY"),
        ("Celkem 11 198 Kč.", "cs", "11198", "CZK"),
        ("That's $32.25, due soon", "en", "32.25", "USD"),
        ("AED 890.00 is due", "en", "890.00", "AED"),
    ],
)
def test_amounts_are_found_in_the_formats_of_the_text(text: str, language: str, value: str, currency: str) -> None:
    found = list(amounts_in(text, language))
    assert [(str(one.number.value), one.currency) for one in found] == [(value, currency)]


@pytest.mark.parametrize(
    ("text", "language", "market", "new"),
    [
        ("due on 2nd March", "en", "GB", "3rd"),
        ("due March 31", "en", "US", None),
        ("bis 9. Jänner", "de", "AT", "10"),
        ("le 1er mars", "fr", "FR", "2"),
        ("返済日は5月1日です", "ja", "JP", "2"),
        ("до 12 марта", "ru", "DE", "13"),
        ("2026-03-09", "en", None, "10"),
        ("1. 3. 2026", "cs", "CZ", "2"),
        ("لحد ٢٨ آذار", "ar", "AE", "٢٩"),
    ],
)
def test_a_day_is_moved_as_the_text_writes_it(text: str, language: str, market: str | None, new: str | None) -> None:
    (day,) = days_in(text, language, market)
    assert shifted(day, text, 1) == new


def test_ids_times_and_ranges_are_no_numbers() -> None:
    assert [one.text for one in numbers_in("H-20417, 08:00–18:00, 1/2, x4, 7 days")] == ["7"]


@given(st.decimals(min_value=1, max_value=99999, places=2), st.decimals(min_value=1, max_value=99999, places=2))
def test_a_rewritten_number_reads_as_the_value_that_was_meant(old: Decimal, new: Decimal) -> None:
    for written in (f"{old:,.2f}", f"{old:.2f}".replace(".", ","), f"{old:,.2f}".replace(",", " ")):
        (number,) = numbers_in(written)
        assert number.value == old
        assert read_number(rewritten(number, new)) == new


@given(st.text())
def test_sentences_are_all_of_a_text(text: str) -> None:
    assert "".join(text[start:end] for start, end in sentences(text)) == text


@given(st.text(alphabet="ab .!?\n", max_size=80), st.sampled_from(["front", "end"]))
def test_a_sentence_that_is_put_in_takes_nothing_out(text: str, where: str) -> None:
    new = inserted(text, "Zz.", "front" if where == "front" else "end")
    assert "".join(new.replace("Zz.", "").split()) == "".join(text.split())


def test_a_fault_says_why_it_cannot_be_planted() -> None:
    talk = Transcript(
        schema=1,
        id="x",
        language="en",
        turns=(Turn(speaker="customer", text="Hi"), Turn(speaker="ai_agent", text="Hello.")),
    )
    for fault in faults_named().values():
        found = fault.plant(Answer(talk, 1))
        assert isinstance(found, Planted | NotPlantable)
        if isinstance(found, NotPlantable):
            assert found.reason
