"""Roles that an institution gives itself: how they begin, what they open, and how they end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from schemas.sessions import StaffRole
from service.launch.roles import role_of
from tests.live import Answer, Api
from tests.provocation import someone
from tests.reception.desk import WHY, Desk
from tests.staff.people import JOIN, doctor_of, page_of, session_of, staff_code, written_down
from tests.world import CLINIC, CLINIC_PAGE, CLUB, CLUB_PAGE, World

STAFF = f"/v1/institutions/{CLINIC}/staff"


def refused(answer: Answer) -> str | None:
    return answer.code if answer.status >= 400 else None


def test_the_stronger_role_is_theirs() -> None:
    platform = ("none", "member", "moder", "editor", "admin", None)
    own: tuple[StaffRole | None, ...] = (None, "doctor", "registrar")
    found = {given: tuple(role_of(one, given) for one in platform) for given in own}
    assert found == {
        None: ("none", "none", "none", "registrar", "director", "none"),
        "doctor": ("doctor", "doctor", "doctor", "registrar", "director", "doctor"),
        "registrar": ("registrar", "registrar", "registrar", "registrar", "director", "registrar"),
    }


def test_a_director_gives_roles_and_takes_them_away(world: World) -> None:
    director, user = world.live.citizen(CLINIC_PAGE, someone(), "admin"), someone()
    body = {"last_name": "Зимина", "first_name": "Анна", "patronymic": None}
    made = director.put(f"{STAFF}/zimina", body).ok()
    assert made == {
        "staff_id": "zimina", "role": "registrar", **body, "practitioner_id": None, "joined": False,
        "invited_until": None,
    }  # fmt: skip
    code = director.create(f"{STAFF}/zimina/invitations", None).ok()
    assert code["expires_at"] == "2026-09-14T08:00:00+07:00"
    before = world.live.citizen(CLINIC_PAGE, user)
    joined = before.post(JOIN, {"code": code["code"].lower()}).ok()
    assert (joined["joined"], joined["invited_until"]) == (True, None)
    assert before.post(JOIN, {"code": code["code"]}).ok() == joined
    # From the next session on.
    places = f"/v1/institutions/{CLINIC}/places"
    assert before.get(places).code == "forbidden"
    session = session_of(world, CLINIC_PAGE, user)
    told = session["role"], session["staff_role"], session["practitioner_id"], session["expires_in"]
    assert told == ("editor", "registrar", None, 300)
    registrar = world.live.api(session["access_token"])
    assert registrar.get(places).status == 200
    # A registrar gives no roles, and has them at this institution alone.
    assert registrar.get(STAFF).code == "forbidden"
    assert registrar.put(f"{STAFF}/me", body).code == "forbidden"
    assert registrar.get(f"/v1/institutions/{CLUB}/places").code == "institution_not_found"
    assert session_of(world, CLUB_PAGE, user)["staff_role"] == "none"
    # As a doctor they see one practitioner's tickets.
    director.put(f"{STAFF}/zimina", body | {"practitioner_id": "d3"}).ok()
    changed = session_of(world, CLINIC_PAGE, user)
    assert (changed["role"], changed["staff_role"], changed["practitioner_id"]) == ("none", "doctor", "d3")
    assert changed["expires_in"] == 300
    assert session_of(world, CLINIC_PAGE, user, "editor")["staff_role"] == "registrar"
    for _ in range(2):
        assert director.call("DELETE", f"{STAFF}/zimina").status == 204
    assert session_of(world, CLINIC_PAGE, user)["staff_role"] == "none"
    world.live.clock.now += timedelta(minutes=5)
    assert registrar.get(places).code == "unauthenticated"


def test_a_role_lost_on_the_platform_ends_within_minutes(world: World) -> None:
    user, places = someone(), f"/v1/institutions/{CLINIC}/places"
    editor = world.live.citizen(CLINIC_PAGE, user, "editor")
    world.live.clock.now += timedelta(minutes=4, seconds=59)
    assert editor.get(places).status == 200
    world.live.clock.now += timedelta(seconds=1)
    assert editor.get(places).code == "unauthenticated"
    assert world.live.citizen(CLINIC_PAGE, user).get(places).code == "forbidden"


def test_what_a_code_is_good_for(world: World) -> None:
    live = world.live
    for own_id in ("one", "two"):
        written_down(world, str(CLINIC), own_id)
    old, new = (staff_code(world, str(CLINIC), "one") for _ in range(2))

    def join(code: str, user: int, page: int = CLINIC_PAGE) -> str | None:
        return refused(live.citizen(page, user).post(JOIN, {"code": code}))

    first, second = someone(), someone()
    assert join(old, first) == "invitation_not_found"
    assert join(new, first, CLUB_PAGE) == "invitation_not_found"
    assert join(new, first) is None
    assert join(new, second) == "invitation_not_found"
    late = staff_code(world, str(CLINIC), "two")
    world.live.clock.now += timedelta(days=7)
    assert join(late, second) == "invitation_not_found"
    assert session_of(world, CLINIC_PAGE, second)["staff_role"] == "none"
    kept = str(live.sql("TABLE staff")) + str(live.sql("TABLE idempotency_keys"))
    assert not any(code in kept for code in (old, new, late))


def test_one_code_makes_one_account_somebody(world: World) -> None:
    written_down(world, str(CLINIC), "one")
    code, tokens = staff_code(world, str(CLINIC), "one"), [world.parent(someone()).token for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda token: refused(world.live.api(token).post(JOIN, {"code": code})), tokens))
    assert sorted(str(answer) for answer in answers) == ["None"] + ["invitation_not_found"] * 7


def test_accounts_that_join_have_the_role_together(world: World) -> None:
    user = someone()
    doctor_of(world, CLINIC_PAGE, str(CLINIC), user, "belova", "d1")
    mother = world.parent(someone())
    code = mother.create("/v1/identities/codes", None).ok()["code"]
    world.live.citizen(CLINIC_PAGE, user).post("/v1/identities/join", {"code": code}).ok()
    assert session_of(world, CLINIC_PAGE, user)["staff_role"] == "doctor"


def test_a_doctor_is_one_of_the_institutions_own(world: World) -> None:
    body = {"last_name": "Белова", "first_name": "Анна", "practitioner_id": "nobody"}
    assert world.operator.put(f"{STAFF}/belova", body).code == "reference_unknown"
    # The club's practitioners are not the clinic's.
    answer = world.operator.put(f"/v1/institutions/{CLUB}/staff/belova", body | {"practitioner_id": "d1"})
    assert answer.code == "reference_unknown"
    assert [world.operator.get(path).ok()["items"] for path in (STAFF, f"/v1/institutions/{CLUB}/staff")] == [[], []]


class Practice:
    """A clinic with two doctors who have accounts, and a ticket of each."""

    def __init__(self, world: World) -> None:
        self.desk = Desk(world)
        own = self.desk.clinic
        page = page_of(world, own.id)
        slots = [world.slot("mine", hours=2, capacity=5), world.slot("other", hours=2, practitioner_id="d2")]
        own.put("practitioners/d2", {"last_name": "Яковлева", "first_name": "Анна", "specialty_codes": ["58"]})
        slots.append(world.slot("spare", hours=3, practitioner_id="d2"))
        own.publish(*slots).ok()
        self.doctor: Api = doctor_of(world, page, own.id, someone(), "first", "d1")
        self.registrar = world.live.citizen(page, someone(), "editor")
        self.parent, self.mine = self.desk.ticket(own.slot_id("mine"))
        self.other_parent, self.other = self.desk.ticket(own.slot_id("other"))
        self.path = own.path
        self.spare_slot = own.slot_id("spare")


@pytest.fixture
def practice(world: World) -> Practice:
    return Practice(world)


def test_a_doctor_sees_their_own_day_and_no_others(practice: Practice) -> None:
    doctor, path = practice.doctor, practice.path
    sheet = doctor.get(f"{path}/practitioners/d1/day").ok()
    assert sheet == practice.registrar.get(f"{path}/practitioners/d1/day").ok()
    assert practice.mine["number"] in str(sheet)
    foreign, absent = (doctor.get(f"{path}/practitioners/{own_id}/day") for own_id in ("d2", "nobody"))
    assert (foreign.status, foreign.code) == (404, "practitioner_not_found")
    assert {**foreign.json, "request_id": ""} == {**absent.json, "request_id": ""}
    late = {"day": "2026-09-07", "minutes": 20}
    assert doctor.put(f"{path}/practitioners/d1/delay", late).status == 200
    assert doctor.put(f"{path}/practitioners/d2/delay", late).code == "practitioner_not_found"
    # What is of the whole institution is not open to them.
    for closed in ("places", "appeals", "applications", "rebookings", "staff", "schedules"):
        assert doctor.get(f"{path}/{closed}").code == "forbidden", closed
    assert doctor.get(f"/v1/institutions/{CLUB}/practitioners/d1/day").code == "institution_not_found"


def test_a_doctor_marks_their_own_tickets_and_no_others(practice: Practice) -> None:
    doctor, path = practice.doctor, practice.path
    for status in ("arrived", "fulfilled"):
        marked = doctor.post(f"{path}/appointments/{practice.mine['id']}/status", {"status": status})
        assert marked.ok()["status"] == status
    absent = doctor.post(f"{path}/appointments/{practice.path[-36:]}/status", {"status": "arrived"})
    assert absent.code == "appointment_not_found"
    for status in ("arrived", "fulfilled", "noshow", "booked"):
        answer = doctor.post(f"{path}/appointments/{practice.other['id']}/status", {"status": status})
        assert {**answer.json, "request_id": ""} == {**absent.json, "request_id": ""}, status
    for how in ({"number": practice.other["number"]}, {"ticket": practice.other["qr_token"]}):
        assert doctor.post(f"{path}/check-in", how).code == "appointment_not_found"
    shown = practice.other_parent.get(f"/v1/appointments/{practice.other['id']}").ok()
    assert shown["status"] == "booked"
    assert doctor.post(f"{path}/appointments/{practice.mine['id']}/cancel", {"reason": WHY}).code == "forbidden"
    # Once a ticket is another doctor's it is theirs no more.
    _, moving = practice.desk.ticket(practice.desk.clinic.slot_id("mine"))
    assert doctor.post(f"{path}/check-in", {"number": moving["number"]}).ok()["status"] == "arrived"
    practice.registrar.post(f"{path}/appointments/{moving['id']}/status", {"status": "booked"}).ok()
    body = {"slot_id": practice.spare_slot, "source": "desk", "reason": WHY}
    practice.registrar.post(f"{path}/appointments/{moving['id']}/reschedule", body).ok()
    assert doctor.post(f"{path}/check-in", {"number": moving["number"]}).code == "appointment_not_found"
