"""How well the free-text score tells what people call attributable, beside word overlap, on three public sets.

The score is `chatparity.checks.groundedness`; the baseline is 1 minus the share of the reply's words that stand in the
knowledge. The difference of the two areas under the curve is bootstrapped over dialogues (`split_key`), paired. With
`--fit` the weights are fitted anew on the `dev` half (logistic, standardised, each set weighing the same) and printed
as the text of `groundedness.toml`; the `exam` half is only reported.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from open_data import FOLDER, Item, items, key_of
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from chatparity.checks.groundedness import Features, features, groundedness

SETS = ("begin", "faithdial_audit", "dialfact_small")
AIMS = {"begin": 0.93, "faithdial_audit": 0.90, "dialfact_small": 0.80}
_WORD = re.compile(r"\w+")


def judged(folder: Path, name: str, split: str) -> list[Item]:
    """Return the items of a set that people judged as attributable or not."""
    return [item for item in items(folder, name, split) if item["labels"]["hallucinated"] is not None]


def overlap(item: Item) -> float:
    """Return the baseline: the share of the reply's words that stand in the knowledge."""
    words = set(_WORD.findall(item["turns"][-1]["text"].lower()))
    known = set(_WORD.findall(" ".join(item["knowledge"]).lower()))
    return len(words & known) / max(1, len(words))


def rests(item: Item) -> float:
    """Return the score; a reply without words rests on nothing."""
    found = groundedness(item["turns"][-1]["text"], tuple(item["knowledge"]), "en")
    return 0.0 if found is None else found


def compared(rows: list[Item], rounds: int = 2000) -> dict[str, Any]:
    """Return both areas, their difference and its 95 % interval from a bootstrap over dialogues."""
    bad = np.array([item["labels"]["hallucinated"] for item in rows])
    ours, plain = (1 - np.array([measure(item) for item in rows]) for measure in (rests, overlap))
    keys = np.array([key_of(item) for item in rows])
    groups = [np.flatnonzero(keys == key) for key in np.unique(keys)]
    draws = np.random.default_rng(1)
    gains: list[float] = []
    while len(gains) < rounds:
        chosen = np.concatenate([groups[place] for place in draws.integers(len(groups), size=len(groups))])
        if 0 < bad[chosen].sum() < len(chosen):
            gains.append(roc_auc_score(bad[chosen], ours[chosen]) - roc_auc_score(bad[chosen], plain[chosen]))
    low, high = np.quantile(gains, (0.025, 0.975))
    first, second = roc_auc_score(bad, ours), roc_auc_score(bad, plain)
    return {"n": len(rows), "score": first, "overlap": second, "gain": first - second, "low": low, "high": high}


def fitted(folder: Path) -> dict[str, float]:
    """Return the weights fitted on the dev half, in the units of the features."""
    rows = [(name, item) for name in SETS for item in judged(folder, name, "dev")]
    worst = Features(*[1.0] * len(fields(Features)))
    found = [features(item["turns"][-1]["text"], tuple(item["knowledge"]), "en") or worst for _, item in rows]
    values = np.array([list(asdict(one).values()) for one in found], dtype=float)
    bad = np.array([item["labels"]["hallucinated"] for _, item in rows])
    share = np.array([1 / sum(other == name for other, _ in rows) for name, _ in rows])
    scale = StandardScaler().fit(values)
    model = LogisticRegression(C=0.1, max_iter=2000)
    model.fit(scale.transform(values), bad, sample_weight=share * len(rows) / len(SETS))
    weights = model.coef_[0] / scale.scale_
    constant = float(model.intercept_[0] - (weights * scale.mean_).sum())
    names = [one.name for one in fields(Features)]
    return {"always": constant, **dict(zip(names, map(float, weights), strict=True))}


def main() -> None:
    """Print the table, or the fitted weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--split", choices=("dev", "exam"), default="exam")
    parser.add_argument("--fit", action="store_true", help="print the weights fitted on the dev half")
    given = parser.parse_args()
    if not (given.folder / "begin.jsonl").is_file():
        print(f"skipped: {given.folder} is not there")
        return
    if given.fit:
        print("# Log odds of not resting on the sources; `python benchmarks/groundedness.py --fit` says how.")
        print("\n".join(f"{name} = {weight:.3f}" for name, weight in fitted(given.folder).items()))
        return
    print(f"| {given.split} half | n | score | word overlap | difference [95 %] | aim |")
    print("| --- | ---: | ---: | ---: | --- | ---: |")
    for name in SETS:
        one = compared(judged(given.folder, name, given.split))
        gain = f"{one['gain']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]"
        print(f"| {name} | {one['n']} | {one['score']:.3f} | {one['overlap']:.3f} | {gain} | {AIMS[name]:.2f} |")


if __name__ == "__main__":
    main()
