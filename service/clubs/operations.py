"""Clubs: programmes and groups that institutions publish, and parents find."""

from schemas import problems as p
from service.clubs import enrolment, locks, publication, search, usecases
from service.core.operations import ANYONE, CITIZEN, Operation, Transaction, staff

_INSTITUTION = "/v1/institutions/{institution_id}"
_GROUP = _INSTITUTION + "/groups/{group_id}"
_PUBLISHES = staff("programmes:write")

OPERATIONS = (
    # The institution's side
    Operation(
        "PUT", _INSTITUTION + "/programmes/{programme_id}", "putProgramme", publication.put_programme,
        _PUBLISHES, Transaction.WRITE, "Publish a programme", refusals=(p.SPORTS_ON_BUDGET_ONLY,),
    ),
    Operation(
        "PUT", _GROUP, "putGroup", publication.put_group,
        _PUBLISHES, Transaction.WRITE, "Publish a group",
        refusals=(
            p.PROGRAMME_UNKNOWN, p.AGES_CROSSED, p.DATES_CROSSED, p.SIZES_CROSSED, p.FILLING_CROSSED,
            p.LESSON_PLACE_UNKNOWN, p.FINANCING_TWICE, p.GROUP_CONTINUED_UNKNOWN, p.GROUP_TIMES_HELD,
            p.GROUP_OVER_CAPACITY, p.GROUP_FILLING_HELD, p.SPORTS_ON_BUDGET_ONLY, p.CAMPAIGN_UNKNOWN, p.WISHES_CLOSED,
        ),
    ),
    Operation(
        "POST", _GROUP + "/lock", "lockGroup", locks.lock_group, _PUBLISHES, Transaction.WRITE,
        "Take no applications to a group for the time being", refusals=(p.GROUP_NOT_FOUND,),
    ),
    Operation(
        "POST", _GROUP + "/unlock", "unlockGroup", locks.unlock_group, _PUBLISHES, Transaction.WRITE,
        "Take applications again", refusals=(p.GROUP_NOT_FOUND,),
    ),
    Operation(
        "GET", _GROUP + "/locks", "listGroupLocks", locks.list_group_locks, _PUBLISHES, Transaction.READ,
        "List a group's locks", refusals=(p.GROUP_NOT_FOUND,),
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
        "GET", "/v1/groups", "listGroups", search.list_groups, ANYONE, Transaction.READ,
        "Search for groups", refusals=(p.SORT_NEEDS_MORE,), shared=True, max_age_seconds=1,
    ),
    Operation(
        "GET", "/v1/persons/{person_id}/groups", "listGroupsForPerson", search.list_groups_for_person,
        CITIZEN, Transaction.READ, "Search for groups for a child",
        refusals=(p.PERSON_NOT_FOUND, p.SORT_NEEDS_MORE),
    ),
)  # fmt: skip
