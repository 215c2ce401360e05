"""Doctors: what clinics publish, what citizens book."""

from schemas import problems as p
from service.core.operations import ANYONE, CITIZEN, Operation, Transaction, staff
from service.doctors import publication, usecases

_INSTITUTION = "/v1/institutions/{institution_id}"
_WRITES = staff("schedules:write")
# Why nobody can have a slot, why a patient can't have it, and why they can't have one more.
_CLOSED = (p.SLOT_NOT_FOUND, p.TIME_TAKEN, p.TIME_PASSED, p.NOT_ONLINE, p.NOT_RELEASED, p.TOO_LATE_ONLINE)
_NOT_FOR_THEM = (
    p.SLOT_FOR_ANOTHER_AGE, p.SLOT_FOR_ANOTHER_SEX, p.REFERRAL_NEEDED, p.REFERRAL_UNKNOWN, p.SPECIALTY_CLOSED,
    p.NOT_ATTACHED, p.HOME_ADDRESS_NEEDED,
)  # fmt: skip
# Why an account can't take another time now, having let others go.
_PAUSED = (p.HOLD_PAUSED, p.TOO_MANY_TODAY)
_BOOKING = (
    p.PERSON_NOT_FOUND, *_CLOSED, *_NOT_FOR_THEM, p.ALREADY_HAS_TICKET, p.PERSON_BUSY, p.REFERRAL_USED,
    p.CONSENT_MISSING, p.TOO_MANY_TICKETS, p.TOO_MANY_BOOKINGS, p.PAUSED_FOR_NO_SHOWS, p.TOO_MANY_TODAY,
)  # fmt: skip

