"""A citizen's sessions: which there are, and how they end."""

from uuid import UUID

from schemas.sessions import OpenSession, SessionList
from service.core import events
from service.core.clock import Clock
from service.core.database import Connection
from service.core.operations import Actor
from service.core.watch import Noted
from service.launch import store
from service.launch.credentials import COMMAND_LINE
from service.launch.ended import EndedSessions
from service.launch.provers import LaunchTerms


async def list_sessions(conn: Connection, actor: Actor, clock: Clock) -> SessionList:
    """The citizen's sessions that go on, the one that was used last first. There are fifty at most."""
    rows = await store.list_sessions(conn, actor.region_id, actor.id, clock())
    return SessionList(
        items=[
            OpenSession(
                id=row["id"],
                platform=row["platform"],
                since=row["created_at"],
                last_used_at=row["used_at"],
                current=row["id"] == actor.session_id,
            )
            for row in rows
        ]
    )


async def end_session(
    conn: Connection, actor: Actor, session_id: UUID, ended_sessions: EndedSessions, clock: Clock, noted: Noted
) -> None:
    """Ends one of the citizen's sessions. Twice is no error.

    Its refresh token is worth nothing from now on, and its access tokens within 5 seconds.
    """
    await store.end_session(conn, actor.region_id, actor.id, session_id, clock())
    ended_sessions.add([session_id])
    noted.tell(events.SESSION_CLOSED)


async def delete_current_session(
    conn: Connection, actor: Actor, ended_sessions: EndedSessions, clock: Clock, noted: Noted
) -> None:
    """Logs out: ends the session of the token that is shown.

    Its refresh token is worth nothing from now on, and its access tokens within 5 seconds.
    """
    if actor.session_id is not None:
        await end_session(conn, actor, actor.session_id, ended_sessions, clock, noted)


async def delete_sessions(
    conn: Connection, actor: Actor, ended_sessions: EndedSessions, clock: Clock, noted: Noted
) -> None:
    """Logs out everywhere: ends all of the citizen's sessions, on all platforms, this one too.

    Their refresh tokens are worth nothing from now on, and their access tokens within 5 seconds.
    """
    ended_sessions.add(await store.end_sessions(conn, actor.region_id, actor.id, clock()))
    noted.tell(events.SESSION_CLOSED)


async def end_by_hand(conn: Connection, region_id: int, account: UUID | tuple[str, str], clock: Clock) -> int | None:
    """From the command line: ends all sessions of a citizen, named by an id or by a platform and the user's id there.

    Gives how many went on; None where there is nobody.
    """
    account_id = account if isinstance(account, UUID) else await store.find_account(conn, region_id, *account)
    if account_id is None:
        return None
    return await store.end_account_sessions(conn, region_id, COMMAND_LINE, account_id, clock())


async def forget_sessions(conn: Connection, launch_terms: LaunchTerms, clock: Clock) -> int:
    """Of sessions that are long over, and of launches that nobody believes any more, nothing is kept."""
    return await store.forget_sessions(conn, clock() - launch_terms.keep_sessions)
