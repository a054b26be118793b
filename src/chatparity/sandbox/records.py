"""Whether a transcript's records keep the contract of RECORDS.md: ids, dates, instalments, late fees, refunds."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from chatparity.sandbox.amounts import is_nothing, major, minor
from chatparity.sandbox.policy import Policy, after_business_days, after_days
from chatparity.transcript import Transcript

Found = tuple[str, str]
_AHEAD = {
    "due_on", "paused_until", "expected_by", "investigation_until", "merchant_answer_by", "decision_by", "answer_by",
    "done_by",
}  # fmt: skip
_DAY = re.compile(r"\d{4}-\d\d-\d\d$")


def broken_records(transcript: Transcript, policy: Policy) -> list[Found]:
    """Return what is wrong with a transcript's records, as (field, what was expected) pairs.

    Records without an account, and transcripts without a date, belong to no shop and are not judged.
    """
    account = transcript.records.get("account")
    if not isinstance(account, Mapping) or transcript.started_at is None:
        return []
    try:
        return list(_Book(transcript, policy).faults())
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        return [("records", f"expected the form of RECORDS.md, got {type(error).__name__}: {error}")]


class _Book:
    """One customer's records on the day of the conversation."""

    def __init__(self, transcript: Transcript, policy: Policy) -> None:
        self._transcript = transcript
        self._records = transcript.records
        self._policy = policy
        assert transcript.started_at is not None
        self._today = transcript.started_at.date()
        self._market = str(transcript.records["account"]["market"])
        self._currency = str(transcript.records["account"]["currency"])

    def faults(self) -> Iterator[Found]:
        """Yield everything that is wrong."""
        account = self._records["account"]
        for name, wanted in (
            ("id", self._transcript.customer), ("market", self._transcript.market),
            ("language", self._transcript.language.partition("-")[0]),
        ):  # fmt: skip
            if wanted is not None and account.get(name) != wanted:
                yield f"records.account.{name}", f'expected "{wanted}" as in the transcript, got "{account.get(name)}"'
        yield from self._late_dates(self._records, "records")
        for place, order in enumerate(self._records.get("orders") or ()):
            yield from self._order(order, f"records.orders[{place}]")
        for place, one in enumerate(self._records.get("complaints") or ()):
            yield from self._runs(
                one, "registered_on", "answer_by", "complaint_answer_days", f"records.complaints[{place}]"
            )
        if self._records.get("deletion"):
            yield from self._runs(
                self._records["deletion"], "requested_on", "done_by", "deletion_days", "records.deletion"
            )

    def _late_dates(self, value: Any, where: str) -> Iterator[Found]:
        """Yield dates after today in fields that tell what has happened."""
        if isinstance(value, Mapping):
            for name, inner in value.items():
                if (
                    isinstance(inner, str)
                    and name not in _AHEAD
                    and _DAY.match(inner)
                    and self._day(inner) > self._today
                ):
                    yield (
                        f"{where}.{name}",
                        f"expected a day up to {self._today}, the day of the conversation, got {inner}",
                    )
                yield from self._late_dates(inner, f"{where}.{name}")
        elif isinstance(value, list):
            for place, inner in enumerate(value):
                yield from self._late_dates(inner, f"{where}[{place}]")

    def _order(self, order: Mapping[str, Any], where: str) -> Iterator[Found]:
        if order["currency"] != self._currency:
            yield f"{where}.currency", f"expected {self._currency}, the account's currency, got {order['currency']}"
        yield from self._amounts(order, where)
        for place, part in enumerate(order["instalments"]):
            yield from self._instalment(order, part, f"{where}.instalments[{place}]")
        for place, back in enumerate(order.get("refunds") or ()):
            registered = self._day(back["registered_on"])
            key = "duplicate_refund_banking_days" if back["reason"] == "duplicate_charge" else "refund_business_days"
            wanted = after_business_days(registered, self._policy.number(key, self._market, registered))
            if back["expected_by"] != wanted.isoformat():
                yield f"{where}.refunds[{place}].expected_by", f"expected {wanted}, got {back['expected_by']}"
        missing, dispute = order.get("missing_parcel"), order.get("dispute")
        if missing:
            name = f"{where}.missing_parcel"
            yield from self._runs(missing, "reported_on", "investigation_until", "missing_investigation_days", name)
        if dispute:
            name = f"{where}.dispute"
            yield from self._runs(dispute, "opened_on", "merchant_answer_by", "dispute_merchant_days", name)
            yield from self._runs(dispute, "opened_on", "decision_by", "dispute_decision_days", name)

    def _amounts(self, order: Mapping[str, Any], where: str) -> Iterator[Found]:
        """Yield instalments that are not the order's total, split as its plan says."""
        parts = order["instalments"]
        count = 1 if order["plan"] == "pay_in_30" else self._policy.number("pay_in_4_count", self._market, self._today)
        if [part["number"] for part in parts] != list(range(1, count + 1)):
            yield f"{where}.instalments", f"expected {count} numbered from 1 for {order['plan']}, got {len(parts)}"
            return
        total = minor(order["total"], self._currency)
        given = [minor(part["amount"], self._currency) for part in parts]
        reduced = sum(
            minor(back["amount"], self._currency) for back in order.get("refunds") or () if back["reason"] == "return"
        )
        right = [total // count] * (count - 1) + [total - total // count * (count - 1)]
        if (given != right and not (reduced or order.get("return"))) or sum(given) > total:
            wanted = ", ".join(major(units, self._currency) for units in right)
            yield (
                f"{where}.instalments",
                f"expected {wanted} of {order['total']}, got {', '.join(one['amount'] for one in parts)}",
            )

    def _instalment(self, order: Mapping[str, Any], part: Mapping[str, Any], where: str) -> Iterator[Found]:
        """Yield a state or a late fee that does not follow from the due date, the days of grace and the pauses."""
        due_on = self._day(part["due_on"])
        grace = self._policy.number("grace_days", self._market, self._today)
        charged = after_days(due_on, grace)
        status = part["status"]
        if status == "due" and charged <= self._today:
            yield f"{where}.status", f"expected missed: due {due_on} and {grace} days of grace are over, got due"
        if status == "missed" and charged > self._today:
            yield f"{where}.status", f"expected due: its late fee falls on {charged}, got missed"
        if status == "paused" and self._day(part["paused_until"]) <= self._today:
            yield f"{where}.paused_until", f"expected a day after {self._today}, got {part['paused_until']}"
        fee = self._policy.number("late_fee", self._market, charged)
        charged_fee = not is_nothing(part["late_fee"])
        if status == "missed" and not part.get("late_fee_waived_on") and part["late_fee"] != fee:
            yield f"{where}.late_fee", f"expected {fee}, the fee of {charged} in {self._market}, got {part['late_fee']}"
        if status in ("due", "paused", "cancelled") and charged_fee:
            yield f"{where}.late_fee", f"expected none on an instalment that is {status}, got {part['late_fee']}"
        yield from self._due_date(order, part, due_on, where)

    def _due_date(
        self, order: Mapping[str, Any], part: Mapping[str, Any], due_on: dt.date, where: str
    ) -> Iterator[Found]:
        """Yield a due date that is not the plan's, where nothing has moved it (a pause or a new plan may have)."""
        placed = self._day(order["placed_on"])
        step = self._policy.number("pay_in_4_interval_days", self._market, placed)
        gap = (
            self._policy.number("pay_in_30_days", self._market, placed)
            if order["plan"] == "pay_in_30"
            else step * (part["number"] - 1)
        )
        moved = any(order.get(name) for name in ("return", "missing_parcel", "dispute"))
        wanted = after_days(placed, gap + part["extended_days"])
        if due_on < wanted or (due_on != wanted and not moved and order["plan"] == "pay_in_30"):
            yield f"{where}.due_on", f"expected {wanted} for an order of {placed} on {order['plan']}, got {due_on}"

    def _runs(self, row: Mapping[str, Any], start: str, end: str, number: str, where: str) -> Iterator[Found]:
        """Yield an end that is not `number` days of the policy after its start."""
        begin = self._day(row[start])
        wanted = after_days(begin, self._policy.number(number, self._market, begin))
        if row[end] != wanted.isoformat():
            yield f"{where}.{end}", f"expected {wanted}, got {row[end]}"

    @staticmethod
    def _day(text: str) -> dt.date:
        return dt.date.fromisoformat(text)
