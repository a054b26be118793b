"""How much of other authors' phrases the lexicons find, by kind and language: `datasets/phrases`.

The sentences are for development: word lists may be bettered on them. `--show LANG` prints those told wrongly.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from chatparity.checks.statements import claimed_actions, said_groups
from chatparity.checks.tone import courtesy, forms_of_address, rudeness
from chatparity.stats.interval import wilson

PHRASES = Path(__file__).parents[1] / "datasets" / "phrases"
LOOK_ALIKES = {"not_claimed": "claimed_action", "polite": "rude", "asks_else": "asks_again"}


def told(kind: str, text: str, language: str) -> bool:
    """Say whether a sentence is found to be of a kind."""
    if kind == "claimed_action":
        return bool(claimed_actions(text, language))
    if kind == "rude":
        return bool(rudeness(text, language))
    if kind == "asks_again":
        return bool(said_groups(text, language, "request"))
    if kind == "apology":
        return any(mark.families[0] == "apology" for mark in courtesy(text, language))
    if kind == "cheer":
        return bool(said_groups(text, language, "cheer"))
    return any(mark.families[0] == kind for mark in forms_of_address(text, language))


def sentences(language: str = "*") -> Iterator[tuple[str, str, str]]:
    """Yield language, kind and text of each sentence."""
    for path in sorted(PHRASES.glob(f"{language}.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield row["language"], row["kind"], row["text"]


def main() -> None:
    """Print the table, or what is told wrongly in one language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", metavar="LANG", help="print the sentences of a language that are told wrongly")
    arguments = parser.parse_args()
    if arguments.show and not (PHRASES / f"{arguments.show}.jsonl").is_file():
        known = ", ".join(sorted(path.stem for path in PHRASES.glob("*.jsonl")))
        parser.error(f"--show {arguments.show}: there are {known}")
    if arguments.show:
        for language, kind, text in sentences(arguments.show):
            if told(LOOK_ALIKES.get(kind, kind), text, language) == (kind in LOOK_ALIKES):
                print(f"{'found' if kind in LOOK_ALIKES else 'missed'}: {kind:15} {text}")
        return
    found: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for language, kind, text in sentences():
        every[kind] += 1
        found[kind] += told(LOOK_ALIKES.get(kind, kind), text, language)
    print("| kind | sentences | found | should be |")
    print("| --- | ---: | --- | --- |")
    for kind, count in every.items():
        low, high = wilson(found[kind], count)
        share = f"{found[kind] / count:.1%} [{low:.1%}, {high:.1%}]"
        print(f"| {kind} | {count} | {share} | {'none' if kind in LOOK_ALIKES else 'all'} |")


if __name__ == "__main__":
    main()
