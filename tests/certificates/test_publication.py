"""Which certificates there are, who sees them, and what a change of one can't take away."""

from tests.applications.staff import ORDER, decide
from tests.certificates.purse import certificate, holder, paid_group, put
from tests.people.test_rules import with_snils_check
from tests.provocation import someone, surname
from tests.world import CLINIC, CLUB, World


def test_the_same_number_and_year_is_the_same_certificate(world: World) -> None:
    one = certificate(someone())
    assert put(world, one) == [{"outcome": "added", "used": 0, "used_programmes": 0}]
    rows = world.live.sql("SELECT * FROM certificates")
    assert put(world, one) == [{"outcome": "changed", "used": 0, "used_programmes": 0}]
    assert world.live.sql("SELECT * FROM certificates") == rows
    next_year = one | {"year": 2027, "unit": "hours", "nominal": 72}
    outcomes = put(world, one | {"nominal": 1}, next_year, one | {"nominal": 2})
    assert [item["outcome"] for item in outcomes] == ["changed", "added", "changed"]
    assert [row["nominal"] for row in world.live.sql("SELECT nominal FROM certificates ORDER BY year")] == [2, 72]
    text = str([dict(row) for row in world.live.sql("SELECT * FROM certificates")])
    assert one["number"] not in text
    assert one["snils"] not in text


def test_a_list_with_a_wrong_number_changes_nothing(world: World) -> None:
    answer = world.operator.put("/v1/certificates", {"items": [certificate(1), certificate(2, snils="11223344596")]})
    assert (answer.code, answer.json["errors"][0]["pointer"]) == ("snils_invalid", "/items/1/snils")
    assert world.live.sql("SELECT FROM certificates") == []
    assert world.operator.put("/v1/certificates", {"items": [certificate(1, nominal=-1)]}).code == "invalid"


def test_what_is_used_can_not_be_taken_away(world: World) -> None:
    child = holder(world)
    application = child.applies(paid_group(world)).ok()["id"]
    decide(world, application, "approve").ok()
    used = {"used": 6000, "used_programmes": 1}
    assert child.change(nominal=5999) == {"outcome": "below_use", **used}
    assert child.change(unit="hours") == {"outcome": "in_use", **used}
    assert child.change(snils=with_snils_check(999_000_000)) == {"outcome": "in_use", **used}
    assert child.left() == (4000, 1)
    assert child.change(nominal=6000, most_programmes=1, status="suspended") == {"outcome": "changed", **used}
    assert child.left() == (0, 0)
    outcomes = put(world, child.certificate | {"nominal": 0}, certificate(someone()))
    assert [item["outcome"] for item in outcomes] == ["below_use", "added"]


def test_a_parent_sees_the_childs_certificates(world: World) -> None:
    child = holder(world, nominal=9000)
    put(world, child.certificate | {"year": 2025, "nominal": 1})
    items = child.parent.get(f"/v1/persons/{child.person_id}/certificates").ok()["items"]
    number = child.certificate["number"]
    assert [item["year"] for item in items] == [2026, 2025]
    assert items[0] == {
        "id": items[0]["id"],
        "number_masked": "******" + number[-4:],
        "municipality": "Кемерово",
        "year": 2026,
        "ends_on": "2026-12-31",
        "unit": "roubles",
        "nominal": 9000,
        "left": 9000,
        "most_programmes": 2,
        "programmes_left": 2,
        "status": "active",
        "uses": [],
    }
    # Somebody else's child, one without СНИЛС, one of the same name.
    other = world.parent(someone())
    assert other.get(f"/v1/persons/{child.person_id}/certificates").code == "person_not_found"
    for more in ({}, {"snils": with_snils_check(200_000_000 + someone())}):
        stranger = world.child(other, last_name=surname(), **more)
        assert other.get(f"/v1/persons/{stranger}/certificates").ok() == {"items": []}


def test_the_other_parent_sees_what_is_left_and_not_where_it_went(world: World) -> None:
    child = holder(world)
    application = child.applies(paid_group(world)).ok()
    decide(world, application["id"], "approve").ok()
    use = {
        "application_id": application["id"],
        "application_number": application["number"],
        "programme_name": "Шахматы",
        "group_name": "Группа 1",
        "state": "reserved",
        "amount": 6000,
    }
    assert child.shown()["uses"] == [use]
    father = world.parent(someone())
    same = world.child(father, last_name=surname(), snils=child.certificate["snils"])
    seen = father.get(f"/v1/persons/{same}/certificates").ok()["items"]
    assert seen == [child.shown() | {"uses": []}]


def test_an_institution_sees_what_its_own_applications_use(world: World) -> None:
    first, second = holder(world), holder(world)
    wanted = paid_group(world)
    applications = [one.applies(wanted).ok()["id"] for one in (first, second)]
    path = f"/v1/institutions/{CLUB}/certificates"
    assert world.operator.get(path).ok()["items"] == []
    for application in applications:
        decide(world, application, ORDER).ok()
    page = world.operator.get(path, limit=1).ok()
    rest = world.operator.get(path, limit=1, cursor=page["next_cursor"]).ok()
    assert rest["next_cursor"] is None
    seen = [*page["items"], *rest["items"]]
    assert [item["application_id"] for item in seen] == applications
    assert seen[0].keys() == {
        *("application_id", "application_number", "programme_name", "group_name", "state", "amount"),
        *("number_masked", "year", "unit", "status"),
    }
    assert (seen[0]["state"], seen[0]["amount"]) == ("spent", 6000)
    assert world.operator.get(f"/v1/institutions/{CLINIC}/certificates").ok()["items"] == []
