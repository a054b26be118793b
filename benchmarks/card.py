"""Rewrites the measured parts of `datasets/CARD.md` and its figures, so that neither can drift from the data.

What stands between `<!-- measured: NAME -->` and `<!-- end -->` is made here from the transcripts and the passes of
labelling; all else is written by hand. `--check` writes nothing and ends with exit code 1 when anything is not as it
would be made: the figures carry a digest of what they show.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel import Locale
from labels import CAUTION, read_labelling, tables  # type: ignore[import-not-found]

from chatparity.audit.balance import DIFFICULTIES, EXPECTED, Balance, balance_of, balance_table
from chatparity.jsonl import read_transcripts
from chatparity.points import recorded_reply
from chatparity.splits import split_of
from chatparity.suite import MODULE, load_suite
from chatparity.transcript import AnswerLabel, Transcript

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
DATASETS = ROOT / "datasets"
CARD = DATASETS / "CARD.md"
PART = re.compile(r"(<!-- measured: ([a-z]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True)
class Data:
    """The transcripts, their counts, and which tools hand over."""

    transcripts: Sequence[Transcript]
    balance: Balance
    handover_tools: tuple[str, ...]

    @property
    def languages(self) -> list[str]:
        """Return the languages in order."""
        return sorted(self.balance.conversations)


def read_data() -> Data:
    """Read the transcripts and the suite's settings."""
    transcripts = read_transcripts([DATASETS / "support"])
    return Data(transcripts, balance_of(transcripts), load_suite(ROOT).settings.agent.handover_tools)


def sections(data: Data) -> dict[str, str]:
    """Return every measured part of the card by its name."""
    return {
        "counts": counts(data),
        "languages": by_language(data),
        "balance": f"```text\n{balance_table(data.balance)}\n```",
        "faults": faults(data),
        "labels": "\n\n".join((f"*{CAUTION}*", *tables(read_labelling()))),
    }


def counts(data: Data) -> str:
    """Return how much there is of what."""
    halves = Counter(split_of(one) for one in data.transcripts)
    messages = [sum(turn.speaker == "customer" for turn in one.turns) for one in data.transcripts]
    channels = Counter(one.channel for one in data.transcripts)
    labels = [one.labels for one in data.transcripts]
    calls = sum(len(turn.tool_calls) for one in data.transcripts for turn in one.turns)
    rows = [
        ("conversations", f"{len(data.transcripts)}: {halves['dev']} in `dev`, {halves['exam']} in `exam`"),
        ("languages, markets, intents", ", ".join(str(len(one)) for one in _kinds(data))),
        ("answers labelled", str(data.balance.answers.total())),
        ("messages of the customer", f"{min(messages)} to {max(messages)} in a conversation, {sum(messages)} in all"),
        ("tool calls with results", str(calls)),
        ("channels", ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in channels.most_common())),
        ("facts that must be said", str(sum(len(one.facts or ()) for one in labels))),
        ("statements that must not", str(sum(len(one.forbidden or ()) for one in labels))),
        ("tool calls that must be made", str(sum(len(one.actions or ()) for one in labels))),
        ("marked synthetic", f"{sum(one.synthetic for one in data.transcripts)} of {len(data.transcripts)}"),
    ]
    return _table(("what", "how many"), rows)


def _kinds(data: Data) -> list[set[str]]:
    """Return the languages, markets and intents that occur."""
    crossed = (data.balance.markets, data.balance.intents)
    return [set(data.balance.conversations), *({value for _, value in table} for table in crossed)]


def by_language(data: Data) -> str:
    """Return a row a language: name, halves, channels, answers, and how many of them are not right."""
    bad = Counter(one.language for one, label in _judged(data) if _faults(data, one, label))
    channels = [name for name, _ in Counter(one.channel for one in data.transcripts).most_common()]
    held = Counter((one.language, key) for one in data.transcripts for key in (split_of(one), one.channel))
    rows = []
    for language in data.languages:
        numbers = [data.balance.conversations[language], *(held[language, key] for key in ("dev", "exam", *channels))]
        numbers += [data.balance.answers[language], bad[language]]
        rows.append((f"{_named(language)} `{language}`", *map(str, numbers)))
    named = [name.replace("_", " ") for name in channels]
    return _table(("language", "conversations", "dev", "exam", *named, "answers", "answers with a fault"), rows)


