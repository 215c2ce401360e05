"""What use cases and jobs are handed by the names of their parameters, made once from the settings."""

from collections.abc import Mapping
from datetime import timedelta

from service.audit.rules import AuditTerms, Looked, chain_key
from service.config import Settings
from service.confirmation.provider import Provider, ProviderTerms
from service.confirmation.rules import CLAIMS, KNOWN
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Database
from service.core.outgoing import Outgoing
from service.core.ring import KeyRing
from service.core.sealing import Sealer
from service.documents.files import DocumentFiles, Limits
from service.documents.scanner import Scanner
from service.keyring.keeping import KeyKeeper
from service.launch.ended import EndedSessions
from service.launch.provers import LaunchTerms
from service.launch.tokens import Tokens
from service.personal_data.rules import Retention


def make_collaborators(settings: Settings, clock: Clock) -> dict[str, object]:
    """Raises ValueError where the keys in the settings are not whole."""
    keys = settings.keys()
    ring = KeyRing(keys, clock)
    sealer = Sealer(ring, keys.hashing)
    outgoing = Outgoing(settings.outgoing_allowed)
    return {
        "clock": clock,
        "ring": ring,
        "tokens": Tokens(ring, clock),
        "ended_sessions": _ended_sessions(settings, clock),
        "sealer": sealer,
        "outgoing": outgoing,
        "provider": _provider(settings, outgoing, clock),
        "document_files": _document_files(settings, sealer),
        "cursors": Cursors(keys.cursors),
        "audit_terms": AuditTerms(
            chain_key(keys.hashing),
            {
                "accesses": timedelta(days=settings.keep_accesses_days),
                "audit_trail": timedelta(days=settings.keep_trail_days),
            },
        ),
        "looked": Looked(),
        "retention": _retention(settings),
        "launch_terms": LaunchTerms(
            apps=settings.launch_secrets(),
            telegram_bots=settings.telegram_bots,
            max_age_seconds=settings.launch_max_age_seconds,
            max_ahead_seconds=settings.launch_max_ahead_seconds,
            citizen_token_seconds=settings.citizen_token_seconds,
            administrator_token_seconds=settings.administrator_token_seconds,
            system_token_seconds=settings.system_token_seconds,
            session_idle=timedelta(seconds=settings.session_idle_seconds),
            session_whole=timedelta(seconds=settings.session_seconds),
            launch_sessions=settings.launch_sessions,
            keep_sessions=timedelta(hours=settings.keep_sessions_hours),
            token_address=settings.public_url.rstrip("/") + "/v1/oauth/token",
        ),
    }


def _ended_sessions(settings: Settings, clock: Clock) -> EndedSessions:
    lifetime = timedelta(seconds=max(settings.citizen_token_seconds, settings.administrator_token_seconds))
    of_systems = timedelta(seconds=settings.system_token_seconds)
    return EndedSessions(lifetime, settings.ended_sessions_seconds, clock, of_systems)


def _retention(settings: Settings) -> Retention:
    return Retention(
        answers=timedelta(hours=settings.keep_answers_hours),
        tickets=timedelta(days=settings.keep_tickets_days),
        applications=timedelta(days=settings.keep_applications_days),
        trials=timedelta(days=settings.keep_trials_days),
        waiting=timedelta(days=settings.keep_waiting_days),
        requests=timedelta(days=settings.keep_requests_days),
        messages=timedelta(days=settings.keep_messages_days),
        told=timedelta(days=settings.keep_told_days),
        codes=timedelta(days=settings.keep_codes_days),
        let_go=timedelta(days=settings.keep_let_go_days),
        accounts=timedelta(days=settings.keep_accounts_days),
        exports_a_day=settings.max_exports_a_day,
    )


def _provider(settings: Settings, outgoing: Outgoing, clock: Clock) -> Provider | None:
    if not settings.oidc_issuer:
        return None
    unknown = settings.oidc_claims.keys() - KNOWN
    if unknown:
        raise ValueError(f"ZAPIS_OIDC_CLAIMS: unknown fields {sorted(unknown)}; there are {sorted(KNOWN)}")
    terms = ProviderTerms(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        scopes=settings.oidc_scopes,
        redirect_uri=settings.public_url.rstrip("/") + "/v1/confirmations/callback",
        claims={**CLAIMS[settings.oidc_preset], **settings.oidc_claims},
    )
    return Provider(terms, outgoing, clock)


def _document_files(settings: Settings, sealer: Sealer) -> DocumentFiles:
    limits = Limits(
        document_bytes=settings.max_document_bytes,
        application_documents=settings.max_application_documents,
        citizen_bytes_a_day=settings.max_citizen_bytes_a_day,
        uploads=settings.max_uploads,
        chunk_seconds=settings.upload_chunk_seconds,
    )
    scanner = Scanner(settings.clamd) if settings.clamd else None
    return DocumentFiles(settings.documents_dir or settings.data_dir / "documents", sealer, limits, scanner)


def make_database(settings: Settings, dsn: str) -> Database:
    """Not yet open."""
    return Database(
        dsn,
        pool_size=settings.pool_size,
        statement_timeout_ms=settings.statement_timeout_ms,
        lock_timeout_ms=settings.lock_timeout_ms,
    )


def make_key_keeper(
    settings: Settings, database: Database, collaborators: Mapping[str, object], clock: Clock
) -> KeyKeeper:
    """Who keeps the collaborators' ring up to what the database says: before its first use, and while it polls."""
    ring = collaborators["ring"]
    assert isinstance(ring, KeyRing)
    return KeyKeeper(database, ring, clock, settings.key_poll_seconds)
