"""What a failure map is: `failures.json`, plain and versioned; the page and the Markdown are made from it."""

from __future__ import annotations

from typing import Literal

import msgspec

from chatparity.gate.result import Rate

FORMAT = 1
# What is said of a category or theme beside the baseline. "may be chance": the interval holds zero, or does once it is
# corrected for all that is compared; "too few": it is in so few conversations that no difference could be told.
Said = Literal["new", "grown", "shrunk", "gone", "may be chance", "too few"]
ORDER: tuple[Said, ...] = ("new", "grown", "gone", "shrunk", "may be chance", "too few")


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Settings shared by all parts of a map: immutable, named fields."""


class Change(_Part, frozen=True, kw_only=True):
    """A category or theme beside the baseline.

    `now` and `before` count the replies of either run that have it among the `n` compared; `difference` is of their
    shares, now − before, in 95 % intervals, and `p` is corrected over all that is compared. `pairs`: the same messages
    were answered in both runs, of which `only_now` and `only_before` have it in one of them alone.
    """

    said: Said
    now: int
    before: int
    difference: Rate | None
    p: float | None
    pairs: bool
    only_now: int = 0
    only_before: int = 0


class Finding(_Part, frozen=True, kw_only=True):
    """What one grader says of a failing reply, and the category that it is given by."""

    grader: str
    category: str
    outcome: str
    reason: str


class Example(_Part, frozen=True, kw_only=True):
    """A failing reply to read: where it is, the customer's words, the passage at fault, what graders found.

    `run` says whether it is this run's or the baseline's; `judged_by_people`: a person gave its category.
    """

    id: str
    turn: int
    trial: int
    language: str
    run: Literal["now", "before"]
    request: str
    passage: str
    categories: tuple[str, ...]
    findings: tuple[Finding, ...]
    judged_by_people: bool = False


class SliceShare(_Part, frozen=True, kw_only=True):
    """The share of a slice's replies that have a category; the slice is written `language=pl`."""

    slice: str
    rate: Rate


class Category(_Part, frozen=True, kw_only=True):
    """One category of the taxonomy.

    `count` replies have it; `rate` is their share of those that a grader that may find it gave a score (or a person
    judged). `judged_by_people` of the count have it from people. `ids` are the conversations.
    """

    name: str
    says: str
    count: int
    judged_by_people: int
    rate: Rate
    slices: tuple[SliceShare, ...] = ()
    change: Change | None = None
    ids: tuple[str, ...] = ()


class Theme(_Part, frozen=True, kw_only=True):
    """A cluster of failing replies that are alike, named by its most telling terms, in its language.

    `count` and `before` are the failing replies of this run and of the baseline in it, `conversations` those of this
    run's; `categories` counts this run's by category: a reply that has two stands in both.
    """

    name: str
    language: str
    terms: tuple[str, ...]
    count: int
    before: int
    conversations: int
    categories: dict[str, int]
    graders: dict[str, int]
    share: Rate
    change: Change | None = None
    ids: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()


class Singles(_Part, frozen=True, kw_only=True):
    """This run's failing replies that are like no others, by category and by language."""

    count: int
    categories: dict[str, int]
    languages: dict[str, int]
    ids: tuple[str, ...] = ()


class Beside(_Part, frozen=True, kw_only=True):
    """What the baseline is and what of both runs could be compared.

    `left_out` replies of this run, and `left_out_before` of the baseline, have no partner that the same grader scored;
    `graders` scored both runs, failures that only `other_graders` found are not compared. `tests` is the number that p
    is corrected for; `unlike` says what else than the agent differs.
    """

    run: str
    agent: str
    pairs: bool
    n: int
    conversations: int
    left_out: int
    left_out_before: int
    graders: tuple[str, ...]
    other_graders: tuple[str, ...]
    tests: int
    unlike: tuple[str, ...] = ()
    why_not: str = ""


class FailureMap(_Part, frozen=True, kw_only=True):
    """All of `failures.json`.

    Of `planned` replies `graded` got a score of at least one grader, and `failing` of these have a failure. `without`
    counts the others by why there is no score: they are in no category. `errored` counts, by grader, the scores that
    could not be given on replies that others graded. `people` are the items that people gave a category (or none).
    `early`: a run was stopped once its gates were decided, which intervals and p here do not allow for. `paths` are the
    transcripts that the run was given, where they are others than the suite's.
    """

    format: int
    chatparity: str
    run: str
    agent: str
    synthetic: bool
    seed: int
    taxonomy: str
    taxonomy_version: str
    planned: int
    graded: int
    conversations: int
    failing: int
    any_failure: Rate
    any_change: Change | None
    without: dict[str, int]
    errored: dict[str, int]
    people: int
    cleared_by_people: int
    categories: tuple[Category, ...]
    themes: tuple[Theme, ...]
    singles: Singles
    baseline: Beside | None = None
    early: bool = False
    paths: tuple[str, ...] = ()
