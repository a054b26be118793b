"""The company the sandbox plays: its tools, policy numbers, texts and customers, read once from the datasets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from chatparity.errors import InputError, Problem, UsageError
from chatparity.jsonl import holds_transcripts, read_transcripts
from chatparity.sandbox.policy import Policy, read_policy
from chatparity.sandbox.shop import Shop
from chatparity.sandbox.speak import Voice
from chatparity.sandbox.tools import ToolList, read_tools
from chatparity.sandbox.understand import Ear, Rules
from chatparity.suite import shipped_root
from chatparity.transcript import Transcript

_HOME = "sandbox"
_DEMO = "demo.jsonl"
_SHARED = {"agent", "faults", "numbers"}


@dataclass(frozen=True)
class Customer:
    """A customer's world at the start of a conversation, and the day on which that conversation began."""

    records: Mapping[str, Any]
    today: dt.date
    language: str
    market: str


@dataclass
class Company:
    """Everything the agent works with. Shops are opened when a customer first writes, and kept."""

    folder: Path
    schema: str
    tools: ToolList
    policy: Policy
    rules: Rules
    tables: Mapping[str, Mapping[str, Any]]
    customers: Mapping[str, Customer]
    demo: Customer
    _shops: dict[int, Shop] = field(default_factory=dict)
    _voices: dict[tuple[str, str | None], Voice] = field(default_factory=dict)
    _ears: dict[str, Ear] = field(default_factory=dict)

    def customer(self, name: str | None) -> Customer:
        """Return the customer of this id; an unknown one is the demo customer."""
        return self.customers.get(name or "", self.demo)

    def shop(self, customer: Customer) -> Shop:
        """Return the customer's shop as it is at the start of a conversation."""
        found = self._shops.get(id(customer))
        if found is None:
            found = self._shops[id(customer)] = Shop(self.schema, customer.records)
        return found

    def voice(self, language: str, market: str | None) -> Voice:
        """Return how the agent speaks a language in a market."""
        key = (language, market)
        if key not in self._voices:
            self._voices[key] = Voice(language, self.tables[language], market)
        return self._voices[key]

    def ear(self, language: str) -> Ear:
        """Return how the agent understands a language."""
        if language not in self._ears:
            self._ears[language] = Ear(language, self.tables[language], self.rules)
        return self._ears[language]


def open_company(datasets: Sequence[Path]) -> Company:
    """Read everything the sandbox needs: its folder under one of the datasets, else the shipped one; all transcripts.

    Raises UsageError or InputError naming the file. Transcripts without an account in their records are passed over.
    """
    folder = _folder(datasets)
    tables = {path.stem: _table(path) for path in sorted(folder.glob("*.toml")) if path.stem not in _SHARED}
    demo = [customer for _, customer in _customers(read_transcripts([folder / _DEMO]))]
    if not demo:
        raise UsageError(f"{folder / _DEMO}: expected a transcript whose records hold an account")
    given = [path for path in datasets if path.is_file() or holds_transcripts(path)]
    transcripts = read_transcripts(given, skip_invalid=[]) if given else []
    customers: dict[str, Customer] = {}
    for name, customer in _customers(transcripts):
        customers.setdefault(name, customer)
    return Company(
        folder=folder,
        schema=(folder / "shop.sql").read_text(encoding="utf-8"),
        tools=read_tools(folder / "tools.json"),
        policy=read_policy(folder / "numbers.toml"),
        rules=Rules(_table(folder / "agent.toml")),
        tables=tables,
        customers=customers,
        demo=demo[0],
    )


def _folder(datasets: Sequence[Path]) -> Path:
    for path in datasets:
        for home in (path / _HOME, path.parent / _HOME):
            if (home / "tools.json").is_file():
                return home
    return shipped_root() / "datasets" / _HOME


def _customers(transcripts: Sequence[Transcript]) -> list[tuple[str, Customer]]:
    """Return the customers of the transcripts whose records hold an account."""
    found = []
    for transcript in transcripts:
        account = transcript.records.get("account")
        if not isinstance(account, dict) or transcript.started_at is None:
            continue
        customer = Customer(
            records=transcript.records,
            today=transcript.started_at.date(),
            language=transcript.language.partition("-")[0],
            market=str(account.get("market")),
        )
        found.append((transcript.customer or str(account.get("id")), customer))
    return found


def _table(path: Path) -> dict[str, Any]:
    try:
        table: dict[str, Any] = msgspec.toml.decode(path.read_bytes())
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file: the sandbox needs it") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f"expected TOML: {error}")]) from error
    return table
