"""Schedules: weekly hours that slots are made from, the calendar, doctors who are away, when places open."""

from schemas import problems as p
from service.core.operations import ANYONE, Operation, Transaction, staff
from service.schedules import publication, usecases

_INSTITUTION = "/v1/institutions/{institution_id}"
_WRITES = staff("schedules:write")

OPERATIONS = (
    # The institution's side
    Operation(
        "PUT", _INSTITUTION + "/schedules/{schedule_id}", "putSchedule", publication.put_schedule,
        _WRITES, Transaction.WRITE, "Publish a schedule, or try what it would change",
        refusals=(
            p.REFERENCE_UNKNOWN, p.AGES_CROSSED, p.DATES_CROSSED, p.HOURS_CROSSED, p.SHARES_NOT_WHOLE,
            p.RELEASE_INCOMPLETE, p.TOO_MANY_SLOTS,
        ),
    ),
    Operation(
        "GET", _INSTITUTION + "/schedules/{schedule_id}", "getSchedule", publication.get_schedule,
        _WRITES, Transaction.READ, "Get a schedule", refusals=(p.SCHEDULE_NOT_FOUND,),
    ),
    Operation(
        "GET", _INSTITUTION + "/schedules", "listSchedules", publication.list_schedules,
        _WRITES, Transaction.READ, "List schedules",
    ),
    Operation(
        "DELETE", _INSTITUTION + "/schedules/{schedule_id}", "deleteSchedule", publication.delete_schedule,
        _WRITES, Transaction.WRITE, "End a schedule, or try what that would change", refusals=(p.SCHEDULE_NOT_FOUND,),
    ),
    Operation(
        "PUT", _INSTITUTION + "/calendar/{day}", "putCalendarDay", publication.put_calendar_day,
        _WRITES, Transaction.WRITE, "Say how a day is worked, or try what that would change",
    ),
    Operation(
        "DELETE", _INSTITUTION + "/calendar/{day}", "deleteCalendarDay", publication.delete_calendar_day,
        _WRITES, Transaction.WRITE, "Let the national calendar hold for a day again",
    ),
    Operation(
        "POST", _INSTITUTION + "/practitioners/{practitioner_id}/block", "blockPractitioner",
        publication.block_practitioner, _WRITES, Transaction.WRITE, "Say that a practitioner is away",
        refusals=(p.PRACTITIONER_NOT_FOUND, p.DATES_CROSSED),
    ),
    Operation(
        "POST", _INSTITUTION + "/practitioners/{practitioner_id}/unblock", "unblockPractitioner",
        publication.unblock_practitioner, _WRITES, Transaction.WRITE, "Say that a practitioner is there again",
        refusals=(p.PRACTITIONER_NOT_FOUND, p.DATES_CROSSED),
    ),
    Operation(
        "GET", _INSTITUTION + "/practitioners/{practitioner_id}/blocks", "listBlocks", publication.list_blocks,
        _WRITES, Transaction.READ, "List when a practitioner is away", refusals=(p.PRACTITIONER_NOT_FOUND,),
    ),
    # Anybody's
    Operation(
        "GET", _INSTITUTION + "/calendar", "listCalendar", usecases.list_calendar, ANYONE, Transaction.READ,
        "List days that are not worked as usual", shared=True, refusals=(p.INSTITUTION_NOT_FOUND, p.DATES_CROSSED),
    ),
    Operation(
        "GET", "/v1/releases", "listReleases", usecases.list_releases, ANYONE, Transaction.READ,
        "List when places open", shared=True, refusals=(p.INSTITUTION_NOT_FOUND,),
    ),
)  # fmt: skip
