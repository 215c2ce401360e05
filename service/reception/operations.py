"""Reception: a doctor's day, who has come, booking by staff, the live queue, no-shows."""

from schemas import problems as p
from service.core.operations import CITIZEN, Operation, Transaction, staff
from service.reception import booking, desk, usecases

_INSTITUTION = "/v1/institutions/{institution_id}"
_READS, _WRITES = staff("appointments:read"), staff("appointments:write")
_OWN_READS, _OWN_WRITES = staff("appointments:read", doctors=True), staff("appointments:write", doctors=True)
_MOVES = (
    p.APPOINTMENT_NOT_FOUND, p.TICKET_CANCELLED, p.TICKET_WITHOUT_TIME, p.TICKET_OF_ANOTHER_DAY,
    p.APPOINTMENT_ILLEGAL_MOVE, p.TIME_TAKEN, p.PERSON_BUSY, p.ALREADY_HAS_TICKET, p.REFERRAL_USED,
)  # fmt: skip
_BOOKS = (
    p.SLOT_NOT_FOUND, p.TIME_TAKEN, p.TIME_PASSED, p.PERSON_BUSY, p.ANOTHER_CHANNEL, p.REFERRAL_NEEDED,
    p.REFERRAL_UNKNOWN, p.SLOT_FOR_ANOTHER_AGE, p.SLOT_FOR_ANOTHER_SEX, p.NOT_ATTACHED, p.HOME_ADDRESS_NEEDED,
    p.APPOINTMENT_NOT_FOUND, p.ALREADY_HAS_TICKET,
)  # fmt: skip

OPERATIONS = (
    # The institution's side
    Operation(
        "GET", _INSTITUTION + "/practitioners/{practitioner_id}/day", "getDaySheet", desk.get_day_sheet,
        _OWN_READS, Transaction.READ, "Get a doctor's day", refusals=(p.PRACTITIONER_NOT_FOUND,),
        discloses=("slots.tickets.person.id",),
    ),
    Operation(
        "GET", _INSTITUTION + "/places", "listTodaysPlaces", desk.list_todays_places, _READS, Transaction.READ,
        "List free places of today and tomorrow",
    ),
    Operation(
        "PUT", _INSTITUTION + "/practitioners/{practitioner_id}/delay", "putDelay", desk.put_delay,
        _OWN_WRITES, Transaction.WRITE, "Say how late a doctor runs", refusals=(p.PRACTITIONER_NOT_FOUND,),
    ),
    Operation(
        "POST", _INSTITUTION + "/check-in", "checkIn", desk.check_in, _OWN_WRITES, Transaction.WRITE,
        "Check a patient in", refusals=(*_MOVES, p.TICKET_INVALID, p.TICKET_OF_ANOTHER_INSTITUTION),
        discloses=("person.id",),
    ),
    Operation(
        "POST", _INSTITUTION + "/appointments/{appointment_id}/status", "setAppointmentStatus",
        desk.set_appointment_status, _OWN_WRITES, Transaction.WRITE, "Say what became of a visit", refusals=_MOVES,
        discloses=("person.id",),
    ),
    Operation(
        "POST", _INSTITUTION + "/appointments", "bookForPatient", booking.book_for_patient,
        _WRITES, Transaction.WRITE, "Book a slot for a patient", status=201,
        refusals=(
            *_BOOKS, p.REFERRAL_USED, p.PATIENT_OF_TICKET_GONE, p.SNILS_INVALID, p.POLICY_INVALID,
            p.BIRTH_DATE_IMPOSSIBLE,
        ),
        discloses=("person.id",),
    ),
    Operation(
        "POST", _INSTITUTION + "/appointments/{appointment_id}/cancel", "cancelForPatient", booking.cancel_for_patient,
        _WRITES, Transaction.WRITE, "Cancel a patient's ticket", refusals=(p.APPOINTMENT_NOT_FOUND, p.APPOINTMENT_OVER),
        discloses=("person.id",),
    ),
    Operation(
        "POST", _INSTITUTION + "/appointments/{appointment_id}/reschedule", "rescheduleForPatient",
        booking.reschedule_for_patient, _WRITES, Transaction.WRITE, "Move a patient's ticket",
        refusals=(*_BOOKS, p.APPOINTMENT_OVER, p.SLOT_ELSEWHERE),
        discloses=("person.id",),
    ),
    Operation(
        "GET", _INSTITUTION + "/appeals", "listAppeals", desk.list_appeals, _READS, Transaction.READ,
        "List appeals against no-shows",
        discloses=("items.person.id",),
    ),
    Operation(
        "POST", _INSTITUTION + "/appeals/{appointment_id}/decide", "decideAppeal", desk.decide_appeal,
        _WRITES, Transaction.WRITE, "Decide on an appeal", refusals=(p.APPEAL_NOT_FOUND,),
        discloses=("appointment_id",),
    ),
    # The citizen's side
    Operation(
        "GET", "/v1/appointments/{appointment_id}/queue", "getQueuePosition", usecases.get_queue_position,
        CITIZEN, Transaction.READ, "Get one's place in the live queue", refusals=(p.APPOINTMENT_NOT_FOUND,),
    ),
    Operation(
        "POST", "/v1/appointments/{appointment_id}/appeal", "appealNoShow", usecases.appeal_no_show,
        CITIZEN, Transaction.WRITE, "Appeal against a no-show",
        refusals=(p.APPOINTMENT_NOT_FOUND, p.NOT_A_NO_SHOW, p.APPEAL_DECIDED),
    ),
)  # fmt: skip
