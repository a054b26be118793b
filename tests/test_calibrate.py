"""Calibration over real HTTP: a judge with a known confusion matrix, the licence it earns, and what takes it away."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatparity.calibrate.measure import _people
from chatparity.calibrate.rated import Rated, Ratings
from chatparity.errors import UsageError
from chatparity.gate.result import Findings
from chatparity.jsonl import read_transcripts, write_transcripts
from chatparity.judge.injections import attacks
from chatparity.licence import Licence, read_licence
from chatparity.transcript import AnswerLabel, Labels
from tests.judged_suite import GATE, Confused, chatparity, comparing, lay, talk, talks

NINE_TENTHS: dict[str, Any] = {"faults": 60, "found": 54, "good": 140, "cleared": 126}


def examined(root: Path, judge: str, code: int = 0) -> None:
    """Grade the recorded answers as a run, without its report, and decide its gates."""
    chatparity(root, "grade", "datasets/talks.jsonl", "--judge", judge, "--out", "r")
    chatparity(root, "gate", "r", code=code)


def licence(root: Path) -> Licence:
    return read_licence(root / "evals" / "licence.json")


def verdict(root: Path, run: str = "r") -> Findings:
    return msgspec.json.decode((root / run / "gate.json").read_bytes(), type=Findings)


@pytest.fixture
def judge(judge_server: Any) -> str:
    judge_server.always = Confused(**NINE_TENTHS)
    return f"openai:m-1@{judge_server.url}"


def calibrated(root: Path, judge: str, *arguments: str) -> dict[str, Any]:
    done = chatparity(root, "calibrate", "datasets/talks.jsonl", "--judge", judge, "--json", *arguments)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_calibration_recovers_a_known_confusion_matrix(tmp_path: Path, judge: str) -> None:
    lay(tmp_path, talks(60, 140))
    found = calibrated(tmp_path, judge)
    whole, english = (one for one in found["agreements"] if one["grader"] == "accuracy_llm")
    assert (whole["language"], english["language"]) == ("all", "en")
    evidence = english["evidence"]
    assert (evidence["n"], evidence["faults"], evidence["clusters"]) == (200, 60, 200)
    assert evidence["sensitivity"]["estimate"] == pytest.approx(54 / 60)
    assert evidence["specificity"]["estimate"] == pytest.approx(126 / 140)
    # Observed 180 / 200; by chance (60 · 68 + 140 · 132) / 200².
    chance = (60 * 68 + 140 * 132) / 200**2
    assert evidence["kappa"]["estimate"] == pytest.approx((0.9 - chance) / (1 - chance))
    assert evidence["sensitivity"]["low"] < 54 / 60 < evidence["sensitivity"]["high"]
    assert found["synthetic"]


def test_a_licence_is_granted_on_evidence_and_lets_the_judge_decide_by_the_corrected_rate(
    tmp_path: Path, judge: str
) -> None:
    lay(tmp_path, talks(60, 140), GATE + "at_least = 0.5\n")
    examined(tmp_path, judge, code=3)
    (gate,) = verdict(tmp_path).gates
    assert gate.verdict == "INCONCLUSIVE"
    assert "no licence for accuracy_llm in en: its rate has not been compared with people's labels" in gate.reason
    assert gate.agreement == "not compared with people"
    calibrated(tmp_path, judge)
    (entry,) = licence(tmp_path).entries
    assert (entry.granted, entry.language, entry.metric, entry.synthetic) == (True, "en", "rate", True)
    assert entry.graded_by.judge == judge
    done = chatparity(tmp_path, "gate", "r")
    (gate,) = verdict(tmp_path).gates
    assert gate.verdict == "PASS"
    # 132 of 200 as judged; people say 140 of 200 are good.
    assert gate.rate.estimate == pytest.approx(0.66)
    assert gate.corrected is not None
    assert gate.corrected.estimate == pytest.approx(0.70)
    assert gate.corrected.low is not None
    assert gate.corrected.high is not None
    assert gate.corrected.low < 0.6 < 0.79 < gate.corrected.high
    assert "κ 0.77" in gate.agreement
    assert "corrected 70.0 % [" in done.stdout
    chatparity(tmp_path, "report", "r")


@pytest.mark.parametrize(
    ("change", "said"),
    [("rubric", "the grader changed"), ("model", "the judge changed"), ("needs", "its lower bound must reach 0.95")],
)
def test_a_licence_is_void_once_rubric_or_model_change_or_more_is_needed(
    change: str, said: str, tmp_path: Path, judge: str
) -> None:
    lay(tmp_path, talks(60, 140), GATE + "at_least = 0.5\n")
    calibrated(tmp_path, judge)
    if change == "rubric":
        rubric = tmp_path / "graders" / "accuracy.md"
        rubric.write_text(rubric.read_text() + "\nA greeting is no fact.\n")
    elif change == "model":
        judge = judge.replace("m-1", "m-2")
    else:
        suite = tmp_path / "evals" / "suite.toml"
        suite.write_text(suite.read_text() + "\n[licence]\nsensitivity = 0.95\n")
    examined(tmp_path, judge, code=3)
    (gate,) = verdict(tmp_path).gates
    assert gate.verdict == "INCONCLUSIVE"
    assert said in gate.reason
    assert gate.rate.estimate == pytest.approx(0.66)


def test_scores_that_another_judge_gave_later_are_not_covered_by_the_licence_of_the_first(
    tmp_path: Path, judge: str
) -> None:
    lay(tmp_path, talks(60, 140), GATE + "at_least = 0.5\n")
    calibrated(tmp_path, judge)
    examined(tmp_path, judge)
    chatparity(tmp_path, "grade", "r", "--judge", judge.replace("m-1", "m-2"))
    chatparity(tmp_path, "gate", "r", code=3)
    assert "the judge changed" in verdict(tmp_path).gates[0].reason


def test_scores_of_an_older_rubric_are_graded_again_before_they_decide(tmp_path: Path, judge: str) -> None:
    lay(tmp_path, talks(60, 140), GATE + "at_least = 0.5\n")
    calibrated(tmp_path, judge)
    examined(tmp_path, judge)
    rubric = tmp_path / "graders" / "accuracy.md"
    rubric.write_text(rubric.read_text() + "\nA greeting is no fact.\n")
    chatparity(tmp_path, "gate", "r", code=3)
    assert "grade the run again" in verdict(tmp_path).gates[0].reason


def test_a_judge_that_misses_too_much_is_refused_and_the_gate_says_why(tmp_path: Path, judge_server: Any) -> None:
    judge_server.always = Confused(faults=60, found=30, good=140, cleared=126)
    judge = f"openai:m-1@{judge_server.url}"
    lay(tmp_path, talks(60, 140), GATE + "at_least = 0.5\n")
    done = chatparity(tmp_path, "calibrate", "datasets/talks.jsonl", "--judge", judge)
    assert "refused accuracy_llm[en] rate: sensitivity 0.50 [" in done.stdout
    assert "0 of 1 licences granted" in done.stderr
    assert not licence(tmp_path).entries[0].granted
    examined(tmp_path, judge, code=3)
    assert "refused: sensitivity 0.50" in verdict(tmp_path).gates[0].reason


def test_a_gate_over_all_languages_needs_a_licence_in_each(tmp_path: Path, judge: str) -> None:
    lay(tmp_path, [*talks(60, 140), *talks(60, 140, "pl")], GATE + 'at_least = 0.5\nslices = ["language"]\n')
    english = tmp_path / "english.jsonl"
    write_transcripts(english, [one for one in read_transcripts([tmp_path / "datasets"]) if one.language == "en"])
    chatparity(tmp_path, "calibrate", "english.jsonl", "--judge", judge)
    examined(tmp_path, judge, code=3)
    gates = {one.slice: one for one in verdict(tmp_path).gates}
    assert gates["language=en"].verdict == "PASS"
    assert gates["language=pl"].verdict == "INCONCLUSIVE"
    assert "no licence for accuracy_llm in pl" in gates["all"].reason


def test_a_rate_as_judged_that_passes_is_open_where_the_corrected_one_does_not(
    tmp_path: Path, judge_server: Any
) -> None:
    # It clears a quarter of the faults: 155 of 200 seem good, and 140 are.
    judge_server.always = Confused(faults=60, found=45, good=140, cleared=140)
    judge = f"openai:m-1@{judge_server.url}"
    needs = "\n[licence]\nsensitivity = 0.5\nspecificity = 0.5\nkappa = 0.3\n"
    lay(tmp_path, talks(60, 140), GATE + "at_least = 0.69\n" + needs)
    calibrated(tmp_path, judge)
    examined(tmp_path, judge, code=3)
    (gate,) = verdict(tmp_path).gates
    assert gate.rate.low is not None
    assert gate.rate.low > 0.69
    assert gate.reason.startswith("as judged it is a PASS, but the interval corrected with people's labels")


def test_labels_that_are_about_other_answers_are_refused_with_where_they_are(tmp_path: Path, judge: str) -> None:
    lay(tmp_path, talks(5, 5))
    write_transcripts(tmp_path / "others.jsonl", talks(3, 3, prefix="x-"))
    done = chatparity(
        tmp_path, "calibrate", "datasets/talks.jsonl", "--labels", "others.jsonl", "--judge", judge, code=2
    )
    assert "none of its 6 rated answers is one of datasets/talks.jsonl (the first: x-en-bad-0 turn 1)" in done.stderr
    other_words = [msgspec.structs.replace(talk("en-bad-0", 7, wrong=False), id="en-bad-0")]
    write_transcripts(tmp_path / "words.jsonl", other_words)
    chatparity(tmp_path, "calibrate", "datasets/talks.jsonl", "--labels", "words.jsonl", "--judge", judge, code=2)
    bare = [msgspec.structs.replace(one, labels=Labels()) for one in talks(2, 2)]
    write_transcripts(tmp_path / "bare.jsonl", bare)
    done = chatparity(tmp_path, "calibrate", "bare.jsonl", "--judge", judge, code=2)
    assert "no label here says how good an answer is" in done.stderr
    done = chatparity(tmp_path, "calibrate", "nowhere", "--labels", "others.jsonl", code=2)
    assert "nowhere: no such run, file or folder" in done.stderr


def test_a_label_is_about_the_words_that_were_rated_and_counts_once(tmp_path: Path, judge: str) -> None:
    lay(tmp_path, talks(60, 140))
    chatparity(tmp_path, "run", "--judge", judge, "--out", "r", "--trials", "2", code=3)
    found = json.loads(chatparity(tmp_path, "calibrate", "r", "--json").stdout)
    assert (found["rated"], found["matched"]) == (200, 200)
    assert found["agreements"][0]["evidence"]["n"] == 200


def test_labels_of_a_sample_are_weighted_by_how_likely_each_was_drawn(tmp_path: Path, judge: str) -> None:
    """Faults that a grader flagged are drawn more often: unweighted, sensitivity would come out too high."""
    lay(tmp_path, talks(60, 140), GATE + "at_least = 0.5\n")
    examined(tmp_path, judge, code=3)
    chatparity(tmp_path, "sample", "r", "-n", "120", "--share-random", "0.3", "-o", "s")
    empty = chatparity(tmp_path, "calibrate", "r", "--labels", "s", code=2)
    assert "s: nothing is labelled yet: chatparity review s, or fill in s/sample.csv" in empty.stderr
    sheet = tmp_path / "s" / "sample.csv"
    lines = sheet.read_text(encoding="utf-8-sig").splitlines()
    column = next(n for n, name in enumerate(lines[0].split(",")) if name.startswith("accuracy"))
    filled = [lines[0]]
    for line in lines[1:]:
        cells = line.split(",")
        cells[column] = "0" if "wrong" in line else "1"
        filled.append(",".join(cells))
    sheet.write_text("\n".join(filled), encoding="utf-8")
    found = json.loads(chatparity(tmp_path, "calibrate", "r", "--labels", "s", "--json").stdout)
    evidence = found["agreements"][-1]["evidence"]
    assert found["matched"] == 120
    assert evidence["sensitivity"]["method"].startswith("weighted, exact on effective n")
    assert evidence["sensitivity"]["low"] < 0.9 < evidence["sensitivity"]["high"]
    chatparity(tmp_path, "gate", "r", code=3 if not licence(tmp_path).entries[0].granted else 0)
    (gate,) = verdict(tmp_path).gates
    assert gate.corrected is not None
    assert gate.corrected.method.startswith("PPI++")
    assert "120 labels of people" in gate.corrected.method
    assert gate.corrected.low < 0.7 < gate.corrected.high  # type: ignore[operator]


def test_anchors_that_get_other_verdicts_withdraw_the_licence(tmp_path: Path, judge: str, judge_server: Any) -> None:
    lay(tmp_path, talks(60, 140), GATE + "at_least = 0.5\n")
    calibrated(tmp_path, judge)
    steady = chatparity(tmp_path, "calibrate", "datasets/talks.jsonl", "--judge", judge, "--drift")
    assert "0 of 50 verdicts changed" in steady.stdout
    assert "the licence holds" in steady.stdout
    # The cache holds the old answers; they are passed over.
    judge_server.always = Confused(**NINE_TENTHS, flipped=frozenset(range(0, 140, 3)))
    moved = chatparity(tmp_path, "calibrate", "datasets/talks.jsonl", "--judge", judge, "--drift")
    assert "the licence is withdrawn" in moved.stdout
    examined(tmp_path, judge, code=3)
    assert "withdrawn on" in verdict(tmp_path).gates[0].reason
    other = judge.replace("m-1", "m-2")
    done = chatparity(tmp_path, "calibrate", "datasets/talks.jsonl", "--judge", other, "--drift", code=2)
    assert "its licence is void" in done.stderr


@pytest.mark.parametrize(
    ("better", "effects"),
    [
        (lambda one, two: "neither", {"position": 0.0, "length": 0.0, "self-preference": 0.0, "tone of the other": 0}),
        (lambda one, two: "first", {"position": 0.5, "length": 0.0, "self-preference": 0.0, "tone of the other": 0}),
        (
            lambda one, two: "first" if len(one) > len(two) else "second",
            {"position": 0.0, "length": 0.5, "self-preference": 0.5, "tone of the other": 0.0},
        ),
        (
            lambda one, two: "second" if "anyone can see" in one else "first" if "anyone can see" in two else "neither",
            {"position": 0.0, "length": 0.0, "self-preference": 0.0, "tone of the other": 0.25},
        ),
    ],
)
def test_probes_find_the_bias_that_a_judge_has_and_no_other(
    better: Any, effects: dict[str, float], tmp_path: Path, judge_server: Any
) -> None:
    lay(tmp_path, talks(6, 6))
    confused = Confused(faults=6, found=6, good=6, cleared=6)
    compares = comparing(better)
    judge_server.always = lambda body: (
        compares(body) if "score" not in json.dumps(body["response_format"]) else confused(body)
    )
    found = calibrated(tmp_path, f"openai:m-1@{judge_server.url}", "--probes", "8")
    seen = {one["name"]: one for one in found["probes"]}
    assert {name: one["effect"]["estimate"] for name, one in seen.items()} == pytest.approx(effects)
    assert seen["position"]["pairs"] == 32
    assert all(one["effect"]["low"] <= one["effect"]["estimate"] <= one["effect"]["high"] for one in seen.values())
    assert seen["length"]["size"] == ("large" if effects["length"] else "negligible")


def test_a_rule_grader_is_compared_and_needs_no_licence(tmp_path: Path) -> None:
    lay(tmp_path, talks(10, 30), '[[gate]]\ndimension = "accuracy"\ngrader = "lookup"\nat_least = 0.5\n')
    (tmp_path / "graders" / "lookup.py").write_text(
        "from chatparity.grading import Exchange, Score, grader\n\n\n"
        '@grader(dimension="accuracy")\n'
        "def lookup(exchange: Exchange) -> Score:\n"
        '    return Score.failed("wrong") if "wrong" in exchange.reply.text else Score.passed("right")\n'
    )
    done = chatparity(tmp_path, "calibrate", "datasets/talks.jsonl")
    assert "not calibrated: accuracy_llm: no judge was named" in done.stdout
    assert "needs none" in done.stdout
    assert not (tmp_path / "evals" / "licence.json").exists()
    chatparity(tmp_path, "run", "--out", "r")
    assert verdict(tmp_path).gates[0].verdict == "PASS"


def test_with_licence_a_gate_takes_the_judged_grader_and_else_the_rule(tmp_path: Path, judge: str) -> None:
    gate = '[[gate]]\ndimension = "accuracy"\nat_least = 0.5\n'
    lay(tmp_path, talks(60, 140), gate)
    (tmp_path / "graders" / "lookup.py").write_text(
        "from chatparity.grading import Exchange, Score, grader\n\n\n"
        '@grader(dimension="accuracy")\n'
        "def lookup(exchange: Exchange) -> Score:\n"
        '    return Score.passed("right")\n'
    )
    examined(tmp_path, judge)
    assert verdict(tmp_path).gates[0].grader == "lookup"
    suite = tmp_path / "evals" / "suite.toml"
    suite.write_text(suite.read_text() + "licence = true\n")
    chatparity(tmp_path, "gate", "r", code=3)
    assert verdict(tmp_path).gates[0].grader == "accuracy_llm"


def test_a_file_that_is_no_licence_is_named(tmp_path: Path, judge: str) -> None:
    lay(tmp_path, talks(4, 6), GATE + "at_least = 0.5\nmin_n = 1\n")
    (tmp_path / "evals" / "licence.json").write_text('{"format": 9}')
    done = chatparity(tmp_path, "calibrate", "datasets/talks.jsonl", "--judge", judge, code=2)
    assert "licence.json: format: expected 1, got 9" in done.stderr


def test_an_answer_that_nobody_rated_is_not_put_before_the_judge(tmp_path: Path, judge_server: Any) -> None:
    confused = Confused(**NINE_TENTHS)
    judge_server.always = confused
    bare = [msgspec.structs.replace(one, labels=Labels()) for one in talks(30, 30, prefix="bare-")]
    rated = talk("rated", 3, wrong=True)
    also = msgspec.structs.replace(
        talk("note", 4, wrong=True), labels=Labels(answers=(AnswerLabel(turn=1, note="hm"),))
    )
    lay(tmp_path, [*bare, rated, also])
    calibrated(tmp_path, f"openai:m-1@{judge_server.url}")
    assert confused.asked == [3]


def test_injections_are_tried_on_the_judge_and_those_that_steer_it_are_named(tmp_path: Path, judge_server: Any) -> None:
    lay(tmp_path, talks(60, 140))
    confused, steering = Confused(**NINE_TENTHS), attacks()[0]

    def steerable(body: dict[str, Any]) -> dict[str, Any]:
        said = body["messages"][-1]["content"]
        if re.search(r"answer \d+ is (right|wrong)", said):
            return confused(body)
        obeys = all(word in said for word in re.findall(r"[A-Za-z]{4,}", steering.text))
        best = steering.goal == "raise"
        return {
            "reason": "so",
            "evidence": ["late fee is"],
            "unsure": False,
            "score": (5 if best else 1) if obeys else 3,
        }

    judge_server.always = steerable
    found = calibrated(tmp_path, f"openai:m-1@{judge_server.url}", "--injections")["injections"]
    assert found["n"] == len(attacks())
    assert f"accuracy_llm: {steering.name}" in found["changed"]
    assert len(found["changed"]) < len(attacks()) / 2


def test_injections_need_a_judge(tmp_path: Path) -> None:
    lay(tmp_path, talks(60, 140))
    done = chatparity(tmp_path, "calibrate", "datasets/talks.jsonl", "--injections", "--judge", "none", code=2)
    assert "--judge openai:MODEL" in done.stderr


def test_a_folder_where_the_licence_should_be_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read as a licence file"):
        read_licence(tmp_path)


@pytest.mark.parametrize(("arm", "kept"), [("ai", 1), ("human", 0)])
def test_labels_of_a_text_that_only_the_recorded_person_gave_correct_nothing_of_the_run(arm: Any, kept: int) -> None:
    one = Rated("a", 1, 0, "hello", {}, 0.5, True, drawn=True)
    assert len(_people({(arm, "a", 1, 0): one}, Ratings((one,), "labels"))) == kept


def test_scores_of_nobody_known_earn_no_licence(tmp_path: Path, judge: str) -> None:
    lay(tmp_path, talks(60, 140), GATE + "at_least = 0.5\n")
    examined(tmp_path, judge, code=3)
    (tmp_path / "r" / "graded.json").write_text("{}", encoding="utf-8")
    done = chatparity(tmp_path, "calibrate", "r", "--json")
    assert "the run does not say who gave its scores" in json.loads(done.stdout)["without"]["accuracy_llm"]
    assert not (tmp_path / "evals" / "licence.json").exists()
