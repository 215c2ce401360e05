"""Who may call what: every operation, asked by everyone, does what the table says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any, get_args

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.sessions import Scope
from service.app import OPERATIONS
from service.core.ids import new_id
from service.core.operations import Operation
from tests.contract.scene import Scene, programme, set_scene
from tests.launch.credentials import credentials
from tests.live import Answer, Api
from tests.world import CLINIC, CLINIC_PAGE, CLUB, CLUB_PAGE, PAEDIATRICIAN, REGION, World, person

# Without a token, or with one that is none; a citizen of another family; the parent; administrators of the club's and
# of the clinic's page; systems of the club, of the clinic without the scope, of the clinic with it; the operator of
# another region, and of this one. What is asked for belongs to the parent and to the clinic. ok is a 2xx; behind the
# line stands the code of a 404.
TABLE = """
                          nobody stranger parent admin-  admin system- scope- system region- operator
createSession             ok     ok       ok     ok      ok    ok      ok     ok     ok      ok
createToken               ok     ok       ok     ok      ok    ok      ok     ok     ok      ok
getKeySet                 ok     ok       ok     ok      ok    ok      ok     ok     ok      ok
listRegions               ok     ok       ok     ok      ok    ok      ok     ok     ok      ok
listInstitutions          401    ok       ok     ok      ok    ok      ok     ok     ok      ok
getInstitution            401    ok       ok     ok      ok    ok      ok     ok     404     ok       | institution_not_found
putInstitution            401    403      403    403     403   403     403    403    ok      ok
putPage                   401    403      403    403     403   403     403    403    404     ok       | institution_not_found
listPersons               401    ok       ok     ok      ok    403     403    403    403     403
createPerson              401    ok       ok     ok      ok    403     403    403    403     403
updatePerson              401    404      ok     404     404   403     403    403    403     403      | person_not_found
deletePerson              401    404      ok     404     404   403     403    403    403     403      | person_not_found
putSpecialty              401    403      403    404     ok    404     403    ok     404     ok       | institution_not_found
putPractitioner           401    403      403    404     ok    404     403    ok     404     ok       | institution_not_found
putLocation               401    403      403    404     ok    404     403    ok     404     ok       | institution_not_found
putAttachments            401    403      403    404     ok    404     403    ok     404     ok       | institution_not_found
putSlots                  401    403      403    404     ok    404     403    ok     404     ok       | institution_not_found
listSpecialties           401    ok       ok     ok      ok    ok      ok     ok     404     ok       | institution_not_found
listPractitioners         401    ok       ok     ok      ok    ok      ok     ok     404     ok       | institution_not_found
listSlots                 401    ok       ok     ok      ok    ok      ok     ok     404     ok       | institution_not_found
bookAppointment           401    404      ok     404     404   403     403    403    403     403      | person_not_found
listAppointments          401    ok       ok     ok      ok    403     403    403    403     403
getAppointment            401    404      ok     404     404   403     403    403    403     403      | appointment_not_found
getTicketCalendar         401    404      ok     404     404   403     403    403    403     403      | appointment_not_found
getTicketQr               401    404      ok     404     404   403     403    403    403     403      | appointment_not_found
cancelAppointment         401    404      ok     404     404   403     403    403    403     403      | appointment_not_found
putProgramme              401    403      403    404     ok    404     403    ok     404     ok       | institution_not_found
putGroup                  401    403      403    404     ok    404     403    ok     404     ok       | institution_not_found
listReceivedApplications  401    403      403    404     ok    404     403    ok     404     ok       | institution_not_found
decideApplication         401    403      403    404     ok    404     403    ok     404     ok       | institution_not_found
listProgrammes            401    ok       ok     ok      ok    ok      ok     ok     ok      ok
listGroups                401    ok       ok     ok      ok    ok      ok     ok     ok      ok
applyToGroup              401    404      ok     404     404   403     403    403    403     403      | person_not_found
listApplications          401    ok       ok     ok      ok    403     403    403    403     403
getApplication            401    404      ok     404     404   403     403    403    403     403      | application_not_found
withdrawApplication       401    404      ok     404     404   403     403    403    403     403      | application_not_found
"""
CODES = {"401": "unauthenticated", "403": "forbidden"}
MAY_KNOW = {"parent", "admin", "system", "operator"}
ANOTHER_REGION = 54
_numbers = count(1)


@dataclass
class Ask:
    """What is sent to an operation: path parameters, query, body."""

    path: dict[str, str] = field(default_factory=dict[str, str])
    query: dict[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None
    form: dict[str, str] | None = None


def ours(**path: str) -> Ask:
    return Ask(path={"institution_id": str(CLINIC), **path})


def publishing(body: Any, **path: str) -> Callable[[Scene], Ask]:
    return lambda _scene: Ask(path={"institution_id": str(CLINIC), **path}, body=body)


def asks(scene: Scene) -> dict[str, Ask]:
    """For each operation a request that the right caller succeeds with, now."""
    world = scene.world
    ticket, application = {"appointment_id": scene.appointment_id}, {"application_id": scene.application_id}
    clinic = {"institution_id": str(CLINIC)}
    by_name = {"specialty_code": PAEDIATRICIAN, **clinic}
    doctor = {"last_name": "Белова", "first_name": "Анна", "specialty_codes": [PAEDIATRICIAN]}
    client_id, client_secret = credentials(world.live, REGION)
    token_request = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    institution = {
        **{"name": "Детская поликлиника № 1", "kind": "clinic", "municipality": "Кемерово"},
        **{"address": "г. Кемерово, ул. Весенняя, 5", "zone": "Asia/Novokuznetsk"},
    }
    window = {"window_from": (world.now + timedelta(days=40)).isoformat(), "window_days": 1, "slots": []}
    # Nobody is written down twice: a new name for each.
    newcomer = person(first_name="Вера" + "аб"[next(_numbers) % 2] * next(_numbers))
    return {
        "createSession": Ask(body={"platform": "vk", "parameters": world.live.launch(CLINIC_PAGE, 9)}),
        "createToken": Ask(form=token_request),
        "getKeySet": Ask(),
        "listRegions": Ask(),
        "listInstitutions": Ask(),
        "getInstitution": Ask(clinic),
        "putInstitution": Ask(clinic, body=institution),
        "putPage": Ask({"vk_page_id": str(CLINIC_PAGE)}, body={**clinic, "mini_apps": ["doctor", "club"]}),
        "listPersons": Ask(),
        "createPerson": Ask(body=newcomer),
        "updatePerson": Ask({"person_id": scene.free_person_id}, body={"patronymic": None}),
        "deletePerson": Ask({"person_id": scene.spare_person_id}),
        "putSpecialty": Ask(by_name, body={"access": "self"}),
        "putPractitioner": Ask({"practitioner_id": "d1", **clinic}, body=doctor),
        "putLocation": Ask({"location_id": "l2", **clinic}, body={"name": "Корпус 2", "address": "г. Кемерово"}),
        "putAttachments": Ask(clinic, body={"items": []}),
        "putSlots": Ask(clinic, body=window),
        "listSpecialties": Ask(query=clinic),
        "listPractitioners": Ask(query=clinic),
        "listSlots": Ask(query=by_name),
        "bookAppointment": Ask(body={"slot_id": scene.free_slot_id, "person_id": scene.free_person_id}),
        "listAppointments": Ask(),
        "getAppointment": Ask(ticket),
        "getTicketCalendar": Ask(ticket),
        "getTicketQr": Ask(ticket),
        "cancelAppointment": Ask(ticket),
        "putProgramme": Ask({"programme_id": "go", **clinic}, body=programme(name="Го")),
        "putGroup": Ask({"group_id": "g9", **clinic}, body=world.group()),
        "listReceivedApplications": Ask(clinic),
        "decideApplication": Ask({**application, **clinic}, body={"decision": {"decision": "approve"}}),
        "listProgrammes": Ask(),
        "listGroups": Ask(),
        "applyToGroup": Ask(body={"group_id": scene.free_group_id, "person_id": scene.free_person_id}),
        "listApplications": Ask(),
        "getApplication": Ask(application),
        "withdrawApplication": Ask(application),
    }
