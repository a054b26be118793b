"""A failure map from what was read: categories with their rates, themes crossed with them, and what is new."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from chatparity.failures.compare import CONFIDENCE, Compared, Sides, told
from chatparity.failures.read import Failing, Key, Numbering, Run, Seen
from chatparity.failures.result import Category, Change, Example, Finding, Singles, SliceShare, Theme
from chatparity.failures.terms import Background
from chatparity.failures.themes import Text, themes_of
from chatparity.gate.result import Rate
from chatparity.gate.slices import working_icc
from chatparity.grading.taxonomy import OTHER
from chatparity.stats import cluster_rate

SLICES = ("language", "market")
# A slice is shown from so many replies in so many conversations on.
SLICE_REPLIES, SLICE_CONVERSATIONS = 50, 10
EXAMPLES = 3
OTHER_SAYS = "fits no category of the taxonomy"
Whose = Literal["now", "before"]


@dataclass(frozen=True)
class Group:
    """A theme before it is measured: its members, the most typical first, and the terms that name it."""

    language: str
    terms: tuple[str, ...]
    members: tuple[tuple[Whose, Key], ...]

    def of(self, whose: Whose) -> list[Key]:
        """Return the members of one run, in order."""
        return [key for one, key in self.members if one == whose]


@dataclass
class Measure:
    """This run and, where there is one, the baseline; everything is measured over the same replies."""

    run: Run
    numbering: Numbering
    before: Run | None = None
    sides: Sides | None = None
    _places: dict[int, tuple[list[Key], list[str], float]] = field(default_factory=dict)

    def rate(self, has: Iterable[Key], looking: int = -1, label: str = "") -> Rate:
        """Return the share of replies in `has`, of those that a grader of these bits scored or people judged.

        `label` keeps those of one slice, `language=pl`.
        """
        keys, clusters, icc = self._scored(looking)
        if label:
            name, _, value = label.partition("=")
            kept = [place for place, key in enumerate(keys) if self.run.replies[key].slices.get(name) == value]
            keys, clusters = [keys[place] for place in kept], [clusters[place] for place in kept]
        held = frozenset(has)
        found = cluster_rate([key in held for key in keys], clusters, confidence=CONFIDENCE, working_icc=icc)
        return Rate.of(found)

    def _scored(self, looking: int) -> tuple[list[Key], list[str], float]:
        """Return the replies that count, the conversation of each, and the working correlation; made once."""
        if looking not in self._places:
            keys = [key for key, one in self.run.graded.items() if one.people or one.graded & looking]
            clusters = [self.run.replies[key].cluster for key in keys]
            icc = working_icc((cluster, key[0], key[2]) for cluster, key in zip(clusters, keys, strict=True))
            self._places[looking] = (keys, clusters, icc)
        return self._places[looking]

    def slices(self) -> list[str]:
        """Return the slices that are large enough, of fields with more than one value."""
        found = []
        for name in SLICES:
            talks: dict[str, set[str]] = {}
            sizes: Counter[str] = Counter()
            for one in self.run.graded.values():
                value = one.slices.get(name)
                if value is not None:
                    sizes[value] += 1
                    talks.setdefault(value, set()).add(one.cluster)
            large = [one for one in talks if sizes[one] >= SLICE_REPLIES and len(talks[one]) >= SLICE_CONVERSATIONS]
            found += [f"{name}={one}" for one in sorted(large)] if len(talks) > 1 else []
        return found

    def categories(self, changes: Mapping[str, Change]) -> tuple[Category, ...]:
        """Return every category of the taxonomy, those found first by their number, then the others in its order."""
        slices, found = self.slices(), []
        by_category: dict[str, list[Key]] = {}
        for key, one in sorted(self.run.replies.items()):
            for name in one.categories:
                by_category.setdefault(name, []).append(key)
        kinds = [*((one.name, one.says) for one in self.numbering.taxonomy.failures), (OTHER, OTHER_SAYS)]
        for name, says in kinds:
            has, looking = by_category.get(name, []), self.numbering.looking_for(name)
            found.append(
                Category(
                    name=name,
                    says=says,
                    count=len(has),
                    judged_by_people=sum(bool(self.run.replies[key].people) for key in has),
                    rate=self.rate(has, looking),
                    slices=tuple(SliceShare(slice=one, rate=self.rate(has, looking, one)) for one in slices)
                    if has
                    else (),
                    change=changes.get(name),
                    ids=_ids(has),
                )
            )
        return tuple(sorted(found, key=lambda one: -one.count))

    def theme(self, group: Group, change: Change | None) -> Theme:
        """Return a theme with its counts, share and examples."""
        now = [key for key in group.of("now") if self.run.replies[key].categories]
        seen = [self.run.replies[key] for key in now]
        return Theme(
            name=" · ".join(group.terms),
            language=group.language,
            terms=group.terms,
            count=len(now),
            before=len(group.of("before")),
            conversations=len({one.cluster for one in seen}),
            categories=_counted(name for one in seen for name in one.categories),
            graders=_counted(told.grader for key in now for told in self.run.failing[key].told),
            share=self.rate(now),
            change=change,
            ids=_ids(now or group.of("before")),
            examples=tuple(self.examples(group)),
        )

    def examples(self, group: Group) -> Iterable[Example]:
        """Yield the most typical failures of a theme, of different conversations; the baseline's where it is gone."""
        failing = any(self.run.replies[key].categories for key in group.of("now"))
        whose: Whose = "now" if failing else "before"
        run = self.run if whose == "now" else self.before
        talks: set[str] = set()
        for key in group.of(whose):
            if run is None or len(talks) == EXAMPLES:
                return
            seen = run.replies[key]
            if seen.categories and seen.cluster not in talks:
                talks.add(seen.cluster)
                yield example(key, seen, run.failing[key], whose)

    def singles(self, groups: Sequence[Group]) -> Singles:
        """Return the failing replies of this run that are in no theme."""
        inside = {key for group in groups for key in group.of("now")}
        left = [key for key in self.run.failed() if key not in inside]
        seen = [self.run.replies[key] for key in left]
        return Singles(
            count=len(left),
            categories=_counted(name for one in seen for name in one.categories),
            languages=_counted(one.slices.get("language", "") for one in seen),
            ids=_ids(left),
        )

    def changes(self, groups: Sequence[Group]) -> tuple[Change | None, dict[str, Change], list[Change | None], int]:
        """Return what changed of any failure, of each category and theme, and for how many tests p is corrected."""
        if self.sides is None or self.sides.why_not:
            return None, {}, [None] * len(groups), 0
        sides = self.sides
        names = [*(one.name for one in self.numbering.taxonomy.failures), OTHER]
        compared: list[Compared] = [sides.compare(sides.failing(None))]
        compared += [sides.compare(sides.failing(name), self.numbering.looking_for(name)) for name in names]
        compared += [sides.compare(sides.among(one.of("now"), one.of("before"))) for one in groups]
        found, tests = told(compared, paired=sides.paired)
        categories = dict(zip(names, found[1 : len(names) + 1], strict=True))
        return found[0], categories, list(found[len(names) + 1 :]), tests


