"""A run on disk: it pins what it is, goes on after a kill, asks nothing twice, and loses nothing."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from chatparity.errors import InputError, RunIncomplete, UsageError
from chatparity.exchange import Failure, ReplyRecord
from chatparity.gate.folder import check_complete
from chatparity.gate.plan import check_names, plan_gates
from chatparity.jsonl import Journal, write_transcripts
from chatparity.replay.seen import key_of
from chatparity.run.budget import unfinished
from chatparity.run.examine import examine, grade_run, planned_points, replay_run, to_do
from chatparity.run.folder import RunFolder
from chatparity.run.select import Options
from chatparity.suite import GateTable, Suite, load_suite
from chatparity.transcript import Transcript, Turn


def talk(name: str, language: str = "en", pairs: int = 2) -> Transcript:
    turns: list[Turn] = []
    for number in range(pairs):
        turns.append(Turn(speaker="customer", text=f"Where is my refund, part {number}?", at=100.0 * number))
        turns.append(Turn(speaker="human_agent", text="It will be back on 12 March.", at=100.0 * number + 30))
    return Transcript(schema=1, id=name, language=language, turns=tuple(turns), synthetic=True)


@pytest.fixture
def suite() -> Suite:
    return load_suite(Path(__file__))


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    path = tmp_path / "logs.jsonl"
    write_transcripts(path, [talk("a"), talk("b"), talk("c", "fi")])
    return path


def options(logs: Path, out: Path, **more: object) -> Options:
    return Options(paths=(logs,), agent=f"recorded:{logs}", out=out, **more)  # type: ignore[arg-type]


def test_a_run_pins_what_is_needed_to_repeat_it(suite: Suite, logs: Path, tmp_path: Path) -> None:
    folder = asyncio.run(examine(suite, options(logs, tmp_path / "run")))
    manifest = folder.manifest()
    assert manifest.planned == 4
    assert (manifest.asked_in_languages_not_claimed, manifest.conversations_not_claimed) == (2, 1)
    assert manifest.synthetic
    assert [(one.transcripts, len(one.sha256)) for one in manifest.datasets] == [(3, 64)]
    assert any(one.startswith("politeness@") for one in manifest.graders)
    assert {row.state for row in folder.scores() if row.slices["language"] == "fi" and row.arm == "ai"} == {"skipped"}


def test_ids_slices_and_limit_leave_what_they_say(suite: Suite, logs: Path, tmp_path: Path) -> None:
    def ids(**more: object) -> list[str]:
        transcripts, _ = planned_points(suite, options(logs, tmp_path / "run", **more))
        return [one.id for one in transcripts]

    assert ids(limit=2) == ["a", "b"]
    assert ids(slices={"language": "fi"}) == ["c"]
    assert ids(ids=("c", "a")) == ["a", "c"]
    with pytest.raises(UsageError, match="no transcript is called nobody"):
        ids(ids=("nobody",))
    with pytest.raises(UsageError, match="there are en, fi"):
        ids(slices={"language": "xx"})


def test_a_second_run_is_not_written_over_the_first(suite: Suite, logs: Path, tmp_path: Path) -> None:
    asyncio.run(replay_run(suite, options(logs, tmp_path / "run")))
    with pytest.raises(UsageError, match="continue it with --resume"):
        asyncio.run(replay_run(suite, options(logs, tmp_path / "run")))


def test_a_run_that_lost_its_last_line_is_completed_and_no_more(suite: Suite, logs: Path, tmp_path: Path) -> None:
    folder = asyncio.run(replay_run(suite, options(logs, tmp_path / "run")))
    whole = folder.replies.path.read_bytes()
    folder.replies.path.write_bytes(whole[:-10])
    asyncio.run(replay_run(suite, options(logs, tmp_path / "run", resume=True)))
    keys = [record.key for record in folder.replies.read()]
    assert len(keys) == len(set(keys)) == 4


def test_a_run_cannot_go_on_with_another_agent(suite: Suite, logs: Path, tmp_path: Path) -> None:
    asyncio.run(replay_run(suite, options(logs, tmp_path / "run")))
    other = Options(agent="sandbox", out=tmp_path / "run", resume=True)
    with pytest.raises(UsageError, match="begun with --agent recorded:"):
        asyncio.run(replay_run(suite, other))


def test_graded_twice_a_run_has_the_same_scores(suite: Suite, logs: Path, tmp_path: Path) -> None:
    folder = asyncio.run(examine(suite, options(logs, tmp_path / "run")))
    first = folder.scores_file.read_bytes()
    asyncio.run(grade_run(suite, folder))
    assert folder.scores_file.read_bytes() == first


def test_what_errored_is_asked_again_when_the_run_goes_on(suite: Suite, logs: Path, tmp_path: Path) -> None:
    chosen = options(logs, tmp_path / "run")
    folder = asyncio.run(replay_run(suite, chosen))
    records = folder.replies.read()
    failure = Failure(kind="refused", message="no route", attempts=4)
    lost = msgspec.structs.replace(records[0], state="errored", reply=None, failure=failure)
    folder.path.joinpath("replies.jsonl").unlink()
    with folder.replies as journal:
        for record in (lost, *records[1:]):
            journal.append(record)
    asyncio.run(replay_run(suite, replace(chosen, resume=True)))
    last = {record.key: record.state for record in folder.replies.read()}
    assert set(last.values()) == {"replied"}
    assert len(folder.replies.read()) == len(records) + 1


def journal_of(folder: RunFolder, records: Sequence[ReplyRecord]) -> None:
    """Write these records in place of the journal's."""
    folder.replies.close()
    folder.replies.path.unlink()
    with folder.replies as journal:
        for record in records:
            journal.append(record)


