"""The command line: exit codes, one clear error for bad input, and nothing on stdout but results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatparity.cli.show import plain

COMMANDS = (
    "init",
    "try",
    "check",
    "import",
    "sandbox",
    "run",
    "replay",
    "grade",
    "gate",
    "report",
    "failures",
    "mutate",
    "fit",
    "calibrate",
    "sample",
    "review",
    "estimate",
    "claims",
)
LINE = {"schema": 1, "id": "a", "language": "en", "turns": [{"speaker": "customer", "text": "hi"}]}


def chatparity(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "chatparity", *arguments], cwd=cwd, capture_output=True, text=True)


def test_every_command_is_listed_and_its_help_ends_in_examples(tmp_path: Path) -> None:
    listed = chatparity("--help", cwd=tmp_path).stdout.split("Commands:")[1]
    assert [line.split()[0] for line in listed.splitlines() if line.strip()] == list(COMMANDS)
    for name in COMMANDS:
        done = chatparity(name, "--help", cwd=tmp_path)
        assert done.returncode == 0
        assert done.stdout.strip().splitlines()[-1].strip().startswith("chatparity ")
        assert "..." not in listed, "a command's first sentence is too long for the list"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["check"],
        ["check", "missing.jsonl"],
        ["run", "missing.jsonl"],
        ["run", "--mode", "sideways"],
        ["run", "--slice", "language"],
        ["run", "--slice", "language=pl", "--slice", "language=sv"],
        ["run", "--resume"],
        ["run", "--limit", "0"],
        ["run", "--agent", "telepathy:x"],
        ["grade", "nowhere"],
        ["gate", "nowhere"],
        ["report", "nowhere"],
        ["import", "tau-bench", "missing.json", "-o", "x.jsonl"],
        ["import", "nonsense", "missing.json", "-o", "x.jsonl"],
        ["sandbox", "--fault", "wrong_amount=often"],
        ["sandbox", "--fault", "wrong_mood=0.5"],
        ["claims"],
        ["claims", "missing.csv"],
        ["claims", "missing.jsonl"],
        ["claims", "logs.csv", "--demo"],
        ["claims", "--demo", "--claims", "missing.toml"],
        ["claims", "--demo", "--only", "nonsense"],
        ["claims", "--demo", "--sampled", "2"],
    ],
)
def test_bad_usage_is_one_message_on_stderr_and_exit_code_two(tmp_path: Path, arguments: list[str]) -> None:
    done = chatparity(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
    assert done.stdout == ""


def test_check_passes_good_transcripts_and_counts_them(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(LINE) + "\n")
    done = chatparity("check", "a.jsonl", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "checked: language 1, near-duplicates 1, personal data 1",
        "1 transcripts, 1 answers (en 1), 0 problems",
    ]


def test_check_lists_every_problem_and_says_so_to_programs_too(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(LINE) + "\n{\n" + json.dumps({**LINE, "language": "E"}) + "\n")
    done = chatparity("check", ".", "--json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert done.returncode == 2
    assert [(one["line"], one["field"]) for one in found["problems"]] == [(2, ""), (3, "language")]
    assert found["transcripts"] == 1


def test_control_characters_of_a_transcript_do_nothing_on_a_terminal(tmp_path: Path) -> None:
    assert plain("a\x1b[31mred\u202egnp\x07") == "a\\u001b[31mred\\u202egnp\\u0007"
    bad = {**LINE, "id": "\x1b[2J\u202e", "labels": {"escalation": [{"turn": 0, "expect": "\x1b]0;pwned\x07"}]}}
    (tmp_path / "a.jsonl").write_text(json.dumps(bad) + "\n")
    done = chatparity("check", "a.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert "\x1b" not in done.stdout + done.stderr
    assert "\u202e" not in done.stdout + done.stderr


def test_nothing_is_asked_when_the_input_is_bad(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(LINE) + "\n{\n")
    done = chatparity("run", "a.jsonl", "--agent", "recorded:a.jsonl", "--out", "r", cwd=tmp_path)
    assert done.returncode == 2
    assert "a.jsonl:2: " in done.stderr
    assert not (tmp_path / "r" / "replies.jsonl").exists()


def test_an_agent_that_cannot_be_opened_leaves_no_run_behind(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(LINE) + "\n")
    done = chatparity("run", "a.jsonl", "--agent", "telepathy:x", cwd=tmp_path)
    assert (done.returncode, "there is no kind of agent called 'telepathy'" in done.stderr) == (2, True)
    assert [path for path in (tmp_path / "reports").rglob("*") if path.is_file()] == []


MANY = "".join(json.dumps({**LINE, "id": str(number), "language": 7}) + "\n" for number in range(3000))


def test_a_reader_that_leaves_early_does_not_change_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(MANY)
    command = [sys.executable, "-m", "chatparity", "check", "a.jsonl"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline().startswith("a.jsonl:1: language:")
        child.stdout.close()
        assert (child.wait(20), child.stderr.read()) == (2, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_is_one_message_and_exit_code_two(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(LINE) + "\n")
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "chatparity", "check", "a.jsonl"]
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, "cannot write: No space left on device\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_a_character_shows_its_escape_and_json_stays_json(tmp_path: Path, encoding: str) -> None:
    name = "zażółć \N{GRINNING FACE} \N{ZERO WIDTH JOINER}\N{LANGUAGE TAG}é"
    (tmp_path / "a.jsonl").write_text(2 * (json.dumps({**LINE, "id": name}) + "\n"))
    command = [sys.executable, "-m", "chatparity", "check", "a.jsonl", "--json"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True)
    assert (done.returncode, done.stderr) == (2, b"")
    assert f'got "{name}"' in json.loads(done.stdout.decode(encoding))["problems"][0]["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["grade", "a.jsonl", "--out", "a.jsonl/run"],
        ["import", "csv", "a.csv", "-o", "/proc/a.jsonl"],
        ["sample", "a.jsonl", "--share-random", "1", "-o", "a.jsonl/sample"],
    ],
)
def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path, arguments: list[str]) -> None:
    talk = {**LINE, "turns": [*LINE["turns"], {"speaker": "human_agent", "text": "hello"}]}  # type: ignore[misc]
    (tmp_path / "a.jsonl").write_text(json.dumps(talk) + "\n")
    (tmp_path / "a.csv").write_text("conversation,speaker,text\n1,customer,hi\n")
    done = chatparity(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(arguments[-1].partition("/run")[0])
    assert done.stderr.count("\n") == 1
