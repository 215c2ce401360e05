"""Rows as what a citizen is told."""

from zoneinfo import ZoneInfo

from schemas.accesses import Access
from service.core.database import Record
from service.core.operations import Language

# What somebody looked at, in Russian and in English: by the operation's id, as it is kept.
LOOKED_AT: dict[str, tuple[str, str]] = {
    "listReceivedApplications": ("Список заявлений", "List of applications"),
    "decideApplication": ("Решение по заявлению", "Decision on an application"),
    "getDaySheet": ("Приём врача за день", "A doctor's day"),
    "checkIn": ("Отметка о приходе на приём", "Check-in of a patient"),
    "setAppointmentStatus": ("Отметка о посещении", "What became of a visit"),
    "bookForPatient": ("Запись на приём в учреждении", "Booking at the desk"),
    "cancelForPatient": ("Отмена записи в учреждении", "Cancellation at the desk"),
    "rescheduleForPatient": ("Перенос записи в учреждении", "Rescheduling at the desk"),
    "listAppeals": ("Обращения о неявках", "Appeals against no-shows"),
    "decideAppeal": ("Решение по обращению о неявке", "Decision on an appeal against a no-show"),
    "listRebookings": ("Талоны, которым подбирают другое время", "Tickets that wait for another time"),
    "listUsedCertificates": ("Оплата по сертификатам", "What certificates pay for"),
    "listReceivedDocuments": ("Список документов к заявлению", "List of an application's documents"),
    "getReceivedDocument": ("Документ к заявлению", "Document of an application"),
    "getLessonSheet": ("Состав занятия", "Who is in a lesson"),
    "putAttendance": ("Отметки о посещении занятия", "Attendance of a lesson"),
    "getAttendance": ("Посещаемость группы за месяц", "A group's attendance in a month"),
    "getGroupList": ("Список группы", "A group's list"),
    "getGroupListXlsx": ("Список группы, таблица", "A group's list as a spreadsheet"),
    "getGroupListHtml": ("Список группы для печати", "A group's list to print"),
}


def access_of(row: Record, language: Language) -> Access:
    """A row of list_accesses. What an operation that is gone by now showed is told by its id."""
    zone = ZoneInfo(row["zone"] or "UTC")
    looked_at = LOOKED_AT.get(row["operation"], (row["operation"],) * 2)
    return Access(
        id=row["id"],
        at=row["at"].astimezone(zone),
        role=row["role"],
        institution=row["institution_name"],
        looked_at=looked_at[0 if language == "ru" else 1],
    )
