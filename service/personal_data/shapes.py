"""The ZIP of all that is kept of a citizen: written piece by piece while it is read."""

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import UUID

import orjson

from service.core.sealing import Sealer
from service.people.rules import mask_enp, mask_snils

# Every list of data.json, as exported() in functions/export.sql tells them, and what README.txt says of it.
KINDS: dict[str, tuple[str, str]] = {
    "accesses": ("кому из учреждений показывали данные", "to whom of institutions the data were shown"),
    "accounts": ("ваши учётные записи на платформах", "your accounts on platforms"),
    "applications": ("заявки в кружки", "applications to clubs"),
    "attendance": ("отметки о посещении занятий", "attendance of lessons"),
    "certificates": ("сертификаты дополнительного образования", "certificates of additional education"),
    "confirmations": ("подтверждения личности за последнее время", "confirmations of who you are, of late"),
    "consents": ("согласия на обработку данных", "consents to the processing of data"),
    "documents": ("документы к заявкам: перечень", "documents of applications: the list"),
    "draw_requests": ("участие в розыгрышах времени приёма", "requests for draws of doctors' times"),
    "events": ("что и когда происходило с этими данными", "what was done with all this, and when"),
    "holds": ("время, которое сейчас за вами придержано", "times that are kept for you now"),
    "invitations": ("приглашения второму представителю", "invitations of another guardian"),
    "memberships": ("группы, в которых занимается или занимался ребёнок", "groups that a child is or was in"),
    "messages": ("сообщения от педагогов", "messages of teachers"),
    "offers": ("предложенное вам время", "times that you were offered"),
    "persons": ("вы и ваши близкие", "you and your relatives"),
    "places_let_go": ("когда вы за последние сутки отпускали занятые места", "when you let places go, of late"),
    "sessions": ("когда и откуда вы входили", "when and from where you came in"),
    "teaching": ("где вы записаны педагогом", "where you are written down as a teacher"),
    "tickets": ("записи к врачам", "doctors' tickets"),
    "trials": ("пробные занятия", "trial lessons"),
    "waiting": ("листы ожидания", "waiting lists"),
    "wishes": ("пожелания в кампаниях записи", "wishes in campaigns"),
    "working": ("где вы записаны сотрудником", "where you are written down as staff"),
    "wrong_codes": ("когда вы вводили неверные коды", "when you gave wrong codes"),
}
# A calendar is seen by others: its entries name neither specialties nor people (323-ФЗ, art. 13).
_TITLES = {"ticket": "Запись на приём", "lesson": "Занятие", "trial": "Пробное занятие"}
_README_RU = """Ваши данные в сервисе «Запись»

Выгружено {now}, регион {region}.

data.json: всё, что сервис хранит о вас и ваших близких. Время указано по Гринвичу (UTC).
calendar.ics: предстоящие приёмы и занятия; файл открывается любым календарём.

Списки в data.json:
{kinds}

Номера СНИЛС и полисов показаны полностью, если у человека нет других представителей, кроме вас; иначе скрыты,
потому что их мог указать другой представитель. Номера сертификатов скрыты всегда.
Сами файлы документов сюда не входят: скачайте их в мини-приложении или запросом GET /v1/documents/<id>.
Карту пациента, прикрепления и направления ведёт поликлиника: запросите их у неё.
"""
_README_EN = """Your data in Zapis

Taken out at {now}, region {region}.

data.json: everything that the service keeps of you and your relatives. Times are in UTC.
calendar.ics: visits and lessons to come; any calendar opens it.

Lists in data.json:
{kinds}

СНИЛС (SNILS) and policy numbers are in full where nobody but you looks after the person, else masked, since another
guardian may have written them down. Certificates' numbers are always masked.
Files of documents are not in here: download them in the mini-app, or by GET /v1/documents/<id>.
A patient's record, attachments and referrals are kept by the clinic: ask there.
"""