def errored(record: ReplyRecord) -> ReplyRecord:
    failure = Failure(kind="refused", message="no route", attempts=4)
    return msgspec.structs.replace(record, state="errored", reply=None, failure=failure)


def test_an_exchange_that_was_asked_again_counts_once_and_as_it_ended(suite: Suite, logs: Path, tmp_path: Path) -> None:
    folder = asyncio.run(replay_run(suite, options(logs, tmp_path / "run")))
    records = folder.replies.read()
    journal_of(folder, [*map(errored, records), *records])
    check_complete(folder, suite)
    assert Counter(record.state for record in folder.outcomes()) == {"replied": len(records)}
    journal_of(folder, [*map(errored, records), *records[1:]])
    todo = to_do(suite, Options(out=folder.path, resume=True))
    assert [key_of(point) for point in todo.points if point.claimed and key_of(point) not in todo.done] == [
        records[0].key
    ]
    with pytest.raises(RunIncomplete, match=r"1 of 4 exchanges \(25.0 %\) have no reply \(refused 1\)"):
        check_complete(folder, suite)
    journal_of(folder, [errored(records[0]), *records[:-1]])
    assert "1 of 4 exchanges are not run" in unfinished(folder, suite, Options())


def test_what_an_error_cut_off_is_asked_as_well_when_the_run_goes_on(suite: Suite, logs: Path, tmp_path: Path) -> None:
    chosen = options(logs, tmp_path / "run", mode="free_running")
    folder = asyncio.run(replay_run(suite, chosen))
    records = folder.replies.read()
    assert {record.state for record in records} == {"replied"}
    cut = [errored(records[0]), *(msgspec.structs.replace(records[1], state="diverged", reply=None, spent=None),)]
    assert (records[0].id, records[0].turn, records[1].id, records[1].turn) == ("a", 1, "a", 3)
    journal_of(folder, [*cut, *records[2:]])
    asyncio.run(replay_run(suite, replace(chosen, resume=True)))
    assert {record.state for record in folder.outcomes()} == {"replied"}


def test_a_run_goes_on_with_its_own_transcripts_or_not_at_all(suite: Suite, logs: Path, tmp_path: Path) -> None:
    chosen = options(logs, tmp_path / "run")
    asyncio.run(replay_run(suite, chosen))
    asyncio.run(replay_run(suite, replace(chosen, resume=True)))
    other = tmp_path / "other.jsonl"
    write_transcripts(other, [talk("x")])
    with pytest.raises(UsageError, match=r"this run was begun with other transcripts .*leave PATH out"):
        asyncio.run(replay_run(suite, replace(chosen, paths=(other,), resume=True)))


def test_a_file_in_the_place_of_the_runs_folder_is_named(suite: Suite, logs: Path) -> None:
    with pytest.raises(UsageError, match=r"logs\.jsonl: expected a folder for the run"):
        asyncio.run(replay_run(suite, options(logs, logs)))


def test_people_are_compared_with_in_every_trial(suite: Suite, logs: Path, tmp_path: Path) -> None:
    folder = asyncio.run(examine(suite, options(logs, tmp_path / "run", trials=2)))
    graded = [row for row in folder.scores() if row.state == "graded" and row.grader == "politeness"]
    pairs = {arm: {row.key for row in graded if row.arm == arm} for arm in ("ai", "human")}
    assert pairs["ai"] == pairs["human"]
    assert {row.trial for row in graded} == {0, 1}


def test_grading_one_dimension_again_keeps_the_others_and_voids_the_verdict(
    suite: Suite, logs: Path, tmp_path: Path
) -> None:
    folder = asyncio.run(examine(suite, options(logs, tmp_path / "run")))
    before = folder.scores()
    folder.gate_file.write_text("{}")
    asyncio.run(grade_run(suite, folder, only=("politeness",)))
    assert {row.grader for row in folder.scores()} == {row.grader for row in before}
    assert len(folder.scores()) == len(before)
    assert not folder.gate_file.exists()


def test_a_run_that_is_not_there_or_not_graded_says_so(tmp_path: Path, suite: Suite, logs: Path) -> None:
    with pytest.raises(UsageError, match=r"expected a file manifest\.json"):
        RunFolder(tmp_path / "nowhere").manifest()
    folder = asyncio.run(replay_run(suite, options(logs, tmp_path / "run")))
    with pytest.raises(UsageError, match="not graded yet"):
        folder.scores()


