"""What is kept of a citizen: taken out."""

from service.core.clock import Clock
from service.core.database import Connection
from service.core.operations import Actor, Rendered
from service.core.sealing import Sealer
from service.personal_data import store
from service.personal_data.rules import Retention
from service.personal_data.shapes import Archive


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
