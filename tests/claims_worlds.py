"""Small worlds for the tests of the ledger: each sentence where it is true, where it is false, where none can tell."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from chatparity.claims.file import AnyClaim, Assumption, ClaimsFile, LedgerTable, read_claims
from chatparity.claims.logs import Column, Logs, Words, made
from chatparity.claims.measure import measure_claim
from chatparity.claims.result import ClaimResult
from chatparity.claims.world import World

TODAY = dt.date(2026, 6, 1)

FILE = read_claims(Path(__file__).parents[1] / "evals" / "claims.toml")
SMALL = World(
    customers=5000,
    languages=("en", "de", "sv"),
    markets=("GB", "DE", "SE"),
    outages=(),
    judged=0.5,
    sampled=0.00136,
    night=1.0,
)
FEW: dict[str, Any] = {"customers": 60}

# For each claim: what is changed of the world where it is true, where it is false, and where nobody could tell.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "share-two-thirds": ({"asks_assistant": (0.95, 0.9)}, {"asks_assistant": (0.6, 0.5)}, FEW),
    "share-three-quarters": ({"asks_assistant": (0.98, 0.98)}, {"asks_assistant": (0.6, 0.5)}, FEW),
    "conversations-a-month": ({"sampled": 0.0008}, {"sampled": 0.002}, FEW | {"sampled": 0.0000155}),
    "markets-23": ({}, {"unserved": ("en", "de", "sv")}, FEW),
    "languages-35": ({}, {"unserved": ("sv",)}, FEW),
    "minutes-under-two": ({"minutes_assistant": (1.0, 1.3)}, {"minutes_assistant": (3.0, 4.0)}, FEW),
    "minutes-eleven-to-two": ({"minutes_assistant": (0.8, 1.0)}, {"minutes_assistant": (3.0, 4.0)}, FEW),
    "minutes-eleven-to-two-mean": ({"minutes_assistant": (0.8, 1.0)}, {"minutes_assistant": (3.0, 4.0)}, FEW),
    "repeat-inquiries": ({"returns_fewer": 0.5}, {"returns_fewer": 0.0}, FEW),
    "first-contact": ({"resolved": (0.6, 0.5), "resolves_more": 0.35}, {"resolves_more": 0.0}, FEW),
    "accuracy": ({"accuracy": (0.6, 0.5), "accuracy_gain": 0.4}, {"accuracy_gain": 0.0}, FEW),
    "cheaper-but-lower": ({"resolves_more": -0.15}, {"cost_assistant": (9.0, 14.0)}, FEW),
    "satisfaction": ({"satisfies_more": 0.14}, {"satisfies_more": -0.2}, {"satisfies_more": -0.02}),
    "around-the-clock": ({"customers": 30000}, {"outages": ((20.3, 4.0),)}, FEW),
    "agents-700": ({"effort_minutes": (10.0, 20.0)}, {"effort_minutes": (0.6, 1.0)}, {}),
    "money-40-million": ({"effort_minutes": (30.0, 60.0)}, {"effort_minutes": (1.0, 2.0)}, {}),
    "always-a-human": ({"honours": 0.999, "asks_person": (0.2, 0.3)}, {"honours": 0.9, "asks_person": (0.2, 0.3)}, FEW),
}


def claim_of(name: str) -> AnyClaim:
    """Return a shipped claim; those that count markets and languages ask for the three of the small worlds."""
    [claim] = [one for one in FILE.claim if one.id == name]
    return msgspec.structs.replace(claim, at_least=3.0) if claim.__struct_config__.tag == "coverage" else claim


def sure(claim: Any) -> Any:
    """Return a claim of savings whose assumptions are certain."""
    fixed = {
        name: Assumption(value=one.value, low=one.value, high=one.value, source=one.source)
        for name, one in claim.assumptions.items()
    }
    return msgspec.structs.replace(claim, assumptions=fixed)


def file_for(world: World, *claims: AnyClaim) -> ClaimsFile:
    """Return a claims file with these claims (default: all shipped) that knows which share of customers is drawn."""
    ledger = msgspec.structs.replace(FILE.ledger, sampled=world.sampled)
    return msgspec.structs.replace(FILE, ledger=ledger, claim=claims or FILE.claim)


def changed(**changes: Any) -> World:
    """Return the small world with changes."""
    return dataclasses.replace(SMALL, **changes)


def logs_of(**columns: Sequence[Any]) -> Logs:
    """Return logs of lists: texts (None for none) or numbers."""
    found: dict[str, Column] = {}
    for name, values in columns.items():
        texts = any(isinstance(one, str) for one in values)
        found[name] = Words.of(list(values)) if texts else np.array(values, dtype=np.float64)
    return made(found)


def measured(logs: Logs, name: str, **changes: Any) -> ClaimResult:
    """Measure one shipped claim, with changes, on logs."""
    claim = msgspec.structs.replace(claim_of(name), **{"where": {}, **changes})
    return measure_claim(claim, ClaimsFile(ledger=LedgerTable(), claim=(claim,)), logs, TODAY)
