"""One of each thing that an operation can be called on, in a world with two families and two institutions."""

from dataclasses import dataclass
from typing import Any

from tests.campaigns.scene import Campaigns, set_campaigns
from tests.confirmation.citizens import confirmed
from tests.consents.people import texts
from tests.documents.people import Applicant
from tests.draws.scene import Draws, set_draws
from tests.institutions.centre import claim_of, invited
from tests.live import Api, session_id
from tests.reception.desk import patient
from tests.staff.people import doctor_of, written_down
from tests.world import CARDIOLOGIST, CLINIC, CLINIC_PAGE, CLUB, PAEDIATRICIAN, SURGEON, World

PARENT, STRANGER, ADMINISTRATOR, TEACHER, DOCTOR = 1, 2, 3, 14, 15
REGISTER = "r1"
# Lessons of that group: one has been, and one is to come.
LESSON, LATER = "2026-09-07T0700", "2026-12-07T0700"
# One that can be tried.
SOON = "2026-09-14T0700"


@dataclass
class Scene:
    """The clinic, which has a club of its own too, and the parent are ours; the club and the stranger are not."""

    world: World
    parent: Api
    stranger: Api
    administrator: Api
    operator: Api
    person_id: str
    free_person_id: str
    spare_person_id: str
    slot_id: str
    free_slot_id: str
    other_slot_id: str
    family: list[dict[str, str]]
    appointment_id: str
    moving_appointment_id: str
    group_id: str
    free_group_id: str
    programme_id: str
    application_id: str
    # Not submitted yet, two of them; and two that are offered a place.
    draft_id: str
    spare_draft_id: str
    offered_application_id: str
    spare_offered_application_id: str
    siblings: list[dict[str, str]]
    # The stranger's child, to which everyone may be invited.
    shared_person_id: str
    # Of another child, and nobody ends it.
    open_application_id: str
    # Of the first application; the spare one is deleted already, which can be done again.
    document_id: str
    spare_document_id: str
    practitioner_id: str
    # Waits; is offered a surgeon's time, and so is the spare one.
    entry_id: str
    offer_id: str
    spare_offer_id: str
    schedule: dict[str, Any]
    draws: Draws
    campaigns: Campaigns
    # At the reception desk: a slot with much room; a ticket of today; one to be moved and cancelled; a missed visit of
    # the parent's child, and what they have said of it.
    desk_slot_id: str
    todays_id: str
    # Another one, which nothing happens to but that its patient comes in.
    todays_number: str
    movable_id: str
    missed_id: str
    # Of the clinic's group r1, which is under way: who teaches it, and a child of the parent's who is in it.
    teacher: Api
    pupil_application_id: str
    # A trial lesson of that group, and what another one is booked with.
    trial_id: str
    trying: dict[str, str]
    # One that the parent does not call in.
    session_id: str
    # A child for whom the parent has consented, and what they consented with.
    agreeing: dict[str, Any]
    # The account of the clinic's first practitioner, whose most of the tickets are.
    doctor: Api
    # The claim of a page that is claimed by it already, and an invitation that nobody claims.
    claim: dict[str, str]
    page_invitation_id: str
    client_id: str
    leaving_client_id: str
    # The id and the code of one that is completed: the parent has confirmed who they are.
    confirmation: tuple[str, str]
    appeal: str = "Болели"

    @property
    def private(self) -> tuple[str, ...]:
        """What nobody but the parent and the clinic may come to know of."""
        family = (item["person_id"] for item in (*self.family, *self.siblings))
        drafts = self.draft_id, self.spare_draft_id, self.offered_application_id, self.spare_offered_application_id
        mine = self.person_id, self.free_person_id, self.spare_person_id, self.appointment_id, self.application_id
        agreed = self.agreeing["person_id"]
        in_the_register = self.pupil_application_id, self.trial_id, self.trying["person_id"]
        waited_for = self.entry_id, self.offer_id, self.spare_offer_id, self.draws.request_id, self.campaigns.wish_id
        at_the_desk = self.missed_id, self.todays_id, self.movable_id
        papers = self.open_application_id, self.document_id, self.spare_document_id
        return self.session_id, *mine, *family, *drafts, *waited_for, *at_the_desk, *papers, *in_the_register
        return *mine, *family, *drafts, *waited_for, *at_the_desk, *papers, *in_the_register, agreed
        return self.confirmation[0], *mine, *family, *drafts, *waited_for, *at_the_desk, *papers, *in_the_register

    def invitation_code(self) -> str:
        """Of an invitation by the stranger."""
        return self.stranger.create(f"/v1/persons/{self.shared_person_id}/invitations", None).ok()["code"]


