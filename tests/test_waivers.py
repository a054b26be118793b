"""Waivers: a known failure fails no run until its last day, hides nothing, and afterwards fails."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import sys
from pathlib import Path

import msgspec
import pytest

from chatparity.errors import InputError
from chatparity.exchange import Exchange, Point, Score
from chatparity.gate import Findings, decide, red_text, scorecard
from chatparity.gate.early import looking
from chatparity.grading import grader
from chatparity.grading.rows import ScoreRow, State
from chatparity.points import points_of
from chatparity.run.folder import Manifest
from chatparity.suite import GateTable, Settings, SuiteTable, WaiverTable, read_settings
from chatparity.transcript import Transcript, Turn

pytest_plugins = "pytester"

# What is first imported in a test with pytester is forgotten after it; these cannot be loaded twice in one process.
for _name in ("scipy.stats", "scipy.optimize", "statsmodels.stats.multitest", "chatparity.run.examine"):
    importlib.import_module(_name)

DAY = dt.date(2026, 6, 15)
NAME = "manners[pl] rate"
PLAIN = ("-p", "no:deepeval", "-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:repeat", "-p", "no:rerunfailures")


@grader(dimension="manners")
def manners(exchange: Exchange) -> Score:
    """Pass everything."""
    return Score.passed("fine")


def rows(language: str, bad: int, n: int = 100) -> list[ScoreRow]:
    return [
        ScoreRow(
            id=f"{language}-{number:02}",
            turn=1,
            trial=0,
            arm="ai",
            grader="manners",
            dimension="manners",
            state="graded",
            cluster=f"{language}-{number:02}",
            slices={"language": language},
            verdict="pass",
            value=1.0,
            metrics={"rate": number >= bad},
        )
        for number in range(n)
    ]


@pytest.fixture
def manifest() -> Manifest:
    empty = {"datasets": [], "invalid_lines": [], "graders": [], "languages": ["*"], "selection": {}}
    plain = dict.fromkeys(("chatparity", "python", "suite", "settings_sha256", "agent"), "")
    numbers = {"format": 1, "trials": 1, "planned": 200, "asked_in_languages_not_claimed": 0}
    rest = {"mode": "teacher_forced", "judge": "none", "synthetic": True, "created_at": "2026-01-01T00:00:00Z"}
    return msgspec.convert(empty | plain | numbers | rest, type=Manifest)


def waiver(expires: str = "2026-12-31", **more: object) -> WaiverTable:
    given = {"gate": NAME, "owner": "Ada", "reason": "the new lexicon comes in July"} | more
    return WaiverTable(expires=dt.date.fromisoformat(expires), **given)  # type: ignore[arg-type]


GATE = GateTable(dimension="manners", at_least=0.8, slices=("language",), whole=False)


def found(manifest: Manifest, made: list[ScoreRow], *waivers: WaiverTable, gate: GateTable = GATE) -> Findings:
    settings = Settings(suite=SuiteTable(name="test"), gate=(gate,), waiver=waivers)
    return decide(made, [manners], settings, manifest=manifest, day=DAY)


MADE = [*rows("en", 3), *rows("pl", 50)]


def test_a_waived_gate_keeps_its_verdict_and_does_not_fail_the_run(manifest: Manifest) -> None:
    assert found(manifest, MADE).verdict == "FAIL"
    waived = found(manifest, MADE, waiver())
    assert waived.verdict == "PASS"
    polish = waived.gates[1]
    assert (polish.verdict, polish.effect, polish.waived) == ("FAIL", "PASS", True)
    said = "waived until 2026-12-31, owner Ada: the new lexicon comes in July"
    assert said in red_text(polish, Path("r"))
    assert red_text(polish, Path("r")).startswith("FAIL (waived) manners[pl] rate 50/100 = 50.0 %")
    assert said in scorecard(waived)
    assert "FAIL (waived)" in scorecard(waived)
    assert msgspec.json.decode(msgspec.json.encode(waived), type=Findings) == waived


def test_the_last_day_counts_and_the_day_after_it_fails_with_date_and_owner(manifest: Manifest) -> None:
    assert found(manifest, MADE, waiver("2026-06-15")).verdict == "PASS"
    late = found(manifest, MADE, waiver("2026-06-14"))
    assert late.verdict == "FAIL"
    assert "waiver expired on 2026-06-14, owner Ada: the new lexicon comes in July" in red_text(
        late.gates[1], Path("r")
    )
    assert "expired on 2026-06-14, owner Ada" in scorecard(late)


def test_an_expired_waiver_of_a_gate_that_is_left_open_fails_too(manifest: Manifest) -> None:
    made = [*rows("en", 3), *rows("pl", 20)]
    assert found(manifest, made).verdict == "INCONCLUSIVE"
    late = found(manifest, made, waiver("2026-06-14"))
    assert (late.verdict, late.gates[1].verdict, late.gates[1].effect) == ("FAIL", "INCONCLUSIVE", "FAIL")
    assert found(manifest, made, waiver()).verdict == "PASS"


def test_a_waiver_that_is_no_longer_needed_says_so_and_fails_nothing(manifest: Manifest) -> None:
    mended = found(manifest, [*rows("en", 3), *rows("pl", 3)], waiver("2026-06-14"))
    assert mended.verdict == "PASS"
    assert mended.notes == (f'waiver[0] of gate "{NAME}" (owner Ada): the gate passes: it can be removed',)


def test_waived_conversations_are_shown_in_the_rate_and_left_out_of_what_decides(manifest: Manifest) -> None:
    ids = tuple(f"pl-{number:02}" for number in range(48))
    one = found(manifest, MADE, waiver(gate=None, ids=ids))
    polish = one.gates[1]
    assert one.verdict == "PASS"
    assert (polish.verdict, polish.rate.good, polish.rate.n) == ("FAIL", 50, 100)
    assert polish.without is not None
    assert (polish.without.good, polish.without.n, polish.effect) == (50, 52, "PASS")
    text = red_text(polish, Path("r"))
    assert "without the waived conversations 50/52 = 96.2 % [" in text
    assert "PASS, which is what counts" in text
    assert one.gates[0].waivers == ()


def test_waived_conversations_do_not_help_when_others_fail_as_well(manifest: Manifest) -> None:
    some = found(manifest, MADE, waiver(gate=None, ids=("pl-00", "pl-01")))
    assert (some.verdict, some.gates[1].effect) == ("FAIL", "FAIL")


def test_waived_conversations_never_make_a_gate_worse(manifest: Manifest) -> None:
    # One conversation of many answers, one of them bad: without it the rest is too little to show 80 %.
    made = rows("pl", 1, 20)
    made += [msgspec.structs.replace(made[0], turn=turn, metrics={"rate": True}) for turn in range(2, 12)]
    one = waiver(gate=None, ids=("pl-00",))
    close = GateTable(dimension="manners", at_least=0.75)
    plain, waived = (found(manifest, made, *waivers, gate=close).gates[0] for waivers in ((), (one,)))
    assert waived.without is not None
    assert (plain.verdict, waived.verdict, waived.effect) == ("PASS", "PASS", "PASS")


@pytest.mark.parametrize(("state", "held"), [("errored", True), ("abstained", False), ("diverged", False)])
def test_a_conversation_without_a_score_is_held_against_the_agent_only_where_it_errored(
    manifest: Manifest, state: State, held: bool
) -> None:
    made = rows("pl", 0)
    made[0] = msgspec.structs.replace(made[0], state=state, metrics={"rate": None})
    seen = found(manifest, made, waiver(gate=None, ids=("pl-00",)))
    assert bool(seen.gates[0].waivers) is held
    assert any("no gate holds these conversations against the agent" in note for note in seen.notes) is not held


def test_expired_conversations_count_again(manifest: Manifest) -> None:
    ids = tuple(f"pl-{number:02}" for number in range(48))
    late = found(manifest, MADE, waiver("2026-06-14", gate=None, ids=ids))
    assert late.verdict == "FAIL"
    assert late.gates[1].without is None
    assert "expired on 2026-06-14, owner Ada for pl-00, " in red_text(late.gates[1], Path("r"))


def test_a_zero_tolerance_gate_passes_without_its_waived_conversation(manifest: Manifest) -> None:
    gate = GateTable(dimension="manners", zero=True)
    one = found(manifest, rows("pl", 1), waiver(gate=None, ids=("pl-00",)), gate=gate)
    assert (one.verdict, one.gates[0].verdict, one.gates[0].effect) == ("PASS", "FAIL", "PASS")


def points(*languages: str) -> list[Point]:
    turns = (Turn(speaker="customer", text="hello"), Turn(speaker="ai_agent", text="hi"))
    made = [
        Transcript(schema=1, id=f"{language}-{number:02}", language=language, turns=turns)
        for language in languages
        for number in range(100)
    ]
    return [point for one in made for point in points_of(one)]


@pytest.mark.parametrize(("waivers", "decided"), [((), False), (("2999-12-31",), True), (("2000-01-01",), False)])
def test_looking_early_waits_for_a_gate_that_is_open_unless_a_waiver_of_it_is_in_force(
    waivers: tuple[str, ...], decided: bool
) -> None:
    settings = Settings(suite=SuiteTable(name="test"), gate=(GATE,), waiver=tuple(waiver(day) for day in waivers))
    made = [*rows("en", 0), *rows("pl", 20)]
    look = looking(settings)(points("en", "pl"), [manners])
    assert look(made, frozenset(one.cluster for one in made)).decided is decided


def test_a_waiver_of_a_gate_that_does_not_exist_names_those_that_do(manifest: Manifest) -> None:
    with pytest.raises(InputError) as caught:
        found(manifest, MADE, waiver(gate="maners[pl] rate"))
    text = str(caught.value)
    assert text.startswith('evals/suite.toml: waiver[0] (gate "maners[pl] rate"): no gate has this name: there are ')
    assert "manners[en] rate, manners[pl] rate" in text


def test_the_name_may_be_typed_with_a_plain_minus_and_without_all(manifest: Manifest) -> None:
    gate = GateTable(dimension="manners", margin=0.2)
    one = found(manifest, MADE, waiver(gate="manners rate AI - human"), gate=gate)
    assert one.gates[0].waivers[0].owner == "Ada"


SUITE = """[suite]
name = "small"
datasets = ["data.jsonl"]
[agent]
default = "recorded:replies.jsonl"
[[gate]]
dimension = "manners"
at_least = 0.8
slices = ["language"]
"""


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('gate = "x"\nreason = "r"\nexpires = 2026-01-01\n', 'waiver[0] (gate "x"): owner is missing: name who'),
        ('gate = "x"\nowner = "o"\nexpires = 2026-01-01\n', 'waiver[0] (gate "x"): reason is missing: say why'),
        ('ids = ["a"]\nowner = "o"\nreason = "r"\n', "waiver[0] (ids a): expires is missing: write the last day"),
        ('owner = "o"\nreason = "r"\nexpires = 2026-01-01\n', "waiver[0]: expected either gate = "),
        (
            'gate = "x"\nids = ["a"]\nowner = "o"\nreason = "r"\nexpires = 2026-01-01\n',
            'ids = ["ID", …], got both',
        ),
        ('gate = "x"\nowner = "o"\nreason = "r"\nexpires = "soon"\n', "waiver[0].expires: "),
        (
            'gate = "x"\nkind = "most"\nowner = "o"\nreason = "r"\nexpires = 2026-01-01\n',
            "waiver[0].kind: expected one of at_least",
        ),
    ],
)
def test_a_waiver_that_says_too_little_is_named_with_file_table_and_remedy(
    tmp_path: Path, table: str, said: str
) -> None:
    path = tmp_path / "suite.toml"
    path.write_text(SUITE + "[[waiver]]\n" + table)
    with pytest.raises(InputError) as caught:
        read_settings(path)
    assert str(caught.value).startswith(f"{path}: waiver[0]")
    assert said in str(caught.value)


GRADER = """
from chatparity.grading import Exchange, Score, grader

