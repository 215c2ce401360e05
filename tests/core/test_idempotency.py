"""One key, one effect: through the live service, for everything that creates."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from service.app import OPERATIONS
from service.core.ids import new_id
from service.core.signatures import signature_of
from tests.applications.people import Family, group
from tests.applications.people import stranger as applicant
from tests.doctors.clinic import Clinic
from tests.doctors.provocations import siblings
from tests.doctors.provocations import stranger as patient
from tests.documents.people import applicant as parent_of_applicant
from tests.documents.samples import pdf
from tests.draws.clinic import DrawingClinic
from tests.draws.provocations import requesting
from tests.institutions.centre import institution
from tests.live import Answer, Api
from tests.provocation import Asked, someone, surname
from tests.reception.desk import patient as without_account
from tests.registers.school import PATH, School
from tests.staff.people import page_of, written_down
from tests.waiting import people as waits
from tests.world import REGION, World, person


def holding(world: World) -> Asked:
    body = {"slot_id": Clinic(world).slot()}
    return Asked(world.parent(someone()), "POST", "/v1/holds", body, key=str(new_id()))


def at_the_desk(world: World) -> Asked:
    """By an administrator of the clinic's page."""
    clinic, page = Clinic(world), someone()
    world.put(f"/v1/pages/vk/{page}", {"institution_id": clinic.id, "mini_apps": ["doctor"]})
    body = {"slot_id": clinic.slot(), "source": "desk", "patient": without_account()}
    registrar = world.live.citizen(page, someone(), "admin")
    return Asked(registrar, "POST", f"{clinic.path}/appointments", body, key=str(new_id()))


def drawing(world: World) -> Asked:
    clinic = DrawingClinic(world)
    return requesting(clinic, clinic.asker(), clinic.times())


def joining(world: World) -> Asked:
    clinic, waiter = Clinic(world), waits.parent(world)
    body = waits.waiting(clinic, *waiter.children)
    return Asked(waiter.api, "POST", "/v1/waiting-list", body, key=str(new_id()))


def inviting(world: World) -> Asked:
    family = Family(world)
    return Asked(family.api, "POST", f"/v1/persons/{family.child}/invitations", key=str(new_id()))


def applying_together(world: World) -> Asked:
    family, wanted = Family(world, 2), group(world, capacity=2)
    items = [{"group_id": wanted, "person_id": child} for child in family.children]
    return Asked(family.api, "POST", "/v1/family-applications", {"items": items}, key=str(new_id()))


def drafting(world: World) -> Asked:
    family = Family(world)
    return Asked(family.api, "POST", "/v1/application-drafts", family.body(group(world)), key=str(new_id()))


def inviting_a_teacher(world: World) -> Asked:
    school = School(world)
    path = f"{PATH}/teachers/{school.teacher().own_id}/invitations"
    return Asked(school.director, "POST", path, key=str(new_id()))


def sending(world: World) -> Asked:
    """To one parent."""
    school = School(world)
    group = school.group()
    school.pupil(group)
    body = {"text": "Сбор в 9:00"}
    return Asked(school.director, "POST", f"{PATH}/groups/{group}/messages", body, key=str(new_id()))


def trying(world: World) -> Asked:
    school, family = School(world), Family(world)
    wanted = school.group_row(school.group(trial_places=1))["id"]
    body = {"group_id": str(wanted), "person_id": family.child, "lesson_id": "2026-09-14T0700"}
    return Asked(family.api, "POST", "/v1/trials", body, key=str(new_id()))


def inviting_a_page(world: World) -> Asked:
    path = f"/v1/institutions/{institution(world)}/page-invitations"
    return Asked(world.live.client(REGION), "POST", path, {"mini_apps": ["club"]}, key=str(new_id()))


def making_a_client(world: World) -> Asked:
    body = {"name": "МИС", "scopes": ["schedules:write"]}
    return Asked(world.live.client(REGION), "POST", "/v1/clients", body, key=str(new_id()))


def rotating(world: World) -> Asked:
    centre = world.live.client(REGION)
    client = centre.create("/v1/clients", {"name": "МИС", "scopes": ["schedules:write"]}).ok()["id"]
    return Asked(centre, "POST", f"/v1/clients/{client}/rotate", {"keep_hours": 24}, key=str(new_id()))


def inviting_staff(world: World) -> Asked:
    clinic = Clinic(world)
    written_down(world, clinic.id, "s1")
    director = world.live.citizen(page_of(world, clinic.id), someone(), "admin")
    return Asked(director, "POST", f"{clinic.path}/staff/s1/invitations", key=str(new_id()))


