"""Settings, read once, from the environment: every name begins with ZAPIS_."""

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.sessions import Platform
from service.core.keys import Keys, KeysWrong, made_once, secret_made_once, signing_key
from service.core.limits import PATTERN

# The demonstration's VK app; its secret is made once into the data folder, so no secret is known to the world.
DEMO_VK_APP = 1


def _listed(given: object) -> object:
    return cast(object, given) if isinstance(given, list) else [given]


Network = IPv4Network | IPv6Network
Networks = list[Network]
# A scheme and a host, and nothing that could be another directive of a policy.
_ANCESTOR = r"^('self'|https?://(\*\.)?[A-Za-z0-9.-]+(:\d+)?)\z"
_ORIGIN = r"^https?://[a-z0-9.-]+(:\d+)?\z"
_LOOPBACK: Networks = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
_EVERYWHERE: Networks = [ip_network("0.0.0.0/0"), ip_network("::/0")]
Secrets = Annotated[list[SecretStr], BeforeValidator(_listed)]


KeepDays = Annotated[int, Field(ge=1, le=36500)]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="ZAPIS_", frozen=True)

    database_url: str | None = Field(
        default=None, description="A PostgreSQL of one's own; the embedded one where absent."
    )
    data_dir: Path = Field(default=Path(".zapis"), description="The embedded database, the keys.")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    public_url: str = Field(default="http://127.0.0.1:8080", description="Where the service is reached from outside.")
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    # Who calls, and what browsers may do with the answers.
    trusted_proxies: list[Literal["unix"] | Network] = Field(
        default=[], description='JSON: networks of proxies whose X-Forwarded-For is believed; "unix": a socket file.'
    )
    frame_ancestors: list[Annotated[str, Field(pattern=_ANCESTOR)]] = Field(
        default=[], description="JSON: whose pages may show an answer in a frame."
    )
    allowed_origins: list[Annotated[str, Field(pattern=_ORIGIN)]] = Field(
        default=[], description="JSON: whose pages' scripts may read the answers (CORS)."
    )
    metrics_from: Networks = Field(default=_LOOPBACK, description="JSON: networks that may see /metrics.")
    docs_from: Networks = Field(default=_EVERYWHERE, description="JSON: networks that may see /docs, /openapi.yaml.")

    limits: dict[str, Annotated[str, Field(pattern=PATTERN)]] = Field(
        default={},
        description='JSON: class or operationId -> "300/s burst 3000", or "off"; the rest: docs/decisions/0027.',
    )

    # JSON: app or bot id -> its secret, or a list of them while one is replaced by another.
    vk_apps: dict[int, Secrets] = Field(default={}, description="JSON: app id -> protected key.")
    ok_apps: dict[str, Secrets] = Field(default={}, description="JSON: application key -> application secret key.")
    max_apps: dict[str, Secrets] = Field(default={}, description="JSON: bot's name -> its token.")
    telegram_apps: dict[int, Secrets] = Field(default={}, description="JSON: bot id -> its token.")
    telegram_bots: list[str] = Field(default=[], description="JSON: ids of bots whose tokens are not given.")
    launch_max_age_seconds: int = 3600
    launch_max_ahead_seconds: int = 60
    citizen_token_seconds: int = 900
    administrator_token_seconds: int = 300
    system_token_seconds: int = 3600

    session_idle_seconds: Annotated[int, Field(ge=60)] = Field(
        default=12 * 3600, description="How long a citizen's session lasts without being refreshed."
    )
    session_seconds: Annotated[int, Field(ge=60)] = Field(
        default=7 * 24 * 3600, description="How long it lasts at most."
    )
    launch_sessions: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=20, description="How many sessions one signed launch may open."
    )
    keep_sessions_hours: Annotated[int, Field(ge=1, le=24 * 365)] = Field(
        default=24, description="How long a session that is over is kept."
    )
    ended_sessions_seconds: Annotated[float, Field(gt=0)] = Field(
        default=2, description="How often each worker asks which sessions were ended."
    )

    # Without these, keys are made once into the data folder. On several machines set all three.
    signing_key: SecretStr | None = Field(default=None, description="Ed25519 private key, PEM.")
    sealing_keys: dict[str, SecretStr] = Field(
        default={}, description="JSON: key id -> base64 of 32 bytes, newest last."
    )
    hashing_key: SecretStr | None = Field(default=None, description="Base64 of 32 bytes.")
    key_poll_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        default=10, description="How often each process looks for new keys in the database."
    )

    # An OpenID Connect provider at which citizens confirm who they are.
    oidc_issuer: str | None = Field(default=None, description="Where absent, nobody can confirm who they are.")
    oidc_client_id: str = "zapis"
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_scopes: str = "openid profile"
    oidc_preset: Literal["standard", "esia"] = Field(default="standard", description="How the claims are named.")
    oidc_claims: dict[str, str] = Field(
        default={}, description="JSON: our field -> the path of the claim, where it is named otherwise."
    )
    outgoing_allowed: list[IPv4Network | IPv6Network] = Field(
        default=[], description="JSON: networks inside that outgoing calls may reach, say where a provider stands."
    )

    pool_size: Annotated[int, Field(ge=1, le=100)] = Field(default=10, description="Connections of each worker.")
    statement_timeout_ms: int = 5000
    lock_timeout_ms: int = 3000
    max_body_bytes: int = 1024 * 1024
    body_seconds: Annotated[float, Field(gt=0)] = Field(
        default=30, description="How long a request's body may take to come, but for documents."
    )
    documents_dir: Path | None = Field(
        default=None,
        description="Documents that parents uploaded, encrypted; `documents` in the data folder if absent.",
    )
    max_document_bytes: Annotated[int, Field(ge=1024, le=100 * 1024 * 1024)] = 10 * 1024 * 1024
    max_application_documents: Annotated[int, Field(ge=1, le=100)] = 20
    max_citizen_bytes_a_day: Annotated[int, Field(ge=1024)] = 200 * 1024 * 1024
    max_uploads: Annotated[int, Field(ge=1)] = Field(default=256, description="At once, in each worker.")
    upload_chunk_seconds: Annotated[float, Field(gt=0)] = Field(
        default=20, description="How long 64 KiB of an upload may take."
    )
    keep_answers_hours: Annotated[int, Field(ge=24, le=24 * 365)] = Field(
        default=72, description="How long a repeated request is given the answer of the first."
    )
    keep_accesses_days: Annotated[int, Field(ge=365, le=3653)] = Field(
        default=1096, description="How long it is kept who was shown a person's data."
    )
    # How long what tells of people is kept: docs/personal-data.md.
    keep_tickets_days: KeepDays = Field(default=1096, description="Whose an ended visit was.")
    keep_applications_days: KeepDays = Field(default=1096, description="Whose an ended application or group was.")
    keep_trials_days: KeepDays = Field(default=365, description="Trial lessons that were.")
    keep_waiting_days: KeepDays = Field(default=365, description="Waiting that ended.")
    keep_requests_days: KeepDays = Field(default=180, description="Requests and wishes that were drawn or matched.")
    keep_messages_days: KeepDays = Field(default=365, description="Messages to parents.")
    keep_told_days: KeepDays = Field(default=90, description="What was to be told to others.")
    keep_codes_days: KeepDays = Field(default=30, description="One-time codes that have expired.")
    keep_accounts_days: Annotated[int, Field(ge=365, le=36500)] = Field(
        default=1096, description="Accounts that nobody uses and that have nothing under way."
    )
    max_exports_a_day: Annotated[int, Field(ge=1)] = Field(
        default=3, description="How often a citizen may take their data out."
    )
    drain_seconds: int = Field(default=20, description="How long a stopping worker finishes what it has begun.")

    @field_validator("database_url")
    @classmethod
    def _not_empty(cls, value: str | None) -> str | None:
        return value or None

    def keys(self) -> Keys:
        """Raises KeysWrong, or another ValueError, where only some of the keys are set, or one is malformed."""
        given = (self.signing_key, self.sealing_keys, self.hashing_key)
        if not any(given):
            return made_once(self.data_dir / "keys")
        if self.signing_key is None or self.hashing_key is None or not self.sealing_keys:
            raise KeysWrong("set ZAPIS_SIGNING_KEY, ZAPIS_SEALING_KEYS and ZAPIS_HASHING_KEY together, or none of them")
        return Keys(
            signing=signing_key(self.signing_key.get_secret_value().encode()),
            sealing={name: _key(f"ZAPIS_SEALING_KEYS[{name}]", key) for name, key in self.sealing_keys.items()},
            hashing=_key("ZAPIS_HASHING_KEY", self.hashing_key),
        )

    @field_validator("sealing_keys")
    @classmethod
    def _ids_end_before_the_dot(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if not all(re.fullmatch(r"[\w-]{1,32}", key_id) for key_id in value):
            raise ValueError("ids of keys are letters, digits, _ and -, 32 at most")
        return value

    def vk_secrets(self) -> dict[int, list[str]]:
        """App id -> secrets; over the embedded database without any app, the demonstration's."""
        if not self.vk_apps and self.database_url is None:
            return {DEMO_VK_APP: [secret_made_once(self.data_dir / "keys" / "demo-vk-app.secret")]}
        return {app: [secret.get_secret_value() for secret in secrets] for app, secrets in self.vk_apps.items()}

    def launch_secrets(self) -> dict[Platform, dict[str, list[str]]]:
        """Of each platform: app or bot -> its secrets."""
        others: dict[Platform, Mapping[Any, Sequence[SecretStr]]] = {
            "ok": self.ok_apps,
            "max": self.max_apps,
            "telegram": self.telegram_apps,
        }
        found: dict[Platform, dict[str, list[str]]] = {
            platform: {str(app): [secret.get_secret_value() for secret in secrets] for app, secrets in apps.items()}
            for platform, apps in others.items()
        }
        found["vk"] = {str(app): secrets for app, secrets in self.vk_secrets().items()}
        return found


def _key(name: str, encoded: SecretStr) -> bytes:
    key = b64decode(encoded.get_secret_value(), validate=True)
    if len(key) != 32:  # noqa: PLR2004 - AES-256 and HMAC-SHA-256
        raise KeysWrong(f"{name} must be base64 of 32 bytes")
    return key
