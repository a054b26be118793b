"""The sandbox's shop and tools keep the contract of datasets/RECORDS.md."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatparity.errors import UsageError
from chatparity.jsonl import read_transcripts
from chatparity.sandbox.addresses import find_address
from chatparity.sandbox.amounts import major, minor
from chatparity.sandbox.policy import after_business_days, read_policy
from chatparity.sandbox.shop import Shop
from chatparity.sandbox.tools import Tools, read_tools

DATASETS = Path(__file__).parents[1] / "datasets"
HOME = DATASETS / "sandbox"
TODAY = dt.date(2026, 3, 20)


def example() -> dict[str, Any]:
    """Return the records of the full example in RECORDS.md."""
    page = (DATASETS / "RECORDS.md").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
    return found


def opened(records: dict[str, Any]) -> Shop:
    return Shop((HOME / "shop.sql").read_text(encoding="utf-8"), records)


def tools_of(shop: Shop, today: dt.date = TODAY) -> Tools:
    return Tools(read_tools(HOME / "tools.json"), shop, read_policy(HOME / "numbers.toml"), today)


@pytest.fixture
def tools() -> Iterator[Tools]:
    with opened(example()).visit() as shop:
        yield tools_of(shop)


def test_the_examples_of_the_contract_come_out_word_for_word(tools: Tools) -> None:
    page = (DATASETS / "RECORDS.md").read_text(encoding="utf-8")
    calls = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)[1:]]
    assert len(calls) == 3
    for call in calls:
        done = tools.call(call["name"], call["arguments"])
        assert (done.ok, done.result) == (call["ok"], call["result"])


def test_what_a_visit_changes_is_undone_at_its_end() -> None:
    shop = opened(example())
    with shop.visit() as visited:
        assert tools_of(visited).call("waive_late_fee", {"instalment": "H-20417-1"}).ok
    with shop.visit() as visited:
        assert tools_of(visited).call("waive_late_fee", {"instalment": "H-20417-1"}).ok


def test_successful_writes_of_the_conversation_are_done_again_and_refused_ones_are_not(tools: Tools) -> None:
    waived = tools.call("waive_late_fee", {"instalment": "H-20417-1"})
    refused = tools.call("extend_due_date", {"instalment": "H-20533-2", "days": 5})
    with opened(example()).visit() as shop:
        later = tools_of(shop)
        later.again([waived, refused])
        result = later.call("waive_late_fee", {"instalment": "H-20417-1"}).result
        assert result == {"ok": False, "error": "already_waived", "late_fee_waived_on": "2026-03-20"}
        assert [row["name"] for row in shop.rows("SELECT name FROM tool_calls")] == ["waive_late_fee"] * 2


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("waive", {}, {"error": "unknown_tool"}),
        ("get_order", {}, {"error": "invalid_argument"}),
        ("get_order", {"order": "H-20417", "more": 1}, {"error": "invalid_argument"}),
        ("extend_due_date", {"instalment": "H-20533-3", "days": "7"}, {"error": "invalid_argument"}),
        ("extend_due_date", {"instalment": "H-20533-3", "days": True}, {"error": "invalid_argument"}),
        ("extend_due_date", {"instalment": "H-20533-3", "days": 0}, {"error": "invalid_argument"}),
        ("extend_due_date", {"instalment": "H-20533-1", "days": 7}, {"error": "already_paid"}),
        (
            "extend_due_date",
            {"instalment": "H-20417-1", "days": 7},
            {"error": "missed_instalment", "late_fee": "25.00"},
        ),
        ("extend_due_date", {"instalment": "H-20533-3", "days": 15}, {"error": "too_many_days", "max_days": 14}),
        ("get_order", {"order": "H-99999"}, {"error": "unknown_order"}),
        (
            "report_return",
            {"order": "H-20417"},
            {"error": "window_closed", "window_days": 14, "last_day": "2026-02-27"},
        ),
        ("open_dispute", {"order": "H-20417", "reason": "ugly"}, {"error": "invalid_reason"}),
        ("change_plan", {"order": "H-20533", "plan": "pay_in_30"}, {"error": "not_possible"}),
        ("change_plan", {"order": "H-20417", "plan": "pay_in_4"}, {"error": "missed_instalment"}),
        ("cancel_order", {"order": "H-20417"}, {"error": "already_shipped", "status": "delivered"}),
        ("change_email", {"email": "Jagoda.Testowska@EXAMPLE.com"}, {"error": "same_email"}),
        ("change_email", {"email": "no@dot"}, {"error": "invalid_email"}),
        ("change_address", {"street": " ", "postcode": "1", "city": "2"}, {"error": "invalid_argument"}),
        ("request_data_deletion", {}, {"error": "unpaid_balance", "amount": "514.02", "currency": "PLN"}),
        ("set_default_payment_method", {"method": "PM-118-1"}, {"error": "already_default"}),
        ("refund_duplicate_charge", {"charge": "CH-20533-1"}, {"error": "not_a_duplicate"}),
        ("hand_over", {"reason": "boredom", "summary": "x"}, {"error": "unknown_reason"}),
        ("hand_over", {"reason": "hardship", "summary": " "}, {"error": "empty_summary"}),
    ],
)
def test_a_refusal_names_its_code_and_changes_nothing(
    tools: Tools, name: str, arguments: dict[str, Any], expected: dict[str, Any]
) -> None:
    before = tools.call("get_account", {}).result, tools.call("list_orders", {}).result
    done = tools.call(name, arguments)
    assert not done.ok
    assert expected.items() <= done.result.items()
    assert (tools.call("get_account", {}).result, tools.call("list_orders", {}).result) == before


def test_after_a_handover_writes_are_refused_and_reads_are_not(tools: Tools) -> None:
    handed = tools.call("hand_over", {"reason": "explicit_request", "summary": "Wants a person."})
    assert handed.result == {"ok": True, "handover": "HO-118-1", "queue": "general"}
    assert tools.call("waive_late_fee", {"instalment": "H-20417-1"}).result["error"] == "handed_over"
    assert tools.call("waive_late_fee", {}).result["error"] == "invalid_argument"
    assert tools.call("get_account", {}).ok
    again = tools.call("hand_over", {"reason": "explicit_request", "summary": "Again."})
    assert again.result == {"ok": False, "error": "already_handed_over", "handover": "HO-118-1"}


def test_a_changed_plan_splits_to_the_cent_with_the_rest_in_the_last_instalment() -> None:
    records = example()
    lamp = records["orders"][0]
    lamp["total"] = lamp["instalments"][0]["amount"] = "249.03"
    lamp["instalments"][0] |= {"due_on": "2026-03-25", "status": "due", "late_fee": "0.00"}
    with opened(records).visit() as shop:
        result = tools_of(shop).call("change_plan", {"order": "H-20417", "plan": "pay_in_4"}).result
    amounts = [(part["amount"], part["due_on"]) for part in result["instalments"]]
    assert amounts == [
        ("62.25", "2026-04-03"),
        ("62.25", "2026-04-17"),
        ("62.25", "2026-05-01"),
        ("62.28", "2026-05-15"),
    ]


def test_a_later_pause_wins_and_never_shortens_an_earlier_one() -> None:
    records = example()
    stand = records["orders"][1]
    stand |= {"shipped_on": "2026-03-12", "delivered_on": "2026-03-14"}
    with opened(records).visit() as shop:
        tools = tools_of(shop)
        back = tools.call("report_return", {"order": "H-20533"}).result
        dispute = tools.call("open_dispute", {"order": "H-20533", "reason": "damaged"}).result
    assert back["postage_paid_by"] == "merchant"
    assert back["paused_instalments"] == ["H-20533-2", "H-20533-3", "H-20533-4"]
    assert (back["paused_until"], dispute["paused_until"]) == ("2026-04-19", "2026-04-19")


def test_business_days_leave_out_the_first_day_and_the_weekend() -> None:
    assert after_business_days(dt.date(2026, 3, 20), 3) == dt.date(2026, 3, 25)


def test_the_policy_number_is_the_one_valid_on_the_day_in_the_market() -> None:
    policy = read_policy(HOME / "numbers.toml")
    assert policy.number("extension_max_days", "US", dt.date(2026, 3, 31)) == 10
    assert policy.number("extension_max_days", "US", dt.date(2026, 4, 1)) == 14
    assert policy.number("pay_in_30_days", "SE", dt.date(2026, 4, 1)) == 30
    with pytest.raises(UsageError, match="no policy number 'ombudsman_after_weeks' for market PL"):
        policy.number("ombudsman_after_weeks", "PL", TODAY)


def test_records_that_do_not_fit_the_shop_are_an_error_that_names_the_customer() -> None:
    records = copy.deepcopy(example())
    records["orders"][0]["status"] = "vanished"
    with pytest.raises(UsageError, match="c-118"):
        opened(records)


def in_yen(total: str) -> dict[str, Any]:
    """Return the records of a customer in Japan with one open order on Pay in 30."""
    account = {**example()["account"], "language": "ja", "market": "JP", "currency": "JPY", "credit_limit": "50000"}
    one = {"number": 1, "due_on": "2026-04-10", "amount": total, "status": "due", "late_fee": "0", "extended_days": 0}
    order = {
        "id": "H-20417",
        "merchant": "Komorebiya",
        "item": "Teapot",
        "placed_on": "2026-03-11",
        "status": "placed",
        "total": total,
        "currency": "JPY",
        "plan": "pay_in_30",
        "instalments": [{"id": "H-20417-1", **one}],
    }
    return {"account": account, "orders": [order]}


def test_yen_have_no_decimals_and_are_split_to_whole_yen() -> None:
    with opened(in_yen("14990")).visit() as shop:
        tools = tools_of(shop)
        assert tools.call("get_order", {"order": "H-20417"}).result["order"]["total"] == "14990"
        changed = tools.call("change_plan", {"order": "H-20417", "plan": "pay_in_4"}).result
        assert [part["amount"] for part in changed["instalments"]] == ["3747", "3747", "3747", "3749"]
        assert tools.call("get_account", {}).result["unpaid_balance"] == "14990"
        assert tools.call("extend_due_date", {"instalment": "H-20417-1", "days": 7}).result["fee"] == "0"


def test_yen_below_the_minimum_are_refused_with_a_whole_number() -> None:
    with opened(in_yen("4990")).visit() as shop:
        refused = tools_of(shop).call("change_plan", {"order": "H-20417", "plan": "pay_in_4"}).result
    assert refused == {"ok": False, "error": "below_minimum", "minimum": "6000", "currency": "JPY"}


def test_an_amount_finer_than_the_currency_is_an_error() -> None:
    with pytest.raises(UsageError, match="c-118"):
        opened(in_yen("4990.50"))


@given(st.integers(0, 10**9), st.sampled_from(["EUR", "JPY", "CZK"]))
def test_money_survives_the_way_into_the_shop_and_back(units: int, currency: str) -> None:
    assert minor(major(units, currency), currency) == units
    assert ("." in major(units, currency)) == (currency != "JPY")


@pytest.mark.parametrize(
    ("market", "text", "expected"),
    [
        ("CA", "my new address is 12 Invented Lane, Ottawa, ON K1A 0B1", ("12 Invented Lane", "K1A 0B1", "Ottawa")),
        ("NL", "I live at Verzonnenstraat 8, 1012 AB Amsterdam", ("Verzonnenstraat 8", "1012 AB", "Amsterdam")),
        ("CH", "it is Erfundene Gasse 3, 8001 Zürich", ("Erfundene Gasse 3", "8001", "Zürich")),
        ("PT", "it is Rua Inventada 14, 1000-001 Lisboa", ("Rua Inventada 14", "1000-001", "Lisboa")),
        ("CZ", "it is Vymyšlená 5, 110 00 Praha", ("Vymyšlená 5", "110 00", "Praha")),
        ("BR", "it is Rua Inventada 14, 01000-000 São Paulo", ("Rua Inventada 14", "01000-000", "São Paulo")),
    ],
)
def test_addresses_are_read_as_their_market_writes_them(market: str, text: str, expected: tuple[str, str, str]) -> None:
    found = find_address(text, market, msgspec.toml.decode((HOME / "en.toml").read_bytes())["slots"])
    assert found is not None
    assert (found.street, found.postcode, found.city) == expected


@pytest.mark.parametrize("market", ["GB", "US", "CA", "PL", "CZ", "JP"])
def test_customers_of_all_35_languages_live_in_any_market(market: str) -> None:
    for language in msgspec.toml.decode((DATASETS / "markets.toml").read_bytes())["language"]:
        records = in_yen("4990")
        records["account"] |= {"language": language, "market": market}
        opened(records)


def test_every_recorded_tool_call_of_the_shipped_data_comes_out_as_recorded() -> None:
    transcripts = [one for one in read_transcripts([DATASETS / "support"]) if "account" in one.records]
    assert len(transcripts) >= 90
    checked = 0
    for transcript in transcripts:
        assert transcript.started_at is not None
        with opened(dict(transcript.records)).visit() as shop:
            tools = tools_of(shop, transcript.started_at.date())
            for turn in transcript.turns:
                for call in turn.tool_calls:
                    done = tools.call(call.name, call.arguments)
                    assert (transcript.id, done.result) == (transcript.id, call.result)
                    checked += 1
    assert checked > 50
