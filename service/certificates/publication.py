"""The region's side: which certificates there are."""

from schemas import problems
from schemas.certificates import CertificateOutcome, CertificatesBody, CertificatesOutcome
from schemas.problems import FieldError
from service.certificates import store
from service.certificates.shapes import sealed_row
from service.core.clock import Clock
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.journal import journal
from service.core.operations import Actor
from service.core.sealing import Sealer
from service.people.rules import snils_is_valid


async def put_certificates(
    conn: Connection, actor: Actor, body: CertificatesBody, sealer: Sealer, clock: Clock
) -> CertificatesOutcome:
    """Publishes up to 1,000 certificates; the same number and year again changes that certificate.

    A nominal, or a number of programmes, below what is used already is refused for that certificate alone, and the
    answer says how much is used; so is another child or unit for one that is used. The number is kept encrypted, and of
    the child's СНИЛС a keyed hash.
    """
    wrong = [
        FieldError(place="body", pointer=f"/items/{index}/snils", message="check digits do not match")
        for index, item in enumerate(body.items)
        if not snils_is_valid(item.snils)
    ]
    if wrong:
        raise DomainError(problems.SNILS_INVALID, errors=wrong)
    rows = [sealed_row(sealer, actor.region_id, item) for item in body.items]
    # The last of equal ones counts, and one statement may not touch a row twice.
    latest = {(row["number_hash"], row["year"]): row for row in rows}
    kept = await store.put_certificates(conn, actor.region_id, list(latest.values()))
    await journal(conn, actor.region_id, actor.id, "certificates_put", actor.id, clock(), count=len(latest))
    return CertificatesOutcome(items=[CertificateOutcome(**kept[row["number_hash"], row["year"]]) for row in rows])
