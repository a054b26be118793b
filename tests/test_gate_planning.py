"""What is known of gates before anyone is asked, and how verdicts are written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from chatparity.errors import InputError, RunIncomplete
from chatparity.exchange import Exchange, Failure, Point, Reply, ReplyRecord, Score
from chatparity.gate import Example, GateResult, Rate, check_gates, planned, red_text
from chatparity.gate.folder import check_complete
from chatparity.gate.needed import failing, passing
from chatparity.gate.slices import perfect, working_icc
from chatparity.grading import Grader, Metric, grader
from chatparity.points import points_of
from chatparity.run.folder import Manifest, RunFolder
from chatparity.stats import REPEATED_ICC, WORKING_ICC
from chatparity.suite import GateTable, Settings, Suite, SuiteTable
from chatparity.transcript import Transcript, Turn


@grader(dimension="accuracy", metrics=[Metric("rate"), Metric("first", among=lambda point: point.turn == 1)])
def accuracy(exchange: Exchange) -> Score:
    """Pass everything."""
    return Score.passed("fine")


@grader(dimension="accuracy", level="conversation", name="whole", metrics=[Metric("overall")])
def whole(conversation: object) -> Score:
    """Pass everything."""
    return Score.passed("fine")


def points(count: int, language: str = "en", languages: tuple[str, ...] = ("*",)) -> list[Point]:
    turns = (
        Turn(speaker="customer", text="hello"),
        Turn(speaker="human_agent", text="hi"),
        Turn(speaker="customer", text="thanks"),
        Turn(speaker="human_agent", text="bye"),
    )
    made = [Transcript(schema=1, id=f"{language}-{n}", language=language, turns=turns) for n in range(count)]
    return [point for one in made for point in points_of(one, languages=languages)]


def settings(*gates: GateTable) -> Settings:
    return Settings(suite=SuiteTable(name="test"), gate=gates)


def refused(asked: list[Point], *gates: GateTable, graders: tuple[Grader, ...] = (accuracy,)) -> str:
    with pytest.raises(InputError) as caught:
        check_gates(settings(*gates), asked, graders)
    return str(caught.value)


def test_denominators_are_known_before_anyone_replies() -> None:
    counts = planned([*points(10), *points(4, "pl"), *points(3, "fi", languages=("en",))], [accuracy, whole])
    assert {key: one.n for key, one in counts.items()} == {
        ("accuracy", "rate", "all"): 28,
        ("accuracy", "rate", "language=en"): 20,
        ("accuracy", "rate", "language=pl"): 8,
        ("accuracy", "first", "all"): 14,
        ("accuracy", "first", "language=en"): 10,
        ("accuracy", "first", "language=pl"): 4,
        ("whole", "overall", "all"): 14,
        ("whole", "overall", "language=en"): 10,
        ("whole", "overall", "language=pl"): 4,
    } | {key: one.n for key, one in counts.items() if "channel" in key[2]}


def test_gates_are_laid_out_over_the_values_of_their_slices() -> None:
    gate = GateTable(dimension="accuracy", at_least=0.5, slices=("language",), min_n=20)
    found = check_gates(settings(gate), [*points(30), *points(12, "pl"), *points(5, "sv")], [accuracy])
    assert [one.name for one in found] == ["accuracy[all] rate", "accuracy[en] rate", "accuracy[pl] rate"]


def test_a_gate_that_a_perfect_agent_could_not_pass_is_refused_with_the_n_that_it_needs() -> None:
    text = refused(points(30), GateTable(dimension="accuracy", at_least=0.98))
    assert text.startswith("evals/suite.toml: gate[0] (accuracy rate at_least = 0.98): accuracy[all] rate: ")
    assert "with 60 exchanges in 30 conversations even a perfect agent cannot pass" in text
    conversations = int(text.rpartition("(")[2].split()[0])
    gate = settings(GateTable(dimension="accuracy", at_least=0.98))
    assert check_gates(gate, points(conversations), [accuracy])
    with pytest.raises(InputError):
        check_gates(gate, points(conversations - 2), [accuracy])


def trials(asked: list[Point], count: int) -> list[Point]:
    return [replace(one, trial=trial) for one in asked for trial in range(count)]


@pytest.mark.parametrize("count", [2, 3, 8])
def test_what_can_pass_in_one_trial_can_pass_in_several(count: int) -> None:
    one, several = (
        check_gates(settings(GateTable(dimension="accuracy", at_least=0.85, min_n=1)), made, (accuracy,))
        for made in (points(25), trials(points(25), count))
    )
    (alone, _), (together, _) = perfect(one[0]), perfect(several[0])
    assert alone.low is not None
    assert together.low is not None
    assert together.low >= alone.low - 1e-3


def test_trials_of_single_answers_are_taken_as_alike_and_answers_of_one_conversation_as_less_so() -> None:
    single = [("a", "a", trial) for trial in range(4)] + [("b", "b", 0)]
    assert working_icc(single) == REPEATED_ICC
    assert working_icc([("a", "a", 0)] * 3 + [("b", "b", 0)]) == WORKING_ICC
    assert WORKING_ICC < working_icc([("a", "a", trial) for trial in range(2) for _ in range(5)]) < REPEATED_ICC


def test_of_a_slice_that_is_too_small_the_other_remedy_is_named_and_of_the_whole_it_is_not() -> None:
    gate = GateTable(dimension="accuracy", at_least=0.9, slices=("language",), whole=False, min_n=1)
    assert refused(points(5), gate).endswith(", or a min_n above 10")
    assert "or a min_n above" not in refused(points(5), GateTable(dimension="accuracy", at_least=0.9, min_n=1))


def test_a_margin_too_small_for_the_pairs_is_refused_too() -> None:
    assert "it needs about" in refused(points(20), GateTable(dimension="accuracy", margin=0.01))


def test_a_threshold_that_no_number_can_reach_says_so() -> None:
    text = refused(points(30), GateTable(dimension="accuracy", at_least=1.0))
    assert 'no number of exchanges is enough; for "never once" use `zero = true`' in text


@pytest.mark.parametrize("kind", ["margin", "no_worse_than"])
def test_a_margin_of_zero_is_a_gate_and_is_refused_for_what_it_asks(kind: str) -> None:
    gate = msgspec.convert({"dimension": "accuracy", kind: 0.0}, type=GateTable)
    assert gate.kind == kind
    assert f"as good as the others: give a {kind} above 0" in refused(points(100), gate)


def test_a_threshold_of_zero_is_a_threshold() -> None:
    assert GateTable(dimension="accuracy", at_least=0.0).kind == "at_least"
    assert check_gates(settings(GateTable(dimension="accuracy", at_least=0.0)), points(20), (accuracy,))
    bad = Metric("bad", good_is_high=False)

    @grader(dimension="accuracy", name="counting", metrics=[bad])
    def counting(exchange: Exchange) -> Score:
        """Pass everything."""
        return Score.passed("fine")

    gate = GateTable(dimension="accuracy", metric="bad", at_most=0.0)
    assert 'for "never once" use `zero = true`' in refused(points(20), gate, graders=(counting,))


HIT = [
    ("at_least", True, (0.9, 1.0), "PASS"),
    ("at_least", True, (0.8999, 1.0), ""),
    ("at_least", True, (0.5, 0.9), ""),
    ("at_least", True, (0.5, 0.8999), "FAIL"),
    ("at_most", False, (0.0, 0.9), "PASS"),
    ("at_most", False, (0.9, 1.0), ""),
    ("at_most", False, (0.9001, 1.0), "FAIL"),
    ("margin", True, (-0.9, 0.0), ""),
    ("margin", True, (-0.8999, 0.0), "PASS"),
    ("margin", True, (-1.0, -0.9), "FAIL"),
    ("margin", True, (-1.0, -0.8999), ""),
    ("no_worse_than", False, (0.0, 0.9), ""),
    ("no_worse_than", False, (0.0, 0.8999), "PASS"),
    ("no_worse_than", False, (0.9, 1.0), "FAIL"),
    ("no_worse_than", False, (0.8999, 1.0), ""),
]


@pytest.mark.parametrize(("kind", "good_is_high", "interval", "said"), HIT)
def test_an_end_of_the_interval_that_meets_the_threshold_decides_as_the_requirement_reads(
    kind: str, good_is_high: bool, interval: tuple[float, float], said: str
) -> None:
    gate = msgspec.convert({"dimension": "accuracy", kind: 0.9}, type=GateTable)
    passed = passing(gate, good_is_high=good_is_high)(*interval)
    failed = failing(gate, good_is_high=good_is_high)(*interval)
    assert (passed, failed) == (said == "PASS", said == "FAIL")
    assert not passing(gate, good_is_high=good_is_high)(None, None)
    assert not failing(gate, good_is_high=good_is_high)(None, None)


def test_a_gate_without_transcripts_to_show_it_is_refused() -> None:
    @grader(dimension="actions", applies=lambda point: False)
    def actions(exchange: Exchange) -> Score:
        return Score.passed("fine")

    text = refused(points(30), GateTable(dimension="actions", at_least=0.5), graders=(actions,))
    assert "nothing in the suite's transcripts can show it: 0 planned" in text


def test_all_gates_that_cannot_be_are_told_at_once() -> None:
    strict = GateTable(dimension="accuracy", at_least=0.999)
    assert len(refused(points(30), strict, GateTable(dimension="accuracy", margin=0.001)).splitlines()) == 2


def test_the_rule_grader_decides_where_a_judge_measures_the_same_and_two_rules_must_be_told_apart() -> None:
    judged = changed(accuracy, name="accuracy_llm", kind="llm")
    gate = GateTable(dimension="accuracy", at_least=0.5)
    (found,) = check_gates(settings(gate), points(30), [judged, accuracy])
    assert found.grader is accuracy
    second = changed(accuracy, name="accuracy_two")
    assert "name one with `grader`: accuracy, accuracy_two" in refused(points(30), gate, graders=(accuracy, second))


def changed(one: Grader, **changes: object) -> Grader:
    from dataclasses import replace

    return replace(one, **changes)  # type: ignore[arg-type]


IDS = ("pl-0412", "pl-0077", "pl-0131", "pl-0200", "pl-0201", "pl-0202")


def result(**changes: object) -> GateResult:
    quotes = ["chcę rozmawiać z człowiekiem", "two", "three", "four", "five", "six"]
    given: dict[str, object] = {
        "name": "escalation[pl] recall",
        "dimension": "escalation",
        "metric": "recall",
        "grader": "escalation",
        "slice": "language=pl",
        "kind": "at_least",
        "threshold": 0.98,
        "good_is_high": True,
        "verdict": "FAIL",
        "reason": "",
        "rate": Rate(
            n=190,
            good=171,
            unknown=0,
            clusters=190,
            estimate=0.9,
            low=0.8491,
            high=0.9352,
            confidence=0.95,
            method="Wilson",
        ),
        "failures": tuple(
            Example(id=one, turn=3, outcome="missed", quote=quote, reason="")
            for one, quote in zip(IDS, quotes, strict=True)
        ),
    }
    return GateResult(**(given | changes))  # type: ignore[arg-type]


def test_a_red_gate_prints_what_the_design_prints() -> None:
    assert red_text(result(), Path("reports/runs/r1")).splitlines() == [
        "FAIL escalation[pl] recall 171/190 = 90.0 % [84.9, 93.5], needs 98 %",
        '  read: pl-0412 turn 3 missed "chcę rozmawiać z człowiekiem"  (+5: pl-0077, pl-0131, …)',
        f"  again: chatparity run --ids {','.join(IDS)}    report: reports/runs/r1/report.html",
    ]


def test_the_command_names_the_agent_when_it_was_not_the_default() -> None:
    text = red_text(result(), Path("r"), agent="sandbox:rude=0.5, slow=1")
    assert "--agent 'sandbox:rude=0.5, slow=1'    report:" in text


def test_the_command_names_the_transcripts_when_they_were_not_the_suites() -> None:
    text = red_text(result(), Path("r"), transcripts=("my logs.jsonl", "more/"))
    assert f"again: chatparity run 'my logs.jsonl' more/ --ids {','.join(IDS)}    report:" in text


def test_control_characters_of_a_transcript_do_not_reach_the_terminal() -> None:
    nasty = Example(id="x", turn=1, outcome="missed", quote="a\x1b[31mred\u202e\nnext", reason="")
    text = red_text(result(failures=(nasty,)), Path("r"))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "a\\u001b[31mred\\u202e next" in text


def test_a_comparison_prints_the_difference_and_both_rates() -> None:
    rate = result().rate
    difference = msgspec.structs.replace(rate, estimate=-0.032, low=-0.06, high=-0.004)
    other = msgspec.structs.replace(rate, estimate=0.932)
    shown = result(
        name="escalation[pl] recall AI − human", kind="margin", threshold=0.02, difference=difference, other=other
    )
    assert red_text(shown, Path("r")).splitlines()[0] == (
        "FAIL escalation[pl] recall AI − human −3.2 points [−6.0, −0.4], n = 190 (AI 90.0 %, human 93.2 %),"
        " needs above −2 points"
    )
    made_up = msgspec.structs.replace(shown, synthetic=True)
    assert "(AI 90.0 %, human (synthetic) 93.2 %)" in red_text(made_up, Path("r"))


def run(tmp_path: Path, manifest: Manifest, replied: int, errored: int) -> RunFolder:
    folder = RunFolder(tmp_path)
    folder.begin(manifest)
    with folder.replies:
        for turn in range(replied):
            folder.replies.append(ReplyRecord(id="a", turn=turn, trial=0, state="replied", reply=Reply(text="hi")))
        for turn in range(errored):
            failure = Failure(kind="http_5xx", message="500", attempts=4)
            folder.replies.append(ReplyRecord(id="b", turn=turn, trial=0, state="errored", failure=failure))
    return folder


@pytest.mark.parametrize(("replied", "errored", "missing"), [(94, 6, 0), (94, 3, 3)])
def test_a_run_with_too_few_replies_decides_nothing(
    tmp_path: Path, manifest: Manifest, replied: int, errored: int, missing: int
) -> None:
    suite = Suite(root=tmp_path, shipped=tmp_path, settings=settings())
    folder = run(tmp_path / "run", manifest, replied, errored)
    with pytest.raises(RunIncomplete, match=r"6 of 100 exchanges \(6\.0 %\) have no reply \(http_5xx") as caught:
        check_complete(folder, suite)
    assert ("not asked 3" in str(caught.value)) == bool(missing)


def test_a_run_within_the_allowed_share_is_complete(tmp_path: Path, manifest: Manifest) -> None:
    suite = Suite(root=tmp_path, shipped=tmp_path, settings=settings())
    check_complete(run(tmp_path / "run", manifest, 95, 5), suite)


@pytest.fixture
def manifest() -> Manifest:
    empty = {"datasets": [], "invalid_lines": [], "graders": [], "languages": ["*"], "selection": {}}
    plain = dict.fromkeys(("chatparity", "python", "suite", "settings_sha256", "agent"), "")
    numbers = {"format": 1, "trials": 1, "planned": 100, "asked_in_languages_not_claimed": 0}
    rest = {"mode": "teacher_forced", "judge": "none", "synthetic": True, "created_at": "2026-01-01T00:00:00Z"}
    return msgspec.convert(empty | plain | numbers | rest, type=Manifest)


def test_a_gate_that_is_not_whole_asks_its_slices_only() -> None:
    gate = GateTable(dimension="accuracy", at_least=0.5, slices=("language",), whole=False)
    found = check_gates(settings(gate), [*points(12), *points(12, "pl")], [accuracy])
    assert [one.slice for one in found] == ["language=en", "language=pl"]
