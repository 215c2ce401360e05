"""Applications for places in groups: parents apply, institutions decide."""

from schemas import problems as p
from service.applications import bulk, decisions, usecases
from service.core.operations import CITIZEN, Operation, Transaction, staff

_RECEIVED = "/v1/institutions/{institution_id}/applications"
# Why nobody can have a place now, and why this child can't.
_GROUP = (
    p.GROUP_NOT_FOUND, p.GROUP_LOCKED, p.ENROLMENT_NOT_OPEN, p.ENROLMENT_CLOSED, p.GROUP_BY_WISHES,
    p.GROUP_BEING_FILLED, p.GROUP_FULL,
)  # fmt: skip
_TERMS = (
    p.FINANCING_NOT_OFFERED, p.CERTIFICATE_NEEDED, p.CERTIFICATE_NOT_FOUND, p.CERTIFICATE_SUSPENDED,
    p.CERTIFICATE_OF_ANOTHER_YEAR, p.CERTIFICATE_AGE, p.BENEFIT_UNKNOWN,
)  # fmt: skip
_CHILD = (
    p.PERSON_NOT_FOUND, p.TOO_YOUNG, p.TOO_OLD, p.ALREADY_APPLIED, p.PERSON_BUSY, p.TOO_MANY_APPLICATIONS,
    p.TOO_MANY_GROUPS, *_TERMS, p.CERTIFICATE_SPENT, p.CERTIFICATE_PROGRAMMES_SPENT, p.TOO_LITTLE_TIME_BETWEEN,
)  # fmt: skip
_APPLYING = (*_GROUP, *_CHILD, p.CONSENT_MISSING, p.APPLYING_PAUSED, p.TOO_MANY_TODAY)
_CERTIFICATE = (
    p.CERTIFICATE_SUSPENDED, p.CERTIFICATE_SPENT, p.CERTIFICATE_PROGRAMMES_SPENT, p.CERTIFICATE_OF_ANOTHER_YEAR,
)  # fmt: skip
# Why an institution can't decide so.
_DECISION = (
    p.APPLICATION_ILLEGAL_MOVE, p.GROUP_NOT_FILLED, p.TEST_IN_THE_PAST, p.TEST_NOT_HELD, p.TEST_NOT_PASSED,
    p.ORDER_WRITTEN, p.START_OUTSIDE_GROUP, p.DOCUMENTS_MISSING, p.FINANCING_NOT_OFFERED, p.CERTIFICATE_NEEDED,
    p.BENEFIT_NOT_CLAIMED, p.CERTIFICATE_NOT_FOUND, p.PERSON_BUSY, *_CERTIFICATE,
)  # fmt: skip

OPERATIONS = (
    # The parent's side
    Operation(
        "POST", "/v1/applications", "applyToGroup", usecases.apply_to_group, CITIZEN, Transaction.STATEMENT,
        "Apply for a place in a group", status=201, refusals=_APPLYING,
    ),
    Operation(
        "POST", "/v1/family-applications", "applyTogether", usecases.apply_together, CITIZEN, Transaction.STATEMENT,
        "Apply for several places, all or none", status=201, refusals=(*_APPLYING, p.FAMILY_FIRST_COME_ONLY),
    ),
    Operation(
        "POST", "/v1/application-drafts", "draftApplication", usecases.draft_application, CITIZEN,
        Transaction.STATEMENT, "Prepare an application", status=201,
        refusals=(
            p.PERSON_NOT_FOUND, p.GROUP_NOT_FOUND, p.ENROLMENT_CLOSED, p.GROUP_BY_WISHES, p.DRAFT_EXISTS, *_TERMS,
        ),
    ),
    Operation(
        "PATCH", "/v1/application-drafts/{application_id}", "updateDraft", usecases.update_draft, CITIZEN,
        Transaction.WRITE, "Change a draft",
        refusals=(
            p.APPLICATION_NOT_FOUND, p.APPLICATION_ILLEGAL_MOVE, p.ENROLMENT_CLOSED, p.GROUP_BY_WISHES, *_TERMS,
        ),
    ),
    Operation(
        "POST", "/v1/applications/{application_id}/submit", "submitApplication", usecases.submit_application,
        CITIZEN, Transaction.WRITE, "Submit a draft",
        refusals=(*_APPLYING, p.APPLICATION_NOT_FOUND, p.APPLICATION_ILLEGAL_MOVE),
    ),
    Operation(
        "GET", "/v1/applications", "listApplications", usecases.list_applications, CITIZEN, Transaction.READ,
        "List applications",
    ),
    Operation(
        "GET", "/v1/applications/{application_id}", "getApplication", usecases.get_application,
        CITIZEN, Transaction.READ, "Get an application", refusals=(p.APPLICATION_NOT_FOUND,),
    ),
    Operation(
        "POST", "/v1/applications/{application_id}/withdraw", "withdrawApplication", usecases.withdraw_application,
        CITIZEN, Transaction.WRITE, "Withdraw an application",
        refusals=(p.APPLICATION_NOT_FOUND, p.APPLICATION_ILLEGAL_MOVE),
    ),
    Operation(
        "POST", "/v1/applications/{application_id}/accept", "acceptPlace", usecases.accept_place,
        CITIZEN, Transaction.WRITE, "Take an offered place in a group",
        refusals=(
            p.APPLICATION_NOT_FOUND, p.PLACE_NOT_OFFERED, p.PLACE_OFFER_LAPSED, p.PERSON_BUSY,
            p.TOO_LITTLE_TIME_BETWEEN, p.CONSENT_MISSING, *_CERTIFICATE,
        ),
    ),
    Operation(
        "POST", "/v1/applications/{application_id}/decline", "declinePlace", usecases.decline_place,
        CITIZEN, Transaction.WRITE, "Decline an offered place in a group",
        refusals=(p.APPLICATION_NOT_FOUND, p.PLACE_NOT_OFFERED),
    ),
    # The institution's side
    Operation(
        "GET", _RECEIVED, "listReceivedApplications", decisions.list_received_applications,
        staff("applications:read"), Transaction.READ, "List received applications",
        discloses=("items.person.id",),
    ),
    Operation(
        "GET", _RECEIVED + "/summary", "getApplicationSummary", decisions.get_application_summary,
        staff("applications:read"), Transaction.READ, "Get how the groups stand",
    ),
    Operation(
        "POST", _RECEIVED + "/{application_id}/decide", "decideApplication", decisions.decide_application,
        staff("applications:write"), Transaction.WRITE, "Decide on an application",
        refusals=(p.APPLICATION_NOT_FOUND, *_DECISION),
        discloses=("person.id",),
    ),
    Operation(
        "POST", _RECEIVED + "/decide", "decideApplications", bulk.decide_applications,
        staff("applications:write"), Transaction.WRITE, "Decide the same on many applications",
    ),
    Operation(
        "POST", _RECEIVED + "/transfer", "transferApplications", bulk.transfer_applications,
        staff("applications:write"), Transaction.WRITE, "Transfer children to another group",
        refusals=(p.GROUP_NOT_FOUND,),
    ),
)  # fmt: skip