def programme(**more: Any) -> dict[str, Any]:
    return {"name": "Шахматы", "direction": "science", "level": "basic", **more}


def set_scene(world: World) -> Scene:
    """Slots of which some are booked, two that are offered to who waits, a schedule, a programme with two groups, to
    one of which a child has applied.
    """
    clinic, operator = f"/v1/institutions/{CLINIC}", world.operator
    free = [world.slot(f"s{number}", hours=24 + number, capacity=20) for number in range(8)]
    surgeons = [
        world.slot(f"o{hours}", hours=hours, practitioner_id="d2", specialty_code=SURGEON) for hours in (50, 60)
    ]
    desk = [
        world.slot("desk", hours=40, capacity=100),
        world.slot("today", hours=2, capacity=5),
        # Too late in the day for who waits.
        world.slot("missed", hours=15.5, practitioner_id="d2", specialty_code=SURGEON),
    ]
    world.publish_slots(*free, *surgeons, *desk).ok()
    # The club has a doctor under the same own ids: what is published there does not touch the clinic.
    doctor = {"last_name": "Белова", "first_name": "Анна", "specialty_codes": [PAEDIATRICIAN]}
    world.put(f"/v1/institutions/{CLUB}/practitioners/d1", doctor)
    world.put(f"/v1/institutions/{CLUB}/locations/l1", {"name": "Медкабинет", "address": "г. Кемерово"})
    ours = world.put(f"{clinic}/programmes/chess", programme())
    groups = [
        world.put(f"{clinic}/groups/g{weekday}", world.group(weekly_lessons=[lesson(weekday)])) for weekday in (2, 6, 7)
    ]
    # It begins later: what is made by it is in nobody's way.
    schedule = {"practitioner_id": "d4", "specialty_code": PAEDIATRICIAN, "location_id": "l1", "slot_minutes": 15}
    schedule |= {"valid_from": "2030-01-09", "hours": [{"weekdays": [1], "begins": "09:00", "ends": "12:00"}]}
    for institution, doctor_id in ((CLINIC, "d4"), (CLUB, "d1")):
        world.put(f"/v1/institutions/{institution}/schedules/c1", schedule | {"practitioner_id": doctor_id})
    parent = world.live.citizen(CLINIC_PAGE, PARENT)
    # Whoever moderates a page, and does not administer it, is a citizen like any other.
    stranger = world.live.citizen(CLINIC_PAGE, STRANGER, "moder")
    child, sister, brother = (
        world.child(parent, first_name=name, snils=snils)
        for name, snils in (("Вера", "11223344595"), ("Анна", None), ("Нина", None))
    )
    quick = world.child(parent, last_name="Соколова-Быстрая")
    twins = [world.child(parent, last_name=name) for name in ("Соколова-Ясная", "Соколова-Тихая")]
    shared = world.child(stranger, last_name="Орлова")
    applicants = [world.child(parent, last_name=f"Соколова-{name}") for name in ("Первая", "Вторая", "Третья")]
    siblings = [world.child(parent, last_name=f"Соколова-{name}") for name in ("Старшая", "Младшая")]
    ticket = world.book(parent, world.slot_id("s0"), child).ok()
    application = world.apply(parent, groups[0]["id"], child).ok()
    drafts = [
        parent.create("/v1/application-drafts", {"group_id": groups[1]["id"], "person_id": one}).ok()["id"]
        for one in applicants[:2]
    ]
    offered = offered_places(world, parent, applicants)
    papers = Applicant(world, parent, child, application["id"])
    documents = [papers.upload(file_name="Справка.pdf").ok()["id"] for _ in range(2)]
    assert parent.call("DELETE", f"/v1/documents/{documents[1]}").status == 204
    schoolchild = world.child(parent, last_name="Соколова-Школьная")
    todays, coming, movable = (at_the_desk(world, own_id) for own_id in ("today", "today", "s6"))
    missed = world.book(parent, world.slot_id("missed"), child).ok()
    operator.post(f"{clinic}/appointments/{missed['id']}/status", {"status": "noshow"}).ok()
    parent.post(f"/v1/appointments/{missed['id']}/appeal", {"text": Scene.appeal}).ok()
    entry = parent.create("/v1/waiting-list", waiting(child)).ok()
    pupil = in_the_register(world, parent)
    trying = [
        {"group_id": pupil["group_id"], "person_id": world.child(parent, last_name=name), "lesson_id": SOON}
        for name in ("Соколова-Пробная", "Соколова-Любопытная")
    ]
    for person_id in (child, sister):
        parent.create("/v1/waiting-list", waiting(person_id, specialty_code=SURGEON, referral_number=None)).ok()
    world.live.work()
    offers = {offer["places"][0]["person_id"]: offer["id"] for offer in parent.get("/v1/offers").ok()["items"]}
    return Scene(
        world=world,
        parent=parent,
        stranger=stranger,
        administrator=world.live.citizen(CLINIC_PAGE, ADMINISTRATOR, "admin"),
        operator=operator,
        person_id=child,
        free_person_id=sister,
        spare_person_id=brother,
        slot_id=ticket["slot_id"],
        free_slot_id=world.slot_id("s7"),
        other_slot_id=world.slot_id("s6"),
        family=[
            {"slot_id": world.slot_id(own_id), "person_id": one} for own_id, one in (("s1", twins[0]), ("s2", twins[1]))
        ],
        appointment_id=ticket["id"],
        moving_appointment_id=world.book(parent, world.slot_id("s5"), quick).ok()["id"],
        group_id=groups[0]["id"],
        free_group_id=groups[1]["id"],
        programme_id=ours["id"],
        application_id=application["id"],
        draft_id=drafts[0],
        spare_draft_id=drafts[1],
        offered_application_id=offered[0],
        spare_offered_application_id=offered[1],
        siblings=[{"group_id": groups[1]["id"], "person_id": one} for one in siblings],
        shared_person_id=shared,
        open_application_id=world.apply(parent, groups[1]["id"], schoolchild).ok()["id"],
        document_id=documents[0],
        spare_document_id=documents[1],
        practitioner_id=ticket["practitioner"]["id"],
        desk_slot_id=world.slot_id("desk"),
        todays_id=todays["id"],
        todays_number=coming["number"],
        movable_id=movable["id"],
        missed_id=missed["id"],
        teacher=teaching(world),
        pupil_application_id=pupil["id"],
        trial_id=parent.create("/v1/trials", trying[0]).ok()["id"],
        trying=trying[1],
        session_id=session_id(world.live.citizen(CLINIC_PAGE, PARENT)),
        agreeing=agreement(world, parent),
        confirmation=confirmed(world.live, parent),
        entry_id=entry["id"],
        offer_id=offers[child],
        spare_offer_id=offers[sister],
        schedule=schedule,
        draws=set_draws(world, parent, child),
        campaigns=set_campaigns(world, parent, child),
        doctor=doctor_of(world, CLINIC_PAGE, str(CLINIC), DOCTOR, "s1", "d1"),
        claim=claimed(world),
        page_invitation_id=invited(world, str(CLINIC))["invitation_id"],
        client_id=client_of(world, "МИС поликлиники"),
        leaving_client_id=client_of(world, "Прежняя МИС"),
    )


