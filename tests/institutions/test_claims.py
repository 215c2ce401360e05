"""Pages are claimed by a code of the regional centre; it sees what became of its invitations, and ends it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from service.core.ids import new_id
from tests.doctors.test_listing import pages
from tests.institutions.centre import CLAIM, INVITATIONS, claim, claim_of, institution, invited, session
from tests.live import Answer
from tests.provocation import someone
from tests.world import CLINIC, CLINIC_PAGE, CLUB, REGION, World


def code_of(answer: Answer) -> str | None:
    return None if answer.status in (200, 201) else answer.code


def later(world: World, time: timedelta) -> None:
    """The operator's token is of before."""
    world.live.clock.now += time
    world.operator = world.live.client(REGION)


def shown(world: World, invitation_id: str) -> dict[str, Any]:
    items = world.operator.get(INVITATIONS, limit=100).ok()["items"]
    return next(item for item in items if item["invitation_id"] == invitation_id)


def test_whoever_administers_a_page_claims_it_and_comes_in(world: World) -> None:
    school, page, user = institution(world), someone(), someone()
    assert session(world, page).code == "page_unknown"
    made = invited(world, school)
    assert made["institution_id"] == school
    assert made["expires_at"] == "2026-09-21T08:00:00+07:00"
    expected = {
        "platform": "vk",
        "external_id": str(page),
        "mini_apps": ["club"],
        "institution": {"id": school, "name": "Школа № 7"},
    }
    # However it is written, and as often as it is sent.
    plain = made["code"].replace("-", "").lower()
    for code in (made["code"], plain, made["code"].replace("-", " ").replace("1", "l").replace("0", "o")):
        assert claim(world, page, code, user).ok() == expected
    opened = session(world, page).ok()
    assert (opened["role"], opened["page"]) == ("admin", expected)
    item = shown(world, made["invitation_id"])
    assert item == {
        "invitation_id": made["invitation_id"],
        "institution": expected["institution"],
        "municipality": "Тайга",
        "mini_apps": ["club"],
        "state": "claimed",
        "created_at": "2026-09-07T08:00:00+07:00",
        "expires_at": "2026-09-21T08:00:00+07:00",
        "platform": "vk",
        "page_id": str(page),
        "claimed_at": "2026-09-07T08:00:00+07:00",
    }
    # Of the code and of who gave it hashes are kept.
    for table in ("page_invitations", "audit_trail", "wrong_claims", "idempotency_keys"):
        kept = "".join(str(row) for row in world.live.sql(f"TABLE {table}"))
        assert plain[2:] not in kept.lower().replace("-", ""), table
        assert f"'{user}'" not in kept, table


def test_an_institution_has_several_pages_and_a_page_several_mini_apps(world: World) -> None:
    school, first, second = institution(world), someone(), someone()
    for page, apps in ((first, ["club"]), (second, ["doctor", "club"]), (first, ["doctor"])):
        claim(world, page, invited(world, school, mini_apps=apps)["code"]).ok()
    # Inside Odnoklassniki the same mini-app is of another page.
    code = invited(world, school)["code"]
    launch = world.live.launch(someone(), someone(), "admin", vk_client="ok", vk_ok_user_id="5")
    inside = world.live.api().post(CLAIM, {"platform": "vk", "parameters": launch, "code": code}).ok()
    assert inside["platform"] == "ok"
    listed = world.operator.get("/v1/pages", institution_id=school).ok()["items"]
    assert [(item["platform"], item["external_id"], item["mini_apps"]) for item in listed] == [
        ("ok", inside["external_id"], ["club"]),
        ("vk", str(first), ["doctor", "club"]),
        ("vk", str(second), ["doctor", "club"]),
    ]


