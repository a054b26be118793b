"""How the transcripts are spread: language by intent, market, difficulty and escalation, counted and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatparity.transcript import Transcript, answer_turns

DIFFICULTIES = ("easy", "medium", "hard")
EXPECTED = ("none", "offer", "now")


@dataclass
class Balance:
    """Counts of conversations by language and intent, market, difficulty; of answers by language and escalation.

    `answers` are those at which an agent is asked; `unlabelled` those whose conversation has no label of escalation.
    """

    conversations: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    intents: Counter[tuple[str, str]] = field(default_factory=Counter)
    markets: Counter[tuple[str, str]] = field(default_factory=Counter)
    difficulties: Counter[tuple[str, str]] = field(default_factory=Counter)
    escalation: Counter[tuple[str, str]] = field(default_factory=Counter)
    unlabelled: int = 0

    @property
    def is_told(self) -> bool:
        """Say whether the transcripts tell anything by which they could be out of balance."""
        return any((self.intents, self.markets, self.difficulties, self.escalation)) or len(self.conversations) > 1

    def add(self, transcript: Transcript) -> None:
        """Count one transcript."""
        language, turns = transcript.language, answer_turns(transcript)
        self.conversations[language] += 1
        self.answers[language] += len(turns)
        for table, value in (
            (self.intents, transcript.intent),
            (self.markets, transcript.market),
            (self.difficulties, transcript.difficulty),
        ):
            if value:
                table[language, value] += 1
        labels = transcript.labels.escalation
        scope = transcript.labels.escalation_turns
        if labels is None:
            self.unlabelled += len(turns)
            return
        expected = {label.turn: label.expect for label in labels}
        for turn in turns if scope is None else scope:
            self.escalation[language, expected.get(turn, "none")] += 1

    def as_data(self) -> dict[str, Any]:
        """Return the counts as nested objects: field, language, value."""
        return {name: _nested(getattr(self, name)) for name in ("intents", "markets", "difficulties", "escalation")} | {
            "conversations": dict(sorted(self.conversations.items())),
            "answers": dict(sorted(self.answers.items())),
        }


def balance_of(transcripts: Iterable[Transcript]) -> Balance:
    """Count transcripts."""
    found = Balance()
    for one in transcripts:
        found.add(one)
    return found


def balance_table(balance: Balance) -> str:
    """Return the counts as text: a row a language, then a row an intent with a column a language, then the markets."""
    languages = sorted(balance.conversations)
    parts = [_by_language(balance, languages)]
    for title, table in (("intent", balance.intents), ("market", balance.markets)):
        if table:
            parts.append(_crossed(title, table, languages))
    parts.append(_in_words(balance))
    return "\n\n".join(parts)


def _by_language(balance: Balance, languages: Sequence[str]) -> str:
    head = ["language", "n", *DIFFICULTIES, "answers", *EXPECTED, "markets"]
    rows = [
        [
            language,
            str(balance.conversations[language]),
            *(_cell(balance.difficulties[language, one]) for one in DIFFICULTIES),
            str(balance.answers[language]),
            *(_cell(balance.escalation[language, one]) for one in EXPECTED),
            " ".join(market for tongue, market in sorted(balance.markets) if tongue == language) or "·",
        ]
        for language in languages
    ]
    total = [
        "all",
        str(balance.conversations.total()),
        *(_cell(_sum(balance.difficulties, one)) for one in DIFFICULTIES),
        str(balance.answers.total()),
        *(_cell(_sum(balance.escalation, one)) for one in EXPECTED),
        f"{len({market for _, market in balance.markets})} in all",
    ]
    return _aligned([head, *rows, total])


def _crossed(title: str, table: Counter[tuple[str, str]], languages: Sequence[str]) -> str:
    values = sorted({value for _, value in table})
    rows = [
        [value, *(_cell(table[language, value]) for language in languages), str(_sum(table, value))] for value in values
    ]
    return _aligned([[title, *languages, "all"], *rows])


def _in_words(balance: Balance) -> str:
    """Return the extremes, so that nobody has to look for them in the table."""
    said = []
    for name, counts in (
        ("language", balance.conversations),
        ("intent", _marginal(balance.intents)),
        ("market", _marginal(balance.markets)),
    ):
        if len(counts) > 1:
            least, most = (
                min(counts, key=lambda one: (counts[one], one)),
                max(counts, key=lambda one: (counts[one], one)),
            )
            said.append(f"{len(counts)} {name}s, from {counts[least]} ({least}) to {counts[most]} ({most})")
    labelled = balance.escalation.total()
    if labelled:
        shares = ", ".join(f"{one} {_sum(balance.escalation, one) / labelled:.0%}" for one in EXPECTED)
        said.append(f"escalation of {labelled} answers: {shares}")
    return "balance: " + "; ".join(said or [f"{balance.conversations.total()} conversations"])


def _marginal(table: Counter[tuple[str, str]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for (_, value), count in table.items():
        found[value] += count
    return found


def _sum(table: Counter[tuple[str, str]], value: str) -> int:
    return sum(count for (_, one), count in table.items() if one == value)


def _nested(table: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (language, value), count in sorted(table.items()):
        found.setdefault(language, {})[value] = count
    return found


def _cell(count: int) -> str:
    return str(count) if count else "·"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text in columns: words to the left, numbers to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [one.rjust(width) for one, width in zip(row[1:-1], widths[1:-1], strict=True)]
        last = row[-1]
        cells.append(last.rjust(widths[-1]) if last.isdigit() or last in ("all", "·") else last)
        lines.append(" ".join(cells).rstrip())
    return "\n".join(lines)
