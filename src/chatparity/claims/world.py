"""A made-up support department whose truth is known: how often, how long and how well, for each kind of case.

All figures are invented. A world is what is true; `chatparity.claims.demo` draws logs from it.
"""

from __future__ import annotations

from dataclasses import dataclass

INTENTS = (
    ("refund_status", 0.26),
    ("payment_plan", 0.22),
    ("order_missing", 0.20),
    ("account_access", 0.17),
    ("disputed_charge", 0.15),
)
LANGUAGES = (
    "en",
    "de",
    "sv",
    "pl",
    "es",
    "ar",
    "fi",
    "nb",
    "da",
    "nl",
    "fr",
    "it",
    "pt",
    "cs",
    "sk",
    "hu",
    "ro",
    "el",
    "tr",
    "ru",
    "uk",
    "zh",
    "ja",
    "ko",
    "hi",
    "bn",
    "fa",
    "he",
    "vi",
    "th",
    "id",
    "ti",
    "so",
    "ku",
    "sq",
)
# The language that most customers of a market write in.
HOME = {
    "US": "en",
    "GB": "en",
    "DE": "de",
    "SE": "sv",
    "PL": "pl",
    "ES": "es",
    "FI": "fi",
    "NO": "nb",
    "DK": "da",
    "NL": "nl",
    "FR": "fr",
    "IT": "it",
    "PT": "pt",
    "CZ": "cs",
    "SK": "sk",
    "HU": "hu",
    "RO": "ro",
    "GR": "el",
    "AT": "de",
    "BE": "nl",
    "CH": "de",
    "IE": "en",
    "CA": "en",
}
MARKETS = tuple(HOME)


@dataclass(frozen=True)
class World:
    """What is true of a support department, by difficulty (routine, hard) where a pair is given.

    Effects are the assistant's against people on the same kind of case: `resolves_more` and `satisfies_more` in shares,
    `returns_fewer` and `accuracy_gain` relative, minutes as medians. `unserved` languages are resolved `unserved_rate`
    of the time. `outages` are hours at which the assistant was away, each (day, hours). `sampled` is the share of
    customers that the logs hold. `alike` is how far the outcomes of one customer's conversations agree (a correlation).
    """

    customers: int = 16000
    days: int = 56
    begins: float = 1_767_571_200.0
    intents: tuple[tuple[str, float], ...] = INTENTS
    languages: tuple[str, ...] = LANGUAGES
    markets: tuple[str, ...] = MARKETS
    elsewhere: float = 0.35
    hard: tuple[float, ...] = (0.15, 0.30, 0.35, 0.25, 0.65)
    asks_assistant: tuple[float, float] = (0.88, 0.52)
    hands_over: tuple[float, float] = (0.05, 0.22)
    resolved: tuple[float, float] = (0.90, 0.76)
    resolves_more: float = -0.04
    unserved: tuple[str, ...] = ()
    unserved_rate: float = 0.45
    returns: tuple[float, float] = (0.11, 0.24)
    returns_fewer: float = 0.08
    minutes_people: tuple[float, float] = (8.0, 17.0)
    minutes_assistant: tuple[float, float] = (1.3, 2.1)
    spread: float = 0.7
    satisfied: tuple[float, float] = (0.84, 0.68)
    satisfies_more: float = -0.04
    answers: tuple[float, float] = (0.42, 0.46)
    judged: float = 0.2
    accuracy: tuple[float, float] = (0.80, 0.68)
    accuracy_gain: float = 0.03
    cost_people: tuple[float, float] = (4.2, 8.4)
    cost_assistant: tuple[float, float] = (0.5, 0.8)
    effort_minutes: tuple[float, float] = (3.6, 7.5)
    asks_person: tuple[float, float] = (0.03, 0.12)
    honours: float = 0.93
    leaves: float = 0.4
    outages: tuple[tuple[float, float], ...] = ((31.1, 2.6),)
    sampled: float = 0.0036
    alike: float = 0.2
    night: float = 0.25

    def rates(self) -> tuple[tuple[float, float], ...]:
        """Return for each difficulty the chance that a conversation of the assistant is contained, and of honouring."""
        found = []
        for level in (0, 1):
            given = self.honours + (1 - self.honours) * LATE
            found.append(((1 - self.hands_over[level]) * (1 - self.asks_person[level] * given), given))
        return tuple(found)


LATE = 0.4
OTHER_CHANNEL = 0.2
AGAIN = 2.0
MOST = 0.9
WEEK = (1.15, 1.1, 1.05, 1.0, 1.0, 0.8, 0.75)


def demo() -> World:
    """Return the world of the demo: cheaper and quicker, and not what the sentences say of quality."""
    return World(unserved=("ti", "so", "ku", "sq"))
