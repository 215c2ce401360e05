"""Schemathesis against the live service, with all its checks: what the document promises is what the service does."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.app import OPERATIONS, document
from service.core.edge import REQUESTS
from service.core.operations import Access
from tests.contract.scene import LATER, LESSON, REGISTER, Scene, code_for, set_scene
from tests.launch.credentials import credentials
from tests.live import session_id
from tests.provocation import someone
from tests.staff.people import staff_code
from tests.world import CARDIOLOGIST, CLINIC, CLINIC_PAGE, CLUB, PAEDIATRICIAN, REGION, SURGEON, World

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_AS_OTHERS = ("joinIdentity", "deleteSessions", "deleteCurrentSession")
# Somebody whose sessions may end.
LEAVER = 15
# Of the fuzzing and stateful phases, for each operation; the examples and the coverage phase take what they take.
_EXAMPLES = int(os.environ.get("ZAPIS_SCHEMATHESIS_EXAMPLES", "10"))


def test_the_service_does_what_the_document_says(world: World, tmp_path: Path) -> None:
    world.take_off_limits()
    before = answered()
    outcome = run(set_scene(world), document(), tmp_path, "--max-examples", _EXAMPLES, "--generation-deterministic")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    # It came behind the door of every operation.
    reached = {operation for operation, status in answered() - before if status.startswith("2")}
    assert reached == {operation.id for operation in OPERATIONS}


@pytest.mark.soak
def test_the_service_does_what_the_document_says_however_long_one_tries(world: World, tmp_path: Path) -> None:
    world.take_off_limits()
    outcome = run(set_scene(world), document(), tmp_path, "--max-examples", 30 * _EXAMPLES)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_a_document_that_promises_too_much_is_found_out(world: World, tmp_path: Path) -> None:
    """The negative control: the same run, with a number in the document too large, and a code wrong."""
    promised = document()
    promised["components"]["parameters"]["query.limit"]["schema"]["maximum"] = 1000
    invalid = promised["components"]["responses"]["invalid"]["content"]["application/problem+json"]
    invalid["examples"] = {"not_valid": {}}
    only = ("--include-operation-id", "listInstitutions", "--phases", "coverage")
    outcome = run(set_scene(world), promised, tmp_path, *only)
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert "Schema-valid request rejected" in outcome.stdout
    assert "code_conformance" in outcome.stdout


def answered() -> Counter[tuple[str, str]]:
    """How often each operation has answered with each status, in this process."""
    samples = (sample for metric in REQUESTS.collect() for sample in metric.samples if sample.name.endswith("_count"))
    return Counter({(sample.labels["operation"], sample.labels["status"]): int(sample.value) for sample in samples})


def run(scene: Scene, promised: dict[str, Any], folder: Path, *options: object) -> subprocess.CompletedProcess[str]:
    (folder / "openapi.yaml").write_text(yaml.safe_dump(promised, allow_unicode=True))
    config = folder / "schemathesis.toml"
    config.write_text((_HERE / "schemathesis.toml").read_text() + dictionaries(scene))
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file", config, "run", folder / "openapi.yaml"]
    command += ["--url", scene.world.live.base, "--checks", "all", "--continue-on-failure", *options]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "tests.contract.hooks",
        "ZAPIS_TEST_WORLD": json.dumps(for_the_hooks(scene)),
    }
    return subprocess.run(
        [str(word) for word in command], env=environment, cwd=_ROOT, capture_output=True, text=True, check=False
    )


def for_the_hooks(scene: Scene) -> dict[str, Any]:
    """Whose token an operation takes, a client, and what is to be changed instead of what is to be booked."""
    tokens = {"citizen": scene.parent.token, "system": scene.operator.token}
    return {
        # Whoever joins is nobody else from then on, and whoever has logged out is nobody.
        "tokens": {operation.id: tokens.get(role(operation.access)) for operation in OPERATIONS}
        | {name: scene.world.parent(someone()).token for name in (*_AS_OTHERS, "eraseAccount")}
        | dict.fromkeys(("listSessions", "endSession"), scene.world.parent(LEAVER).token),
        "refresh_token": scene.world.live.session(CLINIC_PAGE, someone())["refresh_token"],
        "family": scene.family,
        "moving": scene.moving_appointment_id,
        "client": credentials(scene.world.live, REGION),
        "draw_slots": scene.draws.slot_ids,
        "drawn": scene.draws.drawn_id,
        "campaign": (scene.campaigns.open_id, scene.campaigns.matched_id, scene.campaigns.group_id),
        "instead": {
            scene.person_id: scene.spare_person_id,
            scene.free_person_id: scene.spare_person_id,
            str(CLINIC): str(CLUB),
            # What is accepted can't be declined.
            scene.offer_id: scene.spare_offer_id,
            scene.document_id: scene.spare_document_id,
            # What is revoked is not replaced.
            scene.client_id: scene.leaving_client_id,
        },
        # A thing of its own for an operation that would else find it gone: id -> id.
        "own": {
            "updateDraft": {scene.application_id: scene.spare_draft_id},
            "submitApplication": {scene.application_id: scene.draft_id},
            "acceptPlace": {scene.application_id: scene.offered_application_id},
            "declinePlace": {scene.application_id: scene.spare_offered_application_id},
            "uploadDocument": {scene.application_id: scene.open_application_id},
            "getReceivedDocument": {str(CLUB): str(CLINIC)},
            "listReceivedDocuments": {str(CLUB): str(CLINIC)},
            "putDelay": {str(CLUB): str(CLINIC)},
            "checkIn": {str(CLUB): str(CLINIC)},
            "setAppointmentStatus": {scene.appointment_id: scene.todays_id},
            "rescheduleForPatient": {scene.appointment_id: scene.movable_id},
            "appealNoShow": {scene.appointment_id: scene.missed_id},
            "decideAppeal": {scene.appointment_id: scene.missed_id},
            **{operation.id: {str(CLUB): str(CLINIC)} for operation in OPERATIONS if operation.access.teachers},
            "putGroupTeachers": {str(CLUB): str(CLINIC)},
            "inviteTeacher": {str(CLUB): str(CLINIC)},
            "inviteStaffMember": {str(CLUB): str(CLINIC)},
            # One that has been is cancelled no more.
            "cancelLesson": {str(CLUB): str(CLINIC), LESSON: LATER},
            # Nobody applies to this one.
            **{name: {REGISTER: "g7"} for name in ("lockGroup", "unlockGroup", "listGroupLocks")},
            "putWishes": {scene.campaigns.matched_id: scene.campaigns.open_id},
            # The child whose wishes are there keeps them.
            "getWishes": {
                scene.campaigns.matched_id: scene.campaigns.open_id,
                scene.free_person_id: scene.person_id,
            },
            "withdrawWishes": {
                scene.campaigns.matched_id: scene.campaigns.open_id,
                scene.person_id: scene.spare_person_id,
            },
        },
        "todays_number": scene.todays_number,
        "trying": scene.trying,
        "agreeing": scene.agreeing,
        "pupil": scene.pupil_application_id,
        "teacher_code": code_for(scene.world, "t9"),
        "staff_code": staff_code(scene.world, str(CLINIC), "s10"),
        # Of somebody who makes no other.
        "identity_code": scene.world.parent(someone()).create("/v1/identities/codes", None).ok()["code"],
        "appeal": scene.appeal,
        "siblings": scene.siblings,
        "code": scene.invitation_code(),
        "claim": scene.claim,
        "table": f"institution_id;mini_apps\n{CLINIC};doctor club\n",
        "confirmation_code": scene.confirmation[1],
    }


def role(access: Access) -> str:
    if access.public:
        return "nobody"
    return "citizen" if access.citizen else "system"


def dictionaries(scene: Scene) -> str:
    """The world's ids, as configuration."""
    values = {
        "institution": [str(CLINIC), str(CLUB)],
        "person": [scene.person_id, scene.free_person_id],
        "appointment": [scene.appointment_id],
        "application": [scene.application_id],
        "document": [scene.document_id],
        "entry": [scene.entry_id],
        "offer": [scene.offer_id],
        "group": [scene.group_id, scene.free_group_id],
        "slot": [scene.slot_id, scene.free_slot_id, scene.desk_slot_id],
        "practitioner": [scene.practitioner_id],
        "specialty": [PAEDIATRICIAN, SURGEON, CARDIOLOGIST],
        "campaign": [scene.campaigns.open_id, scene.campaigns.matched_id],
        "draw": [scene.draws.open_id, scene.draws.drawn_id],
        "draw_request": [scene.draws.request_id],
        "specialties": [f"{PAEDIATRICIAN},{SURGEON}"],
        "confirmation": [scene.confirmation[0]],
        "own_practitioner": ["d1"],
        "own_location": ["l1"],
        "own_programme": ["chess"],
        "own_schedule": ["c1"],
        "own_group": [REGISTER],
        "own_teacher": ["t1"],
        "own_staff": ["s9"],
        "lesson": [LESSON],
        "trial": [scene.trial_id],
        "session": [session_id(scene.world.parent(LEAVER))],
        "page_invitation": [scene.page_invitation_id],
        "client": [scene.client_id],
        "launch": [scene.world.live.launch(CLINIC_PAGE, user) for user in (11, 12)],
    }
    return "".join(f"\n[dictionaries.{name}]\nvalues = {json.dumps(items)}\n" for name, items in values.items())
