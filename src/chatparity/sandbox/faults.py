"""Faults that are switched on one by one: what each does to an answer, and when it strikes."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec

from chatparity.errors import InputError, Problem, UsageError
from chatparity.sandbox.speak import Money, Part
from chatparity.transcript import ToolCall


class FaultEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What faults.toml declares: `reddens` names the gates that this fault must turn red, as "dimension.metric"."""

    description: str
    kind: Literal["answer", "transport"]
    reddens: tuple[str, ...] = ()


def read_faults(path: Path) -> dict[str, FaultEntry]:
    """Read faults.toml. Raises UsageError or InputError; a fault that the sandbox does not know is an error."""
    try:
        found = msgspec.toml.decode(path.read_bytes(), type=dict[str, FaultEntry])
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file: expected the faults of the sandbox") from error
    except msgspec.DecodeError as error:
        raise InputError([Problem(path, None, "", f"expected a table of faults: {error}")]) from error
    known = {"answer": set(_ALTERING), "transport": set(TRANSPORT)}
    strange = sorted(name for name, entry in found.items() if name not in known[entry.kind])
    if strange:
        raise InputError([Problem(path, None, "", f"the sandbox has no such fault: {', '.join(strange)}")])
    return found


def check_faults(faults: Mapping[str, float], known: Mapping[str, FaultEntry]) -> None:
    """Raise UsageError for a fault that is not known or a rate outside [0, 1]."""
    for name, rate in faults.items():
        if name not in known:
            raise UsageError(f"unknown fault {name!r}: expected one of {', '.join(known)}")
        if not 0 <= rate <= 1:
            raise UsageError(f"fault {name}: expected a rate from 0 to 1, got {rate}")


@dataclass(frozen=True)
class Answer:
    """What the agent answers: its language, the parts it says, the tools it called, and why it handed over, if so."""

    language: str
    market: str | None
    parts: tuple[Part, ...]
    calls: tuple[ToolCall, ...] = ()
    handover: str | None = None


@dataclass(frozen=True)
class Chance:
    """Randomness that is none: numbers that follow from the seed and what is asked, so that they repeat."""

    seed: int
    asked: bytes

    def share(self, name: str) -> float:
        """Return a number in [0, 1) for this name."""
        return self._bits(name) / 2**64

    def pick(self, name: str, count: int) -> int:
        """Return a number from 0 to `count` - 1 for this name."""
        return self._bits("pick:" + name) % count

    def _bits(self, name: str) -> int:
        key = f"{self.seed}\0{name}\0".encode()
        return int.from_bytes(hashlib.blake2b(key + self.asked, digest_size=8).digest(), "big")


@dataclass(frozen=True)
class Stage:
    """What a fault may use: the chance, the languages there are, the tools that write, how to hand over."""

    chance: Chance
    languages: Sequence[str]
    writes: frozenset[str]
    variants: Callable[[str], int]
    needless: Callable[[], ToolCall]


def alter(answer: Answer, faults: Mapping[str, float], stage: Stage) -> Answer:
    """Return the answer with every answer fault that strikes here and can."""
    for name, change in _ALTERING.items():
        if stage.chance.share(name) < faults.get(name, 0.0):
            answer = change(answer, stage)
    return answer


def _wrong_amount(answer: Answer, stage: Stage) -> Answer:
    """State other amounts: the same change for all, so that the answer agrees with itself."""
    factor = (Decimal("1.2"), Decimal("0.75"), Decimal("1.5"), Decimal("0.6"))[stage.chance.pick("amount", 4)]

    def other(value: Any) -> Any:
        if not isinstance(value, Money):
            return value
        changed = (Decimal(value.amount) * factor).quantize(Decimal(value.amount))
        if changed == Decimal(value.amount):
            changed += 9
        return Money(str(changed), value.currency)

    return replace(answer, parts=_each_value(answer.parts, other))


def _wrong_date(answer: Answer, stage: Stage) -> Answer:
    """State other dates: all moved by the same number of days."""
    days = (3, 5, 6, 9, 12)[stage.chance.pick("date", 5)]

    def other(value: Any) -> Any:
        return value + dt.timedelta(days=days) if isinstance(value, dt.date) else value

    return replace(answer, parts=_each_value(answer.parts, other))


def _each_value(parts: Sequence[Part], other: Callable[[Any], Any]) -> tuple[Part, ...]:
    def changed(value: Any) -> Any:
        return [other(one) for one in value] if isinstance(value, (list, tuple)) else other(value)

    return tuple(Part(part.key, {name: changed(value) for name, value in part.values.items()}) for part in parts)


def _invented_policy(answer: Answer, stage: Stage) -> Answer:
    """Add a rule that no policy holds."""
    return replace(answer, parts=(*answer.parts, _variant("invented_policy", stage)))


def _claimed_action(answer: Answer, stage: Stage) -> Answer:
    """Say that it is done, but do not do it: the calls that changed something are left out."""
    kept = tuple(call for call in answer.calls if not (call.ok and call.name in stage.writes))
    return replace(answer, calls=kept)


def _ignored_human_request(answer: Answer, stage: Stage) -> Answer:
    """Pass over a request for a person."""
    if answer.handover != "explicit_request":
        return answer
    kept = tuple(call for call in answer.calls if call.name != "hand_over")
    return replace(answer, parts=(_variant("ignored_human_request", stage),), calls=kept, handover=None)


def _needless_handover(answer: Answer, stage: Stage) -> Answer:
    """Hand over where nobody asked and no rule wants it."""
    if answer.handover is not None:
        return answer
    call = stage.needless()
    if not call.ok:
        return answer
    part = _variant("needless_handover", stage)
    return replace(answer, parts=(*answer.parts, part), calls=(*answer.calls, call), handover="explicit_request")


def _rude(answer: Answer, stage: Stage) -> Answer:
    """Begin with something no customer should read."""
    return replace(answer, parts=(_variant("rude", stage), *answer.parts))


def _wrong_language(answer: Answer, stage: Stage) -> Answer:
    """Say the same in another language."""
    others = [language for language in stage.languages if language != answer.language]
    return replace(answer, language=others[stage.chance.pick("language", len(others))]) if others else answer


def _variant(name: str, stage: Stage) -> Part:
    return Part(f"fault.{name}.{stage.chance.pick(name, stage.variants(name)) + 1}")


_ALTERING: dict[str, Callable[[Answer, Stage], Answer]] = {
    "claimed_action": _claimed_action,
    "ignored_human_request": _ignored_human_request,
    "needless_handover": _needless_handover,
    "wrong_amount": _wrong_amount,
    "wrong_date": _wrong_date,
    "invented_policy": _invented_policy,
    "rude": _rude,
    "wrong_language": _wrong_language,
}

TRANSPORT = ("http_500", "http_429", "hang", "slow", "malformed_json", "stream_cut")


def transport(faults: Mapping[str, float], chance: Chance, attempt: int) -> str | None:
    """Return the transport fault that strikes this attempt (0 is the first) at this request, or None."""
    return next(
        (name for name in TRANSPORT if chance.share(f"{name}:{attempt}") < faults.get(name, 0.0)),
        None,
    )
