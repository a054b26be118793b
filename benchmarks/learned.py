"""How well a learned grader tells polite from impolite requests, beside TF-IDF with logistic regression.

The data are requests between peers of the Stanford Politeness Corpus, each read as an answer: the polite and the
impolite quartile of Wikipedia and of Stack Exchange, alone and together. Both models are fitted and tested on the same
outer folds, repeated with other seeds; the difference is paired, answer by answer, with an interval over answers (an
answer's mean over the repeats is one observation). The corpus is not part of this project: without its file nothing is
measured.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatparity.learned.data import Example
from chatparity.learned.features import features_of
from chatparity.learned.train import folds, goods, train
from chatparity.points import exchanges, points_of, recorded_reply
from chatparity.stats import cluster_bootstrap, paired_mean_difference, roc_auc
from chatparity.transcript import Transcript, Turn

FILE = Path("../shared/data/politeness_stanford.jsonl")
PARTS = {"Wikipedia": "wikipedia", "Stack Exchange": "stack-exchange", "both": ""}
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Request:
    """One request with its text and whether raters put it into the polite quartile."""

    text: str
    example: Example
    source: str


def requests_of(path: Path) -> list[Request]:
    """Read the polite and the impolite quartile; what lies between has no verdict."""
    found = []
    for line in path.read_text().splitlines():
        item: dict[str, Any] = json.loads(line)
        kind = item["labels"]["quartile_class"]
        if kind in ("polite", "impolite"):
            text = str(item["turns"][0]["text"])
            turns = (Turn(speaker="customer", text="(a request)"), Turn(speaker="human_agent", text=text))
            talk = Transcript(schema=1, id=str(item["id"]), language="en", turns=turns)
            reply = recorded_reply(talk, 1)
            if reply is not None:
                (exchange,) = exchanges(points_of(talk), {1: reply})
                example = Example(features_of(exchange), kind == "polite", "en", talk.id)
                found.append(Request(text, example, str(item["source"])))
    return found


def baseline(texts: Sequence[str], good: NDArray[np.bool_], unseen: Sequence[str]) -> Array:
    """Return the probabilities of TF-IDF over single words with logistic regression, as scikit-learn sets them up."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=2000)).fit(texts, good)
    return np.asarray(model.predict_proba(unseen)[:, 1], dtype=np.float64)


def compared(requests: Sequence[Request], count: int, repeats: int) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return the probabilities of both models, shape (repeats, requests), from the same folds, and the truth."""
    examples = [one.example for one in requests]
    good = goods(examples)
    mine, other = np.zeros((repeats, len(requests))), np.zeros((repeats, len(requests)))
    for seed in range(repeats):
        for fitted, held in folds(examples, count, seed):
            mine[seed, held] = train([examples[one] for one in fitted], seed).probabilities(
                [examples[one] for one in held]
            )
            texts = [requests[one].text for one in fitted]
            other[seed, held] = baseline(texts, good[fitted], [requests[one].text for one in held])
    return mine, other, good


def line(name: str, mine: Array, other: Array, good: NDArray[np.bool_]) -> str:
    """Return a line of the table: accuracy and AUC of both, and their differences with 95 % intervals."""
    names = list(range(len(good)))
    right = [((probabilities >= 0.5) == good).mean(axis=0) for probabilities in (mine, other)]
    accuracy = paired_mean_difference(right[0].tolist(), right[1].tolist(), names)
    means = [probabilities.mean(axis=0) for probabilities in (mine, other)]

    def area(chosen: NDArray[np.intp]) -> float:
        return roc_auc(means[0][chosen], good[chosen]) - roc_auc(means[1][chosen], good[chosen])

    curve = cluster_bootstrap(area, names, resamples=1000, kind="percentile")
    areas = [roc_auc(one, good) for one in means]
    return (
        f"{name:<15}{len(good):5d}  {100 * right[0].mean():7.1f} %  {100 * right[1].mean():7.1f} %  "
        f"{points(accuracy.estimate)} [{points(accuracy.low)}, {points(accuracy.high)}]"
        f"  {areas[0]:7.3f}  {areas[1]:8.3f}  {curve.estimate:+.3f} [{curve.low or 0:+.3f}, {curve.high or 0:+.3f}]"
    )


def points(share: float | None) -> str:
    """Return a difference of shares in points."""
    return f"{100 * share:+5.1f}" if share is not None else "    –"


def main() -> None:
    """Print a line a part of the corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=FILE, help=f"default: {FILE}")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3, help="each with other folds (default: 3)")
    chosen = parser.parse_args()
    if not chosen.file.is_file():
        print(f"not measured: {chosen.file} is not there (the Stanford Politeness Corpus, which is not shipped)")
        return
    requests, begun = requests_of(chosen.file), time.perf_counter()
    print(f"{chosen.folds} folds, {chosen.repeats} repeats; learned: penalty and calibration chosen inside each fold")
    print("difference: learned − baseline in points, paired, with its 95 % interval")
    head = ("quartiles of", "n", "learned", "baseline", "difference", "AUC", "baseline", "difference")
    print("{:<15}{:>5}  {:>9}  {:>9}  {:>21}  {:>7}  {:>8}  {}".format(*head))
    for name, source in PARTS.items():
        part = [one for one in requests if source in one.source]
        print(line(name, *compared(part, chosen.folds, chosen.repeats)), flush=True)
    print(f"{time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
