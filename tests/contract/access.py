"""Who may call what: the table of every operation and everyone who may ask."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.problems import REFUSALS
from service.app import OPERATIONS
from service.core.operations import Operation
from service.core.problems import STATUS
from tests.live import Answer

# What is asked for is the clinic's, and the parent's. Who asks:
#   nobody     without a token, or with one that is none
#   stranger   a citizen of another family, who moderates the clinic's page
#   parent     the citizen whose it is
#   their_     an administrator of the club's page, a system of the club
#   admin      an administrator of the clinic's page
#   no_scope   a system of the clinic, or of the region, that has every scope but the one that is needed
#   system     a system of the clinic
#   elsewhere  the operator of another region
#   operator   the operator of this one
# What they get: ok is a 2xx, a number is a refusal. The last column tells which 404 it is; `group` is one where that is
# not what the column says.
# And the teacher of the clinic's group r1, a citizen from the clinic's page: has no column, for they are let in where
# the operation is for `teachers`, and elsewhere are a stranger.
# And the registrar, an editor of the clinic's page: has no column, for the operation's scope says what they get.
# eraseAccount stays the last one: whoever has asked for it is nobody.
# Who has no column, for what they get follows from what others get, or from the operation:
#   expired, wrong_audience  a token that would be the right one, but is too old, or for another service: as nobody
#   other_platform           a user of Odnoklassniki with the number that the parent has in VK: as a stranger
#   second_guardian          of all the parent's children: as the parent, or in conflict with what the parent has done;
#                            what is of who asked for it, and not of the child, is not theirs
#   teacher                  of the clinic's group r1: let in where the operation is for `teachers`, else as a stranger
#   doctor                   whose the tickets are: let in where it is for `doctors`, else as a stranger
#   registrar                an editor of the clinic's page: as the admin, where their role has the operation's scope
TABLE = """
                         nobody stranger parent their_admin admin their_system no_scope system elsewhere operator
