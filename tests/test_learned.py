"""Learned graders: fitted from labels, measured on what they have not seen, stored as numbers, used like any grader."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatparity.errors import InputError, UsageError
from chatparity.exchange import Exchange, Reply, Score
from chatparity.grading.fingerprint import conversation_mark
from chatparity.grading.learned import learned_grader
from chatparity.jsonl import write_transcripts
from chatparity.learned.data import examples_of
from chatparity.learned.features import features_of
from chatparity.learned.file import read_model, write_model
from chatparity.learned.fit import Fitted, fit
from chatparity.learned.model import Model, Predictor
from chatparity.learned.train import folds
from chatparity.points import points_of
from chatparity.transcript import AnswerLabel, Labels, Transcript, Turn
from tests.judged_suite import chatparity, lay

KIND = ("Gladly,", "with pleasure,", "of course,", "thank you for asking:")
RUDE = ("Obviously", "as I said already", "read it yourself:", "whatever,")
THINGS = ("the parcel", "the refund", "the invoice", "the card", "the order", "the fee", "the account", "the plan")

REST = "the card comes on day 13."


def talk(name: str, polite: bool, dice: random.Random, *, language: str = "en", answers: int = 1) -> Transcript:
    """Make a conversation whose tone shows in nine of ten answers; synthetic."""
    turns: list[Turn] = []
    labels: list[AnswerLabel] = []
    for number in range(answers):
        tone = KIND if polite == (dice.random() < 0.9) else RUDE
        said = f"{dice.choice(tone)} {dice.choice(THINGS)} comes on day {dice.randint(1, 28)}."
        turns += [Turn(speaker="customer", text="When?"), Turn(speaker="human_agent", text=said)]
        labels.append(AnswerLabel(turn=2 * number + 1, politeness=5 if polite else 1))
    labelled = Labels(answers=tuple(labels))
    return Transcript(schema=1, id=name, language=language, synthetic=True, turns=tuple(turns), labels=labelled)


def talks(count: int, *, prefix: str = "", language: str = "en", answers: int = 1) -> list[Transcript]:
    dice = random.Random(f"{prefix}{language}")
    return [talk(f"{prefix}{language}-{n}", n % 2 == 0, dice, language=language, answers=answers) for n in range(count)]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    path = tmp_path_factory.mktemp("fit") / "talks.jsonl"
    write_transcripts(path, [*talks(140), *talks(6, language="pl")])
    return fit([path], "politeness")


def exchange(text: str, language: str = "en") -> Exchange:
    asked = Transcript(schema=1, id="new", language=language, turns=(Turn(speaker="customer", text="When?"),))
    return Exchange(point=points_of(asked)[0], reply=Reply(text=text))


def scored(model: Model, text: str, language: str = "en") -> Score:
    score = learned_grader(model).grade(exchange(text, language))  # type: ignore[arg-type]
    assert isinstance(score, Score)
    return score


def test_a_grader_learns_what_people_call_polite_and_says_with_which_probability(fitted: Fitted) -> None:
    model = fitted.model
    assert (model.name, model.dimension, model.languages, model.n) == ("politeness_learned", "politeness", ("en",), 140)
    kind, rude = scored(model, f"With pleasure, {REST}"), scored(model, f"Obviously {REST}")
    assert (kind.verdict, rude.verdict) == ("pass", "fail")
    assert 0.7 < kind.value < 0.99  # type: ignore[operator]
    assert 0.01 < rude.value < 0.3  # type: ignore[operator]
    assert "learned from 140 labelled answers" in kind.reason


def test_its_quality_is_that_on_conversations_it_has_not_seen(fitted: Fitted) -> None:
    quality = fitted.model.quality
    # One in ten labels is noise that no grader can learn: seen answers would come out nearer to 1.
    assert quality.sensitivity.estimate == pytest.approx(0.9, abs=0.08)
    assert quality.specificity.estimate == pytest.approx(0.9, abs=0.08)
    assert quality.brier < 0.15 < quality.brier_of_share
    assert [point.conversations for point in fitted.model.curve] == sorted(
        point.conversations for point in fitted.model.curve
    )


def test_languages_with_too_few_labels_are_left_out_and_the_grader_abstains_there(fitted: Fitted) -> None:
    assert fitted.left_out == {"pl": 6}
    assert scored(fitted.model, "Gladly.", "pl").verdict == "abstained"
    assert scored(fitted.model, f"With pleasure, {REST}", "en-GB").verdict == "pass"
    assert scored(fitted.model, " ").verdict == "abstained"


def test_a_saved_model_gives_the_same_scores_and_holds_nothing_that_could_be_run(
    fitted: Fitted, tmp_path: Path
) -> None:
    path = tmp_path / "p.learned.json"
    write_model(path, fitted.model)
    again = read_model(path)
    assert again == fitted.model
    assert again.version == fitted.model.version
    data = json.loads(path.read_text())
    assert data["chatparity"] == "0.1.0"

    def leaves(part: Any) -> set[type]:
        if isinstance(part, dict):
            return set().union(*(leaves(one) for one in part.values()))
        return set().union(set(), *(leaves(one) for one in part)) if isinstance(part, list) else {type(part)}

    assert leaves(data) <= {str, int, float, type(None)}
    for text in ("Gladly, the fee.", "whatever, the fee."):
        assert Predictor(again).probability(features_of(exchange(text))) == Predictor(fitted.model).probability(
            features_of(exchange(text))
        )


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_text_has_a_probability(fitted: Fitted, text: str) -> None:
    predictor = Predictor(fitted.model)
    assert 0 <= predictor.probability(features_of(exchange(text))) <= 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 9}, "format: expected 1, got 9"),
        ({"scales": [1, 1, 1, 0]}, "scales: expected numbers above 0"),
        ({"centres": [1]}, "centres: expected 4 numbers, got 1"),
        ({"words": {"terms": ["a", "b"], "idf": [1], "weights": [1, 2]}}, "words: expected one idf and one weight"),
        ({"pass_at": 1}, "pass_at: expected a number between 0 and 1"),
        ({"languages": []}, "languages: expected at least one"),
        ({"class": "os.system"}, "expected"),
    ],
)
def test_a_damaged_model_is_refused_with_what_is_wrong(
    change: dict[str, Any], said: str, fitted: Fitted, tmp_path: Path
) -> None:
    path = tmp_path / "p.learned.json"
    write_model(path, fitted.model)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=r"p\.learned\.json") as caught:
        read_model(path)
    assert said in str(caught.value)


def test_too_few_labels_are_refused_with_the_number_needed(tmp_path: Path) -> None:
    path = tmp_path / "few.jsonl"
    write_transcripts(path, talks(60))
    with pytest.raises(UsageError, match="needs 50 good and 50 bad ones, each from 20 conversations"):
        fit([path], "politeness")
    write_transcripts(path, talks(12, answers=10))
    with pytest.raises(UsageError, match="60 good ones in 6 conversations and 60 bad ones in 6 conversations"):
        fit([path], "politeness")
    with pytest.raises(UsageError, match="no answer has the label hallucinated"):
        fit([path], "hallucinated")
    with pytest.raises(UsageError, match="expected one of accuracy, politeness, hallucinated, got 'charm'"):
        fit([path], "charm")


def test_labels_that_no_text_explains_leave_no_model(tmp_path: Path) -> None:
    path = tmp_path / "noise.jsonl"
    dice = random.Random(3)
    write_transcripts(path, [talk(f"n-{n}", n % 2 == 0, dice) for n in range(120)])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line["labels"]["answers"][0]["politeness"] = dice.choice([1, 5])
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    out = tmp_path / "noise.learned.json"
    done = chatparity(tmp_path, "fit", "noise.jsonl", "--label", "politeness", "-o", str(out), code=1)
    assert "not shown to be better than chance" in done.stderr
    assert not out.exists()


def test_no_conversation_stands_on_both_sides_of_a_fold() -> None:
    examples = examples_of(talks(60, answers=4), "politeness", "t").kept
    for fitted_on, held in folds(examples, 5, 0):
        assert not {examples[one].cluster for one in fitted_on} & {examples[one].cluster for one in held}
        assert not set(fitted_on) & set(held)
    assert sorted(np.concatenate([held for _, held in folds(examples, 5, 0)])) == list(range(240))


def test_a_model_in_the_suite_is_a_grader_that_is_licensed_on_conversations_it_was_not_fitted_on(
    tmp_path: Path,
) -> None:
    settings = '[[gate]]\ndimension = "politeness"\nat_least = 0.3\n'
    both = [*talks(140), *talks(400, prefix="new-")]
    lay(tmp_path, both, settings)
    write_transcripts(tmp_path / "old.jsonl", both[:140])
    out = "graders/polite.learned.json"
    done = chatparity(tmp_path, "fit", "old.jsonl", "--label", "politeness", "-o", out)
    assert "on conversations that it has not seen" in done.stdout
    assert (tmp_path / "graders" / "polite.learned.png").read_bytes().startswith(b"\x89PNG")
    chatparity(tmp_path, "run", "--out", "r", code=3)
    report = json.loads((tmp_path / "r" / "gate.json").read_text())
    assert "no licence for politeness_learned in en" in report["gates"][0]["reason"]
    found = chatparity(tmp_path, "calibrate", "r")
    assert "politeness_learned: 140 rated answers left out: it was fitted on their conversations" in found.stdout
    assert "granted" in found.stdout
    chatparity(tmp_path, "gate", "r")
    assert json.loads((tmp_path / "r" / "gate.json").read_text())["gates"][0]["verdict"] == "PASS"
    # Fitted anew from other labels it is another grader.
    chatparity(tmp_path, "fit", "old.jsonl", "--label", "politeness", "-o", out, "--seed", "5")
    lines = (tmp_path / "old.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "old.jsonl").write_text("".join(lines[:120]))
    chatparity(tmp_path, "fit", "old.jsonl", "--label", "politeness", "-o", out)
    chatparity(tmp_path, "gate", "r", code=3)
    assert "grade the run again" in (tmp_path / "r" / "gate.json").read_text()


def test_a_model_outside_the_suite_is_named_by_its_file(fitted: Fitted, tmp_path: Path) -> None:
    lay(tmp_path, talks(6))
    write_model(tmp_path / "elsewhere.learned.json", fitted.model)
    done = chatparity(tmp_path, "grade", "datasets/talks.jsonl", "--graders", "elsewhere.learned.json")
    assert done.stdout.startswith("politeness_learned (all that was recorded): ")
    chatparity(tmp_path, "grade", "datasets/talks.jsonl", "--graders", "nowhere.learned.json", code=2)
    chatparity(tmp_path, "fit", "datasets/talks.jsonl", "--label", "politeness", "-o", "polite.pkl", code=2)


def test_a_model_names_no_conversation(fitted: Fitted) -> None:
    assert conversation_mark("en-0") in fitted.model.fitted_on
    assert "en-0" not in fitted.model.fitted_on