def faults(data: Data) -> str:
    """Return how many recorded answers are bad, by kind; an answer may be bad in several ways."""
    found: Counter[str] = Counter()
    total = 0
    for one, label in _judged(data):
        kinds = _faults(data, one, label)
        found.update(kinds)
        found["any of these"] += bool(kinds)
        total += 1
    order = (*KINDS, "any of these")
    return _table(
        ("what is wrong with the recorded answer", "answers", f"of {total}"),
        [(kind, str(found[kind]), f"{found[kind] / total:.1%}".replace("%", " %")) for kind in order],
    )


KINDS: dict[str, Callable[[AnswerLabel, str, bool], bool]] = {
    "accuracy 0: the main point is wrong, evaded or only claimed": lambda one, _, __: one.accuracy == 0,
    "accuracy 0.5: something is missing or wrong beside the point": lambda one, _, __: one.accuracy == 0.5,
    "hallucinated: nothing supports it": lambda one, _, __: bool(one.hallucinated),
    "politeness 1 or 2: rude or cold": lambda one, _, __: (one.politeness or 5) <= 2,
    "a person was due and was not called": lambda _, expect, handed: expect == "now" and not handed,
    "a person was called and none was due": lambda _, expect, handed: expect == "none" and handed,
}


def _judged(data: Data) -> Iterator[tuple[Transcript, AnswerLabel]]:
    for one in data.transcripts:
        for label in one.labels.answers or ():
            yield one, label


def _faults(data: Data, transcript: Transcript, label: AnswerLabel) -> list[str]:
    """Return what is wrong with a recorded answer by its labels and its tool calls."""
    expected = {one.turn: one.expect for one in transcript.labels.escalation or ()}.get(label.turn, "none")
    reply = recorded_reply(transcript, label.turn, handover_tools=data.handover_tools)
    handed = reply is not None and reply.handover
    return [kind for kind, is_so in KINDS.items() if is_so(label, expected, handed)]


