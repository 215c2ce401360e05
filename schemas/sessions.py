"""Entering: sessions of citizens, tokens of institutions' systems."""

from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from schemas.common import A_CITIZEN, A_CLINIC, Instant, Named, OneTimeCode, PageCode, RegionCode, Schema, example

Role = Literal["none", "editor", "admin"]
# The weakest first.
StaffRole = Literal["none", "doctor", "registrar", "director"]
MiniApp = Literal["doctor", "club"]
Platform = Literal["vk", "ok", "max", "telegram"]
PageId = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_]{1,64}$", description="The id of the community, channel or bot on its platform."),
]
LaunchParameters = Annotated[
    str,
    Field(
        max_length=4096,
        description="The query string of the launch (`initData` in MAX and Telegram), undecoded, with or without the "
        "question mark.",
    ),
]
Scope = Literal[
    "institutions:write",
    "schedules:write",
    "appointments:read",
    "appointments:write",
    "programmes:write",
    "applications:read",
    "applications:write",
    "certificates:write",
    "staff:write",
    "clients:write",
]
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SCOPE = "(" + "|".join(get_args(Scope)) + ")"
_LAUNCH = (
    "vk_app_id=7284402&vk_group_id=100001&vk_language=ru&vk_platform=mobile_web&vk_ts=1788742800"
    "&vk_user_id=19039187&vk_viewer_group_role=none&sign=znK4Byk4l2ywtzmSuAvaDUXTAK2yeHh7uPcPb_8V0dM"
)
_REFRESH_TOKEN = "zr.42.AZmhsgAMcACAAAAAAAAADKQ7Zhk1ynB8vVd0m2Lq5XcTf9sWgUeJrNhKpYxAbDzM"  # nosec B105 # an example
_A_SESSION = "0199a1b2-000c-7000-8000-0000000005e5"
_TOKEN = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJ6YXBpcyJ9.c2lnbmF0dXJl"  # nosec B105 # an example


class Launch(Schema):
    """The raw launch parameters, exactly as the platform gave them."""

    model_config = example(platform="vk", parameters=_LAUNCH)

    platform: Platform = Field(
        description="`vk` also for a VK mini-app inside Odnoklassniki; `ok` for one of Odnoklassniki's own."
    )
    parameters: LaunchParameters
    page: PageId | None = Field(
        default=None,
        description="The page to come to, where the launch does not say: whoever comes so is a citizen like any other. "
        "MAX and Telegram say it in `start_param`, before its first hyphen.",
    )
    replaces: UUID | None = Field(
        default=None,
        description="The citizen's session of before (its `session_id`), which ends. Somebody else's is left alone.",
    )


class PageClaim(Schema):
    """The launch of whoever administers the page, from that page, and the code that the institution was given."""

    model_config = example(platform="vk", parameters=_LAUNCH.replace("=none", "=admin"), code="42-7K2M-9QXT-4F0B")

    platform: Platform
    parameters: LaunchParameters
    code: PageCode


class SessionPage(Schema):
    """The page that the mini-app was opened from."""

    model_config = example(
        platform="vk",
        external_id="100001",
        mini_apps=["doctor"],
        institution={"id": A_CLINIC, "name": "Детская поликлиника № 1"},
    )

    platform: Platform
    external_id: str = Field(description="The id of the community on the platform.")
    mini_apps: list[MiniApp] = Field(description="Which mini-apps are installed in the page.")
    institution: Named


class Session(Schema):
    """An access token and where it lets its bearer in."""

    model_config = example(
        access_token=_TOKEN,
        token_type="Bearer",  # nosec B106 # noqa: S106 - no secret
        expires_in=900,
        refresh_token=_REFRESH_TOKEN,
        refresh_expires_in=43200,
        session_id=_A_SESSION,
        citizen_id=A_CITIZEN,
        region=42,
        role="none",
        staff_role="none",
        practitioner_id=None,
        page={
            "platform": "vk",
            "external_id": "100001",
            "mini_apps": ["doctor"],
            "institution": {"id": A_CLINIC, "name": "Детская поликлиника № 1"},
        },
    )

    access_token: str = Field(description="A JWT (RFC 9068) for `Authorization: Bearer`. Keep it in memory alone.")
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="Seconds.")
    refresh_token: str | None = Field(
        description="For `refreshSession`, once. Keep it in memory alone. Null where there is a role: then a fresh "
        "launch takes its place."
    )
    refresh_expires_in: int | None = Field(description="Seconds until the session ends if it is not refreshed.")
    session_id: UUID
    citizen_id: UUID
    region: RegionCode
    role: Role = Field(
        description="`admin` opens the whole of the institution's side for this page, `editor` the desk: appointments, "
        "applications, lists; not schedules, programmes or settings."
    )
    staff_role: StaffRole = Field(
        description="The same by its own name: `admin` is a `director`, `editor` a `registrar`. A `doctor`, whose "
        "`role` is `none`, has their own day and tickets."
    )
    practitioner_id: str | None = Field(description="Of a doctor: the institution's own id of the practitioner.")
    page: SessionPage


