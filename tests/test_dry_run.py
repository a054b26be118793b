"""A dry run asks nobody, writes nothing, and says what would be asked and about what it would cost."""

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

from chatparity.errors import UsageError
from chatparity.jsonl import write_transcripts
from chatparity.run.dry_run import dry_run, dry_run_text, tokens_in
from chatparity.run.examine import examine, replay_run
from chatparity.run.select import Options
from chatparity.suite import PriceTable, Suite, load_suite
from chatparity.transcript import Knowledge, ToolCall, Transcript, Turn

NOBODY = "http://127.0.0.1:9/v1"


def talk(name: str, language: str = "en", pairs: int = 2) -> Transcript:
    turns: list[Turn] = []
    for number in range(pairs):
        turns.append(Turn(speaker="customer", text=f"Where is my refund, part {number}?"))
        turns.append(Turn(speaker="human_agent", text="It will be back on 12 March."))
    return Transcript(
        schema=1,
        id=name,
        language=language,
        turns=tuple(turns),
        knowledge=(Knowledge(id="k", text="Refunds: 5 days."),),
    )


@pytest.fixture
def suite() -> Suite:
    return load_suite(Path(__file__))


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    path = tmp_path / "logs.jsonl"
    write_transcripts(path, [talk("a"), talk("b"), talk("c", "fi", pairs=3)])
    return path


def priced(suite: Suite, **prices: PriceTable) -> Suite:
    return replace(suite, settings=msgspec.structs.replace(suite.settings, prices=prices))


def test_it_counts_the_exchanges_times_the_trials_and_the_languages_left_out(suite: Suite, logs: Path) -> None:
    found = dry_run(suite, Options(paths=(logs,), agent=f"openai:m@{NOBODY}", trials=3))
    assert (found.requests, found.trials, found.transcripts) == (12, 3, 3)
    assert found.languages_skipped == {"fi": 9}
    assert "12, from 3 transcripts × 3 trials" in dry_run_text(found)


def test_it_asks_as_many_as_the_run_then_does(suite: Suite, logs: Path, tmp_path: Path, judge_server: Any) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1}
    message = {"role": "assistant", "content": "ok"}
    judge_server.always = (200, {}, {"choices": [{"index": 0, "message": message}], "usage": usage})
    asked = Options(paths=(logs,), agent=f"http:openai-chat@{judge_server.url}", out=tmp_path / "run", trials=2)
    before = dry_run(suite, asked)
    assert (judge_server.requests, (tmp_path / "run").exists()) == ([], False)
    asyncio.run(replay_run(suite, replace(asked, max_requests=3)))
    rest = dry_run(suite, replace(asked, resume=True))
    assert (rest.requests, rest.done) == (before.requests - 3, 3)
    asyncio.run(replay_run(suite, replace(asked, resume=True)))
    assert len(judge_server.requests) == before.requests
    with pytest.raises(UsageError, match="continue it with --resume"):
        dry_run(suite, asked)
    first = next(one for one in judge_server.requests if len(one["messages"]) == 2)
    assert before.example is not None
    assert before.example["messages"] == first["messages"]


def test_the_judge_is_counted_as_often_as_it_is_asked(
    suite: Suite, logs: Path, tmp_path: Path, judge_server: Any
) -> None:
    only = msgspec.structs.replace(suite.settings.suite, graders=("accuracy_llm",))
    table = msgspec.structs.replace(suite.settings.judge, cache=str(tmp_path / "cache"))
    small = replace(suite, settings=msgspec.structs.replace(suite.settings, suite=only, judge=table))
    judge_server.always = (400, {}, {"error": {"message": "no"}})
    asked = Options(paths=(logs,), agent=f"recorded:{logs}", judge=f"openai:j@{judge_server.url}", out=tmp_path / "run")
    found = dry_run(small, asked)
    assert found.judge_graders == ("accuracy_llm",)
    folder = asyncio.run(examine(small, asked))
    judged = [row for row in folder.scores() if row.grader == "accuracy_llm" and row.state != "skipped"]
    assert found.judge_requests == len(judged) > 0
    twice = dry_run(small, replace(asked, trials=2, out=None))
    assert twice.judge_requests == found.judge_requests * 3 // 2, "people answered once, whatever the number of trials"
    assert dry_run(small, replace(asked, judge="none", resume=True)).judge_requests == 0


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("abcd", 1), ("Où est-il ?", 3), ("返金はいつですか", 6), ("أين طلبي", 5), ("Кто там", 5)],
)
def test_tokens_are_estimated_by_characters_of_each_script(text: str, tokens: int) -> None:
    assert tokens_in(text) == tokens


