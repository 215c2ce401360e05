"""Confirming at an OpenID Connect provider who one is."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from schemas.common import A_CONFIRMATION, Instant, Schema, example

ConfirmationStatus = Literal["begun", "checking", "awaiting_code", "completed", "failed", "expired"]
ConfirmationFailure = Literal["denied", "provider_failed", "untrusted", "incomplete", "wrong_codes", "replaced"]


class Confirmation(Schema):
    """One attempt to confirm who the citizen is."""

    model_config = example(
        id=A_CONFIRMATION,
        status="begun",
        failure=None,
        authorization_url="https://esia.example.org/auth?response_type=code&client_id=zapis&scope=openid",
        expires_at="2026-09-07T01:10:00+00:00",
    )

    id: UUID
    status: ConfirmationStatus = Field(description="At `awaiting_code` the browser shows the code to enter.")
    failure: ConfirmationFailure | None = Field(
        description="At `failed`: the citizen refused, the provider did not do its part, it does not vouch for this "
        "account, it did not tell all that is needed, too many wrong codes, a later attempt."
    )
    authorization_url: str | None = Field(
        description="To be opened in a browser; told once, to whoever begins. It is for the citizen's own eyes."
    )
    expires_at: Instant


# Visible ASCII, and so short that all of them fit into one line of a request.
_VISIBLE = "^[ -~]*$"
_Short = Annotated[str, Field(max_length=200, pattern=_VISIBLE)]


class ProviderReturn(Schema):
    """What a browser brings back from the provider (RFC 6749, section 4.1.2; RFC 9207). More than that is ignored."""

    model_config = ConfigDict(extra="ignore")

    state: _Short | None = Field(default=None, description="As it was in the authorization URL.")
    code: Annotated[str, Field(max_length=2048, pattern=_VISIBLE)] | None = Field(
        default=None, description="Good once, for us alone."
    )
    error: _Short | None = Field(default=None, description="Why there is no code.")
    iss: _Short | None = Field(default=None, description="The provider.")