createSession            ok     ok       ok     ok          ok    ok           ok       ok     ok        ok
refreshSession           ok     ok       ok     ok          ok    ok           ok       ok     ok        ok
listSessions             401    ok       ok     ok          ok    403          403      403    403       403
endSession               401    404      ok     404         404   403          403      403    403       403 session
deleteCurrentSession     401    ok       ok     ok          ok    403          403      403    403       403
deleteSessions           401    ok       ok     ok          ok    403          403      403    403       403
createToken              ok     ok       ok     ok          ok    ok           ok       ok     ok        ok
listClients              401    403      403    403         403   403          403      403    ok        ok
createClient             401    403      403    403         403   403          403      403    ok        ok
rotateClient             401    403      403    403         403   403          403      403    404       ok  client
revokeClient             401    403      403    403         403   403          403      403    404       ok  client
getKeySet                ok     ok       ok     ok          ok    ok           ok       ok     ok        ok
listIdentities           401    ok       ok     ok          ok    403          403      403    403       403
createIdentityCode       401    ok       ok     ok          ok    403          403      403    403       403
joinIdentity             401    404      404    404         404   403          403      403    403       403 invitation
leaveIdentity            401    ok       ok     ok          ok    403          403      403    403       403
createConfirmation       401    ok       ok     ok          ok    403          403      403    403       403
getConfirmationCode      ok     ok       ok     ok          ok    ok           ok       ok     ok        ok
getConfirmation          401    404      ok     404         404   403          403      403    403      403 confirmation
completeConfirmation     401    404      ok     404         404   403          403      403    403      403 confirmation
listRegions              ok     ok       ok     ok          ok    ok           ok       ok     ok        ok
listInstitutions         401    ok       ok     ok          ok    ok           ok       ok     ok        ok
getInstitution           401    ok       ok     ok          ok    ok           ok       ok     404       ok  institution
putInstitution           401    403      403    403         403   403          403      403    ok        ok
putPage                  401    403      403    403         403   403          403      403    404       ok  institution
claimPage                ok     ok       ok     ok          ok    ok           ok       ok     ok        ok
listPages                401    403      403    403         403   403          403      403    ok        ok
deletePage               401    403      403    403         403   403          403      403    ok        ok
createPageInvitation     401    403      403    403         403   403          403      403    404       ok  institution
listPageInvitations      401    403      403    403         403   403          403      403    ok        ok
inviteInstitutions       401    403      403    403         403   403          403      403    ok        ok
revokePageInvitation     401    403      403    403         403   403          403      403    404   ok  page_invitation
listPersons              401    ok       ok     ok          ok    403          403      403    403       403
createPerson             401    ok       ok     ok          ok    403          403      403    403       403
updatePerson             401    404      ok     404         404   403          403      403    403       403 person
deletePerson             401    404      ok     404         404   403          403      403    403       403 person
listGuardians            401    404      ok     404         404   403          403      403    403       403 person
createInvitation         401    404      ok     404         404   403          403      403    403       403 person
listAccesses             401    404      ok     404         404   403          403      403    403       403 person
joinAsGuardian           401    ok       ok     ok          ok    403          403      403    403       403
listConsentTexts         ok     ok       ok     ok          ok    ok           ok       ok     ok        ok
listConsents             401    ok       ok     ok          ok    403          403      403    403       403
putConsent               401    404      ok     404         404   403          403      403    403       403 person
withdrawConsent          401    404      ok     404         404   403          403      403    403       403 person
putConsentRules          401    403      403    403         403   403          403      403    ok        ok
getDayLimits             401    ok       ok     ok          ok    ok           ok       ok     ok        ok
putDayLimits             401    403      403    403         403   403          403      403    ok        ok
putSpecialty             401    403      403    404         ok    404          403      ok     404       ok  institution
putPractitioner          401    403      403    404         ok    404          403      ok     404       ok  institution
putLocation              401    403      403    404         ok    404          403      ok     404       ok  institution
putAttachments           401    403      403    404         ok    404          403      ok     404       ok  institution
putSlots                 401    403      403    404         ok    404          403      ok     404       ok  institution
putSchedule              401    403      403    404         ok    404          403      ok     404       ok  institution
getSchedule              401    403      403    404         ok    404          403      ok     404       ok  institution
listSchedules            401    403      403    404         ok    404          403      ok     404       ok  institution
deleteSchedule           401    403      403    404         ok    404          403      ok     404       ok  institution
putCalendarDay           401    403      403    404         ok    404          403      ok     404       ok  institution
deleteCalendarDay        401    403      403    404         ok    404          403      ok     404       ok  institution
blockPractitioner        401    403      403    404         ok    404          403      ok     404       ok  institution
unblockPractitioner      401    403      403    404         ok    404          403      ok     404       ok  institution
listBlocks               401    403      403    404         ok    404          403      ok     404       ok  institution
listCalendar             401    ok       ok     ok          ok    ok           ok       ok     404       ok  institution
listReleases             401    ok       ok     ok          ok    ok           ok       ok     404       ok  institution
putBookingRules          401    403      403    404         ok    404          403      ok     404       ok  institution
putReferrals             401    403      403    404         ok    404          403      ok     404       ok  institution
listSpecialties          401    ok       ok     ok          ok    ok           ok       ok     404       ok  institution
listPractitioners        401    ok       ok     ok          ok    ok           ok       ok     404       ok  institution
listSlots                401    ok       ok     ok          ok    ok           ok       ok     404       ok  institution
listSlotsTogether        401    ok       ok     ok          ok    ok           ok       ok     404       ok  institution
holdSlot                 401    ok       ok     ok          ok    403          403      403    403       403
releaseHold              401    ok       ok     ok          ok    403          403      403    403       403
bookFamily               401    404      ok     404         404   403          403      403    403       403 person
rescheduleAppointment    401    404      ok     404         404   403          403      403    403       403 appointment
bookAppointment          401    404      ok     404         404   403          403      403    403       403 person
listAppointments         401    ok       ok     ok          ok    403          403      403    403       403
getAppointment           401    404      ok     404         404   403          403      403    403       403 appointment
getTicketCalendar        401    404      ok     404         404   403          403      403    403       403 appointment
getTicketQr              401    404      ok     404         404   403          403      403    403       403 appointment
cancelAppointment        401    404      ok     404         404   403          403      403    403       403 appointment
joinWaitingList          401    404      ok     404         404   403          403      403    403       403 person
listWaitingList          401    ok       ok     ok          ok    403          403      403    403       403
getWaitingEntry          401    404      ok     404         404   403          403      403    403       403 entry
leaveWaitingList         401    404      ok     404         404   403          403      403    403       403 entry
listOffers               401    ok       ok     ok          ok    403          403      403    403       403
acceptOffer              401    404      ok     404         404   403          403      403    403       403 offer
declineOffer             401    404      ok     404         404   403          403      403    403       403 offer
listRebookings           401    403      403    404         ok    404          403      ok     404       ok  institution
listDraws                401    ok       ok     ok          ok    ok           ok       ok     404       ok  institution
getDraw                  401    ok       ok     ok          ok    ok           ok       ok     404       ok  draw
getDrawRecord            401    ok       ok     ok          ok    ok           ok       ok     404       ok  draw
requestDraw              401    404      ok     404         404   403          403      403    403       403 person
listDrawRequests         401    ok       ok     ok          ok    403          403      403    403       403
withdrawDrawRequest      401    404      ok     404         404   403          403      403    403      403 draw_request
getQueuePosition         401    404      ok     404         404   403          403      403    403       403 appointment
appealNoShow             401    404      ok     404         404   403          403      403    403       403 appointment
getDaySheet              401    403      403    404         ok    404          403      ok     404       ok  institution
listTodaysPlaces         401    403      403    404         ok    404          403      ok     404       ok  institution
putDelay                 401    403      403    404         ok    404          403      ok     404       ok  institution
checkIn                  401    403      403    404         ok    404          403      ok     404       ok  institution
setAppointmentStatus     401    403      403    404         ok    404          403      ok     404       ok  institution
bookForPatient           401    403      403    404         ok    404          403      ok     404       ok  institution
rescheduleForPatient     401    403      403    404         ok    404          403      ok     404       ok  institution
cancelForPatient         401    403      403    404         ok    404          403      ok     404       ok  institution
listAppeals              401    403      403    404         ok    404          403      ok     404       ok  institution
decideAppeal             401    403      403    404         ok    404          403      ok     404       ok  institution
listFirstFree            ok     ok       ok     ok          ok    ok           ok       ok     ok        ok
searchSlots              401    ok       ok     ok          ok    ok           ok       ok     ok        ok
putProgramme             401    403      403    404         ok    404          403      ok     404       ok  institution
putGroup                 401    403      403    404         ok    404          403      ok     404       ok  institution
getEnrolmentRules        401    403      403    404         ok    404          403      ok     404       ok  institution
putEnrolmentRules        401    403      403    404         ok    404          403      ok     404       ok  institution
listBenefits             401    ok       ok     ok          ok    ok           ok       ok     404       ok  institution
putBenefits              401    403      403    404         ok    404          403      ok     404       ok  institution
lockGroup                401    403      403    404         ok    404          403      ok     404       ok  institution
unlockGroup              401    403      403    404         ok    404          403      ok     404       ok  institution
listGroupLocks           401    403      403    404         ok    404          403      ok     404       ok  institution
listReceivedApplications 401    403      403    404         ok    404          403      ok     404       ok  institution
decideApplication        401    403      403    404         ok    404          403      ok     404       ok  institution
getApplicationSummary    401    403      403    404         ok    404          403      ok     404       ok  institution
decideApplications       401    403      403    404         ok    404          403      ok     404       ok  institution
transferApplications     401    403      403    404         ok    404          403      ok     404       ok  institution
putCertificates          401    403      403    403         403   403          403      403    ok        ok
listCertificates         401    404      ok     404         404   403          403      403    403       403 person
listUsedCertificates     401    403      403    404         ok    404          403      ok     404       ok  institution
listProgrammes           401    ok       ok     ok          ok    ok           ok       ok     ok        ok
listGroups               401    ok       ok     ok          ok    ok           ok       ok     ok        ok
listGroupsForPerson      401    404      ok     404         404   403          403      403    403       403 person
applyToGroup             401    404      ok     404         404   403          403      403    403       403 person
applyTogether            401    404      ok     404         404   403          403      403    403       403 person
draftApplication         401    404      ok     404         404   403          403      403    403       403 person
updateDraft              401    404      ok     404         404   403          403      403    403       403 application
submitApplication        401    404      ok     404         404   403          403      403    403       403 application
acceptPlace              401    404      ok     404         404   403          403      403    403       403 application
declinePlace             401    404      ok     404         404   403          403      403    403       403 application
listApplications         401    ok       ok     ok          ok    403          403      403    403       403
getApplication           401    404      ok     404         404   403          403      403    403       403 application
withdrawApplication      401    404      ok     404         404   403          403      403    403       403 application
uploadDocument           401    404      ok     404         404   403          403      403    403       403 application
listDocuments            401    404      ok     404         404   403          403      403    403       403 application
getDocument              401    404      ok     404         404   403          403      403    403       403 document
deleteDocument           401    404      ok     404         404   403          403      403    403       403 document
listReceivedDocuments    401    403      403    404         ok    404          403      ok     404       ok  institution
getReceivedDocument      401    403      403    404         ok    404          403      ok     404       ok  institution
putTeacher               401    403      403    404         ok    404          403      ok     404       ok  institution
deleteTeacher            401    403      403    404         ok    404          403      ok     404       ok  institution
listTeachers             401    403      403    404         ok    404          403      ok     404       ok  institution
inviteTeacher            401    403      403    404         ok    404          403      ok     404       ok  institution
putGroupTeachers         401    403      403    404         ok    404          403      ok     404       ok  institution
joinAsTeacher            401    ok       ok     404         ok    403          403      403    403      403 teacher_code
listMyGroups             401    ok       ok     404         ok    404          403      ok     404       ok  institution
listLessons              401    group    group  404         ok    404          403      ok     404       ok  institution
getLessonSheet           401    group    group  404         ok    404          403      ok     404       ok  institution
putAttendance            401    group    group  404         ok    404          403      ok     404       ok  institution
cancelLesson             401    group    group  404         ok    404          403      ok     404       ok  institution
getAttendance            401    group    group  404         ok    404          403      ok     404       ok  institution
getGroupList             401    group    group  404         ok    404          403      ok     404       ok  institution
getGroupListXlsx         401    group    group  404         ok    404          403      ok     404       ok  institution
getGroupListHtml         401    group    group  404         ok    404          403      ok     404       ok  institution
sendMessage              401    group    group  404         ok    404          403      ok     404       ok  institution
listGroupMessages        401    group    group  404         ok    404          403      ok     404       ok  institution
listChildLessons         401    404      ok     404         404   403          403      403    403       403 application
listMessages             401    404      ok     404         404   403          403      403    403       403 application
putCampaign              401    403      403    403         403   403          403      403    ok        ok
listCampaigns            401    ok       ok     ok          ok    ok           ok       ok     ok        ok
getCampaign              401    ok       ok     ok          ok    ok           ok       ok     404       ok  campaign
getCampaignRecord        401    ok       ok     ok          ok    ok           ok       ok     404       ok  campaign
putWishes                401    404      ok     404         404   403          403      403    403       403 person
getWishes                401    404      ok     404         404   403          403      403    403       403 person
withdrawWishes           401    404      ok     404         404   403          403      403    403       403 person
bookTrial                401    404      ok     404         404   403          403      403    403       403 person
listTrials               401    ok       ok     ok          ok    403          403      403    403       403
cancelTrial              401    404      ok     404         404   403          403      403    403       403 trial
exportAccount            401    ok       ok     ok          ok    403          403      403    403       403
putStaffMember           401    403      403    404         ok    404          403      ok     404       ok  institution
deleteStaffMember        401    403      403    404         ok    404          403      ok     404       ok  institution
listStaff                401    403      403    404         ok    404          403      ok     404       ok  institution
inviteStaffMember        401    403      403    404         ok    404          403      ok     404       ok  institution
joinAsStaff              401    ok       ok     404         ok    403          403      403    403       403 invitation
eraseAccount             401    ok       ok     ok          ok    403          403      403    403       403
"""
ANOTHER_REGION = 54
CONFLICT = 409
OF_WHO_ASKED = {
    "getWaitingEntry", "leaveWaitingList", "acceptOffer", "declineOffer", "withdrawDrawRequest", "endSession",
    "getConfirmation", "completeConfirmation",
}  # fmt: skip
REGISTRARS = {"appointments:read", "appointments:write", "applications:read", "applications:write"}
OF_THE_CLINIC = {"admin", "registrar", "system", "operator"}


@dataclass(frozen=True)
class Expected:
    """A cell of the table: a refusal's code, or None where it is a success."""

    operation: Operation
    caller: str
    code: str | None

    @property
    def may_know(self) -> bool:
        """Whether the answer may tell of the parent's persons and bookings."""
        access = self.operation.access
        if self.caller in ("teacher", "doctor"):
            return access.teachers if self.caller == "teacher" else access.doctors
        return self.caller in ("parent", "second_guardian") or (
            self.operation.access.staff and self.caller in OF_THE_CLINIC
        )

    def fits(self, answer: Answer) -> bool:
        if self.code is None:
            # What the parent has done already can't be done once more by another.
            done = self.caller == "second_guardian" and self.operation.method != "GET" and answer.status == CONFLICT
            return 200 <= answer.status < 300 or done
        return answer.status == STATUS[REFUSALS[self.code].kind] and answer.code == self.code