def grouped(runs: Mapping[Whose, Run], background: Background, seed: int) -> list[Group]:
    """Return the themes of the failing replies of one or two runs, language by language.

    Both runs' are clustered together and in an order that does not tell whose they are. A cluster that no words tell
    from the rest of its language is no theme: nobody could say what it is about. Clusters that are named alike are one.
    """
    by_language: dict[str, list[tuple[Key, str, str, Whose]]] = {}
    for whose, run in runs.items():
        for key, one in run.failing.items():
            language = run.replies[key].slices.get("language", "")
            by_language.setdefault(language, []).append((key, one.request, one.passage, whose))
    found: list[Group] = []
    for language, failures in sorted(by_language.items()):
        failures.sort()
        texts = [Text(runs[whose].replies[key].cluster, asked, said) for key, asked, said, whose in failures]
        named: list[Group] = []
        for theme in themes_of(texts, seed):
            inside = [texts[place] for place in theme.members]
            terms = background.telling(
                language, [f"{one.request}\n{one.passage}" for one in inside], [one.cluster for one in inside]
            )
            if terms:
                members = tuple((failures[place][3], failures[place][0]) for place in theme.members)
                named.append(Group(language, terms, members))
        found += _joined(named)
    return found


def _joined(groups: Sequence[Group]) -> list[Group]:
    """Put a group to the first, the larger ones first, with which it shares more than half of its terms.

    A frequent fault is more clusters than one, since there is one for every few texts; to a reader it is one theme.
    """
    found: list[Group] = []
    for group in groups:
        for place, one in enumerate(found):
            if 2 * len({*group.terms} & {*one.terms}) > max(len(group.terms), len(one.terms)):
                # The most typical of each stand first.
                turns = itertools.zip_longest(one.members, group.members)
                members = tuple(member for pair in turns for member in pair if member is not None)
                found[place] = replace(one, members=members)
                break
        else:
            found.append(group)
    return found


def example(key: Key, seen: Seen, failing: Failing, whose: Whose) -> Example:
    """Return a failing reply as it is shown."""
    return Example(
        id=key[0],
        turn=key[1],
        trial=key[2],
        language=seen.slices.get("language", ""),
        run=whose,
        request=failing.request,
        passage=failing.passage,
        categories=seen.categories,
        findings=tuple(
            Finding(grader=one.grader, category=one.kind, outcome=one.outcome, reason=one.reason)
            for one in failing.told
        ),
        judged_by_people=bool(seen.people),
    )


def _ids(keys: Sequence[Key]) -> tuple[str, ...]:
    """Return the conversations of replies, each once, in their order."""
    return tuple(dict.fromkeys(key[0] for key in keys))


def _counted(names: Iterable[str]) -> dict[str, int]:
    """Count names, the commonest first."""
    return dict(sorted(Counter(names).items(), key=lambda one: (-one[1], one[0])))
