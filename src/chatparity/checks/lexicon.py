"""The lexicons: what a native speaker knows of how support agents speak, one TOML file a language.

`lexicons/en.toml` is the one to copy for a new language. Every group of patterns carries `examples`, each of which
must be found, and `not`, look-alikes that must not be; a test holds all files to them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import msgspec

from chatparity.checks.anchors import Anchors, Phrases
from chatparity.checks.locales import base
from chatparity.checks.phrases import compiled, fill
from chatparity.checks.text import fold
from chatparity.errors import InputError, Problem


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"no": "not"}):
    """Settings shared by all tables of a lexicon: a misspelt key is an error."""


class Group(_Table, frozen=True):
    """Patterns that mean one thing, sentences in which one must be found (`examples`) or must not (`not`)."""

    say: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


class Family(_Table, frozen=True):
    """How one kind of action is said to be done: `did` by the speaker, `done` by whomever, `say` whole sentences.

    `did` and `done` are the words that go into the templates of `[claims]` at {verb}.
    """

    did: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    say: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


class Address(_Table, frozen=True):
    """Marks of one form of address: patterns, and words that count only with their capitals (`cased`: German "Sie").

    A cased word does not count at the beginning of a sentence, where every word has a capital.
    """

    say: tuple[str, ...] = ()
    cased: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


class Guards(_Table, frozen=True):
    """Words that take a statement back: negations (in its clause up to its end) and conditions (before it).

    `after` are the negations that may also follow within two words ("das garantieren wir nicht").
    """

    negations: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


class Templates(_Table, frozen=True):
    """Frames of a claimed action around {verb}: `did` in the speaker's own person, `done` impersonal."""

    did: tuple[str, ...] = ()
    done: tuple[str, ...] = ()


class Lexicon(_Table, frozen=True):
    """All of one language's file; a language without a file has an empty one, and the checks then see less.

    `asks` are cues of how customers ask for a person: `staff`, `contact`, `wish`, `direct`, `implied`, `bare` (the
    whole message), and what speaks against it: `machine`, `deny`, `past`, `hours`, `other`, `probe`. `distress` and
    `closing` are customers' words as well; `address`, `cheer` and `request` (asking for something that may have been
    said) are agents'. `question` is a mark that ends a question beside "?". `unmarked_familiar`: strangers politely use
    the familiar form as well, so that only a change to it is a slip.
    """

    language: str
    name: str = ""
    prefix: str = ""
    unspaced: bool = False
    question: str = ""
    unmarked_familiar: bool = False
    words: dict[str, tuple[str, ...]] = {}
    guards: Guards = Guards()
    claims: Templates = Templates()
    claim: dict[str, Family] = {}
    promise: dict[str, Group] = {}
    rude: dict[str, Group] = {}
    courtesy: dict[str, Group] = {}
    handover: dict[str, Group] = {}
    asks: dict[str, Group] = {}
    distress: dict[str, Group] = {}
    cheer: dict[str, Group] = {}
    request: dict[str, Group] = {}
    closing: dict[str, Group] = {}
    address: dict[str, Address] = {}

    def filled(self, patterns: tuple[str, ...]) -> tuple[str, ...]:
        """Return the patterns with the words of this lexicon put in."""
        return tuple(fill(pattern, self.words) for pattern in patterns)

    def expression(self, patterns: tuple[str, ...], *, accents: bool = True) -> re.Pattern[str] | None:
        """Return one expression for patterns in this language's script; None when there are none."""
        return compiled(self.filled(patterns), self.prefix, unspaced=self.unspaced, accents=accents)

    def phrases(self, patterns: tuple[str, ...], *, accents: bool = True) -> Phrases | None:
        """Return what finds patterns in this language's texts; None when there are none.

        Where words are written together, or others are attached before them, a word may begin at any letter.
        """
        if not patterns:
            return None
        anchors = _anchors(self.language, accents, self.unspaced or bool(self.prefix))

        def compile_(some: tuple[str, ...]) -> re.Pattern[str]:
            found = compiled(some, self.prefix, unspaced=self.unspaced, accents=accents)
            assert found is not None
            return found

        return Phrases(self.filled(patterns), anchors, compile_, accents=accents)

    def claim_patterns(self, family: str, *, impersonal: bool) -> tuple[str, ...]:
        """Return the patterns that claim an action of a family, in the speaker's own person or impersonally.

        Verbs with a negation of their own ("nothing stands in the way") have frames of their own, so that a negation
        around the others still takes back what they say.
        """
        entry = self.claim[family]
        frames, verbs = (self.claims.done, entry.done) if impersonal else (self.claims.did, entry.did)
        said = () if impersonal else self.filled(entry.say)
        negations = self.expression(self.guards.negations)
        denying = tuple(verb for verb in verbs if negations and negations.search(fold(verb).text))
        some = (tuple(verb for verb in verbs if verb not in denying), denying)
        return (*(fill(frame, {**self.words, "verb": verbs}) for frame in frames for verbs in some if verbs), *said)


class Action(_Table, frozen=True):
    """One family of actions in any language: words of the names of tools that do it, words of records that show it."""

    tools: tuple[str, ...]
    records: tuple[str, ...] = ()


class Support(_Table, frozen=True):
    """What of the knowledge (in English) carries a promise of one family."""

    words: tuple[str, ...]


class Shared(_Table, frozen=True):
    """`lexicons/shared.toml`: what does not depend on the language of the conversation.

    `asks` are the weights of cues in one sentence, in log odds: `a+b` counts where both are there, `always` ever.
    `bright` are emojis that are cheer in any language.
    `events` are words of knowledge that stand for a dated field of the records ("after delivery": `delivered_on`).
    """

    read_verbs: tuple[str, ...]
    setting_verbs: tuple[str, ...]
    handover_words: tuple[str, ...]
    free_text: tuple[str, ...]
    closed_states: tuple[str, ...]
    bright: tuple[str, ...]
    action: dict[str, Action]
    promise: dict[str, Support]
    asks: dict[str, float]
    events: dict[str, tuple[str, ...]]


@lru_cache(maxsize=256)
def _anchors(language: str, accents: bool, anywhere: bool) -> Anchors:
    """Return the anchors of a language's phrases, those on texts with accents and those on texts without apart."""
    return Anchors(anywhere=anywhere)


@lru_cache(maxsize=128)
def lexicon(language: str) -> Lexicon:
    """Return the lexicon of a language (its base tag); an empty one when there is no file."""
    path = files("chatparity.checks") / "lexicons" / f"{base(language)}.toml"
    if not path.is_file():
        return Lexicon(language=base(language))
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Lexicon)
    except msgspec.DecodeError as error:
        raise InputError([Problem(Path(str(path)), None, "", f"expected a lexicon: {error}")]) from error


@lru_cache(maxsize=1)
def shared() -> Shared:
    """Return what all languages share."""
    path = files("chatparity.checks") / "lexicons" / "shared.toml"
    return msgspec.toml.decode(path.read_bytes(), type=Shared)


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Return the languages that have a lexicon."""
    folder = files("chatparity.checks") / "lexicons"
    names = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(name for name in names if name != "shared")
