"""The citizen's side: wait for a place, answer what is offered."""

from uuid import UUID

from schemas import problems
from schemas.waiting import AcceptedOffer, Offer, OfferList, WaitingBody, WaitingEntry, WaitingFilter, WaitingList
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.lists import page_of
from service.core.operations import Actor, IdempotencyKey, Language
from service.core.sealing import Sealer
from service.doctors.usecases import get_appointment
from service.launch.tokens import Tokens
from service.waiting import store
from service.waiting.rules import window_is_right
from service.waiting.shapes import entry_of, offer_of


async def join_waiting_list(
    conn: Connection, actor: Actor, body: WaitingBody, key: IdempotencyKey, language: Language, clock: Clock
) -> WaitingEntry:
    """Waits for a time of one specialty of a clinic, for the citizen or relatives.

    What becomes free, or is published, is offered to one after the other in the order in which they came: to whom it
    suits, before it opens to everybody. One person waits once for a specialty of a clinic, whoever of the parents wrote
    them down. A time that is free already is offered at once.
    """
    if not window_is_right((body.day_from, body.day_to), (body.time_from, body.time_to)):
        raise DomainError(problems.DATES_CROSSED)
    entry = body.model_dump(mode="json", exclude={"person_ids"})
    shown = await store.join_waiting_list(
        conn, actor.region_id, actor.id, key, entry, list(dict.fromkeys(body.person_ids)), clock()
    )
    return entry_of(shown, language)


async def list_waiting_list(
    conn: Connection, actor: Actor, query: WaitingFilter, language: Language, cursors: Cursors, clock: Clock
) -> WaitingList:
    """What the citizen waits for, and has waited for, the latest first."""
    scope = f"waiting:{actor.region_id}:{actor.id}"
    after = cursors.position(scope, query)
    before = UUID(after[0]) if after else None
    rows = await store.list_waiting_list(conn, actor.region_id, actor.id, before, clock(), query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["id"],))
    return WaitingList(items=[entry_of(row["shown"], language) for row in page], next_cursor=cursor)


async def get_waiting_entry(
    conn: Connection, actor: Actor, entry_id: UUID, language: Language, clock: Clock
) -> WaitingEntry:
    """One entry of the citizen, with its place in the queue."""
    shown = await store.find_waiting_entry(conn, actor.region_id, actor.id, entry_id, clock())
    if shown is None:
        raise DomainError(problems.ENTRY_NOT_FOUND)
    return entry_of(shown, language)


async def leave_waiting_list(
    conn: Connection, actor: Actor, entry_id: UUID, language: Language, clock: Clock
) -> WaitingEntry:
    """Waits no more; a place that was being offered goes to the next at once. Leaving twice is no error."""
    await store.leave_waiting_list(conn, actor.region_id, actor.id, entry_id, clock())
    return await get_waiting_entry(conn, actor, entry_id, language, clock)


async def list_offers(conn: Connection, actor: Actor, language: Language, clock: Clock) -> OfferList:
    """Open offers, the oldest first: to the citizen's entries of the waiting list, and for tickets of their persons."""
    rows = await store.list_offers(conn, actor.region_id, actor.id, clock())
    return OfferList(items=[offer_of(row, language) for row in rows])


async def accept_offer(
    conn: Connection,
    actor: Actor,
    offer_id: UUID,
    language: Language,
    tokens: Tokens,
    sealer: Sealer,
    clock: Clock,
) -> AcceptedOffer:
    """Books what is offered: a ticket for each person, all or none; or moves the ticket to its new time.

    Accepting twice is no error and gives the same tickets.
    """
    ids = await store.accept_offer(conn, actor.region_id, actor.id, offer_id, clock())
    return AcceptedOffer(
        items=[await get_appointment(conn, actor, ticket_id, language, tokens, sealer) for ticket_id in ids]
    )


async def decline_offer(conn: Connection, actor: Actor, offer_id: UUID, language: Language, clock: Clock) -> Offer:
    """Gives the places back, and they go to the next at once. Declining twice is no error.

    Of a waiting list, the waiting ends. Of a ticket whose time was taken away, another time is looked for: a new offer
    takes the place of this one.
    """
    await store.decline_offer(conn, actor.region_id, actor.id, offer_id, clock())
    row = await store.find_offer(conn, actor.region_id, offer_id)
    assert row is not None, "it was declined just now"
    return offer_of(row, language)
