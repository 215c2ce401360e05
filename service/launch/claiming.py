"""Whoever administers a page connects it to the institution that was given a code."""

from schemas import problems
from schemas.common import Named
from schemas.sessions import PageClaim, SessionPage
from service.core.clock import Clock
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.sealing import Sealer
from service.institutions.rules import claim_hash, region_of
from service.launch import store
from service.launch.provers import LaunchTerms, prove


async def claim_page(
    conn: Connection, body: PageClaim, launch_terms: LaunchTerms, address: str, sealer: Sealer, clock: Clock
) -> SessionPage:
    """Connects the page that the mini-app was opened from to the institution whose code this is.

    The platform has to say, by its signature, that whoever opened it administers the page: only launches of VK (and
    those of its mini-apps inside Odnoklassniki) do; a page elsewhere is connected by the regional centre (`putPage`).
    The same code once more is no error. After five wrong codes in an hour of one account, or fifty of one address, no
    code is taken. Open a session after that.
    """
    proof = prove(body.platform, body.parameters, launch_terms, clock())
    if proof.page is None:
        raise DomainError(problems.PAGE_MISSING)
    if proof.role != "admin":
        raise DomainError(problems.PAGE_ADMINISTRATOR_NEEDED)
    region_id = region_of(body.code)
    claimed = await store.claim_page(
        conn,
        region_id,
        claim_hash(sealer, body.code),
        proof.platform,
        proof.page,
        (
            sealer.hash("who claims a page", proof.platform, proof.user),
            sealer.hash("where a page is claimed from", address),
        ),
        clock(),
    )
    page = await store.find_page(conn, proof.platform, proof.page) if claimed else None
    if page is None:
        raise DomainError(problems.INVITATION_NOT_FOUND)
    return SessionPage(
        platform=proof.platform,
        external_id=page["external_id"],
        mini_apps=page["mini_apps"],
        institution=Named(id=page["institution_id"], name=page["institution_name"]),
    )


async def forget_wrong_claims(conn: Connection, clock: Clock) -> int:
    """Wrong codes of more than an hour ago count no more, and are forgotten."""
    return await store.forget_wrong_claims(conn, clock())
