"""The suite: how it is found, mounted and read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chatparity.errors import InputError, UsageError
from chatparity.suite import find_root, read_settings

SETTINGS = '[suite]\nname = "ours"\n'


def suite(root: Path, settings: str = SETTINGS) -> Path:
    (root / "evals").mkdir(parents=True)
    (root / "evals" / "suite.toml").write_text(settings)
    return root


def complaint(tmp_path: Path, settings: str) -> str:
    root = suite(tmp_path / "bad", settings)
    with pytest.raises(InputError) as caught:
        read_settings(root / "evals" / "suite.toml")
    return str(caught.value)


def test_the_nearest_suite_above_is_found(tmp_path: Path) -> None:
    outer = suite(tmp_path)
    inner = suite(tmp_path / "services" / "chat")
    deep = inner / "src" / "deep"
    deep.mkdir(parents=True)
    assert find_root(deep) == inner
    assert find_root(tmp_path / "services") == outer


def test_no_suite_above_is_none(tmp_path: Path) -> None:
    assert find_root(tmp_path) is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[suite\n", "expected TOML"),
        ("[agent]\nmode = 'teacher_forced'\n", "suite"),
        (SETTINGS + "[agent]\nmodel = 'x'\n", "agent.model: unknown key: expected only default, languages, system,"),
        (SETTINGS + "[agnt]\nmode = 'x'\n", "agnt: unknown key: expected only suite, agent, judge, gate, waiver,"),
        (SETTINGS + "[prices.m]\ninput = 1\n", "prices[...].input: unknown key: expected only input_per_million,"),
        (
            SETTINGS + "[agent]\nmode = 'sideways'\n",
            'agent.mode: expected one of "free_running", "teacher_forced", got',
        ),
        (SETTINGS + "[agent]\nconcurrency = 0\n", "agent.concurrency: expected `int` >= 1"),
        (SETTINGS + "[[gate]]\ndimension = 'accuracy'\n", "gate[0] (accuracy): expected exactly one of at_least"),
        (SETTINGS + "[[gate]]\ndimension = 'accuracy'\nat_least = 0.9\nmargin = 0.02\n", "got at_least, margin"),
        (SETTINGS + "[[gate]]\ndimension = 'accuracy'\nat_least = 0.0\nmargin = 0.02\n", "got at_least, margin"),
        (SETTINGS + "[[gate]]\ndimension = 'accuracy'\nat_least = 90\n", "gate[0].at_least"),
        (
            SETTINGS + "[[gate]]\ndimension = 'accuracy'\nat_least = 0.9\nslices = ['langage']\n",
            'gate[0].slices[0]: expected one of "channel", "difficulty", "intent", "language", "market", got',
        ),
    ],
)
def test_a_bad_setting_is_named_with_its_key(tmp_path: Path, settings: str, said: str) -> None:
    text = complaint(tmp_path, settings)
    assert "suite.toml: " in text
    assert said in text


def run(code: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_suites_own_file_comes_before_the_shipped_one_and_relative_imports_work(tmp_path: Path) -> None:
    root = suite(tmp_path)
    (root / "graders").mkdir()
    (root / "graders" / "words.py").write_text("BAD = 'meh'\n")
    (root / "graders" / "own.py").write_text(
        "from chatparity.grading import Exchange, Score, grader\n"
        "from .words import BAD\n"
        "@grader(dimension='politeness')\n"
        "def no_meh(exchange: Exchange) -> Score:\n"
        "    'Fails on meh.'\n"
        "    return Score.failed('meh') if BAD in exchange.reply.text else Score.passed('fine')\n"
    )
    printed = run(
        "import sys; before = list(sys.path)\n"
        "from chatparity.suite import load_suite\n"
        "from chatparity.grading import load_graders\n"
        "suite = load_suite()\n"
        "print([one.identity for one in load_graders(suite)])\n"
        "import chatparity_suite.reports.report as shipped\n"
        "print('reports' in shipped.__file__, sys.path == before)\n",
        root,
    )
    assert printed.splitlines() == ["['no_meh@1']", "True True"]


def test_without_a_suite_the_shipped_one_is_used(tmp_path: Path) -> None:
    printed = run(
        "from chatparity.suite import load_suite\n"
        "from chatparity.grading import load_graders\n"
        "print(sorted({one.dimension for one in load_graders(load_suite())}))\n",
        tmp_path,
    )
    assert "'accuracy'" in printed
    assert "'escalation'" in printed


def test_a_second_suite_in_one_process_is_refused(tmp_path: Path) -> None:
    suite(tmp_path / "a")
    suite(tmp_path / "b")
    printed = run(
        "from pathlib import Path\n"
        "from chatparity.errors import UsageError\n"
        "from chatparity.suite import load_suite\n"
        "load_suite(Path('a')); load_suite(Path('a'))\n"
        "try:\n    load_suite(Path('b'))\n"
        "except UsageError as error:\n    print(error)\n",
        tmp_path,
    )
    assert printed.startswith("one suite a process")


def test_a_grader_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    root = suite(tmp_path)
    (root / "graders").mkdir()
    (root / "graders" / "broken.py").write_text("import nothing_of_this_name\n")
    printed = run(
        "from chatparity.errors import UsageError\n"
        "from chatparity.suite import load_suite\n"
        "from chatparity.grading import load_graders\n"
        "try:\n    load_graders(load_suite())\n"
        "except UsageError as error:\n    print(error)\n",
        root,
    )
    assert "broken.py: cannot be imported: ModuleNotFoundError" in printed


def test_a_missing_settings_file_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected a file evals/suite\.toml"):
        read_settings(tmp_path / "evals" / "suite.toml")


def test_a_gate_of_slices_only_must_name_some(tmp_path: Path) -> None:
    gate = "[[gate]]\ndimension = 'language'\nat_least = 0.8\nwhole = false\n"
    assert "gate[0] (language): whole = false leaves nothing to ask" in complaint(tmp_path, SETTINGS + gate)
    root = suite(tmp_path / "good", SETTINGS + gate + "slices = ['language']\n")
    assert not read_settings(root / "evals" / "suite.toml").gate[0].whole
