"""A group's list in its three shapes."""

import re
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from schemas.registers import GroupRegister
from service.registers import sheets
from tests.registers.school import PATH, School
from tests.world import World

EVIL = ("=1+1", "+7", "-2", "@SUM(A1)", "<script>alert(1)</script>", '"><img src=x>', "http://a.b/", "{=1}", "12")


@pytest.fixture
def school(world: World) -> School:
    return School(world)


def listing(*names: str, lessons: tuple[str, ...] = ("2026-10-06T1630",), **more: Any) -> GroupRegister:
    """A list of children with such last names: more than the API would take, for the sheets do not rely on it."""
    documented: Any = GroupRegister.model_config.get("json_schema_extra")
    item = documented["examples"][0]
    row = item["items"][0]
    rows = [
        row | {"number": number, "person": row["person"] | {"last_name": name}, "marks": ["present"] * len(lessons)}
        for number, name in enumerate(names, 1)
    ]
    return GroupRegister.model_validate(item | {"items": rows, "lessons": list(lessons)} | more, strict=False)


def read(content: bytes) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()


def test_the_three_say_the_same(school: School) -> None:
    group, live = school.group(), school.world.live
    teacher = school.teacher(group)
    vera, anna = school.pupil(group, last_name="Яшина"), school.pupil(group, last_name="Ёлкина", patronymic=None)
    live.sql("UPDATE applications SET order_number = '112-К', order_date = '2026-09-05' WHERE id = $1", vera.id)
    school.mark(teacher.api, group, "2026-09-07T0700", vera).ok()
    school.mark(teacher.api, group, "2026-09-07T0700", anna, mark="ill").ok()
    school.director.post(f"{PATH}/groups/{group}/lessons/2026-09-21T0700/cancel", {"reason": "Болеет"}).ok()
    vera.leave()
    found = teacher.api.get(f"{PATH}/groups/{group}/list").ok()
    assert found["lessons"] == ["2026-09-07T0700", "2026-09-14T0700", "2026-09-28T0700"]
    assert (found["month"], found["teachers"]) == ("2026-09", ["Орлов Пётр Ильич"])
    rows = [(row["number"], row["application_id"], row["until"], row["marks"]) for row in found["items"]]
    names = [row["person"]["last_name"] for row in found["items"]]
    assert sorted(names) == sorted(("Ёлкина", "Яшина"))
    assert {row[1:] [0]: row[2:] for row in rows} == {
        anna.id: (None, ["ill", None, None]), vera.id: ("2026-09-07", ["present", None, None]),
    }  # fmt: skip
    spreadsheet = teacher.api.get(f"{PATH}/groups/{group}/list.xlsx")
    assert spreadsheet.headers["Content-Type"] == sheets.XLSX
    assert spreadsheet.headers["Content-Disposition"] == f'attachment; filename="{group}-2026-09.xlsx"'
    table = read(spreadsheet.content)
    assert table[2] == [
        "№",
        "Ребёнок",
        "Дата рождения",
        "Приказ №",
        "Приказ от",
        "В группе с",
        "По",
        "07.09",
        "14.09",
        "28.09",
    ]
    by_name = {row[1]: row[2:] for row in table[3:5]}
    assert by_name == {
        "Яшина Вера Ильинична": ["14.05.2019", "112-К", "05.09.2026", "07.09.2026", "07.09.2026", "+", "", ""],
        "Ёлкина Вера": ["14.05.2019", "", "", "07.09.2026", "", "б", "", ""],
    }
    page = teacher.api.get(f"{PATH}/groups/{group}/list.html", month="2026-09")
    assert page.headers["Content-Type"].startswith("text/html")
    for text in ("Яшина Вера Ильинична", "Ёлкина Вера", "112-К", "14.05.2019", "Орлов Пётр Ильич"):
        assert text in page.content.decode()
    shown = live.sql("SELECT a::text AS text FROM accesses a WHERE operation LIKE 'getGroupList%'")
    assert len(shown) == 3
    assert not any("Вера" in row["text"] for row in shown)


def test_another_month_has_its_own_children_and_lessons(school: School) -> None:
    group = school.group()
    pupil = school.pupil(group)
    pupil.leave()
    path = f"{PATH}/groups/{group}/list"
    assert school.director.get(path, month="2026-08").ok()["items"] == []
    assert len(school.director.get(path, month="2026-09").ok()["items"]) == 1
    october = school.director.get(path, month="2026-10").ok()
    assert (october["items"], len(october["lessons"])) == ([], 4)
    # After the last day of the group there is nothing to list.
    assert school.director.get(path, month="2027-06").ok()["lessons"] == []


def test_a_teacher_lists_their_own_group_alone(school: School) -> None:
    group, other = school.group(), school.group()
    teacher = school.teacher(group)
    for tail in ("", ".xlsx", ".html"):
        assert teacher.api.get(f"{PATH}/groups/{group}/list{tail}").status == 200
        assert teacher.api.get(f"{PATH}/groups/{other}/list{tail}").code == "group_not_found"


def test_no_cell_is_a_formula_a_number_or_a_link() -> None:
    content = sheets.xlsx_of(listing(*EVIL, group_name="=2+2", institution_name="=HYPERLINK(1)"))
    table = read(content)
    assert table[0][0] == "=2+2"
    assert [row[1].split()[0] for row in table[3:-1]] == [name.split()[0] for name in EVIL]
    assert all(isinstance(cell, str) for row in table[3:-1] for cell in row[1:])
    # In the file itself there is no formula at all.
    from zipfile import ZipFile  # noqa: PLC0415

    with ZipFile(BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet


class Page(HTMLParser):
    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []
        self.attributes: set[str] = set()
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "td":
            self.cells[-1] += data


def test_the_page_is_escaped_and_runs_nothing() -> None:
    page = Page(sheets.html_of(listing(*EVIL, group_name="<b>1</b>", programme_name="</title><script>")))
    allowed = {"html", "head", "meta", "title", "style", "body", "h1", "p", "table", "thead", "tbody", "tr", "th", "td"}
    assert set(page.tags) == allowed
    assert page.attributes == {"lang", "charset", "class"}
    for name in EVIL:
        assert any(cell.startswith(name) for cell in page.cells), name


def test_the_page_is_made_for_paper() -> None:
    text = sheets.html_of(listing("Соколова")).decode()
    assert '<html lang="ru">' in text
    assert re.search(r"@page \{ size: A4", text)
    assert "display: table-header-group" in text
    assert "'unsafe-inline'" not in sheets.POLICY
    assert sheets.POLICY.startswith("default-src 'none'")


def test_two_lessons_of_one_day_are_told_apart() -> None:
    table = read(sheets.xlsx_of(listing("Соколова", lessons=("2026-10-06T1630", "2026-10-06T1715", "2026-10-08T1630"))))
    assert table[2][7:] == ["06.10 16:30", "06.10 17:15", "08.10"]