def inviting_by_a_table(world: World) -> Asked:
    table = f"institution_id;mini_apps\n{institution(world)};club\n".encode()
    asked = Asked(world.live.client(REGION), "POST", "/v1/page-invitations/bulk", table, key=str(new_id()))
    asked.options = {"headers": {"Content-Type": "text/csv"}}
    return asked


CREATE: dict[str, Callable[[World], Asked]] = {
    "bookAppointment": lambda world: patient(world, Clinic(world).slot()),
    "bookFamily": lambda world: siblings(Clinic(world)),
    "holdSlot": holding,
    "bookForPatient": at_the_desk,
    "requestDraw": drawing,
    "joinWaitingList": joining,
    "inviteTeacher": inviting_a_teacher,
    "sendMessage": sending,
    "bookTrial": trying,
    "applyToGroup": lambda world: applicant(world, group(world, capacity=1)),
    "createIdentityCode": lambda world: Asked(
        world.parent(someone()), "POST", "/v1/identities/codes", key=str(new_id())
    ),
    "createConfirmation": lambda world: Asked(world.parent(someone()), "POST", "/v1/confirmations", key=str(new_id())),
    "applyTogether": applying_together,
    "draftApplication": drafting,
    "uploadDocument": lambda world: parent_of_applicant(world).asked(),
    "createPerson": lambda world: Asked(
        world.parent(someone()), "POST", "/v1/persons", person(last_name=surname()), key=str(new_id())
    ),
    "createInvitation": inviting,
    "createPageInvitation": inviting_a_page,
    "inviteInstitutions": inviting_by_a_table,
    "inviteStaffMember": inviting_staff,
    "createClient": making_a_client,
    "rotateClient": rotating,
}
# What may be done again: under a new key it is done once more, or takes the turn of the one before.
AGAIN = {
    "holdSlot", "createIdentityCode", "createConfirmation", "createInvitation", "inviteTeacher", "sendMessage",
    "createPageInvitation", "inviteInstitutions", "inviteStaffMember", "createClient",
}  # fmt: skip
WITHOUT_BODY = {"createIdentityCode", "createConfirmation", "createInvitation", "inviteTeacher", "inviteStaffMember"}
# And another operation of theirs.
OF_OPERATORS = {"createPageInvitation": "inviteInstitutions", "inviteInstitutions": "createPageInvitation"}
OF_OPERATORS |= {"createClient": "createPageInvitation", "rotateClient": "createPageInvitation"}
EFFECTS = (
    "appointments",
    "applications",
    "documents",
    "persons",
    "engagements",
    "holds",
    "draw_requests",
    "waiting_entries",
    "invitations",
    "page_invitations",
    "clients",
    "messages",
    "message_recipients",
    "trials",
    "audit_trail",
    "outbox",
    "idempotency_keys",
)


def sent(asked: Asked, api: Api, body: Any, key: str | None) -> Answer:
    """What was asked, by that caller."""
    return api.call("POST", asked.path, body, key=key, **asked.options)


def effects(world: World) -> list[int]:
    return [len(world.live.sql(f"TABLE {table}")) for table in EFFECTS]


def test_everything_that_creates_is_tried_here() -> None:
    assert CREATE.keys() == {operation.id for operation in OPERATIONS if "key" in signature_of(operation).names}
    created = {operation.id for operation in OPERATIONS if operation.method == "POST" and operation.status == 201}
    assert created - CREATE.keys() == {"createSession"}


@pytest.mark.parametrize("operation", CREATE)
def test_the_same_again_is_the_same_answer_and_no_effect(world: World, operation: str) -> None:
    """Though the place is full by now, with one's own booking."""
    asked = CREATE[operation](world)
    first = asked.answer("ru")
    assert first.status == 201
    after = effects(world)
    for key in (asked.key, f'"{asked.key}"'):
        again = sent(asked, asked.api, asked.body, key)
        assert (again.status, again.content) == (201, first.content)
    assert effects(world) == after
    # Under a new key it is another request, and refused by what the first one did.
    again = sent(asked, asked.api, asked.body, str(new_id()))
    if operation in AGAIN:
        assert again.status == 201
        assert again.content != first.content
        return
    assert again.status == 409
    assert effects(world)[:-1] == after[:-1]


@pytest.mark.parametrize("operation", CREATE)
def test_many_at_once_are_one(world: World, operation: str) -> None:
    asked = CREATE[operation](world)
    token = asked.api.token
    before = effects(world)

    def once(_number: int) -> bytes:
        answer = sent(asked, world.live.api(token), asked.body, asked.key)
        assert answer.status == 201, answer.content
        return answer.content

    with ThreadPoolExecutor(8) as threads:
        answers = set(threads.map(once, range(16)))
    assert len(answers) == 1
    assert max(now - then for then, now in zip(before, effects(world), strict=True)) == len(
        asked.body.get("items", "1") if isinstance(asked.body, dict) else "1"
    )


