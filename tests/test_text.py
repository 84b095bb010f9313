"""Sizes and times are read as they are written, and refused when they could mean two things."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidbench.text import (
    QuantityError,
    parse_size,
    parse_time,
    size_text,
    time_text,
    writable,
)

UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@given(
    whole=st.integers(0, 10**6),
    part=st.integers(0, 999),
    unit=st.sampled_from(sorted(UNITS)),
    space=st.sampled_from(["", " ", "  "]),
    case=st.sampled_from([str, str.lower, str.upper]),
)
def test_a_size_is_its_number_of_its_unit(whole, part, unit, space, case) -> None:
    exact = (whole + Fraction(part, 1000)) * UNITS[unit]
    assert parse_size(f"{space}{whole}.{part:03}{space}{case(unit)}{space}") == exact // 1


@given(count=st.integers(0, 10**6), unit=st.sampled_from(sorted(SECONDS)))
def test_a_time_is_its_number_of_its_unit(count: int, unit: str) -> None:
    assert parse_time(f"{count}{unit}") == count * SECONDS[unit]


def test_units_are_decimal() -> None:
    assert parse_size("1GB") == 1000 * parse_size("1MB") == 10**9


@pytest.mark.parametrize("nothing", ["0", "0.0", "00", "0B", "0 GB"])
def test_nothing_needs_no_unit(nothing: str) -> None:
    assert parse_size(nothing) == 0


@pytest.mark.parametrize(
    "text",
    ["", " ", "GB", "2", "10", "-1GB", "+1GB", "1e3B", "2XB", "2GiB", "1,5GB", "1.GB", ".5GB"],
)
def test_anything_else_is_no_size(text: str) -> None:
    with pytest.raises(QuantityError) as caught:
        parse_size(text)
    assert str(caught.value) == (
        f"'{text}': a size is a number with B, kB, MB, GB or TB (1 GB is 1000 MB), e.g. 2GB"
    )


@pytest.mark.parametrize("text", ["1 G B", "nan", "inf", "2GB 1MB", "٢GB"])
def test_what_only_looks_like_a_number_is_no_size(text: str) -> None:
    with pytest.raises(QuantityError):
        parse_size(text)


@pytest.mark.parametrize("text", ["", "30", "30x", "30 days", "d", "-1d", "1mo"])
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(QuantityError, match=r"a time is a number with s, m, h, d or w, e\.g\. 30d"):
        parse_time(text)


@given(st.text(max_size=12))
def test_any_text_is_a_size_or_refused(text: str) -> None:
    try:
        size = parse_size(text)
    except QuantityError:
        return
    assert isinstance(size, int) and size >= 0 and any(digit in text for digit in "0123456789")


@given(st.integers(0, 10**15))
def test_a_size_is_written_in_three_digits_and_read_back(size: int) -> None:
    text = size_text(size)
    number, unit = text.split(" ")
    if size < 999 * 10**12:
        assert sum(letter.isdigit() for letter in number) <= 3
    assert abs(parse_size(text) - size) <= max(UNITS[unit] / 20, size / 200)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (99_960, "100 kB"),
        (999_400, "999 kB"),
        (999_600, "1.0 MB"),
        (45_054_321, "45.1 MB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sizes_look_like_this(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0s"), (0, "0s"), (59.9, "59s"), (60, "1m"), (7199, "1h"), (86400, "1d"), (4e6, "46d")],
)
def test_times_look_like_this(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


def test_what_no_file_can_hold_is_escaped() -> None:
    assert writable("d\udcff/行.jpg") == "d\\udcff/行.jpg"