class Archive:
    """A ZIP in memory that holds only what is compressed already. Parts come kind by kind."""

    def __init__(self, region_id: int, sealer: Sealer, now: datetime) -> None:
        # Here: a worker that never makes one does not hold them.
        from zipfile import ZIP_DEFLATED, ZipFile  # noqa: PLC0415

        self._region_id = region_id
        self._sealer = sealer
        self._now = now
        self._bytes = BytesIO()
        self._zip = ZipFile(self._bytes, "w", ZIP_DEFLATED)
        self._data = self._zip.open("data.json", "w", force_zip64=True)
        self._kind: str | None = None
        self._left = sorted(KINDS)
        self._to_come: list[dict[str, Any]] = []
        self._data.write(b'{"made_at":' + orjson.dumps(now) + b',"region":' + orjson.dumps(region_id))

    def add(self, kind: str, part: dict[str, Any]) -> None:
        """Raises ValueError where the kind is none, or comes out of turn."""
        if kind == "calendar":
            self._to_come.append(part)
            return
        begins = kind != self._kind
        if begins:
            self._begin(kind)
        self._data.write((b"" if begins else b",") + orjson.dumps(self._opened(kind, part)))

    def closed(self) -> bytes:
        """The whole archive; nothing is added any more."""
        self._end()
        for kind in self._left:
            self._data.write(b',"' + kind.encode() + b'":[]')
        self._data.write(b"}")
        self._data.close()
        self._zip.writestr("calendar.ics", _calendar(self._to_come, self._now))
        self._zip.writestr("README.txt", self._readme())
        self._zip.close()
        return self._bytes.getvalue()

    def _begin(self, kind: str) -> None:
        self._end()
        self._left.remove(kind)
        self._kind = kind
        self._data.write(b',"' + kind.encode() + b'":[')

    def _end(self) -> None:
        if self._kind is not None:
            self._data.write(b"]")

    def _opened(self, kind: str, part: dict[str, Any]) -> dict[str, Any]:
        """With what was sealed in the open, as far as it is the citizen's."""
        opened = {name.removesuffix("_sealed"): self._open(kind, part, name, value) for name, value in part.items()}
        if kind == "persons" and not part["alone"]:
            masks = {"snils": mask_snils, "policy": mask_enp}
            opened |= {name: mask(opened[name]) for name, mask in masks.items() if opened[name]}
        return opened

    def _open(self, kind: str, part: Mapping[str, Any], name: str, value: Any) -> Any:
        if value is None or not name.endswith("_sealed"):
            return value
        row = _ROWS[kind].format(region=self._region_id, id=UUID(part["id"]), column=name.removesuffix("_sealed"))
        opened = self._sealer.open(value, row)
        return "*" * (len(opened) - 4) + opened[-4:] if kind == "certificates" else opened

    def _readme(self) -> str:
        texts: list[str] = []
        for number, text in enumerate((_README_RU, _README_EN)):
            kinds = "\n".join(f"  {kind}: {told[number]}" for kind, told in KINDS.items())
            texts.append(text.format(now=f"{self._now:%Y-%m-%d %H:%M} UTC", region=self._region_id, kinds=kinds))
        return "\n".join(texts)


# What the sealed columns of a kind are sealed to; each domain says it of its own rows.
_ROWS = {
    "persons": "persons:{region}:{id}:{column}",
    "tickets": "appointments:{region}:{id}:{column}",
    "documents": "documents:{region}:{id}:{column}",
    "certificates": "certificates:{region}:{id}:{column}",
}


def _calendar(to_come: list[dict[str, Any]], now: datetime) -> bytes:
    """An iCalendar object (RFC 5545); all instants are UTC, so it needs no time zones."""
    from icalendar import Calendar, Event  # noqa: PLC0415

    calendar: Any = Calendar()
    calendar.add("prodid", "-//Zapis//Zapis//RU")
    calendar.add("version", "2.0")
    for part in sorted(to_come, key=lambda found: (found["begins_at"], found["id"])):
        event: Any = Event()
        begins_at = datetime.fromisoformat(part["begins_at"])
        # A lesson is one of many of its application; a ticket is moved under its own id.
        number = f"-{begins_at:%Y%m%dT%H%M}" if part["what"] == "lesson" else ""
        event.add("uid", f"{part['id']}{number}@zapis")
        event.add("dtstamp", now)
        event.add("dtstart", begins_at)
        event.add("dtend", datetime.fromisoformat(part["ends_at"]))
        event.add("summary", ": ".join(filter(None, (_TITLES[part["what"]], part["name"]))))
        event.add("location", part["place"] or "")
        event.add("class", "PRIVATE")
        calendar.add_component(event)
    return calendar.to_ical()
