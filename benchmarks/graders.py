"""How good the rule graders are: planted faults, public data that nobody here wrote, people's labels, and their cost.

One table in one run. Rows on public data need a folder of them (`../shared/data`, or the argument) and say that they
were skipped where it is absent; only the half that nothing was tuned on is reported (`--split dev` shows the other).
Every figure has its n and a 95 % interval: Wilson's for shares, a bootstrap over what belongs together for the rest.
`--disagreements` prints where graders and labels differ, on the public data.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import asks
import msgspec
from groundedness import AIMS, SETS, compared, judged
from open_data import FOLDER, exchanges_of, items, key_of, transcript_of

from chatparity.checks.handover import asks_for_person
from chatparity.checks.identify import identify, same_language
from chatparity.checks.wording import worded_languages
from chatparity.exchange import Exchange, Score
from chatparity.grading import Grader
from chatparity.grading.load import load_graders
from chatparity.jsonl import read_transcripts
from chatparity.splits import is_in
from chatparity.stats import cohen_kappa
from chatparity.stats.interval import wilson
from chatparity.suite import load_suite
from chatparity.transcript import Transcript

ROOT = Path(__file__).parents[1]
SUPPORT, LABELS = ROOT / "datasets" / "support", ROOT / "datasets" / "labels"
TAU = {"tau_airline": 0.95, "tau_retail_toolcalling": 0.88, "tau_retail_assertions": 0.90}
# Politeness on the scale of people, 1 to 5, by the value of the grader.
CUTS = (0.3, 0.6, 0.75, 0.95)
RUDE = 2
Weights = Literal["none", "linear", "quadratic"]


class Row(NamedTuple):
    """One line of the table."""

    what: str
    n: str
    reached: str
    aim: str


def rule_graders() -> dict[str, Grader]:
    """Return the rule graders of the suite by name."""
    return {one.name: one for one in load_graders(load_suite(ROOT)) if one.kind == "rule"}


def whole(grader: Grader, conversation: Sequence[Exchange]) -> Score:
    """Return the score of a conversation-level grader."""
    return cast("Callable[[Sequence[Exchange]], Score]", grader.grade)(conversation)


def single(grader: Grader, exchange: Exchange) -> Score:
    """Return the score of an exchange-level grader."""
    return cast("Callable[[Exchange], Score]", grader.grade)(exchange)


def share(good: int, n: int) -> str:
    """Return a share with its interval."""
    if not n:
        return "cannot be estimated"
    low, high = wilson(good, n)
    return f"{good}/{n} = {good / n:.3f} [{low:.3f}, {high:.3f}]"


def kappa(one: Sequence[Any], other: Sequence[Any], clusters: Sequence[str], weights: Weights = "none") -> str:
    """Return κ with its interval."""
    found = cohen_kappa(one, other, clusters, weights=weights, seed=1)
    return f"κ {found.estimate:.3f} [{found.low:.3f}, {found.high:.3f}]" if found.estimate is not None else "κ unknown"


def mutations(split: str) -> Iterator[Row]:
    """Plant faults by `chatparity mutate` and say what was found."""
    command = [sys.executable, "-m", "chatparity", "mutate", str(SUPPORT), "--split", split, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        why = done.stderr.strip().splitlines()
        yield Row("planted faults", "-", f"not measured: {why[-1] if why else done.returncode}", "0.95 / 0.02")
        return
    found = json.loads(done.stdout)
    for name, aim in (("detection", "≥ 0.95"), ("false_alarm", "≤ 0.02")):
        rate = found["overall"][name]
        yield Row(f"planted faults that a rule can see: {name.replace('_', ' ')}", str(rate["n"]), rated(rate), aim)
    lines = [(name, line) for name, line in found["by_language"].items() if line["rate"] is not None]
    worst, line = min(lines, key=lambda one: one[1]["rate"])
    yield Row(f"planted faults, the worst of {len(lines)} languages: {worst}", str(line["n"]), rated(line), "≥ 0.85")


def rated(rate: dict[str, Any]) -> str:
    """Return a rate of the JSON of `chatparity mutate` as text."""
    interval = rate["interval"]
    ends = f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""
    return f"{rate['count']}/{rate['n']} = {rate['rate']:.3f}{ends}" if rate["rate"] is not None else "unknown"


def tau(folder: Path, split: str, graders: dict[str, Grader], show: bool) -> Iterator[Row]:
    """Compare the grader of actions with the reward, which it is not shown."""
    for name, aim in TAU.items():
        rows = items(folder, name, split)
        if not rows:
            yield skipped(f"{name}: actions against reward", folder, f"≥ {aim}")
            continue
        scores = [whole(graders["actions_overall"], exchanges_of(transcript_of(item))) for item in rows]
        ours, theirs = [score.verdict == "pass" for score in scores], [item["labels"]["reward"] >= 1 for item in rows]
        kept = [not item["labels"].get("gt_writes_revised_in_tau2") for item in rows]
        parts = [("", [True] * len(rows))] + ([(", tasks not revised since", kept)] if not all(kept) else [])
        for label, used in parts:
            both = [(a, b, key_of(item)) for a, b, item, use in zip(ours, theirs, rows, used, strict=True) if use]
            clusters = [key for _, _, key in both]
            text = kappa([a for a, _, _ in both], [b for _, b, _ in both], clusters)
            agree = sum(a == b for a, b, _ in both)
            n = f"{len(both)} of {len(set(clusters))} tasks"
            yield Row(f"{name}{label}: actions against reward", n, f"{text}, agree {agree}/{len(both)}", f"≥ {aim}")
        for item, score, own, reward in zip(rows, scores, ours, theirs, strict=True):
            if show and own != reward:
                print(f"  {item['id']}: grader {score.verdict}, reward {int(reward)}: {score.reason}")


def asking(folder: Path, split: str, show: bool) -> Iterator[Row]:
    """Say how well a request for a person is told, in Bitext's English and in 35 languages."""
    rows = items(folder, "bitext_intents", split)
    if rows:
        told = [asks_for_person(item["turns"][0]["text"], "en") is not None for item in rows]
        wanted = [bool(item["labels"]["asks_for_human_strict"]) for item in rows]
        hits = sum(a and b for a, b in zip(told, wanted, strict=True))
        f1 = 2 * hits / (sum(told) + sum(wanted))
        text = f"F1 {f1:.3f} (recall {share(hits, sum(wanted))}, false {sum(told) - hits})"
        yield Row("bitext: asks for a person (strict)", str(len(rows)), text, "≥ 0.98")
        for item, own, asked in zip(rows, told, wanted, strict=True):
            if show and own != asked:
                print(f"  bitext: told {own}, labelled {asked}: {item['turns'][0]['text']}")
    else:
        yield skipped("bitext: asks for a person (strict)", folder, "≥ 0.98")
    right: dict[str, list[bool]] = {
        language: [asks.told(one) == one["asks"] for one in some] for language, some in asks.sentences(split).items()
    }
    every = [one for some in right.values() for one in some]
    yield Row(
        f"asks for a person, {len(right)} languages pooled", str(len(every)), share(sum(every), len(every)), "≥ 0.95"
    )
    below = [name for name, some in right.items() if wilson(sum(some), len(some))[1] < 0.85]
    text = ", ".join(f"{name} {sum(right[name])}/{len(right[name])}" for name in below) or "none"
    yield Row("languages whose interval lies below 0.85", str(len(right)), text, "none")