@grader(dimension="manners")
def manners(exchange: Exchange) -> Score:
    "Fails on a shrug."
    if "whatever" in exchange.reply.text:
        return Score.failed("a shrug", outcome="rude")
    return Score.passed("civil")
"""
REPORT = """
def build(folder, findings):
    folder.write(folder.report_file, b"<p>report</p>")
    return folder.report_file
"""
TEST = """
import pytest

@pytest.mark.gates("manners")
def test_manners(gate):
    gate.check()
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Lay a suite into the current folder whose agent shrugs in half of its Polish answers."""
    for name in list(os.environ):
        if name.startswith(("CHATPARITY_", "PYTEST_")):
            monkeypatch.delenv(name)
    for name in [one for one in sys.modules if one.split(".")[0] == "chatparity_suite"]:
        monkeypatch.delitem(sys.modules, name)
    lines = []
    for language in ("en", "pl"):
        for number in range(40):
            text = "whatever" if language == "pl" and number < 20 else "with pleasure"
            turns = [{"speaker": "customer", "text": "hello"}, {"speaker": "ai_agent", "text": text}]
            made = {"schema": 1, "id": f"{language}-{number:02}", "language": language, "turns": turns}
            lines.append(msgspec.json.encode(made | {"synthetic": True}) + b"\n")
    for name, content in {
        "evals/suite.toml": SUITE.encode(),
        "evals/test_manners.py": TEST.encode(),
        "graders/manners.py": GRADER.encode(),
        "reports/report.py": REPORT.encode(),
        "data.jsonl": b"".join(lines),
        "replies.jsonl": b"".join(lines),
    }.items():
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return pytester


def waive(suite: pytest.Pytester, expires: str, *names: str) -> None:
    path = suite.path / "evals" / "suite.toml"
    tables = [
        f'[[waiver]]\ngate = "{name}"\nowner = "Ada"\nreason = "known"\nexpires = {expires}\n'
        for name in names or (NAME, "manners[all] rate")
    ]
    path.write_text(SUITE + "".join(tables))


def test_under_pytest_a_waived_gate_is_an_expected_failure_and_the_session_passes(suite: pytest.Pytester) -> None:
    waive(suite, "2999-12-31")
    done = suite.runpytest_subprocess(*PLAIN, "evals", "-rx")
    done.assert_outcomes(passed=1, xfailed=2)
    assert done.ret == 0
    text = done.stdout.str()
    assert "FAIL (waived) manners[pl] rate 20/40 = 50.0 %" in text
    assert "waived until 2999-12-31, owner Ada: known" in text
    assert "chatparity: PASS" in text


def test_under_pytest_an_expired_waiver_fails_with_date_and_owner(suite: pytest.Pytester) -> None:
    waive(suite, "2020-01-31")
    done = suite.runpytest_subprocess(*PLAIN, "evals")
    done.assert_outcomes(passed=1, failed=2)
    assert done.ret == 1
    assert "waiver expired on 2020-01-31, owner Ada: known" in done.stdout.str()


def test_under_pytest_a_waiver_of_nothing_is_bad_input_before_anyone_is_asked(suite: pytest.Pytester) -> None:
    waive(suite, "2999-12-31", "manners[sv] rate")
    done = suite.runpytest_subprocess(*PLAIN, "evals")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(['*waiver[[]0[]] (gate "manners[[]sv[]] rate"): no gate has this name: there are *'])
    assert not (suite.path / "reports" / "runs").exists()


@pytest.mark.parametrize(
    ("expires", "code", "said"),
    [
        ("2999-12-31", 0, "PASS (2 not passing gates waived)"),
        ("2020-01-31", 1, "waiver expired on 2020-01-31, owner Ada: known"),
    ],
)
def test_the_command_leaves_0_for_a_waived_run_and_1_for_an_expired_one(
    suite: pytest.Pytester, expires: str, code: int, said: str
) -> None:
    waive(suite, expires)
    done = suite.run(sys.executable, "-m", "chatparity", "run", "--out", "r")
    assert (done.ret, said in done.stdout.str()) == (code, True)
    again = suite.run(sys.executable, "-m", "chatparity", "gate", "r")
    assert again.ret == code
    assert b'"owner": "Ada"' in (suite.path / "r" / "gate.json").read_bytes()


def test_the_command_refuses_a_waiver_of_nothing_with_2(suite: pytest.Pytester) -> None:
    waive(suite, "2999-12-31", "manners[sv] rate")
    done = suite.run(sys.executable, "-m", "chatparity", "run", "--out", "r")
    assert done.ret == 2
    assert "no gate has this name" in done.stderr.str()
    assert not (suite.path / "r").exists()
