"""`chatparity init`: a suite in any repository, nothing of somebody else's changed or lost."""

from __future__ import annotations

import os
import pty
import re
import stat
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import iniconfig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatparity.agents.template import read_table
from chatparity.cli import main
from chatparity.grading import load_graders
from chatparity.starter import ini_text, toml_text
from chatparity.starter.layout import pieces, suite_text, template
from chatparity.suite import load_suite, read_settings, shipped_root

LAID = {
    "evals/suite.toml",
    "evals/test_examination.py",
    "evals/README.md",
    "agent.toml",
    "graders/shipped.py",
    "graders/placeholders.py",
    "graders/scorecard.toml",
    "graders/README.md",
    "datasets/sample.jsonl",
    "datasets/README.md",
    "reports/README.md",
    "pytest.ini",
    ".gitignore",
    ".github/workflows/chatparity.yml",
    *(f"graders/{path.name}" for path in (shipped_root() / "graders").glob("*.md")),
}


def init(*words: str) -> int:
    with pytest.raises(SystemExit) as done:
        main(["init", *words])
    return int(done.value.code or 0)


def files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.relative_to(root).parts)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "shop"
    (root / ".git").mkdir(parents=True)
    monkeypatch.chdir(root)
    return root


def test_an_empty_repository_gets_a_suite_and_three_commands(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init() == 0
    assert set(files(repo)) == LAID
    said = capsys.readouterr().out
    assert [line.split("#")[0].strip() for line in said.split("Next:")[1].strip().splitlines()] == [
        "pytest evals/",
        'chatparity try "Where is my refund?" --agent http:agent.toml',
        "chatparity import csv chats.csv -o datasets/ours.jsonl",
    ]


def test_with_an_agent_of_ones_own_the_first_thing_is_to_ask_it(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--agent", "openai:qwen3@http://127.0.0.1:8000/v1") == 0
    first, second, _ = capsys.readouterr().out.split("Next:")[1].strip().splitlines()
    assert 'try "Where is my refund?" --agent openai:qwen3@http://127.0.0.1:8000/v1' in first
    assert second.split("#")[1].strip() == "a verdict on your agent, with the sample"


def test_the_shipped_suite_itself_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    before = files(shipped_root() / "evals")
    assert init(str(shipped_root())) == 2
    assert "the suite that ships with chatparity is here" in capsys.readouterr().err
    assert files(shipped_root() / "evals") == before


def test_a_second_call_changes_nothing(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--agent", "openai:gpt-5-mini") == 0
    first = files(repo)
    capsys.readouterr()
    assert init() == 0
    assert files(repo) == first
    listed = capsys.readouterr().out.split("Next:")[0]
    assert {line.split()[0] for line in listed.strip().splitlines()} == {"is"}


def test_a_dry_run_lists_and_writes_nothing(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--dry-run", "--force") == 0
    assert files(repo) == {}
    listed = {line.split()[1] for line in capsys.readouterr().out.splitlines()}
    assert listed == LAID


def test_in_a_pipe_a_file_that_differs_is_kept_and_force_overwrites_it(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repo / "evals").mkdir()
    (repo / "evals" / "README.md").write_text("ours\n")
    assert init() == 0
    said = capsys.readouterr()
    assert "kept        evals/README.md (differs from what init lays)" in said.out
    assert "--force overwrites them" in said.err
    assert (repo / "evals" / "README.md").read_text() == "ours\n"
    assert set(files(repo)) == LAID
    assert init("--force") == 0
    assert (repo / "evals" / "README.md").read_text() == template("evals.md")


@pytest.mark.parametrize(("answer", "left"), [("y", "theirs"), ("n", "ours\n"), ("", "ours\n")])
def test_on_a_terminal_each_file_that_differs_is_asked_for(repo: Path, answer: str, left: str) -> None:
    (repo / "agent.toml").write_text("ours\n")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "chatparity", "init"]
    process = subprocess.Popen(command, cwd=repo, stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    os.write(ours, f"{answer}\n".encode())
    assert process.wait(60) == 0
    asked = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "agent.toml is there and differs from what init lays. Overwrite it? [y/N]" in asked
    expected = template("agent.toml").replace("@FILE@", "agent.toml") if left == "theirs" else left
    assert (repo / "agent.toml").read_text() == expected


def test_naming_an_agent_changes_its_line_and_no_other(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init() == 0
    path = repo / "evals" / "suite.toml"
    edited = path.read_text().replace("at_least = 0.80", "at_least = 0.83   # ours")
    path.write_text(edited)
    assert init("--agent", "http:bots/desk.toml") == 0
    before, after = edited.splitlines(), path.read_text().splitlines()
    changed = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    assert len(changed) == 1
    assert changed[0][1].startswith('default = "http:bots/desk.toml"')
    assert read_table(repo / "bots" / "desk.toml").reply is not None
    assert "--agent http:bots/desk.toml" in capsys.readouterr().out


def test_a_kind_of_agent_that_does_not_exist_is_refused(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--agent", "telepathy:x") == 2
    assert "there is no kind of agent called 'telepathy'" in capsys.readouterr().err
    assert files(repo) == {}


def test_a_file_in_the_way_is_one_clear_message(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repo / "graders").write_text("a file")
    assert init() == 2
    assert "graders" in capsys.readouterr().err
    assert init("graders") == 2
    assert "a file is here: expected a folder" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_made(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("services/chat", "--no-workflow") == 0
    assert set(files(repo / "services" / "chat")) == LAID - {".github/workflows/chatparity.yml"}
    assert "cd services/chat" in capsys.readouterr().out


def test_in_a_folder_of_a_repository_the_workflow_lies_at_the_top_and_works_below(repo: Path) -> None:
    assert init("services/chat") == 0
    workflow = (repo / ".github" / "workflows" / "chatparity-services-chat.yml").read_text()
    assert 'working-directory: "services/chat"' in workflow
    assert "path: services/chat/reports/runs/ci/report.html" in workflow
    assert "@" not in re.sub(r"uses: [\w/-]+@v\d+|body=@reports", "", workflow)


def test_a_folder_below_other_settings_keeps_them_for_the_other_tests(repo: Path) -> None:
    (repo / "pytest.ini").write_text("[pytest]\naddopts = -q\n")
    assert init("services/chat") == 0
    assert (repo / "pytest.ini").read_text() == "[pytest]\naddopts = -q\n"
    assert not (repo / "services" / "chat" / "pytest.ini").exists()
    assert "no:deepeval" in (repo / "services" / "chat" / "evals" / "pytest.ini").read_text()


def test_the_mode_of_a_file_that_is_added_to_stays(repo: Path) -> None:
    path = repo / ".gitignore"
    path.write_text("*.log")
    path.chmod(0o640)
    assert init() == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.read_text().startswith("*.log\n# chatparity: ")


PYPROJECTS = {
    "none": '[project]\nname = "shop"\n',
    "empty": "",
    "text": '[tool.pytest.ini_options]\naddopts = "-ra --strict-markers"  # loud\ntestpaths = ["tests"]\n',
    "literal": "[tool.pytest.ini_options]\naddopts = '-ra'\n\n[tool.ruff]\nline-length = 99\n",
    "long text": '[tool.pytest.ini_options]\naddopts = """\n    -ra\n    --strict-markers\n"""\ntestpaths = "tests"\n',
    "list": '[tool.pytest.ini_options]\naddopts = ["-ra", "--strict-markers"]\nnorecursedirs = ["vendor"]\n',
    "long list": '[tool.pytest.ini_options]\naddopts = [\n    "-ra",  # all\n    "-q",  # less\n]\n# end\n',
    "no last comma": '[tool.pytest.ini_options]\naddopts = [\n    "-ra",\n    "-q"  # less\n]\n',
    "spaced": '[ tool . pytest . ini_options ]\n"addopts" = "-ra"\n[tool.black]\n',
    "native": '[tool.pytest]\naddopts = ["-ra"]\n',
    "windows": '[tool.pytest.ini_options]\r\naddopts = "-ra"\r\n[tool.black]\r\n',
    "patterns": '[tool.pytest.ini_options]\npython_files = ["*_test.py"]\ntestpaths = ["src"]\n',
    "no line end": "[tool.pytest.ini_options]\nxfail_strict = true",
}


@pytest.mark.parametrize("before", PYPROJECTS.values(), ids=PYPROJECTS)
def test_a_pyproject_keeps_all_it_says_and_gets_what_is_missing(repo: Path, before: str) -> None:
    path = repo / "pyproject.toml"
    path.write_bytes(before.encode())
    assert init() == 0
    assert not (repo / "pytest.ini").exists()
    after = path.read_bytes().decode()
    assert all(line in after for line in before.splitlines() if line.startswith(("[", "#", "xfail", "testpaths")))
    assert ("\r\n" in before) == ("\r\n" in after)
    assert not re.search(r"(?<!\r)\n", after) or "\r\n" not in after
    old, new = tomllib.loads(before), tomllib.loads(after)
    table = (
        new["tool"]["pytest"] if "ini_options" not in new["tool"]["pytest"] else new["tool"]["pytest"]["ini_options"]
    )
    was = old.get("tool", {}).get("pytest", {})
    was = was.get("ini_options", was)
    for key, value in was.items():
        words = value.split() if isinstance(value, str) else value
        kept = table[key].split() if isinstance(table[key], str) else table[key]
        assert kept == words if isinstance(words, bool) else kept[: len(words)] == words
    options = table["addopts"].split() if isinstance(table["addopts"], str) else table["addopts"]
    assert options[-2:] == ["-p", "no:deepeval"]
    assert ("evals" in table.get("norecursedirs", ())) != ("testpaths" in table)
    first = path.read_bytes()
    assert init() == 0
    assert path.read_bytes() == first


def test_settings_in_an_unforeseen_form_are_left_alone_and_told(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '[tool]\npytest.ini_options = { addopts = "-ra", testpaths = ["tests"] }\n'
    (repo / "pyproject.toml").write_text(text)
    assert init() == 0
    assert "by hand     pyproject.toml: please add addopts: -p no:deepeval" in capsys.readouterr().out
    assert (repo / "pyproject.toml").read_text() == text


INIS = [
    ("pytest.ini", "[pytest]\naddopts = -ra\n    --strict-markers\ntestpaths = tests\n"),
    ("pytest.ini", ""),
    (
        "setup.cfg",
        "[metadata]\nname = shop\n\n[tool:pytest]\naddopts = -ra\n# note\n\n[flake8]\nmax-line-length = 99\n",
    ),
    ("tox.ini", "[tox]\nenvlist = py312\n[pytest]\nnorecursedirs =\n    vendor\n    old\n"),
    ("tox.ini", "[pytest]\naddopts=-ra"),
]


@pytest.mark.parametrize(("name", "before"), INIS)
def test_an_ini_file_keeps_all_it_says_and_gets_what_is_missing(repo: Path, name: str, before: str) -> None:
    (repo / name).write_text(before)
    (repo / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    assert init() == 0
    after = (repo / name).read_text()
    assert (repo / "pyproject.toml").read_text() == '[project]\nname = "shop"\n'
    assert [line for line in before.splitlines() if line not in after] == []
    section = iniconfig.IniConfig("x", data=after)["tool:pytest" if name == "setup.cfg" else "pytest"]
    assert section["addopts"].split()[-2:] == ["-p", "no:deepeval"]
    assert ("evals" in section.get("norecursedirs", "").split()) != ("testpaths" in section)
    assert init() == 0
    assert (repo / name).read_text() == after


KEYS = st.sampled_from(["addopts", "other", "third"])
WORDS = st.text(alphabet="abc-='\"\\ #[],é", max_size=12)


@given(st.dictionaries(KEYS, WORDS | st.lists(WORDS, max_size=3)), st.booleans())
def test_words_are_added_to_toml_and_nothing_else_changes(values: dict[str, str | list[str]], more: bool) -> None:
    written = "".join(f"{key} = {toml_text._written(value)}  # {key}\n" for key, value in values.items())
    text = f"# top\n[a.b]\n{written}" + ("\n[[c]]\nx = 1\n" if more else "")
    made = toml_text.with_words(text, ["a", "b"], "addopts", ["-p", "no:x"])
    assert made is not None
    old, new = tomllib.loads(text), tomllib.loads(made)
    got = new["a"]["b"].pop("addopts")
    was = old.setdefault("a", {}).setdefault("b", {}).pop("addopts", "")
    assert new == old
    assert got == [*was, "-p", "no:x"] if isinstance(was, list) else got.rstrip().endswith("-p no:x")


@given(st.dictionaries(KEYS, st.text(alphabet="abc-= [],é", min_size=1, max_size=12)))
def test_words_are_added_to_an_ini_file_and_nothing_else_changes(values: dict[str, str]) -> None:
    text = "[a]\nx = 1\n[pytest]\n" + "".join(f"{key} = {value}\n" for key, value in values.items()) + "[b]\ny = 2\n"
    before = ini_text.sections(text)
    made = ini_text.with_words(text, "pytest", "addopts", ["-p", "no:x"])
    assert before is not None
    if made is None:
        return
    after = ini_text.sections(made) or {}
    assert after["pytest"].pop("addopts").split()[-2:] == ["-p", "no:x"]
    before["pytest"].pop("addopts", None)
    assert after == before


def test_every_commented_key_of_the_settings_is_one_that_they_take(tmp_path: Path) -> None:
    text = suite_text('a "quoted" name', "sandbox")
    kept = re.sub(r"(?m)^# (default = .*)\n", "", text)
    shown = re.sub(r"(?m)^# (?=\[|\w+ = )", "", kept)
    path = tmp_path / "suite.toml"
    path.write_text(shown)
    settings = read_settings(path)
    assert settings.suite.name == 'a "quoted" name'
    assert settings.prices
    assert settings.budget.money == 5.0
    path.write_text(text)
    plain = read_settings(path)
    assert (plain.agent.default, plain.agent.languages, plain.judge.default) == ("sandbox", ("*",), "none")


def test_the_agent_file_is_one_that_opens_with_every_comment_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(template("agent.toml"))
    assert read_table(path).url == "https://support.example.com/chat"
    path.write_text(re.sub(r"(?m)^# (?=\[|\w+ = )", "", template("agent.toml")))
    table = read_table(path)
    assert table.headers["Authorization"] == "Bearer ${SUPPORT_AGENT_TOKEN}"
    assert table.reply is not None
    assert table.reply.handover is not None


def test_the_suite_uses_every_rule_grader_that_ships() -> None:
    names = {one.name for one in load_graders(load_suite(shipped_root())) if one.kind == "rule"}
    imported = re.findall(r"(?m)^from \.\w+ import (.+)$", template("shipped.py.txt"))
    assert {name for line in imported for name in line.split(", ")} == names


def test_the_sample_is_of_shipped_transcripts_in_every_language_and_says_synthetic(repo: Path) -> None:
    [laid] = [piece for piece in pieces(repo) if piece.path.name == "sample.jsonl"]
    lines = laid.content.splitlines()
    assert len(lines) == 25
    assert laid.content.count(b'"synthetic":true') == 25
    assert {line.split(b'"language":"')[1][:2] for line in lines} == {b"en", b"de", b"sv", b"pl", b"es", b"ar"}


GH = """
    #!/bin/sh
    printf '%s\\n' "$*" >> "$LOG"
    case "$*" in *--paginate*) printf '%s' "$LAST";; esac
    for one in "$@"; do case "$one" in body=@*) cp "${one#body=@}" "$BODY";; esac; done
    """


@pytest.mark.parametrize("last", ["", "77"])
def test_the_workflow_posts_the_report_once_and_then_changes_its_own_comment(repo: Path, last: str) -> None:
    assert init() == 0
    workflow = (repo / ".github" / "workflows" / "chatparity.yml").read_text()
    script = textwrap.dedent(workflow.split("        run: |\n")[1])
    run = repo / "reports" / "runs" / "ci"
    run.mkdir(parents=True)
    (run / "report.md").write_text("## red\n[**pl-1**](report.html#conv-pl-1) 5 % & more\n")
    (repo / "bin").mkdir()
    (repo / "bin" / "gh").write_text(textwrap.dedent(GH).lstrip())
    (repo / "bin" / "gh").chmod(0o755)
    known = {
        "PATH": f"{repo / 'bin'}:{os.environ['PATH']}",
        "LOG": str(repo / "log"),
        "BODY": str(repo / "body"),
        "LAST": last,
        "REPORT": "https://github.example.com/o/r/actions/runs/1/artifacts/2",
        "GITHUB_STEP_SUMMARY": str(repo / "summary"),
        "GITHUB_REPOSITORY": "o/r",
        "NUMBER": "12",
    }
    subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], cwd=repo, env=known, check=True)
    asked = (repo / "log").read_text().splitlines()
    assert asked[0].startswith("api repos/o/r/issues/12/comments --paginate")
    wanted = "--method PATCH repos/o/r/issues/comments/77" if last else "repos/o/r/issues/12/comments"
    assert asked[1] == f"api --silent {wanted} -F body=@reports/runs/comment.md"
    body = (repo / "body").read_text()
    assert body.startswith("<!-- chatparity -->\n## red\n")
    assert f"[**pl-1**]({known['REPORT']}#conv-pl-1) 5 % & more" in body
    assert known["REPORT"] in (repo / "summary").read_text()
    (repo / "log").unlink()
    subprocess.run(["bash", "-e", "-c", script], cwd=repo, env={**known, "NUMBER": ""}, check=True)
    assert not (repo / "log").exists()
