"""Rubric files: what is wrong with one is said with its line, and a changed rubric is another grader."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatparity.errors import InputError
from chatparity.grading.rubric import load_rubric, rubric_grader

GRADERS = Path(__file__).parents[1] / "graders"
GOOD = """+++
dimension = "accuracy"
version = "1"
languages = []
scale = [1, 5]
pass_at = 4
+++

# Accuracy

## Criteria
True.

## Scale
1 to 5.

## Examples
Two.

## When unsure
Say so.
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_rubric_is_read_and_names_its_grader_after_the_dimension(tmp_path: Path) -> None:
    rubric = load_rubric(written(tmp_path, GOOD))
    assert (rubric.name, rubric.scale, rubric.pass_at, rubric.engine) == ("accuracy_llm", (1, 5), 4, "judge")
    assert rubric.text.startswith("# Accuracy")
    assert (rubric.value(1), rubric.value(5)) == (0, 1)


def test_a_rubric_that_is_not_calibrated_says_so(tmp_path: Path) -> None:
    made = rubric_grader(load_rubric(written(tmp_path, GOOD)), None)
    assert made.languages == ()
    assert "not been compared with people's" in made.doc


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [("True.", "True and kind.", True), ("pass_at = 4", "pass_at = 3", True), ("[]", '["en"]', False)],
)
def test_the_version_changes_with_whatever_shapes_a_verdict(old: str, new: str, changes: bool, tmp_path: Path) -> None:
    before = rubric_grader(load_rubric(written(tmp_path, GOOD)), None).version
    after = rubric_grader(load_rubric(written(tmp_path, GOOD.replace(old, new))), None).version
    assert before.startswith("1+")
    assert (before != after) is changes


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ("+++\ndim", "dim", 1, "expected a rubric: TOML between"),
        ("pass_at = 4", "pass_at = ", 6, "expected TOML"),
        ("pass_at = 4", "pass_at = 9", 6, "pass_at: expected a score above 1 and up to 5, got 9"),
        ("pass_at = 4", 'pass_at = "4"', 6, "pass_at: expected"),
        ("pass_at = 4", "pass_at = 4\nweight = 2", 7, "weight: unknown key: expected only dimension, version"),
        ("scale = [1, 5]", "scale = [5, 1]", 5, "scale: expected [worst, best]"),
        ('version = "1"\n', "", 1, "missing required field `version`"),
        ('"accuracy"', '"Accuracy!"', 2, "dimension: expected"),
        (
            "languages = []",
            'languages = []\nengine = "magic"',
            5,
            'engine: expected one of "compare", "deepeval", "judge", got',
        ),
        ("languages = []", 'languages = []\nsteps = ["look"]', 5, 'only used with engine = "deepeval"'),
        ("languages = []", 'languages = []\nengine = "deepeval"', 6, "scale: expected [0, 10]"),
        ("languages = []", 'languages = []\nengine = "compare"', 6, "scale: not used with engine"),
        ("languages = []", 'languages = []\nmetric = "role_adherence"', 5, 'only used with engine = "deepeval"'),
        ("languages = []", 'languages = []\nlevel = "conversation"\nreference_facts = true', 6, "single replies"),
        ("scale = [1, 5]\n", "", 1, "scale: expected it"),
        ("## When unsure\nSay so.", "", 20, 'expected a heading "## When unsure"'),
    ],
)
def test_a_bad_rubric_is_an_error_with_its_line_and_what_was_expected(
    old: str, new: str, line: int, expected: str, tmp_path: Path
) -> None:
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(InputError) as caught:
        load_rubric(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: "), message
    assert expected in message


def test_a_rubric_in_another_encoding_or_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "latin.md"
    path.write_bytes(GOOD.replace("True.", "Wahr für alle.").encode("latin-1"))
    with pytest.raises(InputError, match="expected UTF-8, got byte 0xfc"):
        load_rubric(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_rubric(tmp_path / "none.md")


def test_the_shipped_rubrics_make_graders_of_two_levels() -> None:
    made = [rubric_grader(load_rubric(path), None) for path in sorted(GRADERS.glob("*.md"))]
    assert {(one.name, one.level) for one in made} >= {
        ("accuracy_llm", "exchange"),
        ("conversational_geval", "conversation"),
    }
    assert all(one.needs_judge and one.kind == "llm" for one in made)


def test_deepevals_metrics_have_a_scale_of_their_own_and_role_adherence_needs_a_role(tmp_path: Path) -> None:
    front = 'languages = []\nengine = "deepeval"\nmetric = "role_adherence"'
    with pytest.raises(InputError, match=r"expected \[0, 1\], the scale of deepeval's role_adherence") as caught:
        load_rubric(written(tmp_path, GOOD.replace("languages = []", front)))
    assert 'expected role = "' in str(caught.value)
