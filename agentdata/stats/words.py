"""Figures as people read them."""

from __future__ import annotations


def count(number: int) -> str:
    """The number with commas between thousands.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{number:,}"


def mean(number: float) -> str:
    """A number with one decimal.

    >>> mean(1234.56)
    '1,234.6'
    """
    return f"{number:,.1f}"


def percent(share: float) -> str:
    """A share of 1 in per cent.

    >>> percent(0.9876)
    '98.8 %'
    """
    return f"{100 * share:.1f} %"


def length(tokens: int) -> str:
    """A length in tokens, thousands as 1024 where they are whole.

    >>> length(8192), length(640)
    ('8k', '640')
    """
    whole, rest = divmod(tokens, 1024)
    return f"{whole}k" if whole and not rest else count(tokens)


def short(number: int) -> str:
    """Three digits and a unit from 100,000 on.

    >>> short(98765), short(123456), short(1234567), short(999999999)
    ('98,765', '123 k', '1.23 M', '1.00 G')
    """
    if number < 100_000:
        return count(number)
    value, units = float(number), iter(("", " k", " M", " G", " T"))
    unit = next(units)
    while value >= 999.5 and unit != " T":
        value, unit = value / 1000, next(units)
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f}{unit}"
