"""A campaign lived through, with the clock moved and the jobs run."""

import asyncio
import subprocess
import sys
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.campaigns import jobs as campaign_jobs
from service.collaborators import make_database
from service.worker import make_jobs
from tests.campaigns.region import CONFIRMED_FOR, MINUTE, Child, RegionsCampaign
from tests.filling.people import later
from tests.test_refusals import without_function
from tests.world import CLUB, World


@pytest.fixture
def campaign(world: World) -> RegionsCampaign:
    return RegionsCampaign(world)


def verify(*arguments: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "service", "campaign", "verify", "-", *arguments]
    environment = {"ZAPIS_DATABASE_URL": "postgresql://nowhere.invalid/", "PATH": ""}
    return subprocess.run(command, input=given, env=environment, capture_output=True, check=False, timeout=60)


def benefit(world: World, code: str, weight: int) -> None:
    world.live.sql("INSERT INTO benefits VALUES (42, $1, $2, $2, $3)", CLUB, code, weight)


def test_a_campaign_from_wishes_to_first_come(campaign: RegionsCampaign) -> None:
    world = campaign.world
    benefit(world, "large_family", 10)
    chess, dance = campaign.group(1), campaign.group(1)
    announced = campaign.shown()
    assert (announced["phase"], announced["groups"], announced["wishes"]) == ("wishes", 2, None)
    first = campaign.wishing(chess, dance, benefits=["large_family"])
    second = campaign.wishing(chess, dance)
    third = campaign.wishing(chess)
    # Both have more weight at chess than the third, so it is dance that the second has, or chess that the third misses.
    world.live.sql("UPDATE campaign_wishes SET weights = '{5,5}' WHERE person_id = $1", UUID(second.person_id))
    assert world.apply(third.api, chess, third.person_id).code == "group_by_wishes"

    later(world, campaign.until - world.now)
    closed = campaign.shown()
    assert (closed["phase"], closed["progress_percent"], closed["wishes"]) == ("matching", 5, 3)
    assert closed["seed_hash"] == announced["seed_hash"]
    assert campaign.record().code == "campaign_not_matched"
    later(world, MINUTE)
    matched = campaign.shown()
    assert (matched["phase"], matched["progress_percent"]) == ("confirmation", None)
    assert (matched["wishes"], matched["matched"], matched["first_choices"]) == (3, 2, 1)
    answer = campaign.record()
    published = ("--seed-hash", announced["seed_hash"], "--wishes-digest", closed["wishes_digest"])
    outcome = verify(*published, given=answer.content)
    assert outcome.stdout == b"The record is right: 3 children, 2 groups, 2 matched.\n", outcome.stderr
    assert verify(given=answer.content.replace(b'"rank":2', b'"rank":1')).returncode == 1

    assert first.statuses(chess, dance) == ["offered", None]
    assert second.statuses(chess, dance) == [None, "offered"]
    assert third.statuses(chess, dance) == ["waiting", None]
    offered = first.applications[chess]
    assert offered["offer_expires_at"] == campaign.terms["confirm_until"].replace("01:00:00+00:00", "08:00:00+07:00")
    wishes = first.api.get(campaign.path(first)).ok()
    assert (wishes["matched"], wishes["matched_group_id"], wishes["rank"]) == (True, chess, 1)
    assert wishes["id"] == offered["draw_request_id"]
    found = {one["wish_id"]: one["rank"] for one in answer.ok()["matches"]}
    assert found[wishes["id"]] == 1

    # One confirms, one declines, and the place passes on to who waits.
    second.answer(dance, "accept").ok()
    first.answer(chess, "decline").ok()
    assert second.statuses(dance) == ["submitted"]
    assert third.statuses(chess) == ["offered"]
    third.answer(chess, "accept").ok()
    later(world, CONFIRMED_FOR)
    assert campaign.shown()["phase"] == "first_come"
    fourth = campaign.child()
    body = {"group_id": chess, "person_id": fourth.person_id, "wait": True}
    assert fourth.api.create("/v1/applications", body).ok()["status"] == "waiting"


