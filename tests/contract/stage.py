"""Everyone who may ask, and for each operation a request that the right one succeeds with."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.core.ids import new_id
from service.core.operations import Operation
from service.launch.clients import SCOPES
from service.launch.tokens import Tokens
from tests.campaigns.scene import terms
from tests.contract.access import ANOTHER_REGION, Expected
from tests.contract.scene import LATER, LESSON, PARENT, REGISTER, Scene, code_for, programme, set_scene, waiting
from tests.documents.samples import pdf
from tests.launch.credentials import credentials
from tests.live import Answer, Api
from tests.provocation import someone, surname
from tests.reception.desk import WHY, patient
from tests.staff.people import staff_code
from tests.world import CLINIC, CLINIC_PAGE, CLUB, CLUB_PAGE, PAEDIATRICIAN, REGION, World, person

_AS = {"their_admin": (CLUB_PAGE, "admin"), "admin": (CLINIC_PAGE, "admin"), "registrar": (CLINIC_PAGE, "editor")}
SPOILT = ("expired", "wrong_audience")


@dataclass
class Ask:
    """What is sent to an operation: path parameters, query, body or form."""

    path: dict[str, str] = field(default_factory=dict[str, str])
    query: dict[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None
    form: dict[str, str] | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def put_to(self, operation: Operation, api: Api) -> Answer:
        key = str(new_id()) if operation.method == "POST" and operation.status == 201 else None
        path = operation.path.format(**self.path)
        options = {"params": self.query, "data": self.form, "headers": self.headers}
        return api.call(operation.method, path, self.body, key=key, **options)

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
    spoilt: dict[tuple[str, str], Api]

    def who(self, expected: Expected) -> list[Api]:
        if expected.operation.id in ("deleteSessions", "deleteCurrentSession") and expected.code is None:
            # Else the caller would be nobody from then on.
            page, role = _AS.get(expected.caller, (CLINIC_PAGE, "none"))
            return [self.scene.world.live.citizen(page, someone(), role)]
        access = expected.operation.access
        if expected.caller in SPOILT:
            # Of these whoever would be let in, were the token not what it is.
            right = "operator" if access.whole_region else "admin" if access.staff else "parent"
            return [self.spoilt[expected.caller, right]]
        if expected.caller != "no_scope":
            return self.callers[expected.caller]
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
            "createClient": Ask(body={"name": "МИС поликлиники"}),
            "rotateClient": Ask({"client_id": scene.client_id}, body={"keep_hours": 0}),
            "revokeClient": Ask({"client_id": scene.leaving_client_id}),
            "endSession": Ask({"session_id": scene.session_id}),
            "joinIdentity": Ask(body={"code": "0000-0000"}),
            "leaveIdentity": Ask({"platform": "max"}),
            "getConfirmation": Ask({"confirmation_id": scene.confirmation[0]}),
            "completeConfirmation": Ask(
                {"confirmation_id": scene.confirmation[0]}, body={"code": scene.confirmation[1]}
            ),
            "getInstitution": Ask(clinic),
            "putInstitution": Ask(clinic, body=institution),
            "putPage": Ask(
                {"platform": "vk", "page_id": str(CLINIC_PAGE)}, body={**clinic, "mini_apps": ["doctor", "club"]}
            ),
            "claimPage": Ask(body=scene.claim),
            "deletePage": Ask({"platform": "vk", "page_id": "100003"}),
            "createPageInvitation": Ask(clinic, body={"mini_apps": ["doctor"]}),
            "inviteInstitutions": Ask(body=b"institution_id;mini_apps", headers={"Content-Type": "text/csv"}),
            "revokePageInvitation": Ask({"invitation_id": scene.page_invitation_id}),
            "createPerson": Ask(body=person(last_name=surname())),
            "updatePerson": Ask({"person_id": scene.free_person_id}, body={"last_name": surname()}),
            "deletePerson": Ask({"person_id": scene.spare_person_id}),
            "putConsent": Ask({"purpose": "booking"}, body=scene.agreeing),
            "withdrawConsent": Ask({"purpose": "booking"}, {"person_id": scene.agreeing["person_id"]}),
            "putConsentRules": Ask(body={"required": False}),
            "putDayLimits": Ask(body={"person_bookings_a_day": None}),
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
            "listAccesses": Ask({"person_id": scene.person_id}),
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
            "putStaffMember": Ask({"staff_id": "s8", **clinic}, body={"last_name": "Зимин", "first_name": "Илья"}),
            "deleteStaffMember": Ask({"staff_id": "s8", **clinic}),
            "listStaff": Ask(clinic),
            "inviteStaffMember": Ask({"staff_id": "s9", **clinic}),
            "putCampaign": Ask({"campaign_id": "winter"}, body=terms(world)),
            "getCampaign": Ask({"campaign_id": scene.campaigns.open_id}),
            "getCampaignRecord": Ask({"campaign_id": scene.campaigns.matched_id}),
            "putWishes": Ask(wishes, body={"group_ids": [scene.campaigns.group_id]}),
            "getWishes": Ask(wishes),
            "withdrawWishes": Ask(wishes),
        }
        if operation.id == "refreshSession":
            # Good once.
            return Ask(body={"refresh_token": world.live.session(CLINIC_PAGE, someone())["refresh_token"]})
        if operation.id == "joinAsStaff":
            return Ask(body={"code": staff_code(world, str(CLINIC), "s9")})
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
        "doctor": [scene.doctor],
        "other_platform": [in_odnoklassniki(world)],
        "second_guardian": [second_guardian(scene)],
    }
    return Stage(scene, credentials(live, REGION), callers, spoilt_tokens(scene))


def in_odnoklassniki(world: World) -> Api:
    """A user who has there the number that the parent has in VK."""
    world.put("/v1/pages/ok/100005", {"institution_id": str(CLINIC), "mini_apps": ["doctor", "club"]})
    launch = world.live.launch(100005, 9, vk_client="ok", vk_ok_user_id=str(PARENT))
    session = world.live.api().post("/v1/sessions", {"platform": "vk", "parameters": launch}).ok()
    assert session["page"]["platform"] == "ok"
    return world.live.api(session["access_token"])


def second_guardian(scene: Scene) -> Api:
    """The other parent, who was invited to each of the children."""
    other = scene.world.live.citizen(CLINIC_PAGE, 16)
    for child in scene.parent.get("/v1/persons").ok()["items"]:
        code = scene.parent.create(f"/v1/persons/{child['id']}/invitations", None).ok()["code"]
        other.post("/v1/guardianships", {"code": code, "kinship": "child"}).ok()
    return other


def spoilt_tokens(scene: Scene) -> dict[tuple[str, str], Api]:
    """The tokens of whoever is let in, two hours old, and made for another service by our own key."""
    live, now = scene.world.live, scene.world.now
    tokens = Tokens(live.settings.keys().signing, live.clock)

    def right() -> dict[str, str]:
        callers = live.citizen(CLINIC_PAGE, PARENT), live.citizen(CLINIC_PAGE, 6, "admin"), live.client(REGION)
        return dict(zip(("parent", "admin", "operator"), (str(api.token) for api in callers), strict=True))

    found: dict[tuple[str, str], Api] = {}
    for who, token in right().items():
        claims = jwt.decode(token, options={"verify_signature": False}) | {"aud": "zapis-statistics"}
        found["wrong_audience", who] = live.api(tokens.sign(claims, "at+jwt"))
    live.clock.now -= timedelta(hours=2)
    found |= {("expired", who): live.api(token) for who, token in right().items()}
    live.clock.now = now
    return found


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
