"""What is kept of a citizen: taken out, and erased."""

from datetime import datetime
from uuid import UUID

from service.core.clock import Clock
from service.core.database import Connection
from service.core.operations import Actor, Rendered
from service.core.sealing import Sealer
from service.personal_data import store
from service.personal_data.rules import Retention
from service.personal_data.shapes import Archive


async def erase_account(conn: Connection, actor: Actor, sealer: Sealer, clock: Clock) -> None:
    """Erases the account on all its platforms, and the family, but for whom others look after too.

    Tickets, applications and places in waiting lists are given back as if each was cancelled, also where it would be
    too late for that; a child leaves its groups; documents are gone at once. Past visits and lessons stay in the
    institutions' counts, without a name. Afterwards the access token is for nobody, and whoever opens the mini-app
    begins anew. Twice is no error.
    """
    await erase(conn, actor.region_id, actor.id, actor.id, sealer, clock())


async def erase(
    conn: Connection, region_id: int, citizen_id: UUID, actor_id: UUID, sealer: Sealer, now: datetime
) -> None:
    """Erases the citizen, whoever wanted it. A keyed hash of each account stays: by that it is found who it was."""
    accounts = await store.lock_account(conn, region_id, citizen_id)
    if accounts:
        hashes = [sealer.hash("erased", row["platform"], row["external_id"]).hex() for row in accounts]
        await store.erase_account(conn, region_id, [row["id"] for row in accounts], hashes, actor_id, now)


async def export_account(
    conn: Connection, actor: Actor, sealer: Sealer, retention: Retention, clock: Clock
) -> Rendered:
    """Gives all that is kept of the citizen and the family as a ZIP: `data.json`, `calendar.ics` and `README.txt`.

    It is as of one moment. Numbers of СНИЛС and policies are in full where nobody else looks after the person, else
    masked. Documents are listed, and taken one by one by `getDocument`. It is written down that this was asked for,
    and is done a few times a day.
    """
    now = clock()
    await store.begin_export(conn, actor.region_id, actor.id, retention.exports_a_day, now)
    archive = Archive(actor.region_id, sealer, now)
    async for kind, part in store.exported(conn, actor.region_id, actor.id, now):
        archive.add(kind, part)
    headers = {"Content-Disposition": 'attachment; filename="zapis.zip"'}
    return Rendered("application/zip", archive.closed(), headers)
