"""Regions, institutions and pages through the live service."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.institutions import InstitutionBody, Region
from service.core.ids import new_id
from tests.doctors.test_listing import pages
from tests.provocation import someone
from tests.world import CLINIC, CLINIC_PAGE, CLUB, World

SCHOOL = {
    "name": "Школа № 7",
    "kind": "school",
    "municipality": "Тайга",
    "address": "г. Тайга, ул. Мира, 1",
    "phone": None,
    "zone": "Asia/Novokuznetsk",
}


def test_all_regions_are_listed_for_anybody(world: World) -> None:
    answer = world.live.api().get("/v1/regions")
    regions = [Region(**region) for region in answer.ok()["items"]]
    assert len(regions) == 89
    assert [region.code for region in regions] == sorted(region.code for region in regions)
    kuzbass = next(region for region in regions if region.code == 42)
    assert (kuzbass.name, kuzbass.zone) == ("Кемеровская область — Кузбасс", "Asia/Novokuznetsk")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    english = world.live.api().call("GET", "/v1/regions", headers={"Accept-Language": "en"}).ok()["items"]
    assert "Kemerovo Region — Kuzbass" in {region["name"] for region in english}
    # An institution may have the zone of any region, and Python and PostgreSQL know them all.
    for zone in {region.zone for region in regions}:
        InstitutionBody.model_validate({**SCHOOL, "zone": zone})
        now = world.live.sql("SELECT now() AT TIME ZONE $1 AS local, now() AS instant", zone)[0]
        assert now["instant"].astimezone(ZoneInfo(zone)).replace(tzinfo=None) == now["local"]


def test_an_institution_is_known_by_its_id(world: World) -> None:
    path = f"/v1/institutions/{new_id()}"
    made = world.operator.put(path, SCHOOL).ok()
    assert made == {**SCHOOL, "id": path.rpartition("/")[2]}
    assert world.operator.put(path, SCHOOL).ok() == made
    renamed = world.operator.put(path, {**SCHOOL, "name": "Лицей № 7", "phone": "+73845100000"}).ok()
    assert renamed["id"] == made["id"]
    parent = world.parent()
    assert parent.get(path).ok() == renamed
    # The same id in another region is another institution.
    neighbour = world.live.client(54)
    assert neighbour.get(path).code == "institution_not_found"
    assert neighbour.put(path, {**SCHOOL, "name": "Чужая"}).status == 200
    assert parent.get(path).ok() == renamed
    events = world.live.sql("SELECT region_id FROM audit_trail WHERE subject_id = $1 ORDER BY id", UUID(made["id"]))
    assert [row["region_id"] for row in events] == [42, 42, 42, 54]


def test_what_an_institution_can_not_be(world: World) -> None:
    for name, value in (
        ("zone", "Europe/Paris"),
        ("kind", "shop"),
        ("phone", "8 800"),
        ("name", ""),
        ("name", " Школа"),
        ("name", "Шко\u0000ла"),
        ("inn", "42"),
    ):
        refused = world.operator.put(f"/v1/institutions/{new_id()}", {**SCHOOL, name: value})
        assert (refused.status, refused.code) == (422, "invalid"), (name, value)
        assert [error["pointer"] for error in refused.json["errors"]] == [f"/{name}"]


def test_only_a_regional_operator_brings_institutions_in(world: World) -> None:
    path, page = f"/v1/institutions/{CLINIC}", f"/v1/pages/vk/{CLINIC_PAGE}"
    body = {"institution_id": str(CLINIC), "mini_apps": ["doctor"]}
    for api in (
        world.live.client(42, CLINIC),
        world.live.client(42, None, ("schedules:write",)),
        world.live.citizen(CLINIC_PAGE, 3, "admin"),
        world.parent(),
    ):
        assert api.put(path, SCHOOL).code == "forbidden"
        assert api.put(page, body).code == "forbidden"
    assert world.live.api().put(path, SCHOOL).code == "unauthenticated"


def test_lists_have_filters_and_pages(world: World) -> None:
    for number in range(4):
        body = {**SCHOOL, "name": "Школа" if number % 2 else "Ясли", "kind": ("school", "other")[number // 2]}
        world.put(f"/v1/institutions/{new_id()}", body)
    listed = [item for page in pages(world.operator, "/v1/institutions", limit=4) for item in page]
    assert [len(page) for page in pages(world.operator, "/v1/institutions", limit=2)] == [2, 2, 2]
    assert [item["name"] for item in listed] == [
        "Детская поликлиника № 1", "Дом творчества", "Школа", "Школа", "Ясли", "Ясли"
    ]  # fmt: skip
    assert len({item["id"] for item in listed}) == 6

    def names(**query: str) -> list[str]:
        return [item["name"] for item in world.operator.get("/v1/institutions", **query).ok()["items"]]

    assert names(kind="school") == names(kind="school", municipality="Тайга") == ["Школа", "Ясли"]
    assert names(municipality="Кемерово") == ["Детская поликлиника № 1", "Дом творчества"]
    assert names(kind="sports") == []
    assert world.live.client(54).get("/v1/institutions").ok()["items"] == []
    long = "Ж" * 200
    for _ in range(2):
        world.put(f"/v1/institutions/{new_id()}", {**SCHOOL, "name": long, "municipality": "Топки"})
    assert len(pages(world.operator, "/v1/institutions", limit=1, municipality="Топки")) == 2


def test_a_page_leads_to_its_institution(world: World) -> None:
    page = someone()
    path = f"/v1/pages/vk/{page}"
    body = {"institution_id": str(CLUB), "mini_apps": ["club", "club"]}
    assert world.operator.put(path, body).ok() == {
        "platform": "vk", "external_id": str(page), "institution_id": str(CLUB), "mini_apps": ["club"]
    }  # fmt: skip

    def session() -> Any:
        body = {"platform": "vk", "parameters": world.live.launch(page, 5)}
        return world.live.api().post("/v1/sessions", body).ok()["page"]

    assert session() == {
        "platform": "vk",
        "external_id": str(page),
        "mini_apps": ["club"],
        "institution": {"id": str(CLUB), "name": "Дом творчества"},
    }
    world.put(path, {"institution_id": str(CLINIC), "mini_apps": ["doctor", "club"]})
    assert (session()["institution"]["id"], session()["mini_apps"]) == (str(CLINIC), ["doctor", "club"])
    assert world.operator.put(path, {**body, "institution_id": str(new_id())}).code == "institution_not_found"
    for wrong in ("vk/-1", "vk/" + "1" * 65, "vk/Ж", "facebook/1"):
        assert world.operator.put(f"/v1/pages/{wrong}", body).code == "invalid"
    assert world.operator.put(path, {**body, "mini_apps": []}).code == "invalid"

    # Another region can't take it away.
    neighbour = world.live.client(54)
    own = str(new_id())
    neighbour.put(f"/v1/institutions/{own}", SCHOOL).ok()
    assert neighbour.put(path, {"institution_id": own, "mini_apps": ["club"]}).code == "page_taken"
    assert neighbour.put(path, {"institution_id": str(CLUB), "mini_apps": ["club"]}).code == "institution_not_found"
    assert session()["institution"]["id"] == str(CLINIC)
