"""Prices, budgets and what a run says it took: it stops cleanly, goes on without asking twice, and counts it all."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatparity.errors import InputError, UsageError
from chatparity.exchange import Failure, Reply, ReplyRecord, Spent, Usage
from chatparity.grading.rows import ledger
from chatparity.jsonl import write_transcripts
from chatparity.run.budget import Meter, Spending, run_spending, spending_of, unfinished, used_up
from chatparity.run.examine import grade_run, replay_run
from chatparity.run.folder import RunFolder
from chatparity.run.prices import Prices
from chatparity.run.select import Options
from chatparity.suite import BudgetTable, PriceTable, Settings, Suite, SuiteTable, load_suite, read_settings
from chatparity.transcript import Transcript, Turn

PRICE = PriceTable(input_per_million=1000.0, output_per_million=10_000.0, currency="EUR")
SAID = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "On 12 March."}}]}
USED = {**SAID, "model": "m-2026-01-02", "usage": {"prompt_tokens": 100, "completion_tokens": 10}}


def talk(name: str, language: str = "en", pairs: int = 2) -> Transcript:
    turns: list[Turn] = []
    for number in range(pairs):
        turns.append(Turn(speaker="customer", text=f"Where is my refund, part {number}?"))
        turns.append(Turn(speaker="human_agent", text="It will be back on 12 March."))
    return Transcript(schema=1, id=name, language=language, turns=tuple(turns), synthetic=True)


def settings(**prices: PriceTable) -> Settings:
    return Settings(suite=SuiteTable(name="t"), prices=prices)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    path = tmp_path / "logs.jsonl"
    write_transcripts(path, [talk(f"t{number}") for number in range(5)])
    return path


@pytest.fixture
def suite() -> Suite:
    """Return the shipped suite with a price and one request at a time, so that counts are exact."""
    found = load_suite(Path(__file__))
    agent = msgspec.structs.replace(found.settings.agent, concurrency=1, attempts=1)
    return replace(found, settings=msgspec.structs.replace(found.settings, agent=agent, prices={"m": PRICE}))


def options(logs: Path, out: Path, url: str, **more: Any) -> Options:
    return Options(paths=(logs,), agent=f"http:openai-chat@{url}", out=out, **more)


def record(cost: float | None = None, usage: Usage | None = None, **more: Any) -> ReplyRecord:
    given = {"state": "replied", "reply": Reply(text="x", usage=usage), **more}
    return ReplyRecord(id="a", turn=1, trial=0, spent=Spent(requests=1, usage=usage, cost=cost), **given)


def test_a_reply_costs_its_tokens_times_the_price_of_its_model() -> None:
    prices = Prices(settings(m=PRICE), "openai:m@http://localhost:1/v1")
    usage = Usage(input_tokens=1000, output_tokens=100)
    assert prices.cost(usage) == pytest.approx(2.0)
    assert prices.cost(usage, "m-2026-01-02") == pytest.approx(2.0)
    assert prices.cost(None) is None
    assert Prices(settings(m=PRICE), "openai:m-mini").cost(usage, "m-mini") is None, (
        "a name that begins alike is another"
    )
    assert Prices(settings(sandbox=PRICE), "sandbox:rude=0.1").cost(usage) == pytest.approx(2.0)


def test_a_cost_that_an_agent_names_itself_is_kept() -> None:
    prices = Prices(settings(m=PRICE), "openai:m")
    given = prices.priced(record(reply=Reply(text="x", cost=0.5)))
    assert given.reply is not None
    assert given.spent is not None
    assert (given.reply.cost, given.spent.cost) == (0.5, 0.5)


def test_what_is_not_known_is_counted_apart_and_a_failure_is_not_asked_for_its_tokens() -> None:
    prices = Prices(settings(m=PRICE), "openai:m")
    failed = record(state="errored", reply=None, failure=Failure(kind="timeout", message="", attempts=3))
    found = spending_of([record(usage=Usage(input_tokens=1000)), record(), failed], prices)
    assert (found.exchanges, found.tokens, found.tokens_unknown, found.money_unknown) == (3, 1000, 1, 1)
    assert found.money == pytest.approx(1.0)
    assert "of 1 exchanges not measured" in found.lines()[1]
    nothing = spending_of([record()], Prices(settings(), "openai:m"))
    assert nothing.lines()[1].startswith("tokens: not measured")
    assert nothing.lines()[2].startswith("money: not measured")


def test_the_time_of_a_run_is_that_of_its_latest_outcome() -> None:
    timed = [msgspec.structs.replace(record(), spent=Spent(requests=1, at=at)) for at in (10.0, 25.0, 24.0)]
    assert spending_of(timed, Prices(settings(), "openai:m")).seconds == 25.0


def test_what_was_spent_without_a_reply_is_priced_as_well() -> None:
    prices = Prices(settings(m=PRICE), "openai:m")
    cut = record(usage=Usage(input_tokens=1000, output_tokens=100), state="diverged", reply=None)
    priced = prices.priced(cut)
    assert priced.spent is not None
    assert priced.spent.cost == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("limit", "spent", "says"),
    [
        ({"money": 2.0}, {"money": 2.0, "currency": "EUR"}, "2 EUR is used up"),
        ({"tokens": 10}, {"input_tokens": 6, "output_tokens": 4}, "10 tokens"),
        ({"minutes": 1.0}, {"seconds": 60.0}, "1 minutes"),
        ({"requests": 3}, {"requests": 3}, "3 requests"),
        ({"money": 2.0}, {"money_unknown": 1}, "cannot be kept"),
        ({"tokens": 10}, {"tokens_unknown": 1}, "cannot be kept"),
    ],
)
def test_every_limit_is_reached_at_its_number_and_not_before(
    limit: dict[str, Any], spent: dict[str, Any], says: str
) -> None:
    assert says in used_up(BudgetTable(**limit), Spending(**spent))
    assert used_up(BudgetTable(**limit), Spending()) == ""
    assert used_up(BudgetTable(), Spending(**spent)) == ""


def test_as_many_exchanges_are_begun_as_there_are_requests_left_however_many_are_under_way() -> None:
    meter = Meter(BudgetTable(requests=5), Spending(requests=2, seconds=30.0))
    assert [meter.may_ask() for _ in range(4)] == [True, True, True, False]
    taken = meter.take(record())
    assert taken.spent is not None
    assert taken.spent.at >= 30.0
    assert not meter.may_ask()


def test_a_budget_of_requests_stops_the_run_and_a_higher_one_finishes_it(
    suite: Suite, logs: Path, tmp_path: Path, judge_server: Any
) -> None:
    judge_server.always = (200, {}, USED)
    out = tmp_path / "run"
    first = options(logs, out, judge_server.url, max_requests=4)
    folder = asyncio.run(replay_run(suite, first))
    assert len(folder.replies.read()) == len(judge_server.requests) == 4
    assert "4 requests is used up (4 made): 6 of 10 exchanges are not run" in unfinished(folder, suite, first)
    rows = asyncio.run(grade_run(suite, folder, only=["politeness"]))
    line = next(line for line in ledger(rows) if line.arm == "ai" and line.grader == "politeness")
    assert (line.planned, line.not_run) == (10, 6)
    asyncio.run(replay_run(suite, replace(first, resume=True)))
    assert len(judge_server.requests) == 4, "what was spent before counts"
    asyncio.run(replay_run(suite, replace(first, resume=True, max_requests=7)))
    assert len(judge_server.requests) == 7
    whole = replace(first, resume=True, max_requests=None)
    asyncio.run(replay_run(suite, whole))
    keys = [one.key for one in folder.replies.read()]
    assert len(keys) == len(set(keys)) == len(judge_server.requests) == 10
    assert unfinished(folder, suite, whole) == ""
    spent = run_spending(folder, suite)
    assert (spent.requests, spent.input_tokens, spent.output_tokens) == (10, 1000, 100)
    assert spent.money == pytest.approx(2.0)


@pytest.mark.parametrize(("limit", "made"), [({"money": 0.5}, 3), ({"tokens": 200}, 2)])
def test_money_and_tokens_stop_a_run_after_the_exchange_that_uses_them_up(
    suite: Suite, logs: Path, tmp_path: Path, judge_server: Any, limit: dict[str, Any], made: int
) -> None:
    judge_server.always = (200, {}, USED)
    table = msgspec.structs.replace(suite.settings, budget=BudgetTable(**limit))
    asyncio.run(replay_run(replace(suite, settings=table), options(logs, tmp_path / "run", judge_server.url)))
    assert len(judge_server.requests) == made


def test_what_is_under_way_when_the_budget_is_reached_is_finished_and_kept(
    suite: Suite, logs: Path, tmp_path: Path, judge_server: Any
) -> None:
    judge_server.always = (200, {}, USED)
    agent = msgspec.structs.replace(suite.settings.agent, concurrency=8)
    table = msgspec.structs.replace(suite.settings, agent=agent, budget=BudgetTable(money=0.1))
    folder = asyncio.run(replay_run(replace(suite, settings=table), options(logs, tmp_path / "run", judge_server.url)))
    records = folder.replies.read()
    assert {one.state for one in records} == {"replied"}
    assert 1 <= len(records) == len(judge_server.requests) < 10


def test_a_limit_of_money_is_refused_without_prices_and_stops_where_tokens_are_not_named(
    suite: Suite, logs: Path, tmp_path: Path, judge_server: Any
) -> None:
    bare = replace(suite, settings=msgspec.structs.replace(suite.settings, prices={}))
    asked = options(logs, tmp_path / "run", judge_server.url, max_cost=1.0)
    with pytest.raises(UsageError, match=r"\[prices"):
        asyncio.run(replay_run(bare, asked))
    assert not RunFolder(tmp_path / "run").exists()
    judge_server.always = (200, {}, SAID)
    folder = asyncio.run(replay_run(suite, asked))
    assert len(judge_server.requests) == 1
    assert "is not known" in unfinished(folder, suite, asked)


def test_minutes_of_earlier_sittings_count(suite: Suite, logs: Path, tmp_path: Path, judge_server: Any) -> None:
    judge_server.always = (200, {}, USED)
    first = options(logs, tmp_path / "run", judge_server.url, max_requests=1)
    folder = asyncio.run(replay_run(suite, first))
    (one,) = folder.replies.read()
    assert one.spent is not None
    late = msgspec.structs.replace(one, spent=msgspec.structs.replace(one.spent, at=120.0))
    folder.replies.path.write_bytes(msgspec.json.encode(late) + b"\n")
    again = replace(first, resume=True, max_requests=None, max_minutes=2.0)
    asyncio.run(replay_run(suite, again))
    assert len(judge_server.requests) == 1
    assert "2 minutes is used up" in unfinished(folder, suite, again)


@pytest.mark.parametrize(
    ("chosen", "planned"),
    [
        ({"limit": 2, "trials": 3}, 12),
        ({"slices": {"language": "en"}, "ids": ("t1", "t3"), "trials": 2}, 8),
        ({"ids": ("t4", "t2", "t0"), "limit": 2}, 4),
    ],
)
def test_a_selection_goes_on_as_it_was_begun(
    suite: Suite, logs: Path, tmp_path: Path, judge_server: Any, chosen: dict[str, Any], planned: int
) -> None:
    judge_server.always = (200, {}, USED)
    first = options(logs, tmp_path / "run", judge_server.url, max_requests=3, **chosen)
    folder = asyncio.run(replay_run(suite, first))
    assert folder.manifest().planned == planned
    bare = options(logs, tmp_path / "run", judge_server.url, resume=True)
    asyncio.run(replay_run(suite, replace(bare, max_requests=4)))
    asyncio.run(replay_run(suite, replace(first, resume=True, max_requests=None)))
    records = folder.replies.read()
    assert len({one.key for one in records}) == len(records) == len(judge_server.requests) == planned
    assert {one.trial for one in records} == set(range(chosen.get("trials", 1)))
    with pytest.raises(UsageError, match="--limit 4: this run was begun with"):
        asyncio.run(replay_run(suite, replace(bare, limit=4)))
    with pytest.raises(UsageError, match="--trials"):
        asyncio.run(replay_run(suite, replace(bare, trials=9)))


def test_the_command_ends_with_four_says_what_is_missing_and_how_to_go_on(
    logs: Path, tmp_path: Path, judge_server: Any
) -> None:
    judge_server.always = (200, {}, USED)
    agent = f"http:openai-chat@{judge_server.url}"
    command = [
        sys.executable,
        "-m",
        "chatparity",
        "replay",
        str(logs),
        "--agent",
        agent,
        "--out",
        str(tmp_path / "run"),
    ]
    done = subprocess.run([*command, "--max-requests", "3", "--json"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 4, done.stderr
    assert "3 requests is used up" in done.stderr
    assert "7 of 10 exchanges are not run" in done.stderr
    assert f"chatparity replay --out {tmp_path / 'run'} --resume" in done.stderr
    said = json.loads(done.stdout)
    assert (said["planned"], said["states"]) == (10, {"replied": 3})
    assert (said["spent"]["input_tokens"], said["spent"]["money_unknown"]) == (300, 3)
    run = [sys.executable, "-m", "chatparity", "run", "--out", str(tmp_path / "run"), "--resume", "--max-requests", "5"]
    examined = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
    assert examined.returncode == 4, examined.stderr
    assert "5 of 10 exchanges are not run" in examined.stderr
    assert "chatparity run --out" in examined.stderr
    assert "Traceback" not in examined.stderr


def test_prices_in_two_currencies_and_misspelt_budgets_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "suite.toml"
    price = '[prices."{}"]\ninput_per_million = 1\noutput_per_million = 2\ncurrency = "{}"\n'
    path.write_text('[suite]\nname = "x"\n' + price.format("a", "USD") + price.format("b-1.5", "EUR"))
    with pytest.raises(InputError, match="one currency for all, got EUR, USD"):
        read_settings(path)
    path.write_text('[suite]\nname = "x"\n[budget]\nmony = 3\n')
    with pytest.raises(InputError, match="mony"):
        read_settings(path)


def test_a_run_whose_time_ran_out_says_so_although_the_journal_does_not_know(
    suite: Suite, logs: Path, tmp_path: Path, judge_server: Any
) -> None:
    judge_server.always = (200, {}, USED)
    chosen = options(logs, tmp_path / "run", judge_server.url, max_minutes=0.0)
    folder = asyncio.run(replay_run(suite, chosen))
    assert folder.replies.read() == []
    later = replace(chosen, max_minutes=5.0)
    assert unfinished(folder, suite, later) == "the budget of 5 minutes is used up: 10 of 10 exchanges are not run"