class RefreshBody(Schema):
    """The refresh token that came last."""

    model_config = example(refresh_token=_REFRESH_TOKEN)

    # Whatever is none of ours gets the answer of one that is over.
    refresh_token: Annotated[
        str, Field(max_length=200, json_schema_extra={"pattern": r"^zr\.[0-9]{2}\.[A-Za-z0-9_-]{64}$"})
    ]


class OpenSession(Schema):
    """A session that goes on."""

    id: UUID
    platform: Platform
    since: Instant
    last_used_at: Instant = Field(description="When it was opened or, later, refreshed.")
    current: bool = Field(description="The session of the token that was shown.")


class SessionList(Schema):
    """The citizen's sessions, the one that was used last first."""

    model_config = example(
        items=[
            {
                "id": _A_SESSION,
                "platform": "vk",
                "since": "2026-09-07T01:00:00+00:00",
                "last_used_at": "2026-09-07T01:15:00+00:00",
                "current": True,
            }
        ]
    )

    items: list[OpenSession]


class IdentityCode(Schema):
    """For an account of another platform. The code is shown here and nowhere else."""

    model_config = example(code="7K2M9QXT", expires_at="2026-09-07T01:10:00+00:00")

    code: str = Field(description="Eight characters to type in there. Good once, until then.")
    expires_at: Instant


class IdentityCodeBody(Schema):
    """The code that the other account shows."""

    model_config = example(code="7K2M9QXT")

    code: OneTimeCode


class Identity(Schema):
    """An account by which the citizen comes."""

    platform: Platform
    since: Instant
    first: bool = Field(description="The account that the others joined.")


class IdentityList(Schema):
    """The citizen's accounts, the first one first."""

    model_config = example(
        items=[
            {"platform": "vk", "since": "2026-09-01T01:00:00+00:00", "first": True},
            {"platform": "max", "since": "2026-09-07T01:00:00+00:00", "first": False},
        ]
    )

    items: list[Identity]


class TokenRequest(Schema):
    """Client credentials (RFC 6749, section 4.4), as a form. HTTP Basic may carry the id and the secret instead.

    A client with a key of its own sends `client_assertion_type` and `client_assertion` (RFC 7523).

    Parameters that are not needed are left out: a form has no null.
    """

    model_config = example(
        grant_type="client_credentials",
        client_id="42.0199a1b2-000c-7000-8000-00000000000c",
        client_secret="pDm3yZ0nYb3cVfJ8o1Kx7Q2sT5uW9eRaLhGjXkNvBcM",  # nosec B106 # noqa: S106 - an example
        scope="schedules:write",
    )

    # Looser than its JSON Schema, like `scope`: for what is not supported RFC 6749, section 5.2 has answers of its own.
    grant_type: Annotated[str, Field(max_length=64, json_schema_extra={"enum": ["client_credentials"]})]
    client_id: Annotated[str, Field(max_length=100)] | SkipJsonSchema[None] = None
    client_secret: Annotated[str, Field(max_length=200)] | SkipJsonSchema[None] = None
    client_assertion_type: (
        Annotated[str, Field(max_length=100, json_schema_extra={"enum": [_JWT_BEARER]})] | (SkipJsonSchema[None])
    ) = None
    client_assertion: (
        Annotated[str, Field(max_length=4096, description="A JWT by RFC 7523, in place of the secret.")]
        | SkipJsonSchema[None]
    ) = None
    scope: (
        Annotated[
            str,
            Field(
                max_length=400,
                description="Space-separated; those of the client's that end in `:read` where absent.",
                json_schema_extra={"pattern": f"^{_SCOPE}( {_SCOPE})*$"},
            ),
        ]
        | SkipJsonSchema[None]
    ) = None


class AccessToken(Schema):
    """An access token by RFC 6749, section 5.1."""

    model_config = example(
        access_token=_TOKEN,
        token_type="Bearer",  # nosec B106 # noqa: S106 - no secret
        expires_in=3600,
        scope="schedules:write",
    )

    access_token: str = Field(description="A JWT (RFC 9068) for `Authorization: Bearer`.")
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="Seconds.")
    scope: str = Field(description="Space-separated.")


class KeySet(Schema):
    """JSON Web Key Set (RFC 7517): the public keys of access tokens and of tickets' QR codes."""

    model_config = example(
        keys=[
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                "kid": "21fe31dfa154a261",
                "use": "sig",
                "alg": "EdDSA",
            }
        ]
    )

    keys: list[dict[str, Any]]