OPERATIONS = (
    # The institution's side
    Operation(
        "PUT", _INSTITUTION + "/specialties/{specialty_code}", "putSpecialty", publication.put_specialty,
        _WRITES, Transaction.WRITE, "Say how a specialty is booked", refusals=(p.SPECIALTY_UNKNOWN,),
    ),
    Operation(
        "PUT", _INSTITUTION + "/practitioners/{practitioner_id}", "putPractitioner", publication.put_practitioner,
        _WRITES, Transaction.WRITE, "Publish a practitioner", refusals=(p.SPECIALTY_UNKNOWN, p.SPECIALTY_IN_USE),
    ),
    Operation(
        "PUT", _INSTITUTION + "/locations/{location_id}", "putLocation", publication.put_location,
        _WRITES, Transaction.WRITE, "Publish a location",
    ),
    Operation(
        "PUT", _INSTITUTION + "/attachments", "putAttachments", publication.put_attachments,
        _WRITES, Transaction.WRITE, "Say who is attached to the clinic", refusals=(p.SNILS_INVALID,),
    ),
    Operation(
        "PUT", _INSTITUTION + "/slots", "putSlots", publication.put_slots,
        _WRITES, Transaction.WRITE, "Publish the slots of a window",
        refusals=(p.SLOT_OUTSIDE_WINDOW, p.SLOT_TWICE, p.AGES_CROSSED, p.REFERENCE_UNKNOWN),
    ),
    Operation(
        "PUT", _INSTITUTION + "/booking-rules", "putBookingRules", publication.put_booking_rules,
        _WRITES, Transaction.WRITE, "Say how the institution books",
    ),
    Operation(
        "PUT", _INSTITUTION + "/referrals", "putReferrals", publication.put_referrals,
        _WRITES, Transaction.WRITE, "Say which referrals are good",
        refusals=(p.SNILS_INVALID, p.DATES_CROSSED, p.SPECIALTY_UNKNOWN),
    ),
    # The citizen's side
    Operation(
        "GET", "/v1/specialties", "listSpecialties", usecases.list_specialties, ANYONE, Transaction.READ,
        "List what a clinic offers", shared=True, refusals=(p.INSTITUTION_NOT_FOUND,),
    ),
    Operation(
        "GET", "/v1/practitioners", "listPractitioners", usecases.list_practitioners, ANYONE, Transaction.READ,
        "List practitioners", shared=True, refusals=(p.INSTITUTION_NOT_FOUND,),
    ),
    Operation(
        "GET", "/v1/slots", "listSlots", usecases.list_slots, ANYONE, Transaction.READ,
        "List free slots", shared=True, max_age_seconds=1, refusals=(p.INSTITUTION_NOT_FOUND,),
    ),
    Operation(
        "GET", "/v1/slots/together", "listSlotsTogether", usecases.list_slots_together, ANYONE, Transaction.READ,
        "List free times that follow each other", shared=True, max_age_seconds=1, refusals=(p.INSTITUTION_NOT_FOUND,),
    ),
    Operation(
        "POST", "/v1/holds", "holdSlot", usecases.hold_slot, CITIZEN, Transaction.STATEMENT,
        "Keep a place for some minutes", status=201, refusals=(*_CLOSED, p.SPECIALTY_CLOSED, *_PAUSED),
        contested=usecases.slot_in, sees_public=True,
    ),
    Operation(
        "DELETE", "/v1/holds/{hold_id}", "releaseHold", usecases.release_hold, CITIZEN, Transaction.STATEMENT,
        "Let a kept place go", status=204, sees_public=True,
    ),
    Operation(
        "POST", "/v1/appointments", "bookAppointment", usecases.book_appointment, CITIZEN, Transaction.STATEMENT,
        "Book a slot", status=201, refusals=_BOOKING, contested=usecases.slot_in, sees_public=True,
    ),
    Operation(
        "POST", "/v1/family-appointments", "bookFamily", usecases.book_family, CITIZEN, Transaction.STATEMENT,
        "Book several slots, all or none", status=201, refusals=_BOOKING, contested=usecases.slots_in,
        sees_public=True,
    ),
    Operation(
        "GET", "/v1/appointments", "listAppointments", usecases.list_appointments, CITIZEN, Transaction.READ,
        "List tickets",
    ),
    Operation(
        "GET", "/v1/appointments/{appointment_id}", "getAppointment", usecases.get_appointment,
        CITIZEN, Transaction.READ, "Get a ticket", refusals=(p.APPOINTMENT_NOT_FOUND,),
    ),
    Operation(
        "GET", "/v1/appointments/{appointment_id}/calendar", "getTicketCalendar", usecases.get_ticket_calendar,
        CITIZEN, Transaction.READ, "Get a ticket for a calendar", produces="text/calendar",
        refusals=(p.APPOINTMENT_NOT_FOUND,),
    ),
    Operation(
        "GET", "/v1/appointments/{appointment_id}/qr", "getTicketQr", usecases.get_ticket_qr,
        CITIZEN, Transaction.READ, "Get a ticket's QR code", produces="image/png",
        refusals=(p.APPOINTMENT_NOT_FOUND,),
    ),
    Operation(
        "POST", "/v1/appointments/{appointment_id}/reschedule", "rescheduleAppointment",
        usecases.reschedule_appointment, CITIZEN, Transaction.STATEMENT, "Move a ticket to another time",
        refusals=(
            p.APPOINTMENT_NOT_FOUND, p.APPOINTMENT_OVER, p.CANCELLATION_CLOSED, p.SLOT_ELSEWHERE, p.PERSON_BUSY,
            *_CLOSED, *_NOT_FOR_THEM, *_PAUSED,
        ),
        contested=usecases.slot_in,
    ),
    Operation(
        "POST", "/v1/appointments/{appointment_id}/cancel", "cancelAppointment", usecases.cancel_appointment,
        CITIZEN, Transaction.WRITE, "Cancel a ticket",
        refusals=(p.APPOINTMENT_NOT_FOUND, p.APPOINTMENT_OVER, p.CANCELLATION_CLOSED),
    ),
)  # fmt: skip