def test_money_is_the_estimated_tokens_times_the_price_and_not_known_without_one(suite: Suite, logs: Path) -> None:
    price = PriceTable(input_per_million=2.0, output_per_million=8.0, currency="EUR")
    asked = Options(paths=(logs,), agent=f"openai:m@{NOBODY}")
    found = dry_run(priced(suite, m=price), asked)
    assert found.money == pytest.approx((2 * found.input_tokens + 8 * found.output_tokens) / 1e6)
    assert found.output_tokens == 4 * tokens_in("It will be back on 12 March.")
    assert "EUR" in dry_run_text(found)
    bare = dry_run(suite, asked)
    assert (bare.money, bare.currency) == (None, None)
    assert "money: not known" in dry_run_text(bare)


def test_the_definitions_of_tools_are_read_with_every_request(suite: Suite, logs: Path, tmp_path: Path) -> None:
    definitions = {"tools": [{"type": "function", "function": {"name": "look", "description": "x" * 4000}}]}
    (tmp_path / "tools.json").write_text(json.dumps(definitions))

    def tokens(tools: str | None) -> int:
        table = msgspec.structs.replace(suite.settings.agent, tools=tools)
        given = replace(suite, settings=msgspec.structs.replace(suite.settings, agent=table))
        return dry_run(given, Options(paths=(logs,), agent=f"openai:m@{NOBODY}")).input_tokens

    assert tokens(str(tmp_path / "tools.json")) - tokens(None) > 4 * 1000


def test_calls_and_their_results_in_the_history_count(suite: Suite, tmp_path: Path) -> None:
    def tokens(result: str) -> int:
        call = ToolCall(name="look", result=result)
        turns = (
            Turn(speaker="customer", text="?"),
            Turn(speaker="human_agent", text="!", tool_calls=(call,)),
            Turn(speaker="customer", text="?"),
            Turn(speaker="human_agent", text="!"),
        )
        path = tmp_path / "one.jsonl"
        write_transcripts(path, [Transcript(schema=1, id="a", language="en", turns=turns)])
        return dry_run(suite, Options(paths=(path,), agent=f"openai:m@{NOBODY}")).input_tokens

    assert tokens("x" * 400) - tokens("") == 100


def test_the_command_prints_an_example_without_secrets_and_makes_nothing(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "very-secret-value")
    write_transcripts(
        logs,
        [
            Transcript(
                schema=1,
                id="a",
                language="en",
                turns=(Turn(speaker="customer", text="my key is very-secret-value \x1b[31m"),),
            )
        ],
    )
    here = tmp_path / "empty"
    here.mkdir()
    command = [sys.executable, "-m", "chatparity", "run", str(logs), "--agent", "command:false", "--dry-run"]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "[user]\n    my key is *** " in done.stdout
    assert "very-secret-value" not in done.stdout
    assert "\x1b" not in done.stdout
    assert "nothing is asked" in done.stdout
    as_json = subprocess.run([*command, "--json"], cwd=here, capture_output=True, text=True)
    found = json.loads(as_json.stdout)
    assert (found["requests"], found["example"]["messages"][-1]["role"]) == (1, "user")
    assert list(here.iterdir()) == []


def test_a_kind_of_agent_that_does_not_exist_is_refused(suite: Suite, logs: Path) -> None:
    with pytest.raises(UsageError, match="telepathy"):
        dry_run(suite, Options(paths=(logs,), agent="telepathy:x"))
