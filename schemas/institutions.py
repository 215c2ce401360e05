"""Regions, institutions, and the pages their mini-apps are installed in."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import (
    A_CLINIC,
    INTEGER,
    INTEGER_TEXT,
    Address,
    Instant,
    Municipality,
    Name,
    Named,
    NextCursor,
    PageCode,
    Paged,
    Phone,
    RegionCode,
    Schema,
    Trial,
    Zone,
    example,
)
from schemas.sessions import MiniApp, Platform

InstitutionKind = Literal["clinic", "school", "club", "sports", "other"]
MiniApps = Annotated[list[MiniApp], Field(min_length=1, max_length=2)]
ValidDays = Annotated[int, Field(ge=1, le=60, description="For how long the code is good."), INTEGER]
PageInvitationState = Literal["invited", "claimed", "revoked", "expired"]
_INVITATION = "0199a1b2-00e1-7000-8000-0000000000e1"
_CLINIC = {
    "name": "Детская поликлиника № 1",
    "kind": "clinic",
    "municipality": "Кемерово",
    "address": "г. Кемерово, ул. Весенняя, 5",
    "phone": "+73842000000",
    "zone": "Asia/Novokuznetsk",
}


class Region(Schema):
    """A subject of the federation."""

    code: RegionCode
    name: str = Field(examples=["Кемеровская область — Кузбасс"])
    zone: Zone


class RegionList(Schema):
    """All regions, by code."""

    items: list[Region]


class DayLimits(Schema):
    """What a person may take online within 24 hours, and how often an account may take places and let them go.

    Null: as many as they like. Staff are never limited by it, nor is who accepts what they were offered.
    """

    model_config = example(person_bookings_a_day=10, account_bookings_a_day=30, let_go_freely=10, let_go_a_day=40)

    person_bookings_a_day: Annotated[int, Field(ge=1, le=1000), INTEGER] | None = Field(
        default=10, description="Tickets that are booked for one human being, by whichever accounts."
    )
    account_bookings_a_day: Annotated[int, Field(ge=1, le=1000), INTEGER] | None = Field(
        default=30, description="Tickets that one account books."
    )
    let_go_freely: Annotated[int, Field(ge=0, le=1000), INTEGER] | None = Field(
        default=10,
        description="So many doctors' times an account takes and lets go, or holds and does not book, before it has to "
        "wait for the next: a minute, then two, four, an hour at most. Places in groups are counted apart, in the same "
        "way.",
    )
    let_go_a_day: Annotated[int, Field(ge=1, le=1000), INTEGER] | None = Field(
        default=40, description="After so many there is no other until the day is over."
    )


class InstitutionBody(Schema):
    """What an institution says of itself."""

    model_config = example(**_CLINIC)

    name: Name
    kind: InstitutionKind
    municipality: Municipality
    address: Address
    phone: Phone | None = None
    zone: Zone


class Institution(InstitutionBody):
    """An institution."""

    model_config = example(id=A_CLINIC, **_CLINIC)

    id: UUID


class InstitutionFilter(Paged):
    kind: InstitutionKind | None = Field(default=None, description="Only institutions of this kind.")
    municipality: Municipality | None = Field(default=None, description="Only institutions of this town or district.")


class InstitutionList(Schema):
    """A page of institutions."""

    items: list[Institution]
    next_cursor: NextCursor


class PageBody(Schema):
    """Which mini-apps are installed in a page."""

    model_config = example(institution_id=A_CLINIC, mini_apps=["doctor"])

    institution_id: UUID
    mini_apps: MiniApps


class Page(PageBody):
    """An official page of an institution, as it is connected."""

    model_config = example(platform="vk", external_id="100001", institution_id=A_CLINIC, mini_apps=["doctor"])

    platform: Platform
    external_id: str = Field(description="The id of the community on the platform.")


class PageInvitationBody(Schema):
    """What an institution is invited to."""

    model_config = example(mini_apps=["doctor"], valid_days=14)

    mini_apps: MiniApps
    valid_days: ValidDays = 14


class PageInvitationsQuery(Trial):
    valid_days: Annotated[int, Field(ge=1, le=60, description="For how long the codes are good."), INTEGER_TEXT] = 14


class PageInvitationCode(Schema):
    """The code of an invitation. It is shown this once."""

    model_config = example(
        invitation_id=_INVITATION,
        institution_id=A_CLINIC,
        code="42-7K2M-9QXT-4F0B",
        expires_at="2026-09-21T08:00:00+07:00",
    )

    invitation_id: UUID
    institution_id: UUID
    code: PageCode
    expires_at: Instant


class PageInvitation(Schema):
    """An invitation, and what became of it. Of whoever claimed the page nothing is shown but the page."""

    model_config = example(
        invitation_id=_INVITATION,
        institution={"id": A_CLINIC, "name": "Детская поликлиника № 1"},
        municipality="Кемерово",
        mini_apps=["doctor"],
        state="claimed",
        created_at="2026-09-07T08:00:00+07:00",
        expires_at="2026-09-21T08:00:00+07:00",
        platform="vk",
        page_id="100001",
        claimed_at="2026-09-08T09:30:00+07:00",
    )

    invitation_id: UUID
    institution: Named
    municipality: str
    mini_apps: list[MiniApp]
    state: PageInvitationState = Field(
        description="`revoked` also where the page was claimed, and is not connected any more."
    )
    created_at: Instant
    expires_at: Instant
    platform: Platform | None = Field(description="Of the page that was claimed.")
    page_id: str | None
    claimed_at: Instant | None


class PageInvitationFilter(Paged):
    state: PageInvitationState | None = Field(default=None, description="Only invitations of which this became.")
    municipality: Municipality | None = Field(default=None, description="Only institutions of this town or district.")
    institution_id: UUID | None = Field(default=None, description="Only of this institution.")


class PageInvitationList(Schema):
    """A page of invitations, the oldest first."""

    items: list[PageInvitation]
    next_cursor: NextCursor


class PageFilter(Paged):
    municipality: Municipality | None = Field(default=None, description="Only institutions of this town or district.")
    institution_id: UUID | None = Field(default=None, description="Only of this institution.")


class PageList(Schema):
    """A page of the region's connected pages, by platform and id."""

    items: list[Page]
    next_cursor: NextCursor


class InstitutionInBooking(Schema):
    """Whose place a booking takes."""

    id: UUID
    name: str
    address: str
    phone: str | None
