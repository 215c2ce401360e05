"""A group's list on paper: as a spreadsheet, and as a page to print."""

import hashlib
from base64 import b64encode
from datetime import date
from html import escape
from io import BytesIO
from typing import Any

from schemas.registers import GroupRegister, ListRow, Mark

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEAD = ("№", "Ребёнок", "Дата рождения", "Приказ №", "Приказ от", "В группе с", "По")
# As class registers have it.
_MARKS: dict[Mark | None, str] = {"present": "+", "absent": "н", "ill": "б", "excused": "у", None: ""}
_LEGEND = "+ был, н — не был, б — болел, у — уважительная причина"
_STYLE = """
@page { size: A4 landscape; margin: 12mm }
body { font: 10pt "PT Serif", "Times New Roman", serif; margin: 0 }
h1 { font-size: 14pt; margin: 0 0 2mm }
p { margin: 0 0 3mm }
table { border-collapse: collapse; width: 100% }
thead { display: table-header-group }
tr { break-inside: avoid }
th, td { border: 0.3mm solid #000; padding: 1mm; text-align: left }
.mark { text-align: center }
"""
# The page has this style and nothing else: no script, no picture, no form.
POLICY = "default-src 'none'; style-src 'sha256-" + b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode() + "'"


def _day(day: date | None) -> str:
    return f"{day:%d.%m.%Y}" if day else ""


def _name(row: ListRow) -> str:
    parts = row.person.last_name, row.person.first_name, row.person.patronymic
    return " ".join(part for part in parts if part)


def _columns(register: GroupRegister) -> list[str]:
    """Heads of the lessons: 06.10 where there is one that day, else with its time."""
    days = [lesson[:10] for lesson in register.lessons]
    return [
        f"{lesson[8:10]}.{lesson[5:7]}" + (f" {lesson[11:13]}:{lesson[13:]}" if days.count(lesson[:10]) > 1 else "")
        for lesson in register.lessons
    ]


def _cells(row: ListRow) -> list[str]:
    days = _day(row.birth_date), row.order_number or "", _day(row.order_date), _day(row.since), _day(row.until)
    return [str(row.number), _name(row), *days, *(_MARKS[mark] for mark in row.marks)]


def _title(register: GroupRegister) -> tuple[str, str]:
    teachers = ", ".join(register.teachers)
    about = f"{register.institution_name}. {register.programme_name}. {register.month}"
    return register.group_name, f"{about}. {teachers}" if teachers else about


def xlsx_of(register: GroupRegister) -> bytes:
    """A workbook of one sheet. Every cell but the number is written as text: no name becomes a formula or a link."""
    # Here, for its memory is of use to whoever prints alone.
    import xlsxwriter  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs]

    content = BytesIO()
    workbook: Any = xlsxwriter.Workbook(content, {"constant_memory": True})
    sheet = workbook.add_worksheet("Список")
    bold = workbook.add_format({"bold": True})
    for number, text in enumerate(_title(register)):
        sheet.write_string(number, 0, text, bold)
    for column, text in enumerate([*_HEAD, *_columns(register)]):
        sheet.write_string(2, column, text, bold)
    for number, row in enumerate(register.items, 3):
        sheet.write_number(number, 0, row.number)
        for column, text in enumerate(_cells(row)[1:], 1):
            sheet.write_string(number, column, text)
    sheet.write_string(3 + len(register.items), 0, _LEGEND)
    sheet.set_column(1, 1, 40)
    sheet.set_column(2, len(_HEAD) - 1, 12)
    sheet.freeze_panes(3, 2)
    workbook.close()
    return content.getvalue()


def html_of(register: GroupRegister) -> bytes:
    """A page for A4 that stands by itself; its head comes again on every sheet of paper."""
    title, about = map(escape, _title(register))
    heads = "".join(f"<th>{escape(text)}</th>" for text in _HEAD)
    heads += "".join(f'<th class="mark">{escape(text)}</th>' for text in _columns(register))
    rows = "".join(f"<tr>{_html_cells(row)}</tr>\n" for row in register.items)
    page = f"""<!DOCTYPE html>
<html lang="ru">
<head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style></head>
<body>
<h1>{title}</h1>
<p>{about}</p>
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}</tbody>
</table>
<p>{_LEGEND}</p>
</body>
</html>
"""
    return page.encode()


def _html_cells(row: ListRow) -> str:
    cells = [escape(text) for text in _cells(row)]
    plain = "".join(f"<td>{text}</td>" for text in cells[: len(_HEAD)])
    return plain + "".join(f'<td class="mark">{text}</td>' for text in cells[len(_HEAD) :])