def client_of(world: World, name: str) -> str:
    """The clinic's system, that comes no more."""
    body = {"name": name, "institution_id": str(CLINIC), "scopes": ["schedules:write"]}
    return world.operator.create("/v1/clients", body).ok()["id"]


def agreement(world: World, parent: Api) -> dict[str, Any]:
    """What the parent has consented with, for a child of that text alone."""
    child, text = world.child(parent, last_name="Соколова-Согласная"), texts(world)["booking"]
    agreeing = {"person_id": child, "version": text["version"], "text_hash": text["text_hash"]}
    parent.put("/v1/consents/booking", agreeing).ok()
    return agreeing


def claimed(world: World) -> dict[str, str]:
    """How the clinic's other page was claimed; once more is no error."""
    claim = claim_of(world, 100004, invited(world, str(CLINIC))["code"])
    world.live.api().post("/v1/pages/claim", claim).ok()
    return claim


def offered_places(world: World, parent: Api, children: list[str]) -> list[str]:
    """The ids of applications to a group that was full, all but the first of them, and has become larger."""
    path = f"/v1/institutions/{CLINIC}/groups/g4"
    small = world.put(path, world.group(weekly_lessons=[lesson(4)], capacity=1))
    applications = [
        parent.create("/v1/applications", {"group_id": small["id"], "person_id": child, "wait": True}).ok()["id"]
        for child in children
    ]
    world.put(path, world.group(weekly_lessons=[lesson(4)], capacity=len(children)))
    world.live.work()
    return applications[1:]


