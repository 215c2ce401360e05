"""What schemathesis has to know of this API: its formats, whose token an operation takes, what stands with what.

Loaded by schemathesis itself, in its own process: test_schemathesis.py hands it a world in ZAPIS_TEST_WORLD.
"""

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import count
from typing import Any

import schemathesis
from hypothesis import strategies as st

from service.people.rules import enp_is_valid, snils_is_valid
from tests.documents.samples import heic, jpeg, pdf, png

_WORLD: dict[str, Any] = json.loads(os.environ["ZAPIS_TEST_WORLD"])
_FIRST, _LAST = datetime(1900, 1, 1), datetime(2199, 12, 31, 23, 59, 59)  # noqa: DTZ001 - the offset is drawn apart
_numbers = count(1)


# Formats -----------------------------------------------------------------------------------------------------------


def completed(text: str, check_digits: int, is_valid: Callable[[str], bool]) -> str:
    """The number with its check digits in order; another where none would do."""
    body = text[:-check_digits]
    made = (f"{body}{check:0{check_digits}}" for check in range(10**check_digits))
    return next(filter(is_valid, made), "11223344595" if len(text) == 11 else "7700001234567895")


def snils(text: str) -> str:
    return completed(text, 2, snils_is_valid)


def enp(text: str) -> str:
    return completed(text, 1, enp_is_valid)


_offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_instants = st.datetimes(_FIRST, _LAST, timezones=st.just(UTC) | _offsets)
schemathesis.openapi.format("snils", st.from_regex(r"[0-9]{11}", fullmatch=True).map(snils))
schemathesis.openapi.format("enp", st.from_regex(r"[0-9]{16}", fullmatch=True).map(enp))
schemathesis.openapi.format("date", st.dates(_FIRST.date(), _LAST.date()).map(date.isoformat))
schemathesis.openapi.format("date-time", _instants.map(datetime.isoformat))


# Who calls ---------------------------------------------------------------------------------------------------------


def _operation_id(operation: schemathesis.APIOperation) -> str:
    return operation.definition.raw["operationId"]


