"""Groups that are filled by draw: announced, closed, drawn, and verified by anyone."""

import json
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from schemas.draws import RecordedRequest, RecordedSlot
from service.draws.rules import close, draw, seed_hash
from tests.applications.people import group
from tests.draws.test_chances import chi_square_quantile, pearson
from tests.draws.test_verify import verify
from tests.filling.people import COLLECTED_FOR, applicant, collecting, later
from tests.live import Answer
from tests.world import CLUB, REGION, World

MINUTE = timedelta(minutes=1)
# Of chi-square with 9 degrees of freedom, at 0.999 (NIST/SEMATECH e-Handbook, 1.3.6.7.4).
CHI_SQUARE_9 = 27.877


def listed(world: World, **query: Any) -> list[Any]:
    return world.operator.get("/v1/draws", institution_id=str(CLUB), **query).ok()["items"]


def shown(world: World, group_id: str) -> Any:
    (found,) = listed(world, group_id=group_id)
    return found


def record(world: World, draw_id: str) -> Answer:
    return world.operator.get(f"/v1/draws/{draw_id}/record")


def test_a_groups_draw_is_announced_with_the_hash_of_its_seed(world: World) -> None:
    wanted = collecting(world, "draw")
    assert world.live.work() == 1
    announced = shown(world, wanted)
    assert (announced["group_id"], announced["specialty_code"]) == (wanted, None)
    assert (announced["status"], announced["slots"], announced["requests"]) == ("open", 1, None)
    assert (announced["day"], announced["closes_at"]) == ("2026-09-14", "2026-09-14T08:00:00+07:00")
    assert len(announced["seed_hash"]) == 64
    details = world.operator.get(f"/v1/draws/{announced['id']}").ok()
    assert details.pop("times") == []
    assert details == announced
    assert applicant(world, wanted).application["draw_id"] == announced["id"]
    assert listed(world, specialty_code="58") == []


def test_a_whole_draw_of_a_group(world: World) -> None:
    wanted = collecting(world, "draw", capacity=2)
    world.live.work()
    announced = shown(world, wanted)
    people = [applicant(world, wanted) for _ in range(6)]
    withdrawn = people.pop()
    withdrawn.api.post(f"/v1/applications/{withdrawn.id}/withdraw").ok()
    later(world, COLLECTED_FOR)
    closed = shown(world, wanted)
    assert (closed["status"], closed["requests"], closed["seed_hash"]) == ("closed", 5, announced["seed_hash"])
    assert record(world, closed["id"]).code == "draw_not_drawn"
    assert {one.outcome for one in people} == {("submitted", False, None)}
    later(world, MINUTE)
    answer = record(world, closed["id"])
    drawn = answer.ok()
    assert drawn["slots"] == [{"id": wanted, "places": 2}]
    published = ("--seed-hash", announced["seed_hash"], "--requests-digest", closed["requests_digest"])
    outcome = verify("-", *published, given=answer.content)
    assert outcome.stdout == b"The record is right: 5 requests, 2 places, 2 of them drawn.\n", outcome.stderr

    # Who has lost waits in the order of the draw, not in that of applying.
    by_request = {one.application["draw_request_id"]: one for one in people}
    assert len(by_request) == 5
    found = [by_request[request_id].outcome for request_id in drawn["order"]]
    assert found == [("submitted", True, None)] * 2 + [("waiting", False, number) for number in (1, 2, 3)]
    assert shown(world, wanted)["status"] == "drawn"
    assert world.live.work() == 0
    assert applicant(world, wanted, wait=True).outcome == ("waiting", False, 4)


def test_a_changed_byte_is_found(world: World) -> None:
    wanted = collecting(world, "draw", capacity=1)
    for _ in range(2):
        applicant(world, wanted)
    world.live.work()
    later(world, COLLECTED_FOR)
    later(world, MINUTE)
    content = record(world, shown(world, wanted)["id"]).content
    assert verify("-", given=content).returncode == 0
    at = content.index(b'"seed":"') + len(b'"seed":"')
    changed = content[:at] + (b"0" if content[at : at + 1] != b"0" else b"1") + content[at + 1 :]
    assert verify("-", given=changed).returncode == 1
    swapped = json.loads(content)
    swapped["order"].reverse()
    assert b"order[0] is" in verify("-", given=json.dumps(swapped).encode()).stderr


