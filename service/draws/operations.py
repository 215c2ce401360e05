"""Draws: places at doctors and in groups that are given away by lot, and the record that anyone replays."""

from schemas import problems as p
from service.core.operations import ANYONE, CITIZEN, Operation, Transaction
from service.draws import usecases

OPERATIONS = (
    Operation(
        "GET", "/v1/draws", "listDraws", usecases.list_draws, ANYONE, Transaction.READ,
        "List draws", refusals=(p.INSTITUTION_NOT_FOUND,),
    ),
    Operation(
        "GET", "/v1/draws/{draw_id}", "getDraw", usecases.get_draw, ANYONE, Transaction.READ,
        "Get a draw with its times", refusals=(p.DRAW_NOT_FOUND,),
    ),
    Operation(
        "GET", "/v1/draws/{draw_id}/record", "getDrawRecord", usecases.get_draw_record, ANYONE, Transaction.READ,
        "Get the record of a draw", refusals=(p.DRAW_NOT_FOUND, p.DRAW_NOT_DRAWN),
    ),
    Operation(
        "POST", "/v1/draws/{draw_id}/requests", "requestDraw", usecases.request_draw,
        CITIZEN, Transaction.STATEMENT, "Take part in a draw", status=201,
        refusals=(
            p.DRAW_NOT_FOUND, p.PERSON_NOT_FOUND, p.DRAW_NOT_OPEN, p.DRAW_CLOSED, p.ALREADY_REQUESTED,
            p.WISH_NOT_IN_DRAW, p.TIME_TAKEN, p.TIME_PASSED, p.TOO_LATE_ONLINE, p.SLOT_FOR_ANOTHER_AGE,
            p.SLOT_FOR_ANOTHER_SEX, p.REFERRAL_NEEDED, p.REFERRAL_UNKNOWN, p.SPECIALTY_CLOSED, p.NOT_ATTACHED,
            p.ALREADY_HAS_TICKET, p.TOO_MANY_TICKETS, p.TOO_MANY_BOOKINGS, p.PAUSED_FOR_NO_SHOWS,
            p.CONSENT_MISSING,
        ),
    ),
    Operation(
        "GET", "/v1/draw-requests", "listDrawRequests", usecases.list_draw_requests, CITIZEN, Transaction.READ,
        "List requests to draws",
    ),
    Operation(
        "POST", "/v1/draw-requests/{request_id}/withdraw", "withdrawDrawRequest", usecases.withdraw_draw_request,
        CITIZEN, Transaction.WRITE, "Withdraw a request to a draw",
        refusals=(p.DRAW_REQUEST_NOT_FOUND, p.DRAW_CLOSED),
    ),
)  # fmt: skip
