"""How to be refused a club's place."""

from datetime import datetime, timedelta
from typing import Any

from service.core.ids import new_id
from tests.applications.people import Family, applying, group, on, settle, stranger
from tests.provocation import Asked, Provocations, someone, surname
from tests.world import CLUB, World

PROVOCATIONS = Provocations()


@PROVOCATIONS.status(404)
def group_not_found(world: World) -> Asked:
    return stranger(world, str(new_id()))


@PROVOCATIONS.status(409)
def group_full(world: World) -> Asked:
    full = group(world, capacity=1)
    assert stranger(world, full).answer("ru").status == 201
    return stranger(world, full)


@PROVOCATIONS.status(429)
def applying_paused(world: World) -> Asked:
    family, wanted = Family(world), group(world)
    for _ in range(11):
        family.move(family.applies(wanted).ok(), "withdraw").ok()
    return applying(family.api, wanted, family.child)


@PROVOCATIONS.status(409)
def enrolment_not_open(world: World) -> Asked:
    return stranger(world, group(world, enrolment_opens_at=(world.now + timedelta(minutes=1)).isoformat()))


@PROVOCATIONS.status(409)
def enrolment_closed(world: World) -> Asked:
    return stranger(world, group(world, enrolment_closes_at=world.now.isoformat()))


@PROVOCATIONS.status(409)
def too_young(world: World) -> Asked:
    return stranger(world, group(world, age_from=8))


@PROVOCATIONS.status(409)
def too_old(world: World) -> Asked:
    return stranger(world, group(world, age_to=6))


@PROVOCATIONS.status(409)
def already_applied(world: World) -> Asked:
    wanted, name = group(world), surname()
    assert stranger(world, wanted, last_name=name).answer("ru").status == 201
    return stranger(world, wanted, last_name=name)


@PROVOCATIONS.status(404)
def application_not_found(world: World) -> Asked:
    body = {"decision": {"decision": "approve"}}
    return Asked(world.operator, "POST", f"/v1/institutions/{CLUB}/applications/{new_id()}/decide", body)


@PROVOCATIONS.status(409)
def application_illegal_move(world: World) -> Asked:
    parent = world.parent(someone())
    child = world.child(parent, last_name=surname())
    application = world.apply(parent, group(world), child).ok()
    parent.post(f"/v1/applications/{application['id']}/withdraw").ok()
    body = {"decision": {"decision": "approve"}}
    return Asked(world.operator, "POST", f"/v1/institutions/{CLUB}/applications/{application['id']}/decide", body)


# What the parent does ----------------------------------------------------------------------------------------------


def waited_for(world: World, **more: Any) -> tuple[Family, dict[str, Any], Family, dict[str, Any]]:
    """Who has the only place of a group, and who waits for it; each with the application."""
    full = group(world, capacity=1, **more)
    seated, waiter = Family(world), Family(world)
    return seated, seated.applies(full).ok(), waiter, waiter.waits(full)


def moving(family: Family, application: dict[str, Any], verb: str) -> Asked:
    return Asked(family.api, "POST", f"/v1/applications/{application['id']}/{verb}")


@PROVOCATIONS.status(409)
def place_not_offered(world: World) -> Asked:
    _, _, waiter, waiting = waited_for(world)
    return moving(waiter, waiting, "accept")


@PROVOCATIONS.status(409)
def place_offer_lapsed(world: World) -> Asked:
    seated, application, waiter, waiting = waited_for(world)
    seated.move(application, "withdraw").ok()
    world.live.sql("UPDATE applications SET offer_expires_at = $1 WHERE id = $2", world.now, waiting["id"])
    return moving(waiter, waiting, "accept")


@PROVOCATIONS.status(409)
def group_by_wishes(world: World) -> Asked:
    wanted = group(world)
    statement = "UPDATE groups SET filling = 'matching', campaign_id = gen_random_uuid() WHERE id = $1"
    world.live.sql(statement, wanted)
    return stranger(world, wanted)


def collects(world: World, until: datetime) -> str:
    """A group whose places are drawn for among all who apply until then."""
    wanted = group(world)
    world.live.sql("UPDATE groups SET filling = 'draw', collect_until = $1 WHERE id = $2", until, wanted)
    return wanted


@PROVOCATIONS.status(409)
def group_being_filled(world: World) -> Asked:
    return stranger(world, collects(world, world.now))


@PROVOCATIONS.status(409)
def group_not_filled(world: World) -> Asked:
    application = Family(world).applies(collects(world, world.now + timedelta(hours=1))).ok()
    body = {"decision": {"decision": "approve"}}
    return Asked(world.operator, "POST", f"/v1/institutions/{CLUB}/applications/{application['id']}/decide", body)


@PROVOCATIONS.status(409)
def family_first_come_only(world: World) -> Asked:
    wanted, family = collects(world, world.now + timedelta(hours=1)), Family(world, 2)
    items = [{"group_id": wanted, "person_id": child} for child in family.children]
    return Asked(family.api, "POST", "/v1/family-applications", {"items": items}, key=str(new_id()))


@PROVOCATIONS.status(409)
def too_many_applications(world: World) -> Asked:
    settle(world, most_applications=1)
    family = Family(world)
    family.applies(group(world)).ok()
    return applying(family.api, group(world, **on(4)), family.child)


@PROVOCATIONS.status(409)
def too_many_groups(world: World) -> Asked:
    settle(world, most_groups=1)
    family = Family(world)
    assert family.applies(group(world, instant=True)).ok()["status"] == "enrolled"
    return applying(family.api, group(world, **on(4)), family.child)


def asking(world: World, offered: str, **more: Any) -> Asked:
    """An application with something of its own, to a group that is financed so."""
    prices = {"source": offered, "price_total_roubles": 600, "price_month_roubles": 100, "hours": 60}
    family, wanted = Family(world), group(world, financing=[prices])
    return Asked(family.api, "POST", "/v1/applications", family.body(wanted, **more), key=str(new_id()))


@PROVOCATIONS.status(409)
def financing_not_offered(world: World) -> Asked:
    return asking(world, "own", financing="certificate")


@PROVOCATIONS.status(409)
def certificate_needed(world: World) -> Asked:
    return asking(world, "certificate")


@PROVOCATIONS.status(404)
def certificate_not_found(world: World) -> Asked:
    return asking(world, "certificate", certificate_id=str(new_id()))


@PROVOCATIONS.status(409)
def benefit_unknown(world: World) -> Asked:
    return asking(world, "own", benefits=["left_handed"])


@PROVOCATIONS.status(409)
def too_little_time_between(world: World) -> Asked:
    settle(world, travel_minutes=20)
    family = Family(world)
    family.applies(group(world, **on(2))).ok()
    near = group(world, places=[{"address": "г. Кемерово, ул. Весенняя, 1"}], **on(2, "17:20"))
    return applying(family.api, near, family.child)


@PROVOCATIONS.status(409)
def draft_exists(world: World) -> Asked:
    family, wanted = Family(world), group(world)
    family.drafts(wanted).ok()
    return Asked(family.api, "POST", "/v1/application-drafts", family.body(wanted), key=str(new_id()))