def test_a_winner_who_can_not_be_placed_gives_way_to_the_next(world: World) -> None:
    wanted = collecting(world, "draw", capacity=1)
    people = [applicant(world, wanted) for _ in range(3)]
    later(world, COLLECTED_FOR)
    world.live.clock.now -= timedelta(hours=1)
    # A token of an hour later is not good yet.
    world.operator = world.live.client(REGION)
    elsewhere = group(world)
    # All but one are in other lessons by now, whoever has won.
    for one in people[:2]:
        world.apply(one.api, elsewhere, one.person_id).ok()
    later(world, timedelta(hours=1) + MINUTE)
    assert [one.outcome[:2] for one in people] == [("waiting", False), ("waiting", False), ("submitted", True)]
    assert verify("-", given=record(world, shown(world, wanted)["id"]).content).returncode == 0


def test_a_draw_follows_its_group_and_goes_with_it(world: World) -> None:
    until = world.now + COLLECTED_FOR
    terms = {"filling": "draw", "collect_until": until.isoformat()}
    wanted = world.publish_group("moved", **terms).ok()["id"]
    world.live.work()
    before = shown(world, wanted)
    world.publish_group("moved", **terms | {"collect_until": (until - timedelta(days=2)).isoformat()}).ok()
    assert world.live.work() == 1
    assert shown(world, wanted) == before | {"closes_at": "2026-09-12T08:00:00+07:00", "day": "2026-09-12"}
    world.publish_group("moved").ok()
    assert world.live.work() == 1
    assert listed(world) == []


@pytest.fixture(scope="module")
def positions() -> list[list[int]]:
    """300 draws, with fixed seeds, of 40 applications to a group: by the order of applying, the place in each draw."""
    found: list[list[int]] = []
    for number in range(300):
        random = Random(number)
        wanted = UUID(int=number + 1)
        ids = [UUID(int=random.getrandbits(128), version=4) for _ in range(40)]
        requests = [RecordedRequest(id=one, wishes=[wanted]) for one in ids]
        seed = random.randbytes(32)
        drawn = draw(close(UUID(int=number), seed_hash(seed), [RecordedSlot(id=wanted, places=10)], requests), seed)
        assert [result.rank for result in drawn.results] == [1] * 10 + [None] * 30
        place = {request_id: at for at, request_id in enumerate(drawn.order)}
        found.append([place[one] for one in ids])
    return found


def test_each_application_has_the_same_chance(positions: list[list[int]]) -> None:
    wins = [sum(places[one] < 10 for places in positions) for one in range(40)]
    share = 10 / 40
    assert sum(wins) == 10 * len(positions)
    # In units of their variance; the sum is fixed, which takes one degree.
    statistic = sum((won - len(positions) * share) ** 2 for won in wins) / (len(positions) * share * (1 - share))
    assert statistic * 39 / 40 < chi_square_quantile(39)


def test_each_place_in_the_queue_comes_as_often(positions: list[list[int]]) -> None:
    """Of the first who applied: where in the whole order it came, by tenths."""
    tenths = [0] * 10
    for places in positions:
        tenths[places[0] // 4] += 1
    assert pearson(tenths, [len(positions) / 10] * 10) < CHI_SQUARE_9


def test_an_order_of_applying_would_be_found_out(positions: list[list[int]]) -> None:
    """The negative control: in one draw of five, who came first is drawn first."""
    tenths = [0] * 10
    for number, places in enumerate(positions):
        tenths[0 if number % 5 == 0 else places[0] // 4] += 1
    assert pearson(tenths, [len(positions) / 10] * 10) > CHI_SQUARE_9
