"""What parents and institutions see of certificates."""

from uuid import UUID

from schemas import problems
from schemas.certificates import CertificateList, UsedCertificateFilter, UsedCertificateList
from service.certificates import store
from service.certificates.shapes import certificate_of, used_certificate_of
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.lists import page_of
from service.core.operations import Actor
from service.core.sealing import Sealer
from service.institutions.usecases import find_institution


async def list_certificates(conn: Connection, actor: Actor, person_id: UUID, sealer: Sealer) -> CertificateList:
    """The certificates of a person of the citizen's, found by СНИЛС; the latest year first.

    What is left counts all uses; `uses` names those by the citizen's own applications, and no others.
    """
    if not await store.is_guardian(conn, actor.region_id, actor.id, person_id):
        raise DomainError(problems.PERSON_NOT_FOUND)
    rows = await store.list_certificates(conn, actor.region_id, actor.id, person_id)
    return CertificateList(items=[certificate_of(sealer, row) for row in rows])


async def list_used_certificates(
    conn: Connection, actor: Actor, institution_id: UUID, query: UsedCertificateFilter, cursors: Cursors, sealer: Sealer
) -> UsedCertificateList:
    """What certificates pay for at the institution, in the order of the applications."""
    await find_institution(conn, actor.region_id, institution_id)
    scope = f"used-certificates:{actor.region_id}:{institution_id}"
    after = cursors.position(scope, query)
    rows = await store.list_used_certificates(
        conn, actor.region_id, institution_id, UUID(after[0]) if after else None, query.limit + 1
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["application_id"],))
    return UsedCertificateList(items=[used_certificate_of(sealer, row) for row in page], next_cursor=cursor)
