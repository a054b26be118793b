"""Amounts of money: decimal strings with the decimals their currency has, and whole numbers of its smallest unit."""

from __future__ import annotations

from decimal import Decimal

WITHOUT_CENTS = frozenset({"JPY"})
"""Currencies of the shop that have no smaller unit (ISO 4217 exponent 0): "4980" is four thousand yen and more."""


def minor(money: str, currency: str) -> int:
    """Return a decimal string in the smallest unit: "249.00" EUR is 24900, "4980" JPY is 4980.

    Raises ArithmeticError when the string is no number, or says less than the smallest unit.
    """
    units = Decimal(money).scaleb(_decimals(currency))
    if units != units.to_integral_value():
        raise ArithmeticError(f"{money} {currency} is no whole number of the smallest unit")
    return int(units)


def major(units: int, currency: str) -> str:
    """Return an amount in the smallest unit as a decimal string: 24900 EUR is "249.00", 4980 JPY is "4980"."""
    return str(Decimal(units).scaleb(-_decimals(currency)))


def is_nothing(money: str) -> bool:
    """Say whether a decimal string is zero, with whatever decimals."""
    return not Decimal(money)


def _decimals(currency: str) -> int:
    return 0 if currency in WITHOUT_CENTS else 2
