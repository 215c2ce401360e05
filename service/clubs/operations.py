"""Clubs: programmes and groups that institutions publish, and parents find."""

from schemas import problems as p
from service.clubs import enrolment, publication, usecases
from service.core.operations import ANYONE, Operation, Transaction, staff

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
        refusals=(
            p.PROGRAMME_UNKNOWN, p.AGES_CROSSED, p.DATES_CROSSED, p.SIZES_CROSSED, p.FILLING_CROSSED,
            p.LESSON_PLACE_UNKNOWN, p.FINANCING_TWICE, p.GROUP_CONTINUED_UNKNOWN, p.GROUP_TIMES_HELD,
            p.GROUP_OVER_CAPACITY, p.GROUP_FILLING_HELD, p.CAMPAIGN_UNKNOWN, p.WISHES_CLOSED,
        ),
    ),
    # How an institution enrols
    Operation(
        "GET", _INSTITUTION + "/enrolment-rules", "getEnrolmentRules", enrolment.get_enrolment_rules,
        staff("applications:read"), Transaction.READ, "Get how an institution enrols",
    ),
    Operation(
        "PUT", _INSTITUTION + "/enrolment-rules", "putEnrolmentRules", enrolment.put_enrolment_rules,
        staff("applications:write"), Transaction.WRITE, "Say how an institution enrols",
    ),
    Operation(
        "GET", _INSTITUTION + "/benefits", "listBenefits", enrolment.list_benefits, ANYONE, Transaction.READ,
        "List what an institution gives priority for",
    ),
    Operation(
        "PUT", _INSTITUTION + "/benefits", "putBenefits", enrolment.put_benefits,
        staff("applications:write"), Transaction.WRITE, "Say what an institution gives priority for",
        refusals=(p.BENEFIT_TWICE,),
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
)  # fmt: skip