def test_a_code_that_is_wrong_old_used_or_taken_back_is_one_refusal(world: World) -> None:
    school = institution(world)
    used, revoked, old = (invited(world, school, valid_days=14 if n < 2 else 1) for n in range(3))
    claim(world, someone(), used["code"]).ok()
    assert world.operator.post(f"{INVITATIONS}/{revoked['invitation_id']}/revoke").ok()["state"] == "revoked"
    later(world, timedelta(days=1))
    assert shown(world, old["invitation_id"])["state"] == "expired"
    # Of another region, or of none, is the same.
    foreign = "54" + old["code"][2:]
    answers = [
        claim(world, someone(), code)
        for code in (used["code"], revoked["code"], old["code"], "42-0000-0000-0000", foreign, "00-0000-0000-0000")
    ]
    assert {(answer.status, answer.code) for answer in answers} == {(404, "invitation_not_found")}
    assert len({str(answer.json | {"request_id": ""}) for answer in answers}) == 1
    # Another page can't be claimed by the code that one was claimed by, even by the same account.
    code, user = invited(world, school)["code"], someone()
    claim(world, someone(), code, user).ok()
    assert claim(world, someone(), code, user).code == "invitation_not_found"


@pytest.mark.parametrize("role", ["none", "member", "moder", "editor"])
def test_only_the_platforms_word_makes_an_administrator(world: World, role: str) -> None:
    code, page = invited(world, institution(world))["code"], someone()
    body = claim_of(world, page, code, role=role)
    assert world.live.api().post(CLAIM, body).code == "page_administrator_needed"
    forged = body | {"parameters": body["parameters"].replace(f"_role={role}", "_role=admin")}
    assert world.live.api().post(CLAIM, forged).code == "launch_invalid"
    stale = body | {"parameters": world.live.launch(page, 5, "admin", age=timedelta(hours=2))}
    assert world.live.api().post(CLAIM, stale).code == "launch_stale"
    # Without a page nobody administers it.
    assert claim(world, 0, code).code == "page_missing"
    assert session(world, page).code == "page_unknown"
    # None of it was counted: the code is good.
    claim(world, page, code, 77).ok()


def test_a_page_of_another_institution_has_to_be_disconnected_first(world: World) -> None:
    school, other, page = institution(world), institution(world, name="Лицей"), someone()
    claim(world, page, invited(world, school)["code"]).ok()
    code = invited(world, other)["code"]
    assert claim(world, page, code).code == "page_claimed"
    assert session(world, page).ok()["page"]["institution"]["id"] == school
    for _ in range(2):
        assert world.operator.call("DELETE", f"/v1/pages/vk/{page}").status == 204
    assert claim(world, page, code).ok()["institution"]["id"] == other
    # Nor does it go over to another region.
    neighbour, own = world.live.client(54), str(new_id())
    body = {"name": "Школа", "kind": "school", "municipality": "Бердск", "address": "г. Бердск"}
    neighbour.put(f"/v1/institutions/{own}", body | {"zone": "Asia/Novosibirsk"}).ok()
    made = neighbour.create(f"/v1/institutions/{own}/page-invitations", {"mini_apps": ["club"]}).ok()
    assert claim(world, page, made["code"]).code == "page_claimed"
    assert neighbour.call("DELETE", f"/v1/pages/vk/{page}").status == 204
    assert session(world, page).ok()["page"]["institution"]["id"] == other


def test_a_page_that_is_disconnected_lets_nobody_in_and_takes_nothing_away(world: World) -> None:
    made, page = invited(world, str(CLUB)), someone()
    claim(world, page, made["code"], 77).ok()
    director = world.live.citizen(page, 77, "admin")
    parent = world.live.citizen(page, someone())
    group = world.publish_group().ok()
    application = world.apply(parent, group["id"], world.child(parent)).ok()
    assert world.operator.post(f"{INVITATIONS}/{made['invitation_id']}/revoke").code == "page_invitation_used"
    assert world.operator.call("DELETE", f"/v1/pages/vk/{page}").status == 204
    assert session(world, page).code == "page_unknown"
    assert shown(world, made["invitation_id"])["state"] == "revoked"
    # The code does not bring the page back.
    assert claim(world, page, made["code"], 77).code == "invitation_not_found"
    world.live.clock.now += timedelta(minutes=5)
    assert director.get(f"/v1/institutions/{CLUB}/applications").code == "unauthenticated"
    assert parent.get(f"/v1/applications/{application['id']}").ok()["status"] == "submitted"
    listed = world.live.citizen(CLINIC_PAGE, 77, "admin").get("/v1/applications").ok()["items"]
    assert listed == []


