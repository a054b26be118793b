"""`chatparity check` finds what makes labels untrustworthy: each kind of planted error, and nothing in good data."""

from __future__ import annotations

import copy
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatparity.audit.balance import balance_of, balance_table
from chatparity.audit.duplicates import near_duplicates
from chatparity.audit.personal import found_in
from chatparity.checks.personal import FICTION
from chatparity.jsonl import read_transcripts
from chatparity.transcript import Transcript, Turn

DATASETS = Path(__file__).parents[1] / "datasets"
Line = dict[str, Any]


def chatparity(*arguments: str, cwd: Path = DATASETS) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "chatparity", *arguments], cwd=cwd, capture_output=True, text=True)


def lines(name: str) -> list[Line]:
    return [
        json.loads(line) for line in (DATASETS / "support" / "starter" / name).read_text(encoding="utf-8").splitlines()
    ]


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that has the company's shop and policy and no transcripts yet."""
    home = tmp_path_factory.mktemp("suite") / "datasets"
    shutil.copytree(DATASETS / "sandbox", home / "sandbox", ignore=shutil.ignore_patterns("*.jsonl", "??.toml"))
    shutil.copy(DATASETS / "sandbox" / "demo.jsonl", home / "sandbox" / "demo.jsonl")
    shutil.copytree(DATASETS / "policies", home / "policies")
    (home / "support").mkdir()
    return home


def checked(
    suite: Path, *given: Line, options: tuple[str, ...] = ()
) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
    """Check lines in the suite; return the exit code, the problems, and all that `--json` says."""
    path = suite / "support" / "x.jsonl"
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in given), encoding="utf-8")
    done = chatparity("check", str(path), "--json", *options, cwd=suite)
    said = json.loads(done.stdout)
    return done.returncode, said["problems"], said


def line_of(name: str, number: int = 1) -> Line:
    return copy.deepcopy(lines(f"{name[:2]}.jsonl")[int(name[3:]) - 1]) if number else {}


def wrong_amount(line: Line) -> str:
    line["labels"]["facts"][0]["accept"].append("419,37 zł")
    return "labels.facts[0].accept[5]"


def wrong_date(line: Line) -> str:
    line["labels"]["facts"][0]["accept"] = ["2 grudnia 2026"]
    return "labels.facts[0].accept[0]"


def rule_of_another_market(line: Line) -> str:
    line["labels"]["facts"][0]["accept"] = ["8 dni roboczych"]
    return "labels.facts[0].accept[0]"


def number_from_nowhere(line: Line) -> str:
    line["labels"]["facts"][0]["accept"] = ["numer 98765"]
    return "labels.facts[0].accept[0]"


def action_refused(line: Line) -> str:
    line["labels"]["actions"] = [{"name": "cancel_order", "arguments": {"order": "H-40011"}, "due_by_turn": 1}]
    return "labels.actions[0]"


def action_unknown(line: Line) -> str:
    line["labels"]["actions"] = [{"name": "send_flowers", "due_by_turn": 1}]
    return "labels.actions[0]"


def action_with_a_foreign_argument(line: Line) -> str:
    line["labels"]["actions"] = [{"name": "cancel_order", "arguments": {"parcel": "H-40011"}, "due_by_turn": 1}]
    return "labels.actions[0]"


def language_tag(line: Line) -> str:
    line["language"] = "de"
    line["records"]["account"]["language"] = "de"
    return "language"


def unknown_reason(line: Line) -> str:
    line["labels"]["escalation"] = [{"turn": 1, "expect": "now", "reason": "boredom"}]
    return "labels.escalation[0].reason"


def offered_for_what_is_due_now(line: Line) -> str:
    line["labels"]["escalation"] = [{"turn": 1, "expect": "offer", "reason": "hardship"}]
    return "labels.escalation[0].expect"


def due_now_for_what_is_offered(line: Line) -> str:
    line["labels"]["escalation"] = [{"turn": 1, "expect": "now", "reason": "complaint"}]
    return "labels.escalation[0].expect"


def fraud_without_a_freeze(line: Line) -> str:
    line["labels"]["escalation"] = [{"turn": 1, "expect": "now", "reason": "suspected_fraud"}]
    return "labels.escalation[0]"


def intent_without_its_label(line: Line) -> str:
    line["intent"] = "bereavement"
    return "labels.escalation"


def twice_handed_over(line: Line) -> str:
    call = {"name": "hand_over", "arguments": {"reason": "explicit_request", "summary": "s"}, "ok": True, "result": {}}
    line["turns"][1]["tool_calls"] = [call]
    label = {"expect": "now", "reason": "explicit_request"}
    line["labels"]["escalation"] = [{"turn": 1, **label}, {"turn": 3, **label}]
    return "labels.escalation[1].expect"


