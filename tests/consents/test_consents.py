"""Consents: by version and text, for each person, given and withdrawn; rows of them never change."""

import hashlib
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import pytest

from service.core.ids import new_id
from tests.applications.people import Family
from tests.consents.people import consent, new_text, texts, withdraw
from tests.doctors.clinic import Clinic
from tests.doctors.provocations import booking
from tests.people.test_guardians import invites, joins
from tests.world import World

PINNED = {
    ("booking", "ru"): "749ebb2c1a28d870776dac489b1a00d10b2c9b8e821d088fe1c11fa0fd36518a",
    ("booking", "en"): "e52b28764e8dd152f0a8f8474bfab59d009a50624346ef461c3d651404d57d32",
    ("enrolment", "ru"): "bbf1542c88aed1af3a66759527eec36056cde1c3f3a2d010df5396187a1ed9b5",
    ("enrolment", "en"): "7d4dabf626aba7635e74a523dd627edaea655622846d79d5df90d00a57bdf404",
    ("messages", "ru"): "8bde71b5b9fc7bf7173d7f9bc4ee120720ea2d8f5199f315579e8ea425918a62",
    ("messages", "en"): "6dfbd23b8c822dcd34b87047fd57036f2a880772efa66947a7ca94f4c08fae0a",
}


def test_the_texts_are_those_that_were_consented_to(world: World) -> None:
    """What has been agreed to can't be worded otherwise later: a change is a version of its own."""
    rows = world.live.sql("SELECT * FROM consent_texts WHERE version = 1")
    assert {(row["purpose"], row["language"]): row["text_hash"] for row in rows} == PINNED
    assert all(hashlib.sha256(row["text"].encode()).hexdigest() == row["text_hash"] for row in rows)
    for change in ("UPDATE consent_texts SET text = 'x'", "DELETE FROM consent_texts"):
        with pytest.raises(asyncpg.PostgresError, match="consent_texts_stay"):
            world.live.sql(change)


def test_texts_come_in_two_languages(world: World) -> None:
    russian = texts(world)
    assert russian.keys() == {"booking", "enrolment", "messages"}
    english = world.live.api().call("GET", "/v1/consent-texts", headers={"Accept-Language": "en"}).ok()["items"]
    for text in english:
        assert not re.search("[а-яё]", text["title"] + text["text"])
        assert text["text_hash"] != russian[text["purpose"]]["text_hash"]
        # To whichever was shown.
        family = Family(world)
        body = {"person_id": family.child, "version": text["version"], "text_hash": text["text_hash"]}
        assert family.api.put(f"/v1/consents/{text['purpose']}", body).ok()["enough"]


def test_a_consent_says_to_what_and_for_whom(world: World) -> None:
    family = Family(world, 2)
    given = consent(world, family.api, family.child).ok()
    assert given["text_hash"] == texts(world)["booking"]["text_hash"]
    assert (given["person_id"], given["purpose"], given["version"]) == (family.child, "booking", 1)
    assert (given["kinship"], given["given_at"], given["withdrawn_at"]) == ("child", "2026-09-07T01:00:00Z", None)
    assert consent(world, family.api, family.child).ok() == given, "twice is once"
    assert family.api.get("/v1/consents").ok() == {"required": True, "items": [given]}
    (row,) = world.live.sql("SELECT channel, language FROM consents WHERE id = $1", given["id"])
    assert tuple(row) == ("vk", "ru")
    # Nobody's business but theirs.
    other = Family(world)
    assert other.api.get("/v1/consents").ok()["items"] == []
    assert consent(world, other.api, family.child).code == "person_not_found"
    assert withdraw(other.api, family.child).code == "person_not_found"


def test_nothing_is_booked_without_one(world: World) -> None:
    family, clinic = Family(world, 2), Clinic(world)
    slots = [clinic.slot("one"), clinic.slot("next", hours=24.25)]
    asked = booking(family.api, slots[0], family.child)
    refused = asked.answer("ru")
    assert (refused.code, refused.json["purpose"]) == ("consent_missing", "booking")
    assert clinic.taken("one") == 0
    consent(world, family.api, family.child, "enrolment").ok()
    assert asked.answer("ru").code == "consent_missing", "that one is for something else"
    consent(world, family.api, family.child).ok()
    items = [{"slot_id": slot, "person_id": child} for slot, child in zip(slots, family.children, strict=True)]
    together = family.api.create("/v1/family-appointments", {"items": items})
    assert (together.code, together.json["errors"][0]["pointer"]) == ("consent_missing", "/items/1"), (
        "nor for the other"
    )
    assert asked.answer("ru").status == 201


def test_each_parent_consents_for_themself(world: World) -> None:
    mother, father, clinic = Family(world), Family(world, 0), Clinic(world)
    consent(world, mother.api, mother.child).ok()
    joins(father, invites(mother)["code"]).ok()
    asked = booking(father.api, clinic.slot(), mother.child)
    assert asked.answer("ru").code == "consent_missing"
    consent(world, father.api, mother.child).ok()
    withdraw(mother.api, mother.child).ok()
    assert asked.answer("ru").status == 201
    assert withdraw(mother.api, mother.child).ok()["ended"] == [], "what the father booked stands on his"


