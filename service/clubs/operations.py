"""Clubs: what institutions publish and decide, what parents find and apply for."""

from schemas import problems as p
from service.clubs import publication, usecases
from service.core.operations import ANYONE, CITIZEN, Operation, Transaction, staff

_INSTITUTION = "/v1/institutions/{institution_id}"
_PUBLISHES = staff("programmes:write")

OPERATIONS = (
    # The institution's side
    Operation(
        "PUT", _INSTITUTION + "/programmes/{programme_id}", "putProgramme", publication.put_programme,
        _PUBLISHES, Transaction.WRITE, "Publish a programme",
    ),
    Operation(
        "PUT", _INSTITUTION + "/groups/{group_id}", "putGroup", publication.put_group,
        _PUBLISHES, Transaction.WRITE, "Publish a group",
        refusals=(p.PROGRAMME_UNKNOWN, p.AGES_CROSSED, p.DATES_CROSSED, p.GROUP_TIMES_HELD, p.GROUP_OVER_CAPACITY),
    ),
    Operation(
        "GET", _INSTITUTION + "/applications", "listReceivedApplications", publication.list_received_applications,
        staff("applications:read"), Transaction.READ, "List received applications",
    ),
    Operation(
        "POST", _INSTITUTION + "/applications/{application_id}/decide", "decideApplication",
        publication.decide_application, staff("applications:write"), Transaction.WRITE, "Decide on an application",
        refusals=(p.APPLICATION_NOT_FOUND, p.APPLICATION_ILLEGAL_MOVE),
    ),
    # The parent's side
    Operation(
        "GET", "/v1/programmes", "listProgrammes", usecases.list_programmes, ANYONE, Transaction.READ,
        "List programmes", shared=True,
    ),
    Operation(
        "GET", "/v1/groups", "listGroups", usecases.list_groups, ANYONE, Transaction.READ,
        "List groups", shared=True, max_age_seconds=1,
    ),
    Operation(
        "POST", "/v1/applications", "applyToGroup", usecases.apply_to_group, CITIZEN, Transaction.STATEMENT,
        "Apply for a place in a group", status=201,
        refusals=(
            p.PERSON_NOT_FOUND, p.GROUP_NOT_FOUND, p.GROUP_FULL, p.ENROLMENT_NOT_OPEN, p.ENROLMENT_CLOSED, p.TOO_YOUNG,
            p.TOO_OLD, p.ALREADY_APPLIED, p.PERSON_BUSY,
        ),
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
)  # fmt: skip