def changed(body: dict[str, Any] | bytes) -> dict[str, Any] | bytes:
    """Another body, as valid as the one before."""
    if isinstance(body, bytes):
        return body.replace(b"club", b"doctor") if b"club" in body else pdf(len(body), seed=0)
    if "items" in body:
        return {"items": body["items"][::-1]}
    if "time_to" in body:
        return body | {"time_to": "12:00"}
    if "mini_apps" in body:
        return body | {"mini_apps": ["doctor"]}
    if "keep_hours" in body:
        return body | {"keep_hours": 1}
    name = next(name for name in ("first_name", "name", "text", "person_id", "slot_id") if name in body)
    return body | {name: "Надежда" if name in ("first_name", "name", "text") else str(new_id())}


@pytest.mark.parametrize("operation", [name for name in CREATE if name not in WITHOUT_BODY])
def test_another_body_under_the_key_is_refused(world: World, operation: str) -> None:
    asked = CREATE[operation](world)
    first = asked.answer("ru")
    after = effects(world)
    refused = sent(asked, asked.api, changed(asked.body), asked.key)
    assert (refused.status, refused.code) == (422, "idempotency_key_reused")
    assert effects(world) == after
    assert asked.answer("ru").content == first.content


@pytest.mark.parametrize("operation", CREATE)
def test_a_key_belongs_to_its_caller_and_its_operation(world: World, operation: str) -> None:
    asked, others = CREATE[operation](world), CREATE[operation](world)
    others.key = asked.key
    one, other = asked.answer("ru"), others.answer("ru")
    assert one.status == other.status == 201
    assert one.content != other.content
    # The key says nothing in another operation: here it is a new person's or, by an operator, another invitation's.
    if operation in OF_OPERATORS:
        another = CREATE[OF_OPERATORS[operation]](world)
        another.api, another.key = asked.api, asked.key
        assert another.answer("ru").status == 201
    elif operation != "createPerson":
        assert asked.api.post("/v1/persons", person(last_name=surname()), key=asked.key).status == 201


def test_a_refused_request_leaves_the_key_free(world: World) -> None:
    clinic = Clinic(world)
    slot = clinic.slot()
    first, second = patient(world, slot), patient(world, slot)
    ticket = first.answer("ru").ok()
    for _ in range(2):
        assert second.answer("ru").code == "time_taken"
    assert world.live.sql("SELECT FROM idempotency_keys WHERE key = $1", second.key) == []
    first.api.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    booked = second.answer("ru")
    assert booked.status == 201
    # And may be used for something else, as long as nothing came of it.
    third = patient(world, slot)
    assert third.answer("ru").code == "time_taken"
    third.body = third.body | {"slot_id": clinic.slot("s2", hours=30)}
    assert third.answer("ru").status == 201


def test_the_answer_stays_whatever_becomes_of_the_booking(world: World) -> None:
    parent = world.parent()
    child = world.child(parent)
    clinic = Clinic(world)
    slot, wanted = clinic.slot(), group(world)
    ticket = world.book(parent, slot, child, "ticket")
    application = world.apply(parent, wanted, child, "application")

    def same() -> bool:
        again = world.parent()
        return (
            world.book(again, slot, child, "ticket").content == ticket.content
            and world.apply(again, wanted, child, "application").content == application.content
        )

    parent.call("PATCH", f"/v1/persons/{child}", {"first_name": "Вероника"}).ok()
    assert same()
    parent.post(f"/v1/appointments/{ticket.ok()['id']}/cancel").ok()
    parent.post(f"/v1/applications/{application.ok()['id']}/withdraw").ok()
    assert same()
    assert patient(world, slot).answer("ru").status == 201
    clinic.put("specialties/58", {"access": "closed"})
    assert same()
    world.live.clock.now += timedelta(days=20)
    assert same()
    assert clinic.taken() == 1


def test_what_is_a_key(world: World) -> None:
    parent = world.parent()

    def code(key: str) -> str | None:
        headers = {"Idempotency-Key": key.encode()}
        answer = parent.call("POST", "/v1/persons", person(last_name=surname()), headers=headers)
        return None if answer.status == 201 else answer.code

    for key in ("a", "A-z_09", "a" * 64, '"a-b"'):
        assert code(key) is None, key
    for wrong in ("", "a b", "ключ", "a" * 65, '"a', 'a"', '""', "a,b", "a\tb"):
        assert code(wrong) == "idempotency_key_missing", wrong