@pytest.fixture
def slow_sandbox() -> Iterator[str]:
    """Serve a sandbox that takes its time with half of the requests, and give its URL."""
    command = [sys.executable, "-m", "chatparity", "sandbox", "--fault", "slow=0.5", "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        yield json.loads(child.stdout.readline())["url"]
        assert child.stdin is not None
        child.stdin.close()
        child.wait(10)


def asked(url: str) -> int:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/sandbox/stats") as answer:
        return int(json.load(answer)["requests"])


def test_a_killed_run_goes_on_and_asks_only_what_was_in_flight_again(tmp_path: Path, slow_sandbox: str) -> None:
    logs = tmp_path / "logs.jsonl"
    write_transcripts(logs, [talk(f"t{n}", pairs=3) for n in range(40)])
    run = tmp_path / "run"
    agent = f"http:openai-chat@{slow_sandbox}"
    command = [sys.executable, "-m", "chatparity", "replay", str(logs), "--agent", agent, "--out", str(run)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        journal = run / "replies.jsonl"
        while not journal.exists() or journal.read_bytes().count(b"\n") < 20:
            assert child.poll() is None, "the run ended before it could be killed"
            time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
    before = asked(slow_sandbox)
    kept = len(Journal(run / "replies.jsonl", ReplyRecord).read())
    assert 20 <= kept < 120
    subprocess.run([*command, "--resume"], check=True, capture_output=True)
    concurrency = load_suite(Path(__file__)).settings.agent.concurrency
    in_flight = before - kept
    assert 0 <= in_flight <= concurrency
    assert asked(slow_sandbox) == 120 + in_flight
    records = Journal(run / "replies.jsonl", ReplyRecord).read()
    assert len({record.key for record in records}) == len(records) == 120


def test_an_interrupted_run_can_be_continued_and_says_how(tmp_path: Path, slow_sandbox: str) -> None:
    logs = tmp_path / "logs.jsonl"
    write_transcripts(logs, [talk(f"t{n}", pairs=3) for n in range(80)])
    run = tmp_path / "run"
    agent = f"http:openai-chat@{slow_sandbox}"
    command = [sys.executable, "-m", "chatparity", "replay", str(logs), "--agent", agent, "--out", str(run)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        while not (run / "replies.jsonl").exists():
            assert child.poll() is None, "the run ended before it could be interrupted"
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=20)
    assert child.returncode == 130
    assert f"chatparity replay --out {run} --resume" in said
    assert said.endswith("interrupted\n")
    assert "Traceback" not in said
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True)
    assert done.returncode == 0
    assert len(Journal(run / "replies.jsonl", ReplyRecord).read()) == 240


def test_the_manifest_never_holds_a_key(
    suite: Suite, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    folder = asyncio.run(examine(suite, options(logs, tmp_path / "run")))
    assert b"sk-very-secret" not in b"".join(path.read_bytes() for path in folder.path.rglob("*") if path.is_file())
    assert msgspec.json.decode(folder.manifest_file.read_bytes())["agent"] == f"recorded:{logs}"


def test_a_gate_that_does_not_exist_costs_nothing(tmp_path: Path, slow_sandbox: str) -> None:
    logs = tmp_path / "logs.jsonl"
    write_transcripts(logs, [talk("a")])
    (tmp_path / "evals").mkdir()
    gate = '[suite]\nname = "x"\n[[gate]]\ndimension = "acuracy"\nat_least = 0.9\n'
    (tmp_path / "evals" / "suite.toml").write_text(gate)
    command = [sys.executable, "-m", "chatparity", "run", "logs.jsonl", "--agent", f"http:openai-chat@{slow_sandbox}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, asked(slow_sandbox)) == (2, 0)
    assert 'no grader measures the dimension "acuracy"' in done.stderr
    assert not (tmp_path / "reports").exists()


def test_a_gate_that_nobody_could_pass_is_refused_for_the_whole_suite_only(suite: Suite, logs: Path) -> None:
    gate = GateTable(dimension="politeness", at_least=0.9999)
    strict = replace(suite, settings=msgspec.structs.replace(suite.settings, gate=(gate,)))
    with pytest.raises(InputError, match="even a perfect agent cannot pass"):
        plan_gates(strict, Options())
    for chosen in (Options(limit=3), Options(paths=(logs,)), Options(slices={"language": "pl"})):
        assert [one.name for one in plan_gates(strict, chosen)] == ["politeness[all] rate"]
    check_names(strict)


def test_a_replay_of_which_too_much_is_missing_ends_with_four(tmp_path: Path) -> None:
    write_transcripts(tmp_path / "logs.jsonl", [talk("a")])
    command = [sys.executable, "-m", "chatparity", "replay", "logs.jsonl", "--out", "run", "--agent"]
    done = subprocess.run([*command, "recorded:none.jsonl"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2, "a recording that is not there is bad usage"
    write_transcripts(tmp_path / "other.jsonl", [talk("b")])
    done = subprocess.run([*command, "recorded:other.jsonl"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 4
    assert "2 of 2 exchanges (100.0 %) have no reply (no_recording 2)" in done.stderr
    assert "chatparity run --out run --resume" in done.stderr
    assert done.stdout == "run\n"