def fact_due_after_a_handover(line: Line) -> str:
    call = {"name": "hand_over", "arguments": {"reason": "explicit_request", "summary": "s"}, "ok": True, "result": {}}
    line["turns"][1]["tool_calls"] = [call]
    return "labels.facts[1].due_by_turn"


def fact_due_in_the_end_after_a_handover(line: Line) -> str:
    where = fact_due_after_a_handover(line)
    del line["labels"]["facts"][1]["due_by_turn"]
    return where


def card_number(line: Line) -> str:
    line["turns"][2]["text"] += " 4929 1234 5678 9015"
    return "turns[2].text"


def account_number(line: Line) -> str:
    line["turns"][2]["text"] += " PL61 1090 1014 0000 0712 1981 2874"
    return "turns[2].text"


def phone_in_use(line: Line) -> str:
    line["records"]["account"]["phone"] = "+48 601 234 567"
    return "records.account.phone"


def reachable_address(line: Line) -> str:
    line["records"]["account"]["email"] = "bogna@poczta.pl"
    return "records.account.email"


def late_fee_of_last_year(line: Line) -> str:
    part = line["records"]["orders"][0]["instalments"][0]
    part |= {"status": "missed", "late_fee": "20.00"}
    del part["paid_on"]
    return "records.orders[0].instalments[0].late_fee"


def due_date_off(line: Line) -> str:
    line["records"]["orders"][0]["instalments"][0]["due_on"] = "2026-02-27"
    line["records"]["orders"][0]["return"] = None
    return "records.orders[0].instalments[0].due_on"


def refund_expected_too_late(line: Line) -> str:
    line["records"]["orders"][0]["refunds"][0]["expected_by"] = "2026-03-15"
    return "records.orders[0].refunds[0].expected_by"


def sum_off(line: Line) -> str:
    line["records"]["orders"][0]["total"] = "419.00"
    line["records"]["orders"][0] |= {"return": None, "refunds": []}
    return "records.orders[0].instalments"


def date_ahead(line: Line) -> str:
    line["records"]["orders"][0]["delivered_on"] = "2026-03-11"
    return "records.orders[0].delivered_on"


def stale_passage(line: Line) -> str:
    line["knowledge"][0]["text"] = line["knowledge"][0]["text"].replace("5 business", "6 business")
    return "knowledge[0].text"


PLANTED: list[Callable[[Line], str]] = [
    *(wrong_amount, wrong_date, rule_of_another_market, number_from_nowhere),
    *(action_refused, action_unknown, action_with_a_foreign_argument, language_tag),
    *(unknown_reason, offered_for_what_is_due_now, due_now_for_what_is_offered),
    *(fraud_without_a_freeze, intent_without_its_label, twice_handed_over),
    *(fact_due_after_a_handover, fact_due_in_the_end_after_a_handover),
    *(card_number, account_number, phone_in_use, reachable_address),
    *(late_fee_of_last_year, due_date_off, refund_expected_too_late, sum_off, date_ahead, stale_passage),
]


@pytest.fixture(scope="module")
def planted(suite: Path) -> list[dict[str, Any]]:
    """Check one file in which each line has one planted error, and return the problems."""
    given = []
    for number, plant in enumerate(PLANTED, 1):
        line = line_of("pl-0001")
        plant(line)
        line["id"] = f"planted-{number}"
        line["cluster"] = "planted"
        given.append(line)
    code, found, _ = checked(suite, *given)
    assert code == 2
    return found


@pytest.mark.parametrize("number", range(len(PLANTED)), ids=[plant.__name__ for plant in PLANTED])
def test_a_planted_error_is_found_at_its_line_and_field(number: int, planted: list[dict[str, Any]]) -> None:
    field = PLANTED[number](line_of("pl-0001"))
    assert field in {one["field"] for one in planted if one["line"] == number + 1}


def test_the_shipped_data_have_no_problem_and_the_balance_is_shown() -> None:
    done = chatparity("check", str(DATASETS))
    assert (done.returncode, done.stderr) == (0, "")
    assert "wish_for_person" in done.stdout
    assert "balance: " in done.stdout
    assert " 0 problems" in done.stdout
    for check in ("facts", "actions", "records", "escalation", "knowledge", "language", "personal data"):
        assert f"{check} " in done.stdout.partition("checked: ")[2]


