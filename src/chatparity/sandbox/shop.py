"""The shop: one customer's world in an in-memory SQLite database, filled from a transcript's records."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chatparity.errors import UsageError
from chatparity.sandbox.amounts import minor

Row = dict[str, Any]


class Shop:
    """The database of one customer. Everything done inside `visit()` is rolled back at its end."""

    def __init__(self, schema: str, records: Mapping[str, Any]) -> None:
        self._base = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._base.row_factory = _as_dict
        self._base.executescript(schema)
        self.customer = str(records["account"]["id"])
        self.currency = str(records["account"].get("currency"))
        try:
            with self._transaction():
                self._load(records)
        except (KeyError, sqlite3.Error, ArithmeticError) as error:
            what = f"no field {error}" if isinstance(error, KeyError) else str(error)
            raise UsageError(f"the records of customer {self.customer} do not fit the shop: {what}") from error

    def rows(self, query: str, *values: Any) -> list[Row]:
        """Return the rows of a query, each by column name."""
        return self._base.execute(query, values).fetchall()

    def row(self, query: str, *values: Any) -> Row | None:
        """Return the first row of a query, or None."""
        found: Row | None = self._base.execute(query, values).fetchone()
        return found

    def do(self, statement: str, *values: Any) -> None:
        """Carry out one statement that changes the shop."""
        self._base.execute(statement, values)

    def add(self, table: str, row: Mapping[str, Any]) -> None:
        """Insert one row, given by column name."""
        columns = ", ".join(row)
        marks = ", ".join("?" * len(row))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - an unknown column is an error
        self._base.execute(statement, tuple(row.values()))

    @contextmanager
    def visit(self) -> Iterator[Shop]:
        """Give the shop for one request: whatever is changed in it is undone at the end."""
        self._base.execute("SAVEPOINT visit")
        try:
            yield self
        finally:
            self._base.execute("ROLLBACK TO visit")
            self._base.execute("RELEASE visit")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._base.execute("BEGIN")
        yield
        self._base.execute("COMMIT")

    def _load(self, records: Mapping[str, Any]) -> None:
        self.add("customers", self._in_minor(records["account"], "credit_limit"))
        for method in records.get("payment_methods") or ():
            self.add("payment_methods", {"customer": self.customer, **method})
        for order in records.get("orders") or ():
            self._load_order(dict(order))
        for declined in records.get("declined_purchases") or ():
            self.add("declined_purchases", {"customer": self.customer, **self._in_minor(declined, "amount")})
        for complaint in records.get("complaints") or ():
            self.add("complaints", {"customer": self.customer, **complaint})
        if records.get("deletion"):
            self.add("deletions", {"customer": self.customer, **records["deletion"]})

    def _in_minor(self, row: Mapping[str, Any], *money: str) -> Row:
        """Return a row with its money fields in the smallest unit, under the names the database gives them."""
        found = dict(row)
        for name in money:
            if name in found:
                found[f"{name}_minor"] = minor(found.pop(name), self.currency)
        return found

    def _load_order(self, order: Row) -> None:
        parts = {name: order.pop(name, None) for name in ("instalments", "charges", "refunds")}
        single = {name: order.pop(name, None) for name in ("return", "missing_parcel", "dispute")}
        self.add("orders", {"customer": self.customer, **self._in_minor(order, "total")})
        for instalment in parts["instalments"] or ():
            self.add("instalments", {"order_id": order["id"], **self._in_minor(instalment, "amount", "late_fee")})
        for table in ("charges", "refunds"):
            for row in parts[table] or ():
                self.add(table, {"order_id": order["id"], **self._in_minor(row, "amount")})
        for table, name in (("returns", "return"), ("missing_parcels", "missing_parcel"), ("disputes", "dispute")):
            if single[name]:
                self.add(table, {"order_id": order["id"], **single[name]})


def _as_dict(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