@schemathesis.auth(cache_by_key=lambda _case, context: _operation_id(context.operation))
class Token:
    def get(self, _case: schemathesis.Case, context: schemathesis.AuthContext) -> str | None:
        return _WORLD["tokens"].get(_operation_id(context.operation))

    def set(self, case: schemathesis.Case, data: str, _context: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.check
def code_conformance(
    _context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """A problem's code is one of those that the operation lists for its status."""
    found: dict[str, Any] = case.operation.definition.raw["responses"].get(str(response.status_code), {})
    if "$ref" in found:
        found = case.operation.schema.raw_schema["components"]["responses"][found["$ref"].rpartition("/")[2]]
    if "application/problem+json" not in found.get("content", {}):
        return
    code = response.json()["code"]
    # An unknown address, out of a path parameter with a slash in it, is not the operation's.
    assert code == "not_found" or code in found["content"]["application/problem+json"]["examples"], code


_NOBODY = "00000000-0000-7000-8000-000000000000"
# Whole files, hardly two alike: no schema says what is one.
_FILES = {
    "application/pdf": pdf,
    "image/png": png,
    "image/jpeg": jpeg,
    "image/heic": heic,
    "application/octet-stream": pdf,
}
schemathesis.openapi.media_type("text/csv", st.just(_WORLD["table"].encode()))
for _media_type, _made in _FILES.items():
    schemathesis.openapi.media_type(_media_type, st.integers(0, 2**40).map(lambda seed, made=_made: made(seed=seed)))
_TAKE_AWAY = {"declineOffer", "blockPractitioner", "revokeClient"}
_PATHS = {
    # One draw of the two is over, one campaign of the two is matched.
    "getDrawRecord": {"draw_id": _WORLD["drawn"]},
    "getCampaignRecord": {"campaign_id": _WORLD["campaign"][1]},
    # What the parent has agreed to.
    "putConsent": {"purpose": "booking"},
    "withdrawConsent": {"purpose": "booking"},
}

# What stands with what ---------------------------------------------------------------------------------------------


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case, _kwargs: dict[str, Any]) -> None:
    """Valid values of a case are made to stand with each other, or every such case would end in a 409."""
    if case.method in ("PUT", "PATCH", "DELETE") or _operation_id(case.operation) in _TAKE_AWAY:
        # Or soon there would be nobody left to book for, and no time that is free.
        for values in (case.path_parameters or {}, case.query or {}):
            values.update({name: _WORLD["instead"].get(str(value), value) for name, value in values.items()})
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    case.path_parameters = dict(_PATHS.get(_operation_id(case.operation), case.path_parameters or {}))
    if _operation_id(case.operation) == "withdrawConsent":
        case.query["person_id"] = _WORLD["agreeing"]["person_id"]
    own = _WORLD["own"].get(_operation_id(case.operation), {})
    for name, value in (case.path_parameters or {}).items():
        # A link may lead from a field that is null.
        case.path_parameters[name] = _NOBODY if str(value) == "None" else own.get(value, value)
    if "Content-Disposition" in case.headers:
        # Its schema says how a name is spelt, not that letters come out.
        case.headers["Content-Disposition"] = "attachment; filename*=UTF-8''%D0%92%D0%B5%D1%80%D0%B0.pdf"
    if "Idempotency-Key" in case.headers:
        # The document has one example of a key, and a key is good for one body.
        case.headers["Idempotency-Key"] = f"key-{os.getpid()}-{next(_numbers)}"
    if _operation_id(case.operation) == "rescheduleAppointment":
        # Nobody cancels this one.
        case.path_parameters["appointment_id"] = _WORLD["moving"]
    settle = _SETTLED.get(_operation_id(case.operation))
    if settle and isinstance(case.body, dict):
        body: dict[str, Any] = json.loads(json.dumps(case.body))
        settle(body)
        case.body = body


def _person(body: dict[str, Any]) -> None:
    """The coverage phase makes numbers by their pattern, without their check digits."""
    for name, number in (("snils", snils), ("policy", enp)):
        if body.get(name):
            body[name] = number(body[name])


def _attachments(body: dict[str, Any]) -> None:
    for item in body["items"]:
        _person(item)


def _slots(body: dict[str, Any]) -> None:
    for number, slot in enumerate(body["slots"]):
        slot["starts_at"] = body["window_from"]
        slot["external_id"] = f"made-{number}"
        if None not in (slot.get("age_from"), slot.get("age_to")):
            slot["age_from"], slot["age_to"] = sorted((slot["age_from"], slot["age_to"]))


def _group(body: dict[str, Any]) -> None:
    body["age_from"], body["age_to"] = sorted((body["age_from"], body["age_to"]))
    starts_on = date.fromisoformat(body["starts_on"])
    body["ends_on"] = min(starts_on + timedelta(days=240), _LAST.date()).isoformat()
    instants = body["enrolment_opens_at"], body["enrolment_closes_at"]
    body["enrolment_opens_at"], body["enrolment_closes_at"] = sorted(instants, key=datetime.fromisoformat)


def _waiting(body: dict[str, Any]) -> None:
    """For anybody of that specialty, some days from the day of the tests on."""
    body.pop("practitioner_id", None)
    body.update(day_from="2026-09-08", day_to="2026-09-20", time_from="08:00", time_to="12:00")
    body["person_ids"] = body["person_ids"][:1]
    body["referral_number"] = "Н-1042"


def _schedule(body: dict[str, Any]) -> None:
    body["valid_to"] = None
    body["hours"] = body["hours"][:1]
    exceptions = body.get("exceptions", [])
    extra = [hours for exception in exceptions for hours in exception.get("extra_hours", [])]
    pauses = [pause for exception in exceptions for pause in exception.get("breaks", [])]
    for hours in (*body["hours"], *body.get("breaks", []), *extra, *pauses):
        hours["begins"], hours["ends"] = "09:00", "10:00"
    for placed in (body, *body["hours"], *exceptions, *extra):
        if placed.get("location_id") is not None:
            placed["location_id"] = "l1"
    for exception in exceptions:
        exception["day_to"] = None
    if body.get("shares") is not None:
        body["shares"] = {"internet": 60, "desk": 40}
    if None not in (body.get("age_from"), body.get("age_to")):
        body["age_from"], body["age_to"] = sorted((body["age_from"], body["age_to"]))
    if body.get("release", {}).get("policy", "first_come") != "first_come":
        body["release"] |= {"release_time": "08:00", "window_minutes": 30}


def _times(body: dict[str, Any]) -> None:
    body["ends_at"] = (datetime.fromisoformat(body["begins_at"]) + timedelta(hours=1)).isoformat()


def _draw_request(body: dict[str, Any]) -> None:
    """For somebody who has no ticket to that specialty."""
    body["person_id"] = _WORLD["family"][1]["person_id"]
    body["wishes"] = _WORLD["draw_slots"][: len(body["wishes"])]


def _campaign(body: dict[str, Any]) -> None:
    body |= {"wishes_from": "2026-09-08T08:00:00+07:00", "wishes_until": "2026-09-15T08:00:00+07:00"}
    body["confirm_until"] = "2026-09-22T08:00:00+07:00"


def _wishes(body: dict[str, Any]) -> None:
    body["group_ids"], body["benefits"] = [_WORLD["campaign"][2]], []


def _family(body: dict[str, Any]) -> None:
    """Twins, side by side: two persons who are not booked otherwise."""
    body["items"] = _WORLD["family"]


def _referrals(body: dict[str, Any]) -> None:
    for item in body["items"]:
        _person(item)
        item["valid_from"], item["valid_to"] = sorted((item["valid_from"], item["valid_to"]))


def _benefits(body: dict[str, Any]) -> None:
    """Each code once."""
    body["items"] = list({item["code"]: item for item in body["items"]}.values())


def _transfer(body: dict[str, Any]) -> None:
    """To a group that is there."""
    body["group_id"] = "g2"


def _token_request(body: dict[str, Any]) -> None:
    """An id alone is nobody's, so both or none are drawn from the world."""
    body.pop("client_assertion_type", None)
    body.pop("client_assertion", None)
    if "client_id" in body:
        body["client_id"], body["client_secret"] = _WORLD["client"]


def _launch(body: dict[str, Any]) -> None:
    """The world's launches are of VK."""
    body["platform"] = "vk"
    body.pop("page", None)


def _client(body: dict[str, Any]) -> None:
    """With a secret: no schema says what a key is. Who may make clients is not made so."""
    body.pop("public_keys", None)
    if "scopes" in body:
        body["scopes"] = [scope for scope in body["scopes"] if scope != "clients:write"] or ["schedules:write"]


def _rotation(body: dict[str, Any]) -> None:
    """At once, or the next one would be too early."""
    body["keep_hours"] = 0
    body.pop("public_keys", None)


def _refresh(body: dict[str, Any]) -> None:
    """One that is good; and again, for the clock stands still."""
    body["refresh_token"] = _WORLD["refresh_token"]


def _claim(body: dict[str, Any]) -> None:
    """The one of a page that was claimed so: a few wrong codes and none is taken."""
    body.update(_WORLD["claim"])


def _check_in(body: dict[str, Any]) -> None:
    """One way of two, and a ticket that is there."""
    body.pop("ticket", None)
    body["number"] = _WORLD["todays_number"]


def _patient_booking(body: dict[str, Any]) -> None:
    """One way of two."""
    if body.get("patient"):
        body.pop("ticket_number", None)
        _person(body["patient"])
    else:
        body.pop("patient", None)
        body["ticket_number"] = _WORLD["todays_number"]


def _appeal(body: dict[str, Any]) -> None:
    """What was said before: that can be said again however it was decided."""
    body["text"] = _WORLD["appeal"]


def _draft(body: dict[str, Any]) -> None:
    """Whatever way the group is financed."""
    for name in ("financing", "certificate_id", "benefits"):
        body.pop(name, None)


def _siblings(body: dict[str, Any]) -> None:
    body["items"] = _WORLD["siblings"]


def _guardianship(body: dict[str, Any]) -> None:
    """The code of the one invitation that there is. One's own self is one's own."""
    body.update(code=_WORLD["code"], kinship="other")


def _joining(body: dict[str, Any]) -> None:
    """A code that is one; a few wrong ones and none is taken."""
    body["code"] = _WORLD["teacher_code"]


def _staff(body: dict[str, Any]) -> None:
    body["code"] = _WORLD["staff_code"]


def _identity(body: dict[str, Any]) -> None:
    """A code that is good once: from then on it is none."""
    body["code"] = _WORLD["identity_code"]


def _confirmation(body: dict[str, Any]) -> None:
    """Of one that is completed: twice is no error."""
    body["code"] = _WORLD["confirmation_code"]


def _attendance(body: dict[str, Any]) -> None:
    for mark in body["marks"]:
        mark["application_id"] = _WORLD["pupil"]


def _trial(body: dict[str, Any]) -> None:
    """A lesson of a group that can be tried, and a child who is not in it."""
    body.update(_WORLD["trying"])


def _lesson_change(body: dict[str, Any]) -> None:
    if body.get("moved_to"):
        body["moved_to"] |= {"day": "2026-12-09", "place": None}


def _agreement(body: dict[str, Any]) -> None:
    """A hash is of one text."""
    body.update(_WORLD["agreeing"])


def _consent_rules(body: dict[str, Any]) -> None:
    """As it is: nobody else has consented to anything."""
    body["required"] = False


def _day_limits(body: dict[str, Any]) -> None:
    """There are none: each operation is to be reached, however often."""
    body.update(dict.fromkeys(("person_bookings_a_day", "account_bookings_a_day", "let_go_freely", "let_go_a_day")))


_SETTLED = {
    "putConsent": _agreement,
    "putConsentRules": _consent_rules,
    "putDayLimits": _day_limits,
    "draftApplication": _draft,
    "updateDraft": _draft,
    "applyTogether": _siblings,
    "joinAsGuardian": _guardianship,
    "joinAsTeacher": _joining,
    "joinIdentity": _identity,
    "completeConfirmation": _confirmation,
    "putAttendance": _attendance,
    "cancelLesson": _lesson_change,
    "bookTrial": _trial,
    "createPerson": _person,
    "updatePerson": _person,
    "putAttachments": _attachments,
    "putCertificates": _attachments,
    "putReferrals": _referrals,
    "putSlots": _slots,
    "bookFamily": _family,
    "putGroup": _group,
    "joinWaitingList": _waiting,
    "putSchedule": _schedule,
    "blockPractitioner": _times,
    "unblockPractitioner": _times,
    "requestDraw": _draw_request,
    "putCampaign": _campaign,
    "putWishes": _wishes,
    "putBenefits": _benefits,
    "transferApplications": _transfer,
    "createToken": _token_request,
    "createSession": _launch,
    "createClient": _client,
    "rotateClient": _rotation,
    "refreshSession": _refresh,
    "claimPage": _claim,
    "joinAsStaff": _staff,
    "checkIn": _check_in,
    "bookForPatient": _patient_booking,
    "appealNoShow": _appeal,
}
