"""The rewordings retell good answers of the development half, each of them once in each style."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from chatparity.jsonl import read_transcripts
from chatparity.mutate.plant import good_answers
from chatparity.splits import is_in

DATASETS = Path(__file__).parents[1] / "datasets"
FILES = sorted((DATASETS / "rewordings").glob("*.jsonl"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_rewording_retells_a_good_answer_of_the_development_half_once_in_each_style(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    transcripts = read_transcripts(sorted((DATASETS / "support").rglob(path.name)))
    goods, _ = good_answers([one for one in transcripts if is_in(one, "dev")])
    originals = {good.key: good.transcript.turns[good.turn].text for good in goods}
    styles = Counter((row["id"], row["turn"], row["style"]) for row in rows)
    assert set(styles.values()) == {1}
    assert {style for _, _, style in styles} == {"brief", "warm"}
    assert len({key[:2] for key in styles}) * 2 == len(rows)
    for row in rows:
        assert row["text"].strip(), row
        assert row["text"] != originals[row["id"], row["turn"]]


def test_there_are_rewordings_in_35_languages() -> None:
    assert len(FILES) == 35