def test_who_does_not_confirm_is_out_and_who_waits_has_the_place(campaign: RegionsCampaign) -> None:
    world = campaign.world
    chess = campaign.group(1)
    children = [campaign.wishing(chess) for _ in range(3)]
    campaign.match()
    order = [one["wish_id"] for one in campaign.record().ok()["matches"]]
    by_lot = sorted(children, key=lambda child: order.index(child.api.get(campaign.path(child)).ok()["id"]))
    assert [child.statuses(chess) for child in by_lot] == [["offered"], ["waiting"], ["waiting"]]
    assert [child.applications[chess]["place_in_queue"] for child in by_lot] == [None, 1, 2]
    later(world, campaign.confirm_until - world.now)
    assert [child.statuses(chess) for child in by_lot] == [["expired"], ["offered"], ["waiting"]]
    # An offer out of the queue is one like any other: it goes round.
    later(world, timedelta(days=2))
    assert [child.statuses(chess) for child in by_lot] == [["expired"], ["waiting"], ["offered"]]


def test_of_those_who_wait_the_heavier_go_before_and_then_it_is_by_lot(campaign: RegionsCampaign) -> None:
    benefit(campaign.world, "large_family", 10)
    chess, dance = campaign.group(1), campaign.group(1, waiting_list=False)
    children = [campaign.wishing(chess, dance, benefits=["large_family"] if nth % 2 else []) for nth in range(6)]
    campaign.match()
    places = [child.applications[chess]["place_in_queue"] for child in children if chess in child.applications]
    # Two of the three heavy ones are matched; nobody waits where there is no waiting list.
    assert sorted(place for place in places if place) == [1, 2, 3, 4]
    (heavy,) = [child for child in children[1::2] if child.statuses(chess) == ["waiting"]]
    assert heavy.applications[chess]["place_in_queue"] == 1
    assert sum("waiting" in child.statuses(dance) for child in children) == 0


def test_wishes_are_replaced_withdrawn_and_of_one_list(campaign: RegionsCampaign) -> None:
    chess, dance = campaign.group(1), campaign.group(1)
    names = {"last_name": "Соколова", "snils": "11223344595"}
    child, same = campaign.child(**names), campaign.child(**names)
    given = campaign.wish(child, chess, dance).ok()
    again = campaign.wish(child, dance).ok()
    assert (again["id"], again["group_ids"]) == (given["id"], [dance])
    assert campaign.wish(same, chess).code == "already_wishing"
    # Whose they are is told to nobody else.
    assert same.api.get(campaign.path(child)).code == "person_not_found"
    assert same.api.get(campaign.path(same)).code == "wishes_not_found"
    for _ in range(2):
        assert child.api.post(campaign.path(child) + "/withdraw").status == 204
    assert campaign.wish(same, chess).ok()["group_ids"] == [chess]
    campaign.match()
    assert [one["groups"] for one in campaign.record().ok()["wishes"]] == [[chess]]
    assert campaign.wish(same, dance).code == "wishes_closed"


def test_what_the_region_publishes_stands_once_wishes_are_over(campaign: RegionsCampaign) -> None:
    world = campaign.world
    campaign.group(2, "joined")
    first = campaign.put().ok()
    assert first == campaign.shown()
    assert campaign.put(most_wishes=3).ok()["most_wishes"] == 3
    campaign.terms["most_wishes"] = 3
    world.live.clock.now = campaign.until
    world.operator = world.live.client(42)
    assert campaign.put().ok()["id"] == campaign.id
    assert campaign.put(name="Другая").code == "campaign_held"
    # The group can be published anew, and neither leave nor be joined by another.
    campaign.group(3, "joined")
    for terms in ({"filling": "first_come", "campaign_id": None}, {"campaign_id": RegionsCampaign(world).own_id}):
        group = world.group(**{"filling": "matching"} | terms)
        assert world.operator.put(f"/v1/institutions/{CLUB}/groups/joined", group).code == "wishes_closed"
    assert [one["id"] for one in world.operator.get("/v1/campaigns").ok()["items"]][-1] == campaign.id


def test_lists_have_pages(campaign: RegionsCampaign) -> None:
    world = campaign.world
    ids = {campaign.id, RegionsCampaign(world).id, RegionsCampaign(world).id}
    first = world.operator.get("/v1/campaigns", limit=2).ok()
    rest = world.operator.get("/v1/campaigns", limit=2, cursor=first["next_cursor"]).ok()
    assert {one["id"] for one in first["items"] + rest["items"]} == ids
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)


