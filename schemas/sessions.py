"""Entering: sessions of citizens, tokens of institutions' systems."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import Named, RegionCode, Schema

Role = Literal["none", "editor", "admin"]
MiniApp = Literal["doctor", "club"]
Scope = Literal["institutions:write", "schedules:write", "programmes:write", "applications:read", "applications:write"]


class Launch(Schema):
    """The raw launch parameters, exactly as the platform gave them."""

    platform: Literal["vk"]
    parameters: Annotated[
        str,
        Field(
            max_length=4096,
            description="The query string of the launch, undecoded, with or without the question mark.",
            examples=["vk_app_id=7284402&vk_group_id=60687596&vk_ts=1790000000&vk_user_id=19039187&sign=…"],
        ),
    ]


class SessionPage(Schema):
    """The page that the mini-app was opened from."""

    platform: Literal["vk"]
    external_id: str
    mini_apps: list[MiniApp]
    institution: Named


class Session(Schema):
    """An access token and where it lets its bearer in."""

    access_token: str = Field(description="A JWT (RFC 9068) for `Authorization: Bearer`. Keep it in memory alone.")
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="Seconds.", examples=[900])
    citizen_id: UUID
    region: RegionCode
    role: Role = Field(description="`editor` and `admin` open the institution's side for this page.")
    page: SessionPage


class TokenRequest(Schema):
    """Client credentials (RFC 6749, section 4.4), as a form. HTTP Basic may carry the id and the secret instead."""

    grant_type: Annotated[str, Field(max_length=64, examples=["client_credentials"])]
    client_id: Annotated[str, Field(max_length=100, examples=["42.01920000-0000-7000-8000-000000000001"])] | None = None
    client_secret: Annotated[str, Field(max_length=200)] | None = None
    scope: (
        Annotated[str, Field(max_length=400, description="Space-separated; all of the client's where absent.")] | None
    ) = None


class AccessToken(Schema):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="Seconds.", examples=[3600])
    scope: str = Field(description="Space-separated.")


class KeySet(Schema):
    """JSON Web Key Set (RFC 7517): the public keys of access tokens and of tickets' QR codes."""

    keys: list[dict[str, Any]]
