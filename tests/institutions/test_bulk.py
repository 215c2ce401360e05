"""Institutions invited by a table, whatever spreadsheet it comes from."""

import csv
from io import StringIO
from typing import Any

import pytest

from service.core.ids import new_id
from service.institutions.sheets import MAX_ROWS, read_sheet
from tests.institutions.centre import INVITATIONS, claim, institution
from tests.live import Answer
from tests.provocation import someone
from tests.world import World


def sent(world: World, table: bytes, key: str | None = None, **query: Any) -> Answer:
    options = {"params": query, "headers": {"Content-Type": "text/csv"}}
    return world.operator.call("POST", f"{INVITATIONS}/bulk", table, key=key or str(new_id()), **options)


def rows(answer: Answer, delimiter: str = ";") -> list[list[str]]:
    assert answer.status == 201, answer.content.decode()
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def errors(answer: Answer) -> dict[str, str]:
    assert (answer.status, answer.code) == (422, "rows_wrong")
    return {error["pointer"]: error["message"] for error in answer.json["errors"]}


def invitations(world: World) -> list[dict[str, Any]]:
    return world.operator.get(INVITATIONS, limit=100).ok()["items"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_table_of_any_spreadsheet_is_read(encoding: str, delimiter: str) -> None:
    first, second = new_id(), new_id()
    lines = (
        ("Название", "ИД учреждения", "Мини-приложения"),
        ('"Школа\n№ 7"', str(first), "кружок"),
        ("", "", ""),
        (f'"Клиника{delimiter} ""Здоровье"""', str(second).upper(), "врач Кружок"),
    )
    for newline in ("\n", "\r\n"):
        sheet = read_sheet(newline.join(delimiter.join(line) for line in lines).encode(encoding))
        assert sheet.errors == []
        assert [(row.institution_id, row.mini_apps) for row in sheet.rows] == [
            (first, ["club"]),
            (second, ["doctor", "club"]),
        ]
        assert [row.line for row in sheet.rows] == [2, 5]
        assert (sheet.delimiter, sheet.russian) == (delimiter, True)


@pytest.mark.parametrize(
    "table",
    [
        b"",
        b"\n\n",
        b"institution_id\n",
        b"mini_apps;institution_id;price\n",
        b"institution_id;mini_apps;mini_apps\n",
        b'institution_id;mini_apps\n"',
        b"\x98",
        b"\xff\xfei\0n\0",
    ],
)
def test_what_is_no_table_of_invitations_is_told_so(table: bytes) -> None:
    sheet = read_sheet(table)
    assert sheet.errors
    assert sheet.rows == []


def test_codes_come_back_as_a_table_and_each_claims_a_page(world: World) -> None:
    schools = [institution(world, name=name) for name in ("Школа № 1", "=cmd|'/c calc'!A1", "+7 класс", "@школа")]
    table = "institution_id,mini_apps\n" + "".join(f"{school},club\n" for school in [*schools, schools[0]])
    head, *found = rows(sent(world, table.encode(), valid_days=30), ",")
    assert head == ["institution_id", "name", "municipality", "mini_apps", "code", "expires_at"]
    assert [row[0] for row in found] == [*schools, schools[0]]
    # Nothing in it is a formula.
    assert [row[1] for row in found[1:4]] == ["'=cmd|'/c calc'!A1", "'+7 класс", "'@школа"]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in found for cell in row)
    codes = [row[4] for row in found]
    assert len(set(codes)) == 5
    for row in found:
        assert claim(world, someone(), row[4]).ok()["institution"]["id"] == row[0]
    items = invitations(world)
    assert [(item["institution"]["id"], item["state"]) for item in items] == [(row[0], "claimed") for row in found]
    assert {item["expires_at"] for item in items} == {"2026-10-07T08:00:00+07:00"}
    kept = str(world.live.sql("TABLE idempotency_keys")) + str(world.live.sql("TABLE page_invitations"))
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_done(world: World) -> None:
    school, neighbour, foreign = institution(world), world.live.client(54), str(new_id())
    body = {"name": "Школа", "kind": "school", "municipality": "Бердск", "address": "г. Бердск"}
    neighbour.put(f"/v1/institutions/{foreign}", body | {"zone": "Asia/Novosibirsk"}).ok()
    lines = ["ид учреждения;мини-приложения", f"{school};кружок", "12;врач", f"{school};", f"{foreign};club"]
    lines += [f"{new_id()};shop", f"{school};club;more", f"{new_id()};club"]
    told = errors(sent(world, "\n".join(lines).encode("cp1251")))
    assert list(told) == [
        "/lines/3/institution_id", "/lines/4/mini_apps", "/lines/5/institution_id", "/lines/6/mini_apps", "/lines/7",
        "/lines/8/institution_id",
    ]  # fmt: skip
    # Another region's is as absent as one that is nowhere.
    assert told["/lines/5/institution_id"] == told["/lines/8/institution_id"]
    assert invitations(world) == []
    # More than are listed of a body's fields elsewhere.
    wrong = "institution_id;mini_apps\n" + "x;y\n" * 200
    assert len(errors(sent(world, wrong.encode(), dry_run="true"))) == 400


def test_a_dry_run_invites_nobody_and_leaves_the_key_free(world: World) -> None:
    school, key = institution(world), str(new_id())
    table = f"ид;мини-приложения\n{school};врач кружок\n".encode()
    head, row = rows(sent(world, table, key, dry_run="true"))
    assert head[0] == "ид учреждения"
    assert row == [school, "Школа № 7", "Тайга", "doctor club", "", ""]
    assert invitations(world) == []
    done = sent(world, table, key)
    assert rows(done)[1][4]
    assert sent(world, table, key).content == done.content
    assert len(invitations(world)) == 1


def test_five_thousand_at_once_are_one_statement(world: World) -> None:
    school = institution(world)
    table = "institution_id;mini_apps\n" + f"{school};club\n" * MAX_ROWS
    first = sent(world, table.encode(), "many")
    assert len({row[4] for row in rows(first)[1:]}) == MAX_ROWS
    assert sent(world, table.encode(), "many").content == first.content
    assert world.live.sql("SELECT count(*) FROM page_invitations")[0]["count"] == MAX_ROWS
    assert sent(world, (table + f"{school};club\n").encode()).code == "rows_too_many"
    assert sent(world, b"x" * (2 * 1024 * 1024 + 1)).code == "too_large"
