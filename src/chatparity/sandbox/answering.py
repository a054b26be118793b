"""The sandbox's shop as the one who answers an agent's tool calls, where the suite says so."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from chatparity.exchange import Point
from chatparity.sandbox.company import Company, open_company
from chatparity.sandbox.shop import Shop
from chatparity.sandbox.tools import Tools
from chatparity.suite import Suite
from chatparity.transcript import ToolCall

# A shop is a database in memory: those of the conversations asked last are kept open.
OPEN_SHOPS = 64


class ShopAnswerer:
    """Carries out calls in the shop of the conversation's own records, as it is at that place of the conversation.

    Each call has a visit of its own: the calls before it that changed something are carried out again, then the call,
    then all of it is undone. So the same call at the same place has the same answer, whatever else was asked.
    """

    def __init__(self, company: Company) -> None:
        self._company = company
        self._shops: OrderedDict[str, Shop] = OrderedDict()

    def answer(self, point: Point, before: Sequence[ToolCall], call: ToolCall) -> ToolCall | None:
        """Return what the shop did or why it refused.

        None where the transcript has no account and no date, or the shop has no such tool. Raises UsageError for
        records that do not fit the shop.
        """
        account = point.records.get("account")
        if not isinstance(account, Mapping) or point.started_at is None:
            return None
        if call.name not in self._company.tools.parameters:
            return None
        with self._shop(point).visit() as shop:
            tools = Tools(self._company.tools, shop, self._company.policy, point.started_at.date())
            tools.again(before)
            return tools.call(call.name, call.arguments)

    def _shop(self, point: Point) -> Shop:
        """Return the shop as it was when the conversation began."""
        found = self._shops.pop(point.id, None) or Shop(self._company.schema, point.records)
        self._shops[point.id] = found
        if len(self._shops) > OPEN_SHOPS:
            self._shops.popitem(last=False)
        return found


def shop_of(suite: Suite) -> list[ShopAnswerer]:
    """Return the sandbox's shop where the suite lets it answer (`[agent] shop`), else nobody."""
    if not suite.settings.agent.shop:
        return []
    return [ShopAnswerer(open_company([suite.path(name) for name in suite.settings.suite.datasets]))]
