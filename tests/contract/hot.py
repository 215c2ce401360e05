"""The calls that many wait for: of each, what it asks, whose eyes it has, and the indexes that it must go by."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import asyncpg

from schemas.received_applications import ReceivedApplicationFilter
from service.applications import store as applications
from service.audit import store as audit
from service.audit.rules import Chain
from service.availability import store as availability
from service.campaigns import store as campaigns
from service.certificates import store as certificates
from service.clubs import store as clubs
from service.core.ids import new_id
from service.core.operations import IdempotencyKey
from service.core.sight import Sight
from service.doctors import store as doctors
from service.documents import store as documents
from service.draws import store as draws
from service.filling import store as filling
from service.institutions import store as institutions
from service.keyring import store as keyring
from service.launch import store as launch
from service.people import store as people
from service.personal_data import store as personal_data
from service.reception import store as reception
from service.registers import store as registers
from service.schedules import store as schedules
from service.staff import store as staff
from service.waiting import store as waiting

REGION = 42
NOW = datetime(2026, 9, 7, 1, 0, tzinfo=UTC)
FORTNIGHT = NOW, NOW + timedelta(days=14)
LONG_AGO = NOW - timedelta(days=3653)
NIL = UUID(int=0)
TRAIL, ACCESSES = Chain(bytes(32), REGION, "audit_trail"), Chain(bytes(32), REGION, "accesses")


def made(kind: int, number: int) -> UUID:
    return UUID(f"00000000-0000-7000-{kind + 32768:04x}-{number:012x}")


def book(connection: asyncpg.Connection) -> Awaitable[Any]:
    key = IdempotencyKey(str(new_id()), bytes(32))
    item = {"id": new_id(), "slot_id": made(4, 1), "person_id": made(6, 2000), "referral": None, "home_address": None}
    return doctors.book_appointments(connection, REGION, made(5, 1), "bookAppointment", key, [item], NOW)


def hold(connection: asyncpg.Connection) -> Awaitable[Any]:
    key = IdempotencyKey(str(new_id()), bytes(32))
    return doctors.hold_slot(connection, REGION, made(5, 8), key, made(4, 2), NOW)


def apply(connection: asyncpg.Connection) -> Awaitable[Any]:
    key = IdempotencyKey(str(new_id()), bytes(32))
    item = {"id": new_id(), "number": "n", "group_id": made(9, 2), "person_id": made(6, 2000), "wait": False}
    return applications.apply_to_groups(connection, REGION, made(5, 1), "applyToGroup", key, [item], None, NOW)


def received(connection: asyncpg.Connection, sort: Literal["order", "deadline"]) -> Awaitable[Any]:
    wanted = ReceivedApplicationFilter(sort=sort)
    return applications.list_received_applications(connection, REGION, made(1, 7), wanted, None, (None, None), 51)


def request_draw(connection: asyncpg.Connection) -> Awaitable[Any]:
    key, wishes = IdempotencyKey(str(new_id()), bytes(32)), [made(4, 610)]
    return draws.request_draw(
        connection, REGION, made(5, 1), key, made(11, 1), made(6, 4000), wishes, None, new_id(), NOW
    )


def upload_document(connection: asyncpg.Connection) -> Awaitable[Any]:
    key = IdempotencyKey(str(new_id()), bytes(32))
    row = {"id": new_id(), "application_id": made(10, 1999), "kind": "other", "media_type": "image/png", "bytes": 9}
    row |= {"content_hash": "\\x00", "key_sealed": ""}
    limits = {"documents": 20, "bytes_a_day": 1000}
    return documents.upload_document(connection, REGION, made(5, 2000), key, row, limits, NOW)


def open_session(connection: asyncpg.Connection) -> Awaitable[Any]:
    session = {"id": new_id(), "client": "vk:1", "token_hash": bytes(32), "expires_at": NOW, "staff_expires_at": NOW}
    return launch.open_session(connection, ("vk", "77"), "5", session, (bytes(32), NOW, 20), NOW)


def refresh_session(connection: asyncpg.Connection) -> Awaitable[Any]:
    terms = timedelta(hours=12), timedelta(days=7), timedelta(seconds=30)
    return launch.refresh_session(connection, REGION, made(17, 1), (bytes(32), bytes(31)), terms, NOW)


async def book_trial(connection: asyncpg.Connection) -> None:
    key = IdempotencyKey(str(new_id()), bytes(32))
    await connection.execute("UPDATE groups SET trial_places = 9 WHERE region_id = $1 AND id = $2", REGION, made(9, 3))
    await registers.lock_for_trial(connection, REGION, made(5, 1), made(6, 2000), made(9, 3))
    row = {"id": new_id(), "group_id": made(9, 3), "person_id": made(6, 2000), "day": "2026-09-09", "starts": "16:30"}
    row |= {"begins_at": NOW + timedelta(days=2), "ends_at": NOW + timedelta(days=2, hours=1), "place": 0}
    await registers.book_trial(connection, REGION, made(5, 1), key, row, None, NOW)


def as_served(
    call: Callable[[asyncpg.Connection], Awaitable[Any]],
) -> Callable[[asyncpg.Connection], Awaitable[None]]:
    """In a transaction, planned as the service has it: some tables are all but empty in the crowd."""

    async def run(connection: asyncpg.Connection) -> None:
        async with connection.transaction():
            await connection.execute("SET LOCAL enable_seqscan = off")
            await call(connection)

    return run


async def exported(connection: asyncpg.Connection) -> None:
    assert [kind async for kind, _ in personal_data.exported(connection, REGION, made(5, 7), NOW)]


async def erased(connection: asyncpg.Connection) -> None:
    # The crowd's bookings are counted nowhere.
    await connection.execute("UPDATE groups SET taken = capacity WHERE region_id = 42")
    await connection.execute("UPDATE slots SET taken = capacity WHERE region_id = 42")
    await personal_data.erase_account(connection, REGION, [made(5, 7)], [], made(5, 7), NOW)


def slots(connection: asyncpg.Connection) -> Awaitable[Any]:
    until = NOW + timedelta(days=14)
    return doctors.list_slots(connection, REGION, made(1, 7), "58", None, None, (NOW, NIL), until, NOW, 51)


def search(connection: asyncpg.Connection, town: str | None = None) -> Awaitable[Any]:
    return availability.search_slots(connection, REGION, "58", town, (NOW, NIL), NOW + timedelta(days=14), NOW, 51)


def groups(
    connection: asyncpg.Connection, *, person: bool = False, facets: bool = True, **wanted: Any
) -> Awaitable[Any]:
    wish = {"mask": 0, "packed": 0, "sort": "start", **wanted}
    whose = (made(5, 2), made(6, 1)) if person else None
    return clubs.find_groups(connection, REGION, wish, None, 51, facets, NOW, whose)


HOT: dict[str, tuple[Callable[[asyncpg.Connection], Awaitable[Any]], set[str]]] = {
    "list_slots": (slots, {"slots_free"}),
    "nearest_free_slots": (
        lambda c: doctors.nearest_free_slots(c, REGION, made(4, 1), NOW),
        {"slots_free", "slots_pkey"},
    ),
    "find_appointment": (lambda c: doctors.find_appointment(c, REGION, made(5, 2), made(7, 1)), {"appointments_pkey"}),
    "list_appointments": (
        lambda c: doctors.list_appointments(c, REGION, made(5, 2), None, (None, None), 51),
        {"appointments_by_person"},
    ),
    "book_appointments": (
        book,
        {
            "slots_pkey",
            "idempotency_keys_pkey",
            "appointments_one_a_specialty",
            "persons_by_identity",
            "appointments_by_person",
            "appointments_by_citizen",
        },
    ),
    "hold_slot": (hold, {"slots_pkey", "idempotency_keys_pkey", "places_let_go_pkey", "holds_by_citizen"}),
    "forget_let_go": (as_served(lambda c: personal_data.forget_let_go(c, LONG_AGO)), {"places_let_go_to_forget"}),
    "request_draw": (request_draw, {"draws_pkey", "idempotency_keys_pkey", "slots_pkey"}),
    "hold_back": (draws.hold_back, {"draws_to_draw", "slots_by_draw"}),
    "next_to_draw": (lambda c: draws.next_to_draw(c, NOW), {"draws_to_draw"}),
    "list_requests": (
        lambda c: draws.list_requests(c, REGION, made(5, 2), None, (None, None), 51),
        {"draw_requests_by_citizen"},
    ),
    "apply_to_group": (apply, {"groups_pkey", "idempotency_keys_pkey"}),
    "upload_document": (
        upload_document,
        {"documents_by_application", "documents_by_citizen", "applications_pkey", "idempotency_keys_pkey"},
    ),
    "list_documents": (lambda c: documents.list_documents(c, REGION, made(10, 7)), {"documents_by_application"}),
    "to_look_after": (lambda c: documents.to_look_after(c, NOW), {"documents_to_look_after"}),
    "to_erase": (documents.to_erase, {"documents_to_erase"}),
    "forget_answers": (
        lambda c: personal_data.forget_answers(c, datetime(2200, 1, 1, tzinfo=UTC)),
        {"idempotency_keys_by_region_and_age", "idempotency_keys_pkey"},
    ),
    "next_to_fill": (lambda c: filling.next_to_fill(c, NOW), {"groups_to_fill"}),
    "groups_to_draw": (lambda c: draws.groups_to_draw(c, 50), {"groups_to_fill"}),
    "collected": (lambda c: filling.collected(c, REGION, made(9, 2)), {"applications_by_group"}),
    "find_wishes": (
        lambda c: campaigns.find_wishes(c, REGION, made(5, 2), made(14, 1), made(6, 1)),
        {"guardians_by_person", "campaign_wishes_by_person"},
    ),
    "put_wishes": (
        lambda c: campaigns.put_wishes(c, REGION, made(5, 2), made(14, 1), made(6, 1), [made(9, 5)], [], new_id(), NOW),
        {"campaigns_pkey", "groups_pkey"},
    ),
    "list_groups": (lambda c: groups(c, facets=False), {"group_facets_by_start", "groups_pkey"}),
    "facets_of_the_region": (groups, {"group_facets_counted"}),
    "facets_of_a_town": (lambda c: groups(c, municipality="Город 7", born_on="2018-05-14"), {"group_facets_counted"}),
    "groups_by_text": (
        lambda c: groups(c, search="шахмотты 7", sort="match"),
        {"group_texts_alike", "group_facets_by_text"},
    ),
    "groups_near": (
        lambda c: groups(c, latitude=55.1, longitude=86.2, within_km=5, sort="distance"),
        {"group_facets_near"},
    ),
    "groups_for_person": (
        lambda c: groups(c, person=True, municipality="Город 7", fitting_only=True),
        {"guardians_by_person", "engagements_one_place_at_a_time", "applications_person_once_a_group"},
    ),
    "search_slots": (search, {"slots_free_in_region"}),
    "search_slots_of_a_town": (lambda c: search(c, "Кемерово"), {"slots_free", "slots_pkey"}),
    "list_first_free": (lambda c: availability.list_first_free(c, REGION, "58", None, NOW), {"slots_free"}),
    "day_sheet": (
        lambda c: reception.day_sheet(c, REGION, made(3, 7), (NOW, NOW + timedelta(days=1))),
        {"slots_of_practitioner", "appointments_by_slot"},
    ),
    "list_queue": (
        lambda c: reception.list_queue(c, REGION, made(3, 7), (NOW, NOW + timedelta(days=1))),
        {"slots_of_practitioner"},
    ),
    "find_waiting_entry": (
        lambda c: waiting.find_waiting_entry(c, REGION, made(5, 2), made(11, 1), NOW),
        {"waiting_entries_queue", "waiting_entries_ended"},
    ),
    "list_offers": (lambda c: waiting.list_offers(c, REGION, made(5, 5), NOW), {"offers_by_citizen"}),
    "lapse_an_offer": (
        lambda c: waiting.lapse_an_offer(c, NOW + timedelta(hours=3)),
        {"offers_to_expire", "waiting_entries_queue", "slots_pkey"},
    ),
    "slots_of_schedule": (
        lambda c: schedules.slots_of_schedule(c, REGION, made(1, 3), made(3, 2), FORTNIGHT, ["c1:20260908T0900"]),
        {"slots_of_schedule", "slots_by_own_id"},
    ),
    "slots_of_practitioner": (
        lambda c: schedules.slots_of_practitioner(c, REGION, made(3, 2), NOW, FORTNIGHT),
        {"slots_of_practitioner"},
    ),
    "find_register": (
        lambda c: registers.find_register(c, REGION, made(1, 8), "g7", made(5, 7)),
        {"groups_by_own_id", "teachers_by_citizen", "group_teachers_pkey"},
    ),
    "members": (
        lambda c: registers.members(c, REGION, made(9, 8), NOW.date(), NOW.date()),
        {"group_members_pkey", "applications_pkey"},
    ),
    "attendance": (
        lambda c: registers.attendance(c, REGION, made(9, 8), NOW.date(), NOW.date()),
        {"attendance_pkey"},
    ),
    "spells_of_child": (
        lambda c: registers.spells_of_child(c, REGION, made(10, 8), NOW.date(), NOW.date()),
        {"group_members_by_application"},
    ),
    "list_messages": (
        lambda c: registers.list_messages(c, REGION, made(10, 8), None, 51),
        {"message_recipients_pkey", "messages_pkey"},
    ),
    "list_certificates": (
        lambda c: certificates.list_certificates(c, REGION, made(5, 2), made(6, 1)),
        {"certificates_by_identity", "applications_by_certificate"},
    ),
    "list_used_certificates": (
        lambda c: certificates.list_used_certificates(c, REGION, made(1, 7), None, 51),
        {"applications_paid_by_certificate"},
    ),
    "list_due_applications": (
        lambda c: received(c, "deadline"),
        {"applications_to_decide"},
    ),
    "list_received_applications": (lambda c: received(c, "order"), {"applications_by_institution"}),
    "summarise_groups": (
        lambda c: applications.summarise_groups(c, REGION, made(1, 7), NOW, None, (None, None), 51),
        {"applications_to_decide", "groups_by_own_id"},
    ),
    "expire_an_approved": (
        lambda c: applications.expire_an_approved(c, NOW),
        {"applications_to_bring"},
    ),
    "book_trial": (
        book_trial,
        {"groups_pkey", "idempotency_keys_pkey", "trials_of_lesson", "trials_once_a_group"},
    ),
    "list_trials": (lambda c: registers.list_trials(c, REGION, made(5, 2), None, 51), {"trials_by_person"}),
    "trials_of_lesson": (
        lambda c: registers.trials_of_lesson(c, REGION, made(9, 8), (NOW.date() + timedelta(days=1), time(16, 30))),
        {"trials_of_lesson"},
    ),
    "list_accesses": (
        lambda c: audit.list_accesses(c, REGION, made(5, 2), made(6, 1), None, 51),
        {"accesses_of_persons", "audit_trail_of_merged"},
    ),
    "trail_to_chain": (lambda c: audit.regions_to_chain(c, "audit_trail"), {"audit_trail_unchained"}),
    "accesses_to_chain": (lambda c: audit.regions_to_chain(c, "accesses"), {"accesses_unchained"}),
    "unchained_trail": (lambda c: audit.unchained(c, TRAIL, 1000), {"audit_trail_unchained"}),
    "unchained_accesses": (lambda c: audit.unchained(c, ACCESSES, 1000), {"accesses_unchained"}),
    "oldest_accesses": (as_served(lambda c: audit.oldest(c, ACCESSES, 100, 500)), {"accesses_chain"}),
    "accesses_to_forget": (as_served(lambda c: audit.regions_to_forget(c, "accesses", NOW)), {"accesses_chain"}),
    "oldest_trail": (as_served(lambda c: audit.oldest(c, TRAIL, 100, 500)), {"audit_trail_chain"}),
    "trail_to_forget": (as_served(lambda c: audit.regions_to_forget(c, "audit_trail", NOW)), {"audit_trail_chain"}),
    "lock_sealed": (
        lambda c: keyring.lock_sealed(c, ["k1", "k2"], [NIL], 200),
        {"persons_by_key_of_snils", "appointments_by_key_of_home_address", "documents_by_key_of_name"},
    ),
    "reseal": (
        lambda c: keyring.reseal(c, ("persons", "snils_sealed"), REGION, [(made(6, 1), "k1.a", "k2.b")]),
        {"persons_pkey"},
    ),
    "list_persons": (lambda c: people.list_persons(c, REGION, made(5, 2)), {"persons_pkey"}),
    "open_session": (
        open_session,
        {"pages_pkey", "citizens_one_per_platform_user", "sessions_by_citizen", "staff_by_citizen"},
    ),
    "refresh_session": (refresh_session, {"sessions_pkey", "pages_pkey"}),
    "ended_since": (lambda c: launch.ended_since(c, NOW, NOW), {"sessions_ended", "clients_ended"}),
    "list_sessions": (lambda c: launch.list_sessions(c, REGION, made(5, 2), NOW), {"sessions_by_citizen"}),
    "forget_sessions": (
        lambda c: launch.forget_sessions(c, NOW),
        {"sessions_by_expiry", "launch_uses_by_expiry"},
    ),
    "exported": (as_served(exported), {"appointments_by_person", "applications_by_person", "audit_trail_by_subject"}),
    "forget_tickets": (as_served(lambda c: personal_data.forget_tickets(c, LONG_AGO)), {"appointments_to_forget"}),
    "forget_applications": (
        as_served(lambda c: personal_data.forget_applications(c, LONG_AGO)),
        {"applications_to_forget"},
    ),
    "forget_trials": (as_served(lambda c: personal_data.forget_trials(c, LONG_AGO)), {"trials_to_forget"}),
    "forget_waiting": (as_served(lambda c: personal_data.forget_waiting(c, LONG_AGO)), {"waiting_entries_to_forget"}),
    "forget_requests": (
        as_served(lambda c: personal_data.forget_requests(c, LONG_AGO)),
        {"draw_requests_to_forget", "campaign_wishes_to_forget"},
    ),
    "forget_messages": (as_served(lambda c: personal_data.forget_messages(c, LONG_AGO)), {"messages_to_forget"}),
    "forget_told": (as_served(lambda c: personal_data.forget_told(c, LONG_AGO)), {"outbox_to_forget"}),
    "forget_codes": (
        as_served(lambda c: personal_data.forget_codes(c, LONG_AGO)),
        {"identity_codes_to_forget", "invitations_to_forget", "wrong_codes_to_forget"},
    ),
    "unused_account": (as_served(lambda c: personal_data.unused_account(c, LONG_AGO, NOW)), {"citizens_unused"}),
    "claim_page": (
        lambda c: launch.claim_page(c, REGION, sha256(b"7").digest(), "vk", "new", (b"account", b"address"), NOW),
        {"page_invitations_code", "page_invitations_pkey"},
    ),
    "use_client": (lambda c: launch.use_client(c, REGION, made(20, 1), 0, NOW), {"clients_pkey"}),
    "end_work": (lambda c: staff.end_work(c, REGION, made(1, 7), made(5, 2), NOW), {"sessions_by_citizen"}),
    "end_work_from": (lambda c: institutions.end_work_from(c, REGION, "vk", "77", NOW), {"sessions_at_work"}),
    "list_staff": (lambda c: staff.list_staff(c, REGION, made(1, 7), None, 51), {"staff_by_own_id"}),
    # The last one: afterwards there is one citizen fewer.
    "erase_account": (
        as_served(erased),
        {"guardians_by_person", "appointments_by_person", "persons_pkey", "citizens_pkey"},
    ),
}
# What is cut to a page, or to one row a clinic, while it is read by this index: no sort of more stands above it.
PAGES = {
    "list_slots": "slots_free",
    "list_groups": "group_facets_by_start",
    "search_slots": "slots_free_in_region",
    "search_slots_of_a_town": "slots_free",
    "list_first_free": "slots_free",
}
# Of these only what is shown is read of the slots themselves.
IN_THE_INDEX_ALONE = {"search_slots_of_a_town", "list_first_free"}
# By whose eyes: a citizen's who works at the clinic, and has all walls before them; but these are the service's own.
ANYBODY = Sight("own", REGION, made(5, 2), made(1, 7))
THE_SERVICES = {
    "hold_back", "next_to_draw", "to_look_after", "to_erase", "forget_answers", "next_to_fill", "groups_to_draw",
    "collected", "lapse_an_offer", "expire_an_approved", "book_trial", "trail_to_chain", "accesses_to_chain",
    "unchained_trail", "unchained_accesses", "oldest_accesses", "accesses_to_forget", "oldest_trail",
    "trail_to_forget", "lock_sealed", "reseal", "open_session", "refresh_session", "ended_since", "forget_sessions",
    "claim_page", "forget_tickets", "forget_applications", "forget_trials", "forget_waiting", "forget_requests",
    "forget_messages", "forget_told", "forget_codes", "unused_account", "erase_account", "forget_let_go",
    "use_client", "end_work", "end_work_from",
}  # fmt: skip
# What is small enough to be read whole.
SMALL = {
    "regions", "audit_heads", "specialties", "consent_texts", "institutions", "offered_specialties", "national_days"
}  # fmt: skip
