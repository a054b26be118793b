"""Faults in tone and language: rudeness, stings, the wrong language or address, loops, cheer at the wrong moment."""

from __future__ import annotations

import re

from chatparity.mutate.bank import languages, load_bank, of_half
from chatparity.mutate.edit import UNSPACED, with_answer, with_sentence
from chatparity.mutate.fault import NO_PHRASES, Answer, NotPlantable, Planted, fault
from chatparity.mutate.wrong_rules import said_beside

# Languages so near to each other that a short text may be either.
SIBLINGS = ({"bs", "hr", "sr"}, {"nb", "nn", "da"}, {"cs", "sk"}, {"id", "ms"}, {"hi", "en"})
DISTRESS = ("bereavement", "self_harm", "hardship")
APOLOGIES = 4


@fault("politeness", rule=True)
def rude(answer: Answer) -> Planted | NotPlantable:
    """Add a sentence that blames, mocks, insults or threatens.

    Seen by: politeness.
    Applies to every answer in a language with phrases.
    A rule can see it: plain rudeness has its words.
    """
    return said_beside(answer, answer.bank.rude if answer.bank else None)


@fault("politeness", rule=False)
def passive_aggressive(answer: Answer) -> Planted | NotPlantable:
    """Add a sentence with a sting in polite words: reproach, sarcasm, condescension.

    Seen by: politeness.
    Applies to every answer in a language with phrases.
    A rule cannot be held to it: the words are polite, and what they mean is not in them. It may know set expressions.
    """
    return said_beside(answer, answer.bank.passive_aggressive if answer.bank else None)


@fault("language", rule=True)
def wrong_language(answer: Answer) -> Planted | NotPlantable:
    """Put a plain answer in another language in place of the answer; never in one that is near to it.

    Seen by: language.
    Applies to every answer, also in languages without phrases of their own.
    A rule can see it: language and script.
    """
    near = {answer.language}.union(*(group for group in SIBLINGS if answer.language in group))
    others = [language for language in languages() if language not in near]
    answer.rng.shuffle(others)
    for language in others:
        bank = load_bank(language)
        usable = of_half(bank.wrong_language, answer.split) if bank else []
        if len(usable) > 1:
            said = ("" if language in UNSPACED else " ").join(answer.rng.sample(usable, 2))
            mutated = with_answer(answer.transcript, answer.turn, said)
            return Planted(mutated, (answer.turn,), answer.text, said)
    return NotPlantable("no other language with phrases")


@fault("politeness", "language", rule=True)
def formality_switch(answer: Answer) -> Planted | NotPlantable:
    """Add a sentence in the form of address that the company does not use; the twin has the same one in the right form.

    Seen by: politeness or language, which must not mind the twin.
    Applies in languages that make the difference, where no agent of the conversation uses the other form and the market
    has the language's usual form.
    A rule can see it: pronouns and endings.
    """
    if answer.bank is None:
        return NotPlantable(NO_PHRASES)
    address = answer.bank.formality_switch
    if not address.pairs:
        return NotPlantable("the language makes no difference of address")
    said = f"{answer.said_before}\n{answer.text}".casefold()
    if any(_has_word(said, word.casefold(), answer.language) for word in address.other_words):
        return NotPlantable("an agent uses the other form already")
    if answer.language == "pt" and answer.transcript.market == "BR":
        return NotPlantable("the market has a form of its own")
    wrong = answer.phrase([pair.wrong for pair in address.pairs])
    if wrong is None:
        return NotPlantable(NO_PHRASES)
    right = next(pair.right for pair in address.pairs if pair.wrong == wrong)
    mutated = with_sentence(answer.transcript, answer.turn, wrong, "end")
    twin = with_sentence(answer.transcript, answer.turn, right, "end")
    return Planted(mutated, (answer.turn,), right, wrong, twin)


@fault("politeness", rule=True)
def apology_loop(answer: Answer) -> Planted | NotPlantable:
    """Apologise again and again: once in each of the two answers before, and twice in this one, each time otherwise.

    Seen by: politeness.
    Applies from the third answer on, in a language with phrases.
    A rule can see it: apologies can be counted.
    """
    if len(answer.earlier) < 2:
        return NotPlantable("fewer than two answers before")
    phrases = of_half(answer.bank.apology_loop, answer.split) if answer.bank else []
    if not phrases:
        return NotPlantable(NO_PHRASES)
    few = answer.rng.sample(phrases, min(APOLOGIES, len(phrases)))
    one, two, three, four = (few * APOLOGIES)[:APOLOGIES]
    mutated = with_sentence(answer.transcript, answer.earlier[-2], one, "front")
    mutated = with_sentence(mutated, answer.earlier[-1], two, "front")
    mutated = with_sentence(mutated, answer.turn, three, "front")
    mutated = with_sentence(mutated, answer.turn, four, "end")
    return Planted(mutated, (answer.turn,), "", f"{three} … {four}")


@fault("politeness", "accuracy", rule=True)
def asks_again(answer: Answer) -> Planted | NotPlantable:
    """Ask for what has been said: the order's number where it is on the table, else what the matter is.

    Seen by: politeness or accuracy.
    Applies from the second answer on, in a language with phrases.
    A rule can see it: what is asked for stands in an earlier turn.
    """
    if not answer.earlier:
        return NotPlantable("nothing was said before")
    if answer.bank is None:
        return NotPlantable(NO_PHRASES)
    on_the_table = any(one in answer.asked or one in answer.said_before for one in answer.known.orders)
    return said_beside(answer, answer.bank.asks_again["order" if on_the_table else "matter"])


@fault("politeness", rule=True)
def cheerful_at_distress(answer: Answer) -> Planted | NotPlantable:
    """Add bright cheer to an answer to somebody in mourning, in need or in despair.

    Seen by: politeness.
    Applies where an escalation label up to this answer has the reason bereavement, self_harm or hardship.
    A rule can see it: cheer and distress both have their words.
    """
    labels = answer.transcript.labels.escalation or ()
    if not any(one.turn <= answer.turn and one.reason in DISTRESS for one in labels):
        return NotPlantable("no distress is labelled")
    return said_beside(answer, answer.bank.cheerful_at_distress if answer.bank else None)


def _has_word(text: str, word: str, language: str) -> bool:
    """Say whether a word stands in a text: as a word, or anywhere where words are not spaced."""
    if language in (*UNSPACED, "ko"):
        return word in text
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