@pytest.mark.parametrize(
    ("name", "right", "before", "wrong"),
    [
        ("bg-0008", "17 май", "преди 17 май", ("16 май", "18 май")),
        ("fr-0003", "13 mars", "avant le 13 mars", ("12 mars", "14 mars")),
        ("ko-0009", "4월 9일", "4월 9일 전", ("4월 8일", "4월 10일")),
    ],
)
def test_the_day_of_a_fee_is_borne_out_and_no_day_beside_it(
    suite: Path, name: str, right: str, before: str, wrong: tuple[str, str]
) -> None:
    text = (DATASETS / "support" / f"{name[:2]}.jsonl").read_text(encoding="utf-8")
    [line] = [one for one in map(json.loads, text.splitlines()) if one["id"] == name]
    [place] = [place for place, one in enumerate(line["labels"]["facts"]) if one["id"] == "fee_day"]
    line["labels"]["facts"][place]["accept"] = [right, before, *wrong]
    _, found, _ = checked(suite, line)
    field = f"labels.facts[{place}].accept"
    assert [one["field"] for one in found if one["field"].startswith(field)] == [f"{field}[2]", f"{field}[3]"]


def test_the_facts_of_a_reply_that_a_sample_drew_are_not_held_against_the_calls_that_it_replaced(suite: Path) -> None:
    line = line_of("pl-0001")
    field = wrong_amount(line)
    assert field in {one["field"] for one in checked(suite, line)[1]}
    line["meta"] = {"sampled_from": {"id": "pl-0001", "turn": 1, "trial": 0}}
    code, found, said = checked(suite, line)
    assert (code, found) == (0, [])
    assert "facts" not in said["checked"]


def test_facts_may_fall_due_after_a_handover_where_the_rules_do_not_forbid_it(suite: Path) -> None:
    line = line_of("pl-0001")
    fact_due_after_a_handover(line)
    line["labels"]["escalation"] = [{"turn": 1, "expect": "now", "reason": "explicit_request"}]
    rules = suite / "policies" / "handover.toml"
    kept = rules.read_text(encoding="utf-8")
    assert [one["field"] for one in checked(suite, line)[1]] == ["labels.facts[1].due_by_turn"]
    rules.write_text(kept.replace("facts_after = false\n", ""), encoding="utf-8")
    try:
        assert checked(suite, line)[1] == []
    finally:
        rules.write_text(kept, encoding="utf-8")


def test_a_fact_due_after_a_handover_is_found_where_no_escalation_is_labelled(suite: Path) -> None:
    line = line_of("pl-0001")
    fact_due_after_a_handover(line)
    del line["labels"]["escalation"]
    assert "labels.facts[1].due_by_turn" in {one["field"] for one in checked(suite, line)[1]}


def test_a_conversation_told_again_with_other_names_and_numbers_is_a_near_duplicate(suite: Path) -> None:
    line = line_of("pl-0001")
    text = json.dumps(line, ensure_ascii=False)
    text = text.replace("Bogn", "Halin").replace("40011", "40917").replace("418", "523").replace("301", "399")
    again = {**json.loads(text), "id": "pl-9999"}
    code, found, _ = checked(suite, line, again)
    assert code == 2
    assert [
        one["message"] for one in found if one["line"] == 2 and "pl-0001" in one["message"] and one["field"] == "turns"
    ]


def test_a_copy_is_found_among_thousands_of_conversations_that_share_a_signature() -> None:
    draw = random.Random(3)

    def logged(name: str) -> Transcript:
        own = " ".join("".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(30))
        answer = f"{own} Kind regards, your team at the help desk, open every day of the week"
        turns = (Turn(speaker="customer", text="Where is it?"), Turn(speaker="human_agent", text=answer))
        return Transcript(schema=1, id=name, language="en", turns=turns)

    logs = [logged(str(number)) for number in range(2000)]
    copied = msgspec.structs.replace(logs[1234], id="again")
    assert list(near_duplicates([*logs, copied])) == [(2000, 1234, 1.0)]


def test_many_notes_of_one_kind_hide_no_other(tmp_path: Path) -> None:
    def logged(number: int, answer: str) -> str:
        turns = [{"speaker": "customer", "text": "Where is it?"}, {"speaker": "human_agent", "text": answer}]
        return json.dumps({"schema": 1, "id": f"t{number}", "language": "en", "turns": turns}) + "\n"

    same = "Thank you for waiting, the parcel has left our warehouse and is with the carrier now."
    german = "Vielen Dank, das Paket hat unser Lager verlassen und ist jetzt bei dem Zusteller unterwegs zu Ihnen."
    texts = [same] * 60 + [german]
    (tmp_path / "logs.jsonl").write_text("".join(logged(number, text) for number, text in enumerate(texts)))
    said = chatparity("check", "logs.jsonl", cwd=tmp_path).stderr
    assert 'but the agent writes "de"' in said
    assert said.count("expected a conversation of its own") == 10
    assert "60 notes on recorded data: language 1, turns 59; 49 not shown, --json lists all" in said


