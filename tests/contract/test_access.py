"""Who may call what: every operation, asked by everyone, does what the table says."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.problems import REFUSALS, Kind
from service.app import OPERATIONS
from service.core.ids import new_id
from service.core.operations import Operation
from service.core.problems import STATUS
from service.core.roles import SCOPES_OF, role_may
from service.launch.usecases import SCOPES
from tests.campaigns.scene import terms
from tests.contract.scene import LATER, LESSON, REGISTER, Scene, code_for, programme, set_scene, waiting
from tests.documents.samples import pdf
from tests.launch.credentials import credentials
from tests.live import Answer, Api
from tests.provocation import someone, surname
from tests.reception.desk import WHY, patient
from tests.world import CLINIC, CLINIC_PAGE, CLUB, CLUB_PAGE, PAEDIATRICIAN, REGION, World, person

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
TABLE = """
                         nobody stranger parent their_admin admin their_system no_scope system elsewhere operator
createSession            ok     ok       ok     ok          ok    ok           ok       ok     ok        ok
createToken              ok     ok       ok     ok          ok    ok           ok       ok     ok        ok
getKeySet                ok     ok       ok     ok          ok    ok           ok       ok     ok        ok
listIdentities           401    ok       ok     ok          ok    403          403      403    403       403
createIdentityCode       401    ok       ok     ok          ok    403          403      403    403       403
joinIdentity             401    404      404    404         404   403          403      403    403       403 invitation
leaveIdentity            401    ok       ok     ok          ok    403          403      403    403       403
listRegions              ok     ok       ok     ok          ok    ok           ok       ok     ok        ok
listInstitutions         401    ok       ok     ok          ok    ok           ok       ok     ok        ok
getInstitution           401    ok       ok     ok          ok    ok           ok       ok     404       ok  institution
putInstitution           401    403      403    403         403   403          403      403    ok        ok
putPage                  401    403      403    403         403   403          403      403    404       ok  institution
listPersons              401    ok       ok     ok          ok    403          403      403    403       403
createPerson             401    ok       ok     ok          ok    403          403      403    403       403
updatePerson             401    404      ok     404         404   403          403      403    403       403 person
deletePerson             401    404      ok     404         404   403          403      403    403       403 person
listGuardians            401    404      ok     404         404   403          403      403    403       403 person
createInvitation         401    404      ok     404         404   403          403      403    403       403 person
joinAsGuardian           401    ok       ok     ok          ok    403          403      403    403       403
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
"""
ANOTHER_REGION = 54
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
        if self.caller == "teacher":
            return self.operation.access.teachers
        return self.caller == "parent" or (self.operation.access.staff and self.caller in OF_THE_CLINIC)

    def fits(self, answer: Answer) -> bool:
        if self.code is None:
            return 200 <= answer.status < 300
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
        as_stranger = codes[cells[callers.index("stranger")]]
        found.append(Expected(by_id[name], "teacher", None if by_id[name].access.teachers else as_stranger))
        as_admin = codes[cells[callers.index("admin")]]
        found.append(Expected(by_id[name], "registrar", of_registrar(by_id[name], as_admin)))
        found += [Expected(by_id[name], caller, codes[cell]) for caller, cell in zip(callers, cells, strict=False)]
    return sorted(found, key=lambda expected: expected.code is None)


def of_registrar(operation: Operation, as_admin: str | None) -> str | None:
    """What an editor of the clinic's page gets: as its administrator, but for scopes that are the director's alone."""
    access = operation.access
    if not access.staff or access.citizen or access.scope in REGISTRARS:
        return as_admin
    return "forbidden"


def test_a_director_has_every_scope_and_a_registrar_publishes_nothing() -> None:
    assert SCOPES_OF["director"] == set(SCOPES)
    assert SCOPES_OF["registrar"] == REGISTRARS
    assert SCOPES_OF["none"] == set()
    assert not any(role_may("admin", scope) for scope in SCOPES), "a role of old tokens opens nothing"


def test_the_table_has_a_row_for_each_operation() -> None:
    assert Counter(expected.operation.id for expected in table()) == {operation.id: 12 for operation in OPERATIONS}


@dataclass
class Ask:
    """What is sent to an operation: path parameters, query, body or form."""

    path: dict[str, str] = field(default_factory=dict[str, str])
    query: dict[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None
    form: dict[str, str] | None = None

    def put_to(self, operation: Operation, api: Api) -> Answer:
        key = str(new_id()) if operation.method == "POST" and operation.status == 201 else None
        path = operation.path.format(**self.path)
        return api.call(operation.method, path, self.body, key=key, params=self.query, data=self.form)

    def absent(self, ids: set[str]) -> "Ask":
        """The same, for things that are not there in place of those."""

        def replaced(values: dict[str, Any] | None) -> Any:
            return values and {name: str(new_id()) if value in ids else value for name, value in values.items()}

        named = isinstance(self.body, dict) and all(isinstance(value, str) for value in self.body.values())
        body = replaced(self.body) if named else self.body
        return Ask(replaced(self.path), replaced(self.query), body)


@dataclass
class Stage:
    """The scene, and everyone who may come on."""

    scene: Scene
    client: tuple[str, str]
    callers: dict[str, list[Api]]

    def who(self, expected: Expected) -> list[Api]:
        if expected.caller != "no_scope":
            return self.callers[expected.caller]
        access = expected.operation.access
        scopes = tuple(scope for scope in SCOPES if scope != access.scope)
        return [self.scene.world.live.client(REGION, None if access.whole_region else CLINIC, scopes)]

    def ask(self, operation: Operation) -> Ask:
        """A request that the right caller succeeds with, now."""
        scene, world = self.scene, self.scene.world
        clinic = {"institution_id": str(CLINIC)}
        ticket, application = {"appointment_id": scene.appointment_id}, {"application_id": scene.application_id}
        schedule = {"schedule_id": "c1", **clinic}
        wishes = {"campaign_id": scene.campaigns.open_id, "person_id": scene.person_id}
        times = {"begins_at": "2030-03-11T00:00:00+07:00", "ends_at": "2030-03-12T00:00:00+07:00"}
        doctor = {"last_name": "Белова", "first_name": "Анна", "specialty_codes": [PAEDIATRICIAN]}
        institution = {"name": "Детская поликлиника № 1", "kind": "clinic", "municipality": "Кемерово"}
        institution |= {"address": "г. Кемерово, ул. Весенняя, 5", "zone": "Asia/Novokuznetsk"}
        client_id, client_secret = self.client
        asks = {
            "createSession": Ask(body={"platform": "vk", "parameters": world.live.launch(CLINIC_PAGE, 9)}),
            "createToken": Ask(
                form={"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
            ),
            "joinIdentity": Ask(body={"code": "0000-0000"}),
            "leaveIdentity": Ask({"platform": "max"}),
            "getInstitution": Ask(clinic),
            "putInstitution": Ask(clinic, body=institution),
            "putPage": Ask(
                {"platform": "vk", "page_id": str(CLINIC_PAGE)}, body={**clinic, "mini_apps": ["doctor", "club"]}
            ),
            "createPerson": Ask(body=person(last_name=surname())),
            "updatePerson": Ask({"person_id": scene.free_person_id}, body={"last_name": surname()}),
            "deletePerson": Ask({"person_id": scene.spare_person_id}),
            "putSpecialty": Ask({"specialty_code": PAEDIATRICIAN, **clinic}, body={"access": "self"}),
            "putPractitioner": Ask({"practitioner_id": "d1", **clinic}, body=doctor),
            "putLocation": Ask({"location_id": "l2", **clinic}, body={"name": "Корпус 2", "address": "г. Кемерово"}),
            "putAttachments": Ask(clinic, body={"items": []}),
            "putSlots": Ask(
                clinic,
                body={"window_from": (world.now + timedelta(days=40)).isoformat(), "window_days": 1, "slots": []},
            ),
            "putSchedule": Ask(schedule, body=scene.schedule),
            "getSchedule": Ask(schedule),
            "listSchedules": Ask(clinic),
            # Else it would be there for the first of the callers alone.
            "deleteSchedule": Ask(schedule, {"dry_run": "true"}),
            "putCalendarDay": Ask({"day": "2030-03-08", **clinic}, body={"works_as": 1}),
            "deleteCalendarDay": Ask({"day": "2030-03-08", **clinic}),
            "blockPractitioner": Ask({"practitioner_id": "d4", **clinic}, body=times),
            "unblockPractitioner": Ask({"practitioner_id": "d4", **clinic}, body=times),
            "listBlocks": Ask({"practitioner_id": "d4", **clinic}),
            "listCalendar": Ask(clinic, {"day_from": "2026-11-01", "day_to": "2026-11-30"}),
            "listReleases": Ask(query=clinic),
            "putBookingRules": Ask(clinic, body={}),
            "putReferrals": Ask(clinic, body={"items": []}),
            "listSlotsTogether": Ask(query={"specialty_codes": f"{PAEDIATRICIAN},{PAEDIATRICIAN}", **clinic}),
            "holdSlot": Ask(body={"slot_id": scene.free_slot_id}),
            "releaseHold": Ask({"hold_id": str(new_id())}),
            "bookFamily": Ask(body={"items": scene.family}),
            "rescheduleAppointment": Ask(ticket, body={"slot_id": scene.other_slot_id}),
            "listSpecialties": Ask(query=clinic),
            "listPractitioners": Ask(query=clinic),
            "listSlots": Ask(query={"specialty_code": PAEDIATRICIAN, **clinic}),
            "bookAppointment": Ask(body={"slot_id": scene.free_slot_id, "person_id": scene.free_person_id}),
            "getAppointment": Ask(ticket),
            "getTicketCalendar": Ask(ticket),
            "getTicketQr": Ask(ticket),
            "cancelAppointment": Ask(ticket),
            "joinWaitingList": Ask(body=waiting(scene.free_person_id)),
            "getWaitingEntry": Ask({"entry_id": scene.entry_id}),
            "leaveWaitingList": Ask({"entry_id": scene.entry_id}),
            "acceptOffer": Ask({"offer_id": scene.offer_id}),
            "declineOffer": Ask({"offer_id": scene.spare_offer_id}),
            "listRebookings": Ask(clinic),
            "listDraws": Ask(query=clinic),
            "getDraw": Ask({"draw_id": scene.draws.open_id}),
            "getDrawRecord": Ask({"draw_id": scene.draws.drawn_id}),
            "requestDraw": Ask(
                {"draw_id": scene.draws.open_id},
                body={"person_id": scene.family[1]["person_id"], "wishes": scene.draws.slot_ids},
            ),
            "withdrawDrawRequest": Ask({"request_id": scene.draws.request_id}),
            "getQueuePosition": Ask(ticket),
            "appealNoShow": Ask({"appointment_id": scene.missed_id}, body={"text": scene.appeal}),
            "getDaySheet": Ask({"practitioner_id": "d1", **clinic}),
            "listTodaysPlaces": Ask(clinic),
            "putDelay": Ask({"practitioner_id": "d1", **clinic}, body={"day": "2026-09-08", "minutes": 20}),
            "checkIn": Ask(clinic, body={"number": scene.todays_number}),
            "setAppointmentStatus": Ask({"appointment_id": scene.todays_id, **clinic}, body={"status": "arrived"}),
            "bookForPatient": Ask(clinic, body={"slot_id": scene.desk_slot_id, "source": "desk", "patient": patient()}),
            "rescheduleForPatient": Ask(
                {"appointment_id": scene.movable_id, **clinic},
                body={"slot_id": scene.desk_slot_id, "source": "desk", "reason": WHY},
            ),
            "cancelForPatient": Ask({"appointment_id": scene.movable_id, **clinic}, body={"reason": WHY}),
            "listAppeals": Ask(clinic),
            "decideAppeal": Ask({"appointment_id": scene.missed_id, **clinic}, body={"excused": True}),
            "listFirstFree": Ask({"region_code": str(REGION)}, query={"specialty_code": PAEDIATRICIAN}),
            "searchSlots": Ask(query={"specialty_code": PAEDIATRICIAN}),
            "putProgramme": Ask({"programme_id": "go", **clinic}, body=programme(name="Го")),
            "putGroup": Ask({"group_id": "g9", **clinic}, body=world.group()),
            "getEnrolmentRules": Ask(clinic),
            "putEnrolmentRules": Ask(clinic, body={}),
            "listBenefits": Ask(clinic),
            "putBenefits": Ask(clinic, body={"items": []}),
            "lockGroup": Ask({"group_id": "g6", **clinic}, body={"reason": "Педагог на больничном"}),
            "unlockGroup": Ask({"group_id": "g6", **clinic}, body={"reason": "Педагог здоров"}),
            "listGroupLocks": Ask({"group_id": "g6", **clinic}),
            "listGroupsForPerson": Ask({"person_id": scene.person_id}),
            "listReceivedApplications": Ask(clinic),
            "decideApplication": Ask({**application, **clinic}, body={"decision": {"decision": "approve"}}),
            "putCertificates": Ask(body={"items": []}),
            "listCertificates": Ask({"person_id": scene.person_id}),
            "listUsedCertificates": Ask(clinic),
            "getApplicationSummary": Ask(clinic),
            "decideApplications": Ask(
                clinic, body={"application_ids": [scene.application_id], "decision": {"decision": "take"}}
            ),
            "transferApplications": Ask(
                clinic,
                body={
                    "application_ids": [scene.application_id],
                    "group_id": "g6",
                    "order_number": "7",
                    "order_date": "2026-09-07",
                },
            ),
            "applyToGroup": Ask(body={"group_id": scene.free_group_id, "person_id": scene.free_person_id}),
            "applyTogether": Ask(body={"items": scene.siblings}),
            "draftApplication": Ask(body={"group_id": scene.group_id, "person_id": scene.free_person_id}),
            "updateDraft": Ask({"application_id": scene.spare_draft_id}, body={"wait": True}),
            "submitApplication": Ask({"application_id": scene.draft_id}),
            "acceptPlace": Ask({"application_id": scene.offered_application_id}),
            "declinePlace": Ask({"application_id": scene.spare_offered_application_id}),
            "listGuardians": Ask({"person_id": scene.person_id}),
            "createInvitation": Ask({"person_id": scene.person_id}),
            "getApplication": Ask(application),
            "withdrawApplication": Ask(application),
            "uploadDocument": Ask(
                {"application_id": scene.open_application_id}, {"kind": "snils"}, pdf(seed=someone())
            ),
            "listDocuments": Ask(application),
            "getDocument": Ask({"document_id": scene.document_id}),
            "deleteDocument": Ask({"document_id": scene.spare_document_id}),
            "listReceivedDocuments": Ask({**application, **clinic}),
            "getReceivedDocument": Ask({**application, **clinic, "document_id": scene.document_id}),
            **self.register_asks(operation),
            "putCampaign": Ask({"campaign_id": "winter"}, body=terms(world)),
            "getCampaign": Ask({"campaign_id": scene.campaigns.open_id}),
            "getCampaignRecord": Ask({"campaign_id": scene.campaigns.matched_id}),
            "putWishes": Ask(wishes, body={"group_ids": [scene.campaigns.group_id]}),
            "getWishes": Ask(wishes),
            "withdrawWishes": Ask(wishes),
        }
        if operation.id == "joinAsGuardian":
            # Good once.
            return Ask(body={"code": scene.invitation_code(), "kinship": "other"})
        return asks.get(operation.id, Ask())

    def register_asks(self, operation: Operation) -> dict[str, Ask]:
        """A code is good once, so each who asks gets their own."""
        clinic = {"institution_id": str(CLINIC)}
        group, child = {"group_id": REGISTER, **clinic}, {"application_id": self.scene.application_id}
        days = {"day_from": "2026-09-01", "day_to": "2026-09-30"}
        code = code_for(self.scene.world, "t9") if operation.id == "joinAsTeacher" else ""
        mark = {"application_id": self.scene.pupil_application_id, "mark": "present"}
        return {
            "putTeacher": Ask({"teacher_id": "t8", **clinic}, body={"last_name": "Зимин", "first_name": "Илья"}),
            "deleteTeacher": Ask({"teacher_id": "t8", **clinic}),
            "listTeachers": Ask(clinic),
            "inviteTeacher": Ask({"teacher_id": "t9", **clinic}),
            "joinAsTeacher": Ask(body={"code": code}),
            "putGroupTeachers": Ask(group, body={"teacher_ids": ["t1"]}),
            "listMyGroups": Ask(clinic),
            "listLessons": Ask(group, days),
            "getLessonSheet": Ask({"lesson_id": LESSON, **group}),
            "putAttendance": Ask({"lesson_id": LESSON, **group}, body={"marks": [mark]}),
            "cancelLesson": Ask({"lesson_id": LATER, **group}, body={"reason": "Педагог болеет"}),
            "getAttendance": Ask(group),
            "listChildLessons": Ask(child, days),
            "getGroupList": Ask(group),
            "getGroupListXlsx": Ask(group),
            "getGroupListHtml": Ask(group),
            "sendMessage": Ask(group, body={"text": "Сбор в 9:00"}),
            "listGroupMessages": Ask(group),
            "listMessages": Ask(child),
            "bookTrial": Ask(body=self.scene.trying),
            "cancelTrial": Ask({"trial_id": self.scene.trial_id}),
        }


def set_stage(world: World) -> Stage:
    scene, live = set_scene(world), world.live
    callers = {
        "nobody": [live.api(token) for token in tokens_that_are_none(scene)],
        "stranger": [scene.stranger],
        "parent": [scene.parent],
        "their_admin": [live.citizen(CLUB_PAGE, 5, "admin")],
        "admin": [live.citizen(CLINIC_PAGE, 6, "admin")],
        "registrar": [live.citizen(CLINIC_PAGE, 6, "editor")],
        "their_system": [live.client(REGION, CLUB)],
        "system": [live.client(REGION, CLINIC)],
        "elsewhere": [live.client(ANOTHER_REGION)],
        "operator": [scene.operator],
        "teacher": [scene.teacher],
    }
    return Stage(scene, credentials(live, REGION), callers)


def tokens_that_are_none(scene: Scene) -> Iterator[str | None]:
    """None at all; nonsense; expired; a ticket's; the parent's claims under another key, under none, for others."""
    live, parent = scene.world.live, scene.parent.token or ""
    yield from (None, "nonsense", "a.b.c", parent[:-4] + "AAAA")
    live.clock.now -= timedelta(hours=2)
    yield live.citizen(CLINIC_PAGE, 1).token
    live.clock.now += timedelta(hours=2)
    yield scene.parent.get(f"/v1/appointments/{scene.appointment_id}").ok()["qr_token"]
    head, claims = jwt.get_unverified_header(parent), jwt.decode(parent, options={"verify_signature": False})
    yield jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers=head)
    yield jwt.encode(claims, "", algorithm="none", headers={**head, "alg": "none"})
    public = live.api().get("/.well-known/jwks.json").ok()["keys"][0]["x"]
    yield jwt.encode(claims, public, algorithm="HS256", headers={**head, "alg": "HS256"})


def test_everyone_gets_what_the_table_says(world: World) -> None:
    stage = set_stage(world)
    wrong: list[str] = []
    for expected in table():
        name = f"{expected.operation.id} {expected.caller}"
        for api in stage.who(expected):
            answer = stage.ask(expected.operation).put_to(expected.operation, api)
            if not expected.fits(answer):
                wrong.append(f"{name}: {answer.status} {answer.content.decode(errors='replace')}")
            if not expected.may_know and any(told.encode() in answer.content for told in stage.scene.private):
                wrong.append(f"{name} is told of what is not theirs: {answer.content.decode()}")
    assert wrong == []
    # The other region has put an institution of the same id: into itself.
    assert world.operator.get(f"/v1/institutions/{CLINIC}").ok()["phone"] is None
    assert stage.callers["elsewhere"][0].get(f"/v1/institutions/{CLINIC}").status == 200


def test_what_is_not_theirs_and_what_is_not_there_answer_alike(world: World) -> None:
    stage = set_stage(world)
    ids = {*stage.scene.private, str(CLINIC)}
    guarded = [expected for expected in table() if expected.code and REFUSALS[expected.code].kind is Kind.absent]
    assert len(guarded) > 50
    for expected in guarded:
        for api in stage.who(expected):
            ask = stage.ask(expected.operation)
            named = {REGISTER} if expected.code == "group_not_found" else ids
            theirs, absent = (one.put_to(expected.operation, api) for one in (ask, ask.absent(named)))
            assert without_names(theirs) == without_names(absent), expected


def test_what_is_named_inside_a_request_is_guarded_too(world: World) -> None:
    stage = set_stage(world)
    scene, system, stranger = stage.scene, stage.callers["their_system"][0], stage.callers["stranger"][0]
    club = f"/v1/institutions/{CLUB}"
    decision = {"decision": {"decision": "refuse", "reason": "other"}}
    for application_id in (scene.application_id, new_id()):
        answer = system.post(f"{club}/applications/{application_id}/decide", decision)
        assert (answer.status, answer.code) == (404, "application_not_found")
    for group_id in (scene.group_id, new_id()):
        assert system.get(f"{club}/applications", group_id=group_id).ok()["items"] == []
    for person_id in (scene.person_id, new_id()):
        assert stranger.get("/v1/appointments", person_id=person_id).ok()["items"] == []
    # The clinic's doctor is not the club's, though both have a d1 and an l1.
    only_the_clinics = {"external_id": "x", "practitioner_id": "d2", "specialty_code": "122", "location_id": "l1"}
    slot = {**only_the_clinics, "starts_at": world.now.isoformat(), "duration_minutes": 15}
    answer = system.put(f"{club}/slots", {"window_from": world.now.isoformat(), "window_days": 1, "slots": [slot]})
    assert (answer.status, answer.code) == (409, "reference_unknown")
    assert scene.parent.get(f"/v1/applications/{scene.application_id}").ok()["status"] == "submitted"


def without_names(answer: Answer) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Without what names this one answer."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("X-Request-Id", "Date")}
    return answer.status, headers, {**answer.json, "request_id": None}