def test_a_campaign_without_wishes_ends_like_any_other(campaign: RegionsCampaign) -> None:
    chess = campaign.group(1)
    campaign.match()
    assert (campaign.shown()["phase"], campaign.shown()["matched"]) == ("confirmation", 0)
    child = campaign.child()
    assert campaign.world.apply(child.api, chess, child.person_id).ok()["status"] == "submitted"


# Killed, and with several workers ----------------------------------------------------------------------------------


def outcome(world: World) -> list[Any]:
    """All that came of the matching, without what is made of chance or of the time."""
    rows = world.live.sql(
        "SELECT person_id, group_id, status, placed, serial, weight FROM applications ORDER BY group_id, serial"
    )
    return [tuple(row) for row in rows]


def crowd(campaign: RegionsCampaign, children: int) -> None:
    groups = [campaign.group(2) for _ in range(4)]
    for nth in range(children):
        campaign.wishing(groups[nth % 4], groups[(nth * 3 + 1) % 4])


def expected(campaign: RegionsCampaign) -> tuple[set[tuple[str, str]], int]:
    """By the record: who is offered what, and how many have nothing."""
    record = campaign.record().ok()
    rows = campaign.world.live.sql("SELECT id, person_id FROM campaign_wishes")
    persons = {str(row["id"]): str(row["person_id"]) for row in rows}
    offers = {(persons[one["wish_id"]], one["group_id"]) for one in record["matches"] if one["group_id"]}
    return offers, len(record["matches"]) - len(offers)


def check(campaign: RegionsCampaign) -> None:
    """What there is, is what the record says, once."""
    offers, without = expected(campaign)
    found = outcome(campaign.world)
    assert {(str(row[0]), str(row[1])) for row in found if row[2] == "offered"} == offers
    waits = [row for row in found if row[2] == "waiting"]
    assert len({row[0] for row in waits}) == without
    assert len(found) == len(offers) + len(waits)
    told = campaign.world.live.sql("SELECT count(*) FROM outbox WHERE event = 'application_offered'")
    assert told[0]["count"] == len(offers)


def test_killed_in_the_middle_it_goes_on_and_comes_to_the_same(
    campaign: RegionsCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = campaign.world
    crowd(campaign, 12)
    monkeypatch.setattr(campaign_jobs, "_AT_ONCE", 5)
    later(world, campaign.until - world.now)
    world.live.clock.now += MINUTE
    # Before it is matched; between the record and the first batch; in the middle of the second one.
    for name, percent in (
        ("keep_matches", 5),
        ("apply_matches", 10),
    ):
        with without_function(world.live, name), pytest.raises(asyncpg.UndefinedFunctionError):
            world.live.work()
        assert campaign.shown()["progress_percent"] == percent
    world.live.sql("ALTER TABLE applications ADD CONSTRAINT few CHECK (serial < 3) NOT VALID")
    with pytest.raises(asyncpg.CheckViolationError):
        world.live.work()
    assert 10 <= campaign.shown()["progress_percent"] < 100
    half = campaign.record().content
    world.live.sql("ALTER TABLE applications DROP CONSTRAINT few")
    later(world, timedelta())
    assert campaign.record().content == half
    assert campaign.shown()["phase"] == "confirmation"
    check(campaign)


def test_several_workers_apply_each_match_once(campaign: RegionsCampaign, monkeypatch: pytest.MonkeyPatch) -> None:
    live = campaign.world.live
    crowd(campaign, 12)
    monkeypatch.setattr(campaign_jobs, "_AT_ONCE", 2)

    async def work() -> None:
        database = make_database(live.settings, live.dsn)
        async with database.opened():
            jobs = make_jobs(live.settings, database, live.clock)
            await asyncio.gather(*(jobs.run_until_idle() for _ in range(3)))

    live.clock.now = campaign.until
    live.run(work())
    live.clock.now += MINUTE
    live.run(work())
    campaign.world.operator = live.client(42)
    live.work()
    check(campaign)


def test_a_worker_that_is_late_gives_as_long_to_confirm(campaign: RegionsCampaign) -> None:
    world = campaign.world
    chess = campaign.group(1)
    child: Child = campaign.wishing(chess)
    later(world, campaign.until - world.now)
    # Nobody worked for two weeks.
    later(world, timedelta(days=14))
    assert campaign.shown()["phase"] == "confirmation"
    child.answer(chess, "accept").ok()
    assert child.statuses(chess) == ["submitted"]
