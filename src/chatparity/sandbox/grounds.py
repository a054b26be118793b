"""What a folder of data brings for its audit: its shop, policy and rules of handover, each where it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from chatparity.audit.grounds import Fault, Grounds, home_of, read_handover, read_policy_passages
from chatparity.sandbox.answering import ShopAnswerer
from chatparity.sandbox.company import open_company
from chatparity.sandbox.policy import Policy
from chatparity.sandbox.records import broken_records
from chatparity.transcript import Transcript

_SHOP = Path("sandbox") / "tools.json"
_POLICY = Path("policies")


class GroundsByFolder:
    """Finds the grounds of a file: the nearest folders above it that hold a shop and a policy; each is read once."""

    def __init__(self) -> None:
        self._shops: dict[Path | None, Grounds] = {None: Grounds()}
        self._known: dict[Path, Grounds] = {}

    def __call__(self, file: Path) -> Grounds:
        """Return the grounds of a file. Raises InputError where a file of the shop or the policy cannot be read."""
        folder = file.resolve().parent
        if folder not in self._known:
            shop = self._shop(home_of([folder], str(_SHOP)))
            policy = home_of([folder], str(_POLICY))
            rules = policy / _POLICY / "handover.toml" if policy else None
            self._known[folder] = Grounds(
                shop=shop.shop,
                tools=shop.tools,
                records=shop.records,
                policy=read_policy_passages(policy / _POLICY) if policy else (),
                handover=read_handover(rules) if rules is not None and rules.is_file() else None,
            )
        return self._known[folder]

    def _shop(self, home: Path | None) -> Grounds:
        if home not in self._shops:
            assert home is not None
            company = open_company([home / "sandbox"])
            self._shops[home] = Grounds(
                shop=ShopAnswerer(company),
                tools=company.tools.parameters,
                records=_records_by(company.policy),
            )
        return self._shops[home]


def _records_by(policy: Policy) -> Callable[[Transcript], Iterator[Fault]]:
    def faults(transcript: Transcript) -> Iterator[Fault]:
        return (Fault(where, message) for where, message in broken_records(transcript, policy))

    return faults