def grounding(folder: Path, split: str) -> Iterator[Row]:
    """Say how well the free-text score orders what people call attributable, beside word overlap."""
    for name in SETS:
        rows = judged(folder, name, split)
        if not rows:
            yield skipped(f"{name}: AUROC of the free-text score", folder, f"{AIMS[name]:.2f}")
            continue
        one = compared(rows)
        gain = f"{one['gain']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}] on word overlap ({one['overlap']:.3f})"
        aim = f"{AIMS[name]:.2f}, interval above 0"
        yield Row(f"{name}: AUROC of the free-text score", str(one["n"]), f"{one['score']:.3f}, {gain}", aim)


def languages(folder: Path, split: str, show: bool) -> Iterator[Row]:
    """Say how well the language of a text is told, among the 35."""
    for length, aims in (("sentence", "≥ 0.98 at ≤ 5 %"), ("word pair", "≥ 0.90 at ≤ 25 %")):
        rows = [
            item
            for item in items(folder, "langid", split)
            if item["labels"]["length"] == length and item["language"] in worded_languages()
        ]
        if not rows:
            yield skipped(f"language of a {length}", folder, aims)
            continue
        told = [(item, identify(item["turns"][0]["text"]).code) for item in rows]
        sure = [(item, code) for item, code in told if code is not None]
        right = sum(same_language(code, item["language"]) for item, code in sure)
        gone = len(rows) - len(sure)
        yield Row(
            f"language of a {length}", str(len(rows)), f"{share(right, len(sure))}; abstains {gone}/{len(rows)}", aims
        )
        for item, code in sure:
            if show and not same_language(code, item["language"]):
                print(f"  language: told {code}, is {item['language']}: {item['turns'][0]['text'][:80]}")


def skipped(what: str, folder: Path, aim: str) -> Row:
    """Return the line of what cannot be measured here."""
    return Row(what, "-", f"skipped: no data in {folder.name or folder}", aim)