def test_a_text_that_requires_a_new_consent(world: World) -> None:
    family, clinic = Family(world), Clinic(world)
    first = consent(world, family.api, family.child, "messages").ok()
    new_text(world, "messages", 2, requires_new=False)
    assert family.api.get("/v1/consents").ok()["items"] == [first], "the old one is enough"
    old = {"person_id": family.child, "version": 1, "text_hash": first["text_hash"]}
    assert Family(world).api.put("/v1/consents/messages", old).code == "person_not_found"
    assert family.api.put("/v1/consents/messages", old).code == "consent_text_changed"
    new_text(world, "messages", 3, requires_new=True)
    assert family.api.get("/v1/consents").ok()["items"] == [{**first, "enough": False}]
    third = consent(world, family.api, family.child, "messages").ok()
    assert (third["version"], third["enough"]) == (3, True)
    assert family.api.get("/v1/consents").ok()["items"] == [third]
    # It holds for what is booked, too; what is booked already stands.
    consent(world, family.api, family.child).ok()
    assert booking(family.api, clinic.slot("one"), family.child).answer("ru").status == 201
    try:
        new_text(world, "booking", 2, requires_new=True)
        later = booking(
            family.api, clinic.slot("two", practitioner_id="d3", specialty_code="122", hours=30), family.child
        )
        assert later.answer("ru").code == "consent_missing"
        consent(world, family.api, family.child).ok()
        assert later.answer("ru").status == 201
        ended = withdraw(family.api, family.child).ok()["ended"]
        assert len(ended) == 2, "one withdrawal is of all versions"
    finally:
        world.live.sql("ALTER TABLE consent_texts DISABLE TRIGGER consent_texts_stay")
        world.live.sql("UPDATE consent_texts SET in_force_from = 'infinity' WHERE purpose = 'booking' AND version = 2")
        world.live.sql("ALTER TABLE consent_texts ENABLE TRIGGER consent_texts_stay")


def test_no_row_of_a_consent_ever_changes(world: World) -> None:
    family = Family(world)
    given = consent(world, family.api, family.child).ok()["id"]
    later = "2027-01-01T00:00:00Z"
    for change in (
        "UPDATE consents SET version = 2 WHERE id = $1",
        "UPDATE consents SET given_at = given_at - interval '1 day' WHERE id = $1",
        "UPDATE consents SET text_hash = 'x' WHERE id = $1",
        "DELETE FROM consents WHERE id = $1",
    ):
        with pytest.raises(asyncpg.PostgresError, match="consents_stay"):
            world.live.sql(change, given)
    withdrawn = withdraw(family.api, family.child).ok()["consent"]
    assert (withdrawn["id"], withdrawn["withdrawn_at"], withdrawn["enough"]) == (given, "2026-09-07T01:00:00Z", False)
    for moment in ("NULL", f"'{later}'"):
        with pytest.raises(asyncpg.PostgresError, match="consents_stay"):
            world.live.sql(f"UPDATE consents SET withdrawn_at = {moment} WHERE id = $1", given)  # noqa: S608
    # Given anew it is a row of its own.
    assert consent(world, family.api, family.child).ok()["id"] != given
    assert len(world.live.sql("SELECT FROM consents WHERE person_id = $1", family.child)) == 2
    events = world.live.sql("SELECT event FROM audit_trail WHERE subject_id = $1 ORDER BY id", family.child)
    told = Counter(row["event"] for row in events)
    assert (told["consent_given"], told["consent_withdrawn"]) == (2, 1)


def test_many_at_once_give_it_once(world: World) -> None:
    family = Family(world)
    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(lambda _: consent(world, family.api, family.child).ok()["id"], range(8)))
    assert len(ids) == 1


def test_the_consents_of_two_records_are_one_humans(world: World) -> None:
    named: dict[str, Any] = {"last_name": "Ястребова", "first_name": "Зоя"}
    mother, father = Family(world, **named), Family(world, **named)
    given = consent(world, father.api, father.child).ok()
    joins(father, invites(mother)["code"]).ok()
    (kept,) = father.api.get("/v1/consents").ok()["items"]
    assert kept == {**given, "person_id": mother.child}


def test_where_the_region_takes_them_otherwise_only_a_withdrawn_one_stops(world: World) -> None:
    family, clinic, nobody = Family(world), Clinic(world), str(new_id())
    assert world.operator.put("/v1/consent-rules", {"required": False}).ok() == {"required": False}
    try:
        asked = booking(family.api, clinic.slot(), family.child)
        consent(world, family.api, family.child).ok()
        withdraw(family.api, family.child).ok()
        assert asked.answer("ru").code == "consent_missing"
        other = Family(world)
        assert booking(other.api, clinic.slot("s2", hours=30), other.child).answer("ru").status == 201
    finally:
        world.operator.put("/v1/consent-rules", {"required": True}).ok()
    assert withdraw(family.api, nobody).code == "person_not_found"