def test_a_page_that_is_moved_ends_the_claim(world: World) -> None:
    made, page = invited(world, institution(world)), someone()
    claim(world, page, made["code"], 77).ok()
    body = {"institution_id": str(CLINIC), "mini_apps": ["doctor"]}
    world.put(f"/v1/pages/vk/{page}", body)
    assert shown(world, made["invitation_id"])["state"] == "revoked"
    assert claim(world, page, made["code"], 77).code == "invitation_not_found"
    assert session(world, page).ok()["page"]["institution"]["id"] == str(CLINIC)


def test_one_code_claims_one_page_however_many_try_at_once(world: World) -> None:
    code, claimed = invited(world, institution(world))["code"], [someone() for _ in range(16)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda page: claim(world, page, code), claimed))
    assert sorted(code_of(answer) or "" for answer in answers) == [""] + ["invitation_not_found"] * 15
    taken = next(page for page, answer in zip(claimed, answers, strict=True) if answer.status == 200)
    assert [session(world, page).status for page in claimed].count(201) == 1
    assert session(world, taken).status == 201


def test_one_page_is_claimed_for_one_institution_however_many_try_at_once(world: World) -> None:
    page = someone()
    codes = [invited(world, institution(world, name=f"Школа № {n}"))["code"] for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda code: claim(world, page, code), codes))
    assert sorted(code_of(answer) or "" for answer in answers) == [""] + ["page_claimed"] * 7


def test_nobody_goes_through_the_codes(world: World) -> None:
    page, user, code = someone(), someone(), invited(world, institution(world))["code"]
    wrong = "42-0000-0000-0000"
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: claim(world, page, wrong, user).code, range(16)))
    assert sorted(answers) == ["invitation_not_found"] * 5 + ["too_many_attempts"] * 11
    assert claim(world, page, code, user).code == "too_many_attempts"
    # Others from the same address may still, until they are too many.
    tried = [claim(world, page, wrong).code for _ in range(46)]
    assert tried == ["invitation_not_found"] * 45 + ["too_many_attempts"]
    assert claim(world, page, code).code == "too_many_attempts"
    world.live.clock.now += timedelta(hours=1)
    claim(world, page, code, user).ok()
    world.live.clock.now += timedelta(hours=1)
    world.live.work()
    assert world.live.sql("TABLE wrong_claims") == []


def test_the_centre_sees_what_became_of_its_invitations(world: World) -> None:
    schools = [institution(world, municipality=town) for town in ("Тайга", "Тайга", "Юрга")]
    first, second, third = (invited(world, school) for school in schools)
    late = invited(world, schools[0], valid_days=1)
    claim(world, someone(), first["code"]).ok()
    path = f"{INVITATIONS}/{second['invitation_id']}/revoke"
    assert world.operator.post(path).ok() == world.operator.post(path).ok()
    told = world.live.sql("SELECT FROM audit_trail WHERE event = 'page_invitation_revoked'")
    assert len(told) == 1
    later(world, timedelta(days=1))

    def listed(**query: Any) -> list[str]:
        return [
            item["invitation_id"] for items in pages(world.operator, INVITATIONS, limit=1, **query) for item in items
        ]

    ids = [made["invitation_id"] for made in (first, second, third, late)]
    assert listed() == ids
    for number, state in enumerate(("claimed", "revoked", "invited", "expired")):
        assert listed(state=state) == [ids[number]]
    assert listed(municipality="Тайга") == [ids[0], ids[1], ids[3]]
    assert listed(municipality="Тайга", state="expired") == [ids[3]]
    assert listed(institution_id=schools[2]) == [ids[2]]
    # Another region's centre sees nothing of it, and can't revoke it.
    neighbour = world.live.client(54)
    assert neighbour.get(INVITATIONS).ok()["items"] == []
    assert neighbour.get("/v1/pages").ok()["items"] == []
    foreign = neighbour.post(f"{INVITATIONS}/{ids[2]}/revoke")
    absent = neighbour.post(f"{INVITATIONS}/{new_id()}/revoke")
    assert {**foreign.json, "request_id": ""} == {**absent.json, "request_id": ""}
    assert shown(world, ids[2])["state"] == "invited"
    connected = [page["external_id"] for items in pages(world.operator, "/v1/pages", limit=1) for page in items]
    assert len(connected) == len(set(connected)) == 3
    assert str(CLINIC_PAGE) in connected
