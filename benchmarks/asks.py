"""How well a request for a person is told from what only looks like one, by language: `datasets/handover/asks`.

Each sentence belongs to one half by the hash of its language and text: word lists and rules may be bettered on `dev`;
of the `exam` half nothing but figures is shown. `--show LANG` prints the sentences of `dev` that are told wrongly.
`--split practice` asks other sentences, by other authors (`datasets/handover/practice`). On them and `dev` together
`--fit` fits the weights of the cues anew, near the present ones, and prints them for `lexicons/shared.toml`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from chatparity.checks.asking import cues_in
from chatparity.checks.handover import asks_for_person
from chatparity.checks.lexicon import lexicon, shared
from chatparity.checks.text import bare, fold
from chatparity.checks.text import sentences as sentences_of
from chatparity.stats.interval import wilson

HANDOVER = Path(__file__).parents[1] / "datasets" / "handover"
PRACTICE = "practice"
Sentence = dict[str, Any]


def half_of(sentence: Sentence) -> str:
    """Return the half a sentence belongs to, by the first byte of the SHA-256 of "language:text"."""
    name = f"{sentence['language']}:{sentence['text']}"
    return "exam" if hashlib.sha256(name.encode()).digest()[0] % 2 else "dev"


def sentences(split: str) -> dict[str, list[Sentence]]:
    """Return the sentences of a half, or those for practice, by language."""
    found: dict[str, list[Sentence]] = {}
    for path in sorted((HANDOVER / (PRACTICE if split == PRACTICE else "asks")).glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        found[path.stem] = [row for row in rows if split in (PRACTICE, half_of(row))]
    return found


def told(sentence: Sentence) -> bool:
    """Return whether a sentence is taken for a request."""
    return asks_for_person(sentence["text"], sentence["language"]) is not None


def cues(sentence: Sentence) -> list[frozenset[str]]:
    """Return the cues of each sentence of a message."""
    spoken = bare(fold(sentence["text"]).text)
    spans = sentences_of(spoken)
    return [cues_in(spoken[begin:end], sentence["language"], alone=len(spans) == 1) for begin, end in spans]


def fitted(rows: list[Sentence], strength: float = 0.5) -> dict[str, float]:
    """Return weights that tell messages by their most telling sentence, drawn towards the present ones.

    A logistic fit with a quadratic penalty on the distance from the present weights; which sentence tells most is
    chosen by the weights of the round before, eight times over.
    """
    names, prior = list(shared().asks), np.array(list(shared().asks.values()))
    needed = [frozenset(name.split("+")) - {"always"} for name in names]
    found = [[[float(one <= seen) for one in needed] for seen in cues(row)] or [[0.0] * len(names)] for row in rows]
    signs = np.array([1.0 if row["asks"] else -1.0 for row in rows])
    weights = prior
    for _ in range(8):
        seen = np.array([max(one, key=lambda values: float(np.dot(values, weights))) for one in found])

        def loss(tried: np.ndarray) -> float:
            odds = signs * (seen @ tried)  # noqa: B023
            return float(np.logaddexp(0, -odds).sum() + strength * ((tried - prior) ** 2).sum())

        weights = minimize(loss, weights, method="L-BFGS-B").x
    return dict(zip(names, map(float, weights), strict=True))


def main() -> None:
    """Print the table, or what is told wrongly in one language of the dev half."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("dev", "exam", PRACTICE), default="dev")
    parser.add_argument("--show", metavar="LANG", help="print the wrongly told sentences of the dev half")
    parser.add_argument("--fit", action="store_true", help="fit the weights anew and print them")
    arguments = parser.parse_args()
    if arguments.fit:
        found = [*sentences("dev").items(), *sentences(PRACTICE).items()]
        rows = [row for name, some in found if lexicon(name).asks for row in some]
        for name, weight in fitted(rows).items():
            print(f"{name if name.isidentifier() else f'{chr(34)}{name}{chr(34)}'} = {weight:.2f}")
        return
    if arguments.show:
        for one in sentences("dev")[arguments.show]:
            if told(one) != one["asks"]:
                print("MISSED" if one["asks"] else "FALSE ", one["kind"].ljust(18), one["text"])
        return
    print("| language | n | asks, told | looks like it, told | right |")
    print("| --- | ---: | ---: | ---: | --- |")
    every: list[Sentence] = []
    for language, rows in sentences(arguments.split).items():
        every += rows
        print(row(language, rows))
    print(row("all", every))


def row(name: str, rows: list[Sentence]) -> str:
    """Return one line of the table."""
    asks = [told(one) for one in rows if one["asks"]]
    none = [told(one) for one in rows if not one["asks"]]
    right = sum(asks) + len(none) - sum(none)
    low, high = wilson(right, len(rows))
    return (
        f"| {name} | {len(rows)} | {sum(asks)}/{len(asks)} | {sum(none)}/{len(none)} | "
        f"{right / len(rows):.1%} [{100 * low:.1f}, {100 * high:.1f}] |"
    )


if __name__ == "__main__":
    main()
