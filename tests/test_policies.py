"""The company's policy contradicts itself nowhere: one valid passage a topic, market and day; numbers agree."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import pytest

DATASETS = Path(__file__).parents[1] / "datasets"
FIRST, LAST = dt.date(2026, 1, 5), dt.date(2026, 6, 30)
IN_EVERY_MARKET = ("late-fee", "extension", "plan-minimum", "returns", "refunds", "hours")
FIXED = {"passage", "market", "valid_from", "valid_to", "currency", "quotes"}


@dataclass(frozen=True)
class Passage:
    id: str
    market: str
    valid_from: dt.date
    valid_to: dt.date
    text: str

    @property
    def topic(self) -> str:
        """What a passage is about: its id without market and without the year of an expired version."""
        ending = re.compile(rf"(?:-{re.escape(self.market.lower())})?(?:-20\d\d(?:q\d)?)?$")
        return ending.sub("", self.id)


def passages() -> Iterator[Passage]:
    form = re.compile(
        r"## (\S+)\nmarket: (\S+)\nvalid_from: (\S+)\nvalid_to: (\S+)\n\n(.+?)(?=\n\n## |\n*\Z)", re.DOTALL
    )
    for path in sorted((DATASETS / "policies").glob("*.md")):
        page = path.read_text(encoding="utf-8")
        assert "synthetic" in page, path
        found = form.findall(page)
        assert len(found) == page.count("\n## "), path
        for name, market, start, end, text in found:
            last = dt.date.max if end == "open" else dt.date.fromisoformat(end)
            yield Passage(name, market, dt.date.fromisoformat(start), last, text.strip())


def entries() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.toml.decode((DATASETS / "sandbox" / "numbers.toml").read_bytes())["entry"]
    return found


def table() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = msgspec.toml.decode((DATASETS / "markets.toml").read_bytes())
    return found


PASSAGES = list(passages())
MARKETS = table()["market"]
DAYS = [FIRST + dt.timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def test_there_are_23_markets_and_35_languages() -> None:
    assert len(MARKETS) == 23
    assert len(table()["language"]) == 35


def test_no_two_passages_of_one_topic_hold_in_the_same_market_on_the_same_day() -> None:
    clashes = [
        (one.id, other.id)
        for one, other in combinations(PASSAGES, 2)
        if one.topic == other.topic and one.market == other.market
        if one.valid_from <= other.valid_to and other.valid_from <= one.valid_to
    ]
    assert clashes == []
    assert len({one.id for one in PASSAGES}) == len(PASSAGES)


@pytest.mark.parametrize("topic", IN_EVERY_MARKET)
def test_every_market_has_exactly_one_valid_passage_of_each_topic_every_day(topic: str) -> None:
    own = [one for one in PASSAGES if one.topic == topic and one.market != "*"]
    assert {one.market for one in own} == set(MARKETS)
    for market in MARKETS:
        for day in DAYS:
            valid = [one.id for one in own if one.market == market and one.valid_from <= day <= one.valid_to]
            assert len(valid) == 1, (topic, market, day, valid)


def test_a_topic_is_either_for_all_markets_or_for_each_by_itself() -> None:
    both = {one.topic for one in PASSAGES if one.market == "*"} & {one.topic for one in PASSAGES if one.market != "*"}
    assert both == {"complaint"}, "an ombudsman is added to the general rule, everything else is said once"


def test_passages_for_all_markets_hold_every_day() -> None:
    for topic in {one.topic for one in PASSAGES if one.market == "*"}:
        own = [one for one in PASSAGES if one.topic == topic and one.market == "*"]
        for day in DAYS:
            assert sum(one.valid_from <= day <= one.valid_to for one in own) == 1, (topic, day)


def test_every_number_stands_in_the_passage_that_says_it_with_its_market_and_dates() -> None:
    by_id = {one.id: one for one in PASSAGES}
    for entry in entries():
        passage = by_id[entry["passage"]]
        dates = (entry["valid_from"], entry.get("valid_to", dt.date.max))
        assert (entry["market"], *dates) == (passage.market, passage.valid_from, passage.valid_to), entry["passage"]
        assert set(entry["quotes"]) == entry.keys() - FIXED, entry["passage"]
        for key, quote in entry["quotes"].items():
            assert quote in passage.text, (entry["passage"], quote)
            if key != "return_postage":
                assert re.search(rf"(?<![\d.]){re.escape(str(entry[key]))}(?![\d]|\.\d)", quote), (
                    entry["passage"],
                    key,
                )
            else:
                assert entry[key] in quote, entry["passage"]


def test_a_passage_that_holds_numbers_has_its_entry() -> None:
    said = {entry["passage"] for entry in entries()}
    silent = [one.id for one in PASSAGES if one.topic in IN_EVERY_MARKET and one.id not in said]
    assert silent == []


def test_money_is_written_in_the_currency_and_decimals_of_its_market() -> None:
    for entry in entries():
        for key in entry.keys() & {"late_fee", "pay_in_4_minimum"}:
            market = MARKETS[entry["market"]]
            assert entry["currency"] == market["currency"], entry["passage"]
            assert len(entry[key].partition(".")[2]) == market["decimals"], entry["passage"]
            assert entry["quotes"][key].startswith(f"{entry[key]} {entry['currency']}"), entry["passage"]


def test_the_consumer_rules_of_the_markets_agree_with_the_passages() -> None:
    windows = [(entry["market"], entry["return_window_days"]) for entry in entries() if "return_window_days" in entry]
    assert [(market, days) for market, days in windows if days < MARKETS[market]["withdrawal_days"]] == []
    named = {
        entry["market"] for entry in entries() if entry["passage"].startswith("complaint-") and entry["market"] != "*"
    }
    assert named == {name for name, market in MARKETS.items() if market["ombudsman"]}


def test_every_market_has_an_emergency_number_and_the_sandbox_names_the_same() -> None:
    text = next(one.text for one in PASSAGES if one.id == "self-harm")
    said = {
        market: number
        for number, list_ in re.findall(r"(\d{3}) in ((?:[A-Z]{2}(?:, | and )?)+)", text)
        for market in re.findall(r"[A-Z]{2}", list_)
    }
    assert set(said) == set(MARKETS)
    for path in (DATASETS / "sandbox").glob("??.toml"):
        words = msgspec.toml.decode(path.read_bytes())["words"]
        assert words["emergency"] == said, path.name
        assert set(words["hours_of"]) == set(MARKETS), path.name


def test_the_sandbox_states_the_opening_hours_of_the_passages_in_english() -> None:
    words = msgspec.toml.decode((DATASETS / "sandbox" / "en.toml").read_bytes())["words"]["hours_of"]
    for market, hours in words.items():
        assert any(one.topic == "hours" and one.market == market and hours in one.text for one in PASSAGES), market


def test_locales_and_time_zones_are_real() -> None:
    from zoneinfo import ZoneInfo

    from babel import Locale

    for market in MARKETS.values():
        ZoneInfo(market["time_zone"])
        for name in market["locales"].values():
            Locale.parse(name)
    for language in table()["language"].values():
        Locale.parse(language["locale"])


def test_the_rules_of_handover_name_the_reasons_of_the_tool() -> None:
    rules = msgspec.toml.decode((DATASETS / "policies" / "handover.toml").read_bytes())
    tools = msgspec.json.decode((DATASETS / "sandbox" / "tools.json").read_bytes())["tools"]
    one = next(tool["function"] for tool in tools if tool["function"]["name"] == "hand_over")
    assert {*rules["now"], *rules["offer"]} == set(one["parameters"]["properties"]["reason"]["enum"])
    assert {reason for wanted in rules["intent"].values() for reason in wanted} <= {*rules["now"], *rules["offer"]}
