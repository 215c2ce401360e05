"""The demonstration's data in a real database: how much, by which rules, and what a second run adds."""

import asyncio
from datetime import timedelta

import pytest

from service.core.database import DatabaseNotReady
from service.demo.region import FIRST_PAGE
from service.demo.usecases import seed
from service.people.usecases import identity_of_snils
from tests.live import THE_DAY, Live
from tests.world import World

_HOW_MANY = """
    SELECT (SELECT count(*) FROM institutions) AS institutions,
           (SELECT count(*) FROM pages) AS pages,
           (SELECT count(*) FROM practitioners) AS doctors,
           (SELECT count(DISTINCT specialty_code) FROM practitioner_specialties) AS specialties,
           (SELECT count(*) FROM programmes) AS programmes,
           (SELECT count(DISTINCT direction) FROM programmes) AS directions,
           (SELECT count(*) FROM groups) AS groups,
           (SELECT count(*) FROM slots) AS slots,
           (SELECT count(DISTINCT (starts_at AT TIME ZONE 'Asia/Novokuznetsk')::date) FROM slots) AS days,
           (SELECT count(*) FROM appointments) AS appointments,
           (SELECT count(*) FROM applications) AS applications,
           (SELECT count(*) FROM persons) AS persons,
           (SELECT count(*) FROM clients) AS clients,
           (SELECT count(*) FROM outbox) AS outbox
"""
_KINDS_OF_GROUPS = """
    SELECT count(*) FILTER (WHERE taken = capacity) AS full,
           count(*) FILTER (WHERE taken = capacity - 1) AS nearly_full,
           count(*) FILTER (WHERE enrolment_opens_at > $1) AS not_open_yet,
           count(*) FILTER (WHERE enrolment_closes_at <= $1) AS closed,
           count(*) FILTER (WHERE enrolment_opens_at <= $1 AND enrolment_closes_at > $1 AND taken < capacity) AS open
    FROM groups
"""
_WRONG = {
    "taken places of slots": """
        SELECT s.id FROM slots s LEFT JOIN appointments a ON a.slot_id = s.id AND a.status = 'booked'
        GROUP BY s.region_id, s.id HAVING s.taken <> count(a.id)""",
    "taken places of groups": """
        SELECT g.id FROM groups g
        LEFT JOIN applications a ON a.group_id = g.id AND a.placed
        GROUP BY g.region_id, g.id HAVING g.taken <> count(a.id)""",
    "engagements of tickets": """
        SELECT a.id FROM appointments a LEFT JOIN engagements e ON e.booking_id = a.id
        WHERE e.identity IS DISTINCT FROM a.identity
           OR e.times IS DISTINCT FROM tstzmultirange(tstzrange(a.starts_at, a.ends_at))""",
    "engagements of applications": """
        SELECT a.id FROM applications a JOIN groups g ON g.id = a.group_id
        LEFT JOIN engagements e ON e.booking_id = a.id
        WHERE a.placed AND (e.identity IS DISTINCT FROM a.identity OR e.times IS DISTINCT FROM g.lessons)""",
    "identities": """
        SELECT p.id FROM persons p LEFT JOIN guardians g ON g.person_id = p.id
        WHERE g.identity IS DISTINCT FROM p.identity OR p.snils_sealed IS NULL""",
    "doctors in two places": """
        SELECT a.id FROM slots a JOIN slots b ON a.practitioner_id = b.practitioner_id AND a.id < b.id
        WHERE a.starts_at < b.ends_at AND b.starts_at < a.ends_at""",
    "paediatricians for adults": """
        SELECT id FROM slots WHERE specialty_code IN ('58', '59') AND age_to IS DISTINCT FROM 17""",
}


def _seed(live: Live, *, days_later: int = 0, if_empty: bool = False) -> dict[str, int]:
    """Seeds, and counts."""
    moment = THE_DAY + timedelta(days=days_later)
    live.run(seed(live.dsn, live.settings, if_empty=if_empty, clock=lambda: moment))
    return dict(live.sql(_HOW_MANY)[0])


def test_a_region_that_keeps_every_rule_and_grows_by_the_day(live: Live) -> None:
    first = _seed(live, if_empty=True)
    assert first["institutions"] == first["pages"] >= 30
    assert (first["doctors"], first["specialties"], first["programmes"], first["directions"]) == (200, 20, 150, 6)
    assert first["days"] == 14
    assert first["slots"] > 20_000
    assert first["appointments"] > 2_000
    assert first["persons"] == first["appointments"] + first["applications"]
    # Nobody is told about what is invented, and no secret is known to the world.
    assert (first["outbox"], first["clients"]) == (0, 0)
    assert min(dict(live.sql(_KINDS_OF_GROUPS, THE_DAY)[0]).values()) >= 20
    _check_everything(live)
    assert _seed(live) == first

    # 11 September: four more days, and the clubs' next intake.
    second = _seed(live, days_later=4, if_empty=True)
    grown = {"slots", "days", "appointments", "groups", "applications", "persons"}
    assert {name for name in first if second[name] != first[name]} == grown
    assert second["days"] == 18
    assert second["groups"] == 2 * first["groups"]
    _check_everything(live)
    assert live.citizen(FIRST_PAGE, 1).get("/v1/appointments").ok()["items"] == []


def _check_everything(live: Live) -> None:
    for what, query in _WRONG.items():
        assert live.sql(query) == [], what
    sealer = live.sealer
    for row in live.sql("SELECT id, identity, snils_sealed FROM persons LIMIT 20"):
        snils = sealer.open(row["snils_sealed"], f"persons:42:{row['id']}:snils")
        assert identity_of_snils(sealer, snils) == row["identity"]


def test_it_does_not_mix_with_other_institutions(world: World) -> None:
    before = dict(world.live.sql(_HOW_MANY)[0])
    assert _seed(world.live, if_empty=True) == before
    with pytest.raises(DatabaseNotReady, match="empty"):
        _seed(world.live)
    assert dict(world.live.sql(_HOW_MANY)[0]) == before


def test_a_database_that_is_not_migrated_is_refused(server_dsn: str, live: Live) -> None:
    with pytest.raises(DatabaseNotReady, match="zapis migrate"):
        asyncio.run(seed(server_dsn, live.settings, if_empty=True))
