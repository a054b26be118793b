"""All faults, by name, in the order in which they are told of."""

from __future__ import annotations

from collections.abc import Sequence

from chatparity.errors import UsageError

# Importing the modules registers the faults in them.
from chatparity.mutate import wrong_deeds, wrong_handover, wrong_rules, wrong_values, wrong_words
from chatparity.mutate.fault import FAULTS, Fault

MODULES = (wrong_values, wrong_rules, wrong_deeds, wrong_handover, wrong_words)


def faults_named(names: Sequence[str] = ()) -> dict[str, Fault]:
    """Return the faults of these names, all without any. Raises UsageError for one that does not exist."""
    homes = [module.__name__ for module in MODULES]
    every = {one.name: one for one in sorted(FAULTS.values(), key=lambda one: homes.index(one.plant.__module__))}
    for name in names:
        if name not in every:
            raise UsageError(f'no fault is called "{name}": there are {", ".join(every)}')
    return {name: fault for name, fault in every.items() if not names or name in names}