def at_the_desk(world: World, own_id: str) -> dict[str, Any]:
    """A ticket that staff have booked for somebody without an account."""
    body = {"slot_id": world.slot_id(own_id), "source": "desk", "patient": patient()}
    return world.operator.create(f"/v1/institutions/{CLINIC}/appointments", body).ok()


def in_the_register(world: World, parent: Api) -> dict[str, Any]:
    """The application of a child in a group that has just had its lesson of Monday, and enrols at once."""
    mondays = [{"weekday": 1, "starts": "07:00", "academic_hours": 1}]
    body = world.group(instant=True, starts_on="2026-08-01", weekly_lessons=mondays, capacity=100, skip_holidays=False)
    body["trial_places"] = 100
    group = world.put(f"/v1/institutions/{CLINIC}/groups/{REGISTER}", body)
    return world.apply(parent, group["id"], world.child(parent, last_name="Соколова-Учёная")).ok()


def teaching(world: World) -> Api:
    """Whoever teaches that group."""
    teacher = world.live.citizen(CLINIC_PAGE, TEACHER)
    for own_id in ("t1", "t9"):
        world.put(f"/v1/institutions/{CLINIC}/teachers/{own_id}", {"last_name": "Орлов", "first_name": "Пётр"})
    teacher.post("/v1/teachers/join", {"code": code_for(world, "t1")}).ok()
    world.put(f"/v1/institutions/{CLINIC}/groups/{REGISTER}/teachers", {"teacher_ids": ["t1"]})
    for own_id in ("s9", "s10"):
        written_down(world, str(CLINIC), own_id)
    return teacher


def code_for(world: World, teacher_id: str) -> str:
    return world.operator.create(f"/v1/institutions/{CLINIC}/teachers/{teacher_id}/invitations", None).ok()["code"]


def waiting(person_id: str, **more: Any) -> dict[str, Any]:
    """For a cardiologist, who has no free time."""
    return {
        "institution_id": str(CLINIC),
        "specialty_code": CARDIOLOGIST,
        "person_ids": [person_id],
        "day_from": "2026-09-07",
        "day_to": "2026-09-20",
        "time_from": "08:00",
        "time_to": "23:00",
        "referral_number": "Н-1042",
        **more,
    }


def lesson(weekday: int) -> dict[str, Any]:
    return {"weekday": weekday, "starts": "16:30", "academic_hours": 2}
