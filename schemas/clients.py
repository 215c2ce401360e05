"""Credentials of institutions' and operators' systems, as their regional centre keeps them."""

from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import Field

from schemas.common import A_CLINIC, INTEGER, Instant, Name, Named, NextCursor, Paged, Schema, example
from schemas.sessions import Scope

_A_CLIENT = "0199a1b2-000c-7000-8000-00000000000c"
_A_SECRET = "pDm3yZ0nYb3cVfJ8o1Kx7Q2sT5uW9eRaLhGjXkNvBcM"  # nosec B105 # noqa: S105 - an example
_SCOPES: tuple[Scope, ...] = get_args(Scope)
READING: tuple[Scope, ...] = tuple(scope for scope in _SCOPES if scope.endswith(":read"))
PublicKeys = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=4000)]],
    Field(
        max_length=2,
        description="PEM of the system's own keys (RSA of 3,072 bits or more, P-256, P-384, Ed25519), in place of a "
        "secret.",
    ),
]


class ClientBody(Schema):
    """Whose system it is, and what it may do."""

    model_config = example(name="МИС поликлиники", institution_id=A_CLINIC, scopes=["schedules:write"])

    name: Name
    institution_id: UUID | None = Field(default=None, description="Without it the client acts for the whole region.")
    scopes: Annotated[
        list[Scope],
        Field(
            min_length=1,
            max_length=len(_SCOPES),
            description="As few as it needs; where absent, those by which it may only read.",
        ),
    ] = Field(default=list(READING))
    public_keys: PublicKeys = Field(default=[])


class RotationBody(Schema):
    """For how long what is replaced stays good, and what takes its place."""

    model_config = example(keep_hours=24)

    keep_hours: Annotated[
        int,
        Field(
            ge=0,
            le=24 * 14,
            description="So long the system may still come with what it has. 0: it is worth nothing from now on, and "
            "the tokens that were issued end, too.",
        ),
        INTEGER,
    ] = 24
    public_keys: PublicKeys = Field(default=[])


class ClientCredentials(Schema):
    """What the system comes with. The secret is shown this once."""

    model_config = example(id=_A_CLIENT, client_id=f"42.{_A_CLIENT}", client_secret=_A_SECRET, earlier_until=None)

    id: UUID
    client_id: str = Field(description="For `createToken`.")
    client_secret: str | None = Field(description="Null where the system has keys of its own.")
    earlier_until: Instant | None = Field(description="Until then what was replaced is good as well.")


class ClientKey(Schema):
    """A public key of the system's own."""

    kind: str = Field(examples=["RSA 3072"])
    short: bool = Field(description="It has less than 128 bits of security: it works on, and is to be replaced.")


class Client(Schema):
    """A system that has credentials, or had."""

    model_config = example(
        id=_A_CLIENT,
        client_id=f"42.{_A_CLIENT}",
        name="МИС поликлиники",
        institution={"id": A_CLINIC, "name": "Детская поликлиника № 1"},
        scopes=["schedules:write"],
        proven_by="secret",
        keys=[],
        created_at="2026-09-01T08:00:00+07:00",
        used_at="2026-09-07T08:00:00+07:00",
        earlier_until=None,
        revoked_at=None,
    )

    id: UUID
    client_id: str = Field(description="For `createToken`.")
    name: str
    institution: Named | None = Field(description="Null: it acts for the whole region.")
    scopes: list[str]
    proven_by: Literal["secret", "key"]
    keys: list[ClientKey]
    created_at: Instant
    used_at: Instant | None = Field(description="When it last took a token.")
    earlier_until: Instant | None = Field(description="Until then what was replaced is good as well.")
    revoked_at: Instant | None


class ClientFilter(Paged):
    institution_id: UUID | None = Field(default=None, description="Only clients of this institution.")


class ClientList(Schema):
    """A page of clients, the oldest first."""

    items: list[Client]
    next_cursor: NextCursor
