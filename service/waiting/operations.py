"""Waiting: the waiting list, offers of a place, offers of another time."""

from schemas import problems as p
from service.core.operations import CITIZEN, Operation, Transaction, staff
from service.waiting import publication, usecases

# What a booking can still be refused for when an offer is accepted: much may have happened since it was made.
_BOOKING = (
    p.PERSON_NOT_FOUND, p.ALREADY_HAS_TICKET, p.PERSON_BUSY, p.SPECIALTY_CLOSED, p.REFERRAL_NEEDED, p.REFERRAL_UNKNOWN,
    p.REFERRAL_USED, p.NOT_ATTACHED, p.SLOT_FOR_ANOTHER_AGE, p.SLOT_FOR_ANOTHER_SEX, p.TOO_MANY_TICKETS,
    p.TOO_MANY_BOOKINGS, p.PAUSED_FOR_NO_SHOWS, p.TIME_TAKEN, p.TIME_PASSED, p.NOT_ONLINE, p.TOO_LATE_ONLINE,
    p.CONSENT_MISSING,
)  # fmt: skip

OPERATIONS = (
    Operation(
        "POST", "/v1/waiting-list", "joinWaitingList", usecases.join_waiting_list, CITIZEN, Transaction.STATEMENT,
        "Join the waiting list", status=201,
        refusals=(
            p.INSTITUTION_NOT_FOUND, p.PERSON_NOT_FOUND, p.SPECIALTY_NOT_OFFERED, p.SPECIALTY_CLOSED, p.DATES_CROSSED,
            p.TIME_PASSED, p.REFERRAL_NEEDED, p.REFERRAL_OF_SEVERAL, p.NOT_ATTACHED, p.ALREADY_HAS_TICKET,
            p.ALREADY_WAITING, p.CONSENT_MISSING,
        ),
    ),
    Operation(
        "GET", "/v1/waiting-list", "listWaitingList", usecases.list_waiting_list, CITIZEN, Transaction.READ,
        "List what the citizen waits for",
    ),
    Operation(
        "GET", "/v1/waiting-list/{entry_id}", "getWaitingEntry", usecases.get_waiting_entry, CITIZEN, Transaction.READ,
        "Get a place in the queue", refusals=(p.ENTRY_NOT_FOUND,),
    ),
    Operation(
        "POST", "/v1/waiting-list/{entry_id}/leave", "leaveWaitingList", usecases.leave_waiting_list,
        CITIZEN, Transaction.WRITE, "Leave the waiting list", refusals=(p.ENTRY_NOT_FOUND,),
    ),
    Operation(
        "GET", "/v1/offers", "listOffers", usecases.list_offers, CITIZEN, Transaction.READ, "List open offers",
    ),
    Operation(
        "POST", "/v1/offers/{offer_id}/accept", "acceptOffer", usecases.accept_offer, CITIZEN, Transaction.WRITE,
        "Accept an offer",
        refusals=(p.OFFER_NOT_FOUND, p.OFFER_LAPSED, p.OFFER_CLOSED, p.OFFER_WITHOUT_TIME, *_BOOKING),
    ),
    Operation(
        "POST", "/v1/offers/{offer_id}/decline", "declineOffer", usecases.decline_offer, CITIZEN, Transaction.WRITE,
        "Decline an offer", refusals=(p.OFFER_NOT_FOUND, p.OFFER_LAPSED, p.OFFER_CLOSED, p.OFFER_WITHOUT_TIME),
    ),
    Operation(
        "GET", "/v1/institutions/{institution_id}/rebookings", "listRebookings", publication.list_rebookings,
        staff("appointments:read"), Transaction.READ, "List tickets that wait for another time",
        refusals=(p.INSTITUTION_NOT_FOUND,),
        discloses=("items.person.id",),
    ),
)  # fmt: skip