def _named(language: str) -> str:
    return Locale.parse(language).get_display_name("en") or language


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, its first column words and the others figures."""
    line = " | ".join(("---", *("---:" for _ in head[1:])))
    return "\n".join((f"| {' | '.join(head)} |", f"| {line} |", *(f"| {' | '.join(row)} |" for row in rows)))


def renewed(text: str, made: Mapping[str, str]) -> str:
    """Return the card with its measured parts as they are made. Raises ValueError when the names do not fit."""
    there = [name for _, name, _, _ in PART.findall(text)]
    if sorted(there) != sorted(made):
        raise ValueError(f"expected the parts {', '.join(sorted(made))}, once each, got {', '.join(there) or 'none'}")
    return PART.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[4]}", text)


@dataclass(frozen=True)
class Drawing:
    """A figure: its name, what it shows, and how it is drawn from that."""

    name: str
    shows: Any
    draw: Callable[[Any, Any], Figure]

    @property
    def digest(self) -> str:
        """Return the digest of what is shown, as the files carry it."""
        return "sha256 of the counts: " + hashlib.sha256(json.dumps(self.shows).encode()).hexdigest()

    def write(self, folder: Path, style: Any) -> None:
        """Write the figure as PNG and SVG."""
        with style.settings():
            figure = self.draw(self.shows, style)
            about = {"Description": self.digest}
            figure.savefig(folder / f"{self.name}.png", dpi=130, metadata={"Software": None, **about})
            figure.savefig(folder / f"{self.name}.svg", metadata={"Date": None, "Creator": None, **about})

    def stale(self, folder: Path) -> Iterator[str]:
        """Yield the files that are missing or show other counts."""
        mark = self.digest.encode()
        for path in (folder / f"{self.name}.png", folder / f"{self.name}.svg"):
            if not path.is_file() or mark not in path.read_bytes():
                yield str(path)


def drawings(data: Data) -> list[Drawing]:
    """Return the figures of the card."""
    balance, languages = data.balance, data.languages
    intents = sorted({value for _, value in balance.intents}, key=lambda one: (-_sum(balance.intents, one), one))
    markets = sorted({value for _, value in balance.markets}, key=lambda one: (-_sum(balance.markets, one), one))
    return [
        Drawing("language-intent", _matrix(languages, intents, balance.intents), heat_map),
        Drawing("language-market", _matrix(languages, markets, balance.markets), heat_map),
        Drawing(
            "difficulty-escalation",
            {
                "rows": languages,
                "Difficulty of conversations": _matrix(languages, DIFFICULTIES, balance.difficulties),
                "What answers should do about a person": _matrix(languages, EXPECTED, balance.escalation),
            },
            bars,
        ),
    ]


def _sum(table: Counter[tuple[str, str]], value: str) -> int:
    return sum(count for (_, one), count in table.items() if one == value)


def _matrix(languages: Sequence[str], columns: Sequence[str], table: Counter[tuple[str, str]]) -> dict[str, Any]:
    """Return counts by language and column as plain data."""
    cells = [[table[language, one] for one in columns] for language in languages]
    return {"rows": list(languages), "columns": list(columns), "cells": cells}


def heat_map(shown: Mapping[str, Any], style: Any) -> Figure:
    """Draw counts as shades with the number in each cell; sums stand at the right and at the foot."""
    from matplotlib.colors import BoundaryNorm, ListedColormap

    rows, columns, cells = shown["rows"], shown["columns"], shown["cells"]
    words = [one.replace("_", " ") for one in columns]
    long = max(map(len, words)) > 3
    figure: Figure = style.canvas(0.22 * len(rows) + (1.7 if long else 0.7))
    axes = figure.add_axes((0.17, 0.035, 0.76, 1 - (1.5 if long else 0.5) / figure.get_figheight()))
    shades = ListedColormap([style.PAPER, *style.SHADES[1:]])
    axes.imshow(cells, cmap=shades, norm=BoundaryNorm([0, 1, 2, 4, 1000], 4), aspect="auto")
    for y, row in enumerate(cells):
        for x, count in enumerate(row):
            if count:
                axes.text(x, y, str(count), ha="center", va="center", fontsize=7, color=style.INK)
        axes.text(len(columns) - 0.3, y, str(sum(row)), ha="left", va="center", fontsize=7, color=style.MUTED)
    for x in range(len(columns)):
        total = str(sum(row[x] for row in cells))
        axes.text(x, len(rows) - 0.2, total, ha="center", va="center", fontsize=7, color=style.MUTED)
    slant: dict[str, Any] = {"rotation": 50, "ha": "left", "rotation_mode": "anchor"} if long else {}
    axes.set_xticks(range(len(columns)), words, fontsize=8, **slant)
    _plain(axes, rows)
    axes.xaxis.tick_top()
    axes.set_ylim(len(rows) + 0.2, -0.5)
    return figure


def bars(shown: Mapping[str, Any], style: Any) -> Figure:
    """Draw shares by language as bars, a panel a label, with the counts written into them."""
    panels = {title: part for title, part in shown.items() if title != "rows"}
    rows = shown["rows"]
    figure: Figure = style.canvas(0.22 * len(rows) + 1.2)
    shades = (style.SHADES[1], style.SHADES[2], style.SHADES[3])
    for number, (title, part) in enumerate(panels.items()):
        axes = figure.add_axes((0.17 + 0.42 * number, 0.02, 0.39, 1 - 0.85 / figure.get_figheight()))
        for y, row in enumerate(part["cells"]):
            left = 0.0
            for count, shade in zip(row, shades, strict=True):
                share = count / sum(row)
                axes.barh(y, share, left=left, height=0.78, color=shade)
                if count:
                    axes.text(left + share / 2, y, str(count), ha="center", va="center", fontsize=7, color=style.INK)
                left += share
        axes.set_xlim(0, 1)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xticks([])
        _plain(axes, rows if number == 0 else [""] * len(rows))
        axes.text(0, -2.1, title, fontsize=9, color=style.INK)
        for place, (word, shade) in enumerate(zip(part["columns"], shades, strict=True)):
            axes.text(0.02 + 0.24 * place, -1.1, f"  {word}  ", fontsize=8, color=style.INK, backgroundcolor=shade)
    return figure


def _plain(axes: Axes, rows: Sequence[str]) -> None:
    """Name the languages at the left, and take away lines and ticks."""
    names = [f"{_named(one)}  {one}" if one else "" for one in rows]
    axes.set_yticks(range(len(rows)), names, fontsize=8)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def main() -> None:
    """Rewrite the card and its figures, or say what is stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when anything is stale")
    parser.add_argument("--card", type=Path, default=CARD, help="the card; its figures lie in figures/ beside it")
    given = parser.parse_args()
    data = read_data()
    text = given.card.read_text(encoding="utf-8")
    new = renewed(text, sections(data))
    folder = given.card.parent / "figures"
    if given.check:
        stale = [str(given.card)] * (new != text) + [path for one in drawings(data) for path in one.stale(folder)]
        if stale:
            print(f"not as the data are: {', '.join(stale)}\nmake them anew: python benchmarks/card.py")
            raise SystemExit(1)
        print("the card and its figures are as the data are")
        return
    given.card.write_text(new, encoding="utf-8", newline="\n")
    folder.mkdir(exist_ok=True)
    style = importlib.import_module(f"{MODULE}.reports.style")
    for one in drawings(data):
        one.write(folder, style)
    print(f"written: {given.card}, {len(drawings(data))} figures")


if __name__ == "__main__":
    main()