def table() -> list[Expected]:
    """All refusals first, so that what a success changes or takes away is still there to be refused."""
    by_id = {operation.id: operation for operation in OPERATIONS}
    head, *rows = TABLE.strip("\n").splitlines()
    callers = head.split()
    found: list[Expected] = []
    for row in rows:
        name, *cells = row.split()
        codes = {"ok": None, "401": "unauthenticated", "403": "forbidden", "404": f"{cells[-1]}_not_found"}
        codes["group"] = "group_not_found"
        told = {caller: codes[cell] for caller, cell in zip(callers, cells, strict=False)}
        found += [Expected(by_id[name], caller, code) for caller, code in (told | derived(by_id[name], told)).items()]
    return sorted(found, key=lambda expected: expected.code is None)


def derived(operation: Operation, told: Mapping[str, str | None]) -> dict[str, str | None]:
    """What those get who have no column."""
    access = operation.access
    return {
        "expired": told["nobody"],
        "wrong_audience": told["nobody"],
        "other_platform": told["stranger"],
        "second_guardian": told["stranger" if operation.id in OF_WHO_ASKED else "parent"],
        "teacher": None if access.teachers else told["stranger"],
        "doctor": None if access.doctors else told["stranger"],
        "registrar": of_registrar(operation, told["admin"]),
    }


def of_registrar(operation: Operation, as_admin: str | None) -> str | None:
    """What an editor of the clinic's page gets: as its administrator, but for scopes that are the director's alone."""
    access = operation.access
    if not access.staff or access.citizen or access.scope in REGISTRARS:
        return as_admin
    return "forbidden"
