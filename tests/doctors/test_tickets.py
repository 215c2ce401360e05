"""The ticket's papers: calendar entry, QR code, and terms that stay as they were booked."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import jwt
import pytest
import zxingcpp
from icalendar import Calendar
from PIL import Image

from tests.doctors.clinic import Clinic
from tests.live import Api
from tests.provocation import surname
from tests.world import PAEDIATRICIAN, World


def booked(world: World, clinic: Clinic, **slot: Any) -> tuple[Api, dict[str, Any]]:
    parent = world.parent()
    return parent, world.book(parent, clinic.slot(**slot), world.child(parent, last_name=surname())).ok()


def calendar(parent: Api, ticket: dict[str, Any]) -> tuple[Calendar, str]:
    answer = parent.get(f"/v1/appointments/{ticket['id']}/calendar")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'filename="ticket.ics"' in answer.headers["Content-Disposition"]
    return Calendar.from_ical(answer.content), answer.content.decode()


def test_a_calendar_entry_tells_when_and_where_and_no_secret(world: World) -> None:
    """323-ФЗ, art. 13: that somebody seeks care, and of whom, is a medical secret."""
    clinic = Clinic(world, name="Онкологический диспансер")
    clinic.put("locations/l1", {"name": "Корпус 1", "address": "г. Прокопьевск; ул. Шишкина, 1", "room": "7"})
    parent, ticket = booked(world, clinic)
    found, text = calendar(parent, ticket)
    assert (str(found["method"]), str(found["version"])) == ("PUBLISH", "2.0")
    (event,) = found.walk("VEVENT")
    assert event.decoded("dtstart") == datetime.fromisoformat(ticket["starts_at"])
    assert event.decoded("dtstart").utcoffset() == timedelta(hours=7)
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=15)
    assert event.decoded("dtstamp") == world.now
    assert event.decoded("dtstamp").utcoffset() == timedelta()
    assert (event["sequence"], str(event["status"]), str(event["class"])) == (0, "CONFIRMED", "PRIVATE")
    assert str(event["location"]) == "г. Прокопьевск; ул. Шишкина, 1, 7"
    assert ticket["number"] in str(event["description"])
    unfolded = text.replace("\r\n ", "")
    patient, doctor = ticket["person"], ticket["practitioner"]
    for secret in (
        *(patient[part] for part in ("last_name", "first_name", "patronymic")),
        doctor["last_name"],
        ticket["specialty"]["name"],
        "едиатр",
        ticket["institution"]["name"],
    ):
        assert secret not in unfolded
    english = parent.call("GET", f"/v1/appointments/{ticket['id']}/calendar", headers={"Accept-Language": "en"})
    assert "SUMMARY:Appointment\r\n" in english.content.decode()


def test_a_cancelled_ticket_cancels_its_calendar_entry(world: World) -> None:
    parent, ticket = booked(world, Clinic(world))
    (before,) = calendar(parent, ticket)[0].walk("VEVENT")
    world.live.clock.now += timedelta(minutes=5)
    parent.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    found, _ = calendar(parent, ticket)
    (event,) = found.walk("VEVENT")
    assert str(found["method"]) == "CANCEL"
    assert event["uid"] == before["uid"]
    assert (before["sequence"], event["sequence"]) == (0, 1)
    assert str(event["status"]) == "CANCELLED"
    assert event.decoded("dtstamp") == world.now
    assert event.decoded("dtstart") == before.decoded("dtstart")


def test_the_qr_code_is_verified_offline_by_the_published_keys(world: World) -> None:
    parent, ticket = booked(world, Clinic(world))
    answer = parent.get(f"/v1/appointments/{ticket['id']}/qr")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(answer.content)))
    assert code.text == ticket["qr_token"]

    # What a reception desk does: it knows the key set, and nothing else.
    (key,) = jwt.PyJWKSet.from_dict(world.live.api().get("/.well-known/jwks.json").ok()).keys
    assert jwt.get_unverified_header(code.text) == {"alg": "EdDSA", "typ": "ticket+jwt", "kid": key.key_id}
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(code.text, key, algorithms=["EdDSA"], audience="zapis-ticket", options=options)
    starts_at = datetime.fromisoformat(ticket["starts_at"])
    assert claims == {
        "iss": "zapis",
        "aud": "zapis-ticket",
        "sub": ticket["id"],
        "number": ticket["number"],
        "institution": ticket["institution"]["id"],
        "start": int(starts_at.timestamp()),
        "iat": int(world.now.timestamp()),
        "exp": int((starts_at + timedelta(minutes=15, days=1)).timestamp()),
    }
    head, body, signature = code.text.split(".")
    forged = ".".join((head, body[:-2] + ("AA" if body[-2:] != "AA" else "BB"), signature))
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(forged, key, algorithms=["EdDSA"], audience="zapis-ticket", options=options)
    # It opens nothing.
    assert world.live.api(code.text).get("/v1/appointments").code == "unauthenticated"


def test_a_ticket_stays_as_it_was_booked(world: World) -> None:
    """Doctor, institution and the rule of cancelling are those of the booking; where to come is where it is now."""
    clinic = Clinic(world, phone="+73846000000")
    parent, ticket = booked(world, clinic)
    assert ticket["institution"] == {
        "id": clinic.id,
        "name": "Поликлиника",
        "address": "г. Прокопьевск, ул. Шишкина, 1",
        "phone": "+73846000000",
    }
    assert ticket["specialty"] == {"code": PAEDIATRICIAN, "name": "Врач-педиатр"}
    assert ticket["bring"] == ["Паспорт, а для ребёнка — свидетельство о рождении", "Полис ОМС", "СНИЛС"]
    body = {"last_name": "Замужняя", "first_name": "Анна", "specialty_codes": [PAEDIATRICIAN]}
    clinic.put("practitioners/d1", body)
    clinic.put("locations/l1", {"name": "Корпус 9", "address": "г. Тайга", "room": None})
    clinic.settle(name="Поликлиника № 2", phone=None, zone="Europe/Moscow", cancel_until_minutes=600)
    there = {"name": "Корпус 9", "address": "г. Тайга", "room": None}
    assert parent.get(f"/v1/appointments/{ticket['id']}").ok() == {**ticket, "location": there, "sequence": 1}
    # The person is not a term: a corrected name is shown on the ticket too.
    parent.call("PATCH", f"/v1/persons/{ticket['person']['id']}", {"first_name": "Вероника"}).ok()
    assert parent.get(f"/v1/appointments/{ticket['id']}").ok()["person"]["first_name"] == "Вероника"
    english = parent.call("GET", f"/v1/appointments/{ticket['id']}", headers={"Accept-Language": "en"}).ok()
    assert english["specialty"]["name"] == "Paediatrician"
    assert english["bring"][1] == "Health insurance policy"
    # Another booking is made under the new terms.
    new = booked(world, clinic, own_id="s2", hours=30)[1]
    assert (new["practitioner"]["last_name"], new["location"]["name"]) == ("Замужняя", "Корпус 9")
    assert new["starts_at"].endswith("+03:00")
