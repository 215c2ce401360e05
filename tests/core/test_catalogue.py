import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest

import service

CATALOGUE = (Path(service.__file__).parent / "migrations" / "catalogue.sql").read_text(encoding="utf-8")
VALUE = r"(\d+|'(?:[^']|'')*')"


def rows_of(table: str, columns: int) -> list[tuple[str, ...]]:
    """The rows that the catalogue puts into a table; every line between `values` and `on conflict` must be one."""
    ((listed, conflict),) = re.findall(
        rf"^insert into {table} \([^)]*\) values\n(.*?)\n(on conflict[^;]*);", CATALOGUE, re.MULTILINE | re.DOTALL
    )
    assert conflict.startswith("on conflict (code) do update set\n")
    row = re.compile(rf"    \({', '.join([VALUE] * columns)}\)")
    lines = listed.split(",\n")
    assert len(lines) == len(listed.splitlines())
    matches = [row.fullmatch(line) for line in lines]
    assert None not in matches, "a line is not a row"
    return [tuple(value.strip("'").replace("''", "'") for value in match.groups()) for match in matches if match]


REGIONS = rows_of("regions", 4)
SPECIALTIES = rows_of("specialties", 4)


def test_all_89_regions_are_there_once() -> None:
    codes = [int(code) for code, *_ in REGIONS]
    assert codes == sorted([*range(1, 80), 83, 86, 87, *range(89, 96)])
    assert len(codes) == 89
    for column in (1, 2):
        assert len({row[column] for row in REGIONS}) == 89


def test_every_zone_exists_and_all_eleven_offsets_are_there() -> None:
    zones = {zone for *_, zone in REGIONS}
    assert zones <= available_timezones()
    offsets = {ZoneInfo(zone).utcoffset(datetime(2026, 1, 15, tzinfo=UTC)) for zone in zones}
    assert offsets == {timedelta(hours=hours) for hours in range(2, 13)}


@pytest.mark.parametrize(
    ("code", "name", "hours"),
    [("39", "Калининградская область", 2), ("77", "Москва", 3), ("42", "Кемеровская область — Кузбасс", 7),
     ("14", "Республика Саха (Якутия)", 9), ("65", "Сахалинская область", 11), ("41", "Камчатский край", 12)],
)  # fmt: skip
def test_known_regions(code: str, name: str, hours: int) -> None:
    ((_, russian, _, zone),) = (row for row in REGIONS if row[0] == code)
    assert russian == name
    # In winter and in summer: Russia does not change its clocks.
    for month in (1, 7):
        assert datetime(2026, month, 15, tzinfo=ZoneInfo(zone)).utcoffset() == timedelta(hours=hours)


def test_specialties_have_one_code_each_and_a_way_in() -> None:
    codes = [code for code, *_ in SPECIALTIES]
    assert len(codes) == len(set(codes))
    assert all(code.isdecimal() and not code.startswith("0") for code in codes)
    assert {access for *_, access in SPECIALTIES} == {"self", "referral"}
    signed_up_alone = sorted((code for code, *_, access in SPECIALTIES if access == "self"), key=int)
    # Where a citizen usually needs no referral.
    assert " ".join(signed_up_alone) == "13 28 49 53 54 58 59 83 85 87 100 101 103 109 110 119 120 122"


@pytest.mark.parametrize("rows", [REGIONS, SPECIALTIES], ids=["regions", "specialties"])
def test_names_are_russian_first_and_english_second(rows: list[tuple[str, ...]]) -> None:
    for _, russian, english, _ in rows:
        assert re.fullmatch(r"[А-ЯЁ][а-яёА-ЯЁ ()—-]+[а-яё)]", russian), russian
        assert re.fullmatch(r"[A-Z][A-Za-z '()—-]+[a-z)]", english), english