def politeness(split: str, graders: dict[str, Grader]) -> Iterator[Row]:
    """Hold the grader's politeness against each of two labelling passes, beside what those have with each other."""
    first, second = (_pass(LABELS / f"pass-{name}.jsonl") for name in "ab")
    seen: list[tuple[int, int, int, bool, str]] = []
    for transcript in support(split):
        for exchange in exchanges_of(transcript):
            key = (transcript.id, exchange.turn)
            if key in first and key in second:
                score = single(graders["politeness"], exchange)
                if score.value is not None:
                    value = 1 + sum(score.value >= cut for cut in CUTS)
                    seen.append((first[key], second[key], value, score.verdict == "fail", transcript.id))
    a, b, ours, failed, clusters = (list(column) for column in zip(*seen, strict=True))
    n = str(len(seen))
    yield Row("politeness: the two passes, quadratic", n, kappa(a, b, clusters, "quadratic"), "-")
    yield Row("politeness: grader and pass a, quadratic", n, kappa(ours, a, clusters, "quadratic"), "within 0.1 of it")
    yield Row("politeness: grader and pass b, quadratic", n, kappa(ours, b, clusters, "quadratic"), "within 0.1 of it")
    rude_a, rude_b = ([one <= RUDE for one in said] for said in (a, b))
    yield Row("politeness ≤ 2: the two passes", n, kappa(rude_a, rude_b, clusters), "-")
    yield Row("politeness ≤ 2: grader fails, pass a", n, kappa(failed, rude_a, clusters), "within 0.1 of it")
    yield Row("politeness ≤ 2: grader fails, pass b", n, kappa(failed, rude_b, clusters), "within 0.1 of it")


def _pass(path: Path) -> dict[tuple[str, int], int]:
    """Return the politeness that a pass of labelling gave each answer."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(row["id"], one["turn"]): one["politeness"] for row in rows for one in row["answers"]}


def support(split: str) -> list[Transcript]:
    """Return the shipped transcripts of a half."""
    return [one for one in read_transcripts([SUPPORT]) if split == "all" or is_in(one, cast("Any", split))]


def cost(graders: dict[str, Grader], rounds: int = 5) -> Iterator[Row]:
    """Time all rule graders on each conversation of eight turns as if it were seen for the first time.

    The languages and the policy are known by then, the conversation's own texts, records and results are not: each
    round changes them by blanks and a field that mean nothing. CPU time of one process, the best round.
    """
    chosen = [one for one in support("dev") if len(one.turns) == 8]
    used = {name: grader for name, grader in graders.items() if not grader.trials}
    parts: dict[str, list[float]] = {name: [] for name in used}
    totals: list[float] = []
    for number in range(rounds + 1):
        made = [exchanges_of(_anew(one, number)) for one in chosen]
        begun = time.process_time()
        for name, grader in used.items():
            before = time.process_time()
            for conversation in made:
                _all(grader, conversation)
            if number:
                parts[name].append((time.process_time() - before) / len(made) * 1e3)
        if number:
            totals.append((time.process_time() - begun) / len(made) * 1e3)
    spread = f"{min(totals):.2f} ms (median of {rounds} rounds {statistics.median(totals):.2f})"
    yield Row("cost of all rule graders, a conversation of 8 turns", str(len(chosen)), spread, "≤ 2 ms")
    each = ", ".join(f"{name} {min(some):.2f}" for name, some in sorted(parts.items(), key=lambda one: -min(one[1])))
    yield Row("of which, in ms", str(len(chosen)), each, "-")


def _all(grader: Grader, conversation: Sequence[Exchange]) -> None:
    """Grade all that a grader plans in a conversation."""
    if grader.level == "conversation":
        if grader.plans(conversation[-1].point):
            whole(grader, conversation)
        return
    for exchange in conversation:
        if grader.plans(exchange.point):
            single(grader, exchange)


def _anew(transcript: Transcript, number: int) -> Transcript:
    """Return a transcript that says the same in texts that are not the same."""
    replaced = msgspec.structs.replace
    turns = tuple(
        replaced(
            turn,
            text=turn.text + " " * number,
            tool_calls=tuple(
                replaced(one, result={"round": f"r{number}", "of": one.result}) for one in turn.tool_calls
            ),
        )
        for turn in transcript.turns
    )
    return replaced(transcript, turns=turns, records={**transcript.records, "round": f"r{number}"})


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--split", choices=("dev", "exam"), default="exam")
    parser.add_argument("--disagreements", action="store_true", help="print where graders and public labels differ")
    parser.add_argument("--without", default="", metavar="A,B", help="leave out rows of: mutate, cost")
    given = parser.parse_args()
    left = set(given.without.split(","))
    graders = rule_graders()
    rows: list[Row] = []
    if "mutate" not in left:
        rows += mutations(given.split)
    rows += tau(given.folder, given.split, graders, given.disagreements)
    rows += asking(given.folder, given.split, given.disagreements)
    rows += grounding(given.folder, given.split)
    rows += languages(given.folder, given.split, given.disagreements)
    rows += politeness(given.split, graders)
    if "cost" not in left:
        rows += cost(graders)
    print(f"| {given.split} half | n | reached [95 %] | aim |\n| --- | --- | --- | --- |")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