def test_a_conversation_of_unknown_language_is_held_against_no_language(suite: Path) -> None:
    _, found, said = checked(suite, {**line_of("pl-0001"), "language": "und"})
    assert said["transcripts"] == 1
    assert [one for one in found if one["field"] == "language"] == []


def test_trials_of_one_task_are_no_duplicates(suite: Path) -> None:
    line = {**line_of("pl-0001"), "cluster": "task-1"}
    code, found, _ = checked(suite, line, {**line, "id": "pl-9999"})
    assert (code, found) == (0, [])


def test_a_customer_of_two_conversations_is_an_error_that_names_the_other(suite: Path) -> None:
    other = line_of("pl-0002")
    other["customer"] = other["records"]["account"]["id"] = "c-301"
    _, found, _ = checked(suite, line_of("pl-0001"), other)
    assert any(one["field"] == "records.account.id" and "pl-0001" in one["message"] for one in found)


def test_recorded_data_are_told_of_but_not_refused(suite: Path) -> None:
    line = line_of("pl-0001")
    card_number(line)
    line["synthetic"] = False
    code, found, said = checked(suite, line)
    assert (code, found) == (0, [])
    assert [one["field"] for one in said["notes"]] == ["turns[2].text"]
    strict, found, _ = checked(suite, line, options=("--strict",))
    assert (strict, [one["field"] for one in found]) == (2, ["turns[2].text"])


def test_data_without_records_policy_and_shop_are_checked_for_what_they_have(tmp_path: Path) -> None:
    turns = [
        {"speaker": "customer", "text": "Where is it?"},
        {"speaker": "human_agent", "text": "It comes on 3 April."},
    ]
    labels = {
        "facts": [{"id": "day", "accept": ["3 April"], "due_by_turn": 1}],
        "actions": [{"name": "send_flowers"}],
        "escalation": [{"turn": 1, "expect": "now", "reason": "house rule"}],
    }
    line = {"schema": 1, "id": "a", "language": "en", "synthetic": True, "turns": turns, "labels": labels}
    (tmp_path / "a.jsonl").write_text(json.dumps(line) + "\n")
    done = chatparity("check", "a.jsonl", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert set(json.loads(done.stdout)["checked"]) == {"language", "personal data", "near-duplicates"}


def test_no_error_text_repeats_the_number_it_found(planted: list[dict[str, Any]]) -> None:
    said = " ".join(one["message"] for one in planted)
    for secret in ("4929 1234 5678 9015", "1090 1014", "601 234 567"):
        assert secret not in said


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("card 4111 1111 1111 1111", "US"),
        ("カード4111111111111111です", "JP"),
        ("البطاقة ٤١١١١١١١١١١١١١١١", "AE"),
        ("IBAN DE89 3704 0044 0532 0130 00", "DE"),
        ("0151 23456789", "DE"),
        ("+55 11 91234-5678", "BR"),
        ("write to me@gmail.com", None),
    ],
)
def test_what_looks_real_is_found_in_every_script(text: str, region: str | None) -> None:
    assert list(found_in(text, region))


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("card 4111 1111 1111 1112", "US"),
        ("H-20417, CH-10028-1, 1 350 kr, 71,64", "SE"),
        ("2026-03-12, 12.03.2026 14:00, 1,249.00", "US"),
        ("ring +44 7700 900123 or +353 20 919 0288", "GB"),
        ("+1 212 555 0143", "US"),
        ("x@example.org, y@mail.test", None),
        ("Visa •••• 4242", "PL"),
    ],
)
def test_what_cannot_be_anybodys_is_left_alone(text: str, region: str | None) -> None:
    assert list(found_in(text, region)) == []


def test_the_ranges_for_fiction_hold_the_phones_of_the_markets() -> None:
    import tomllib

    import phonenumbers

    for name, market in tomllib.loads((DATASETS / "markets.toml").read_text(encoding="utf-8"))["market"].items():
        if "phone" in market:
            code = phonenumbers.country_code_for_region(name)
            assert market["phone"].startswith(rf"\+{code}"), name
            assert any(pattern.pattern.startswith(rf"\+{code}(") for pattern in FICTION), name


def test_the_balance_counts_every_conversation_and_answer_once() -> None:
    transcripts = read_transcripts([DATASETS / "support"])
    balance = balance_of(transcripts)
    assert balance.conversations.total() == len(transcripts)
    assert sum(balance.intents.values()) == sum(balance.markets.values()) == len(transcripts)
    assert balance.escalation.total() + balance.unlabelled == balance.answers.total()
    table = balance_table(balance)
    assert all(f"\n{name} " in table for name in {one.language for one in transcripts})
