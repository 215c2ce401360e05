"""Regions, institutions, and the pages their mini-apps are installed in."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import Address, Municipality, Name, Paged, Phone, RegionCode, Schema, Zone
from schemas.sessions import MiniApp

InstitutionKind = Literal["clinic", "school", "club", "sports", "other"]


class Region(Schema):
    code: RegionCode
    name: str = Field(examples=["Кемеровская область — Кузбасс"])
    zone: Zone


class RegionList(Schema):
    items: list[Region]


class InstitutionBody(Schema):
    """What an institution says of itself."""

    name: Name = Field(examples=["Кемеровская детская поликлиника № 1"])
    kind: InstitutionKind
    municipality: Municipality
    address: Address
    phone: Phone | None = None
    zone: Zone
    require_attachment: bool = Field(
        default=False, description="Tickets only for patients who are attached to this clinic (прикрепление)."
    )
    cancel_until_minutes: Annotated[int, Field(ge=0, le=20160)] = Field(
        default=0, description="How many minutes before the start a ticket can still be cancelled; 0: until the start."
    )


class Institution(InstitutionBody):
    id: UUID


class InstitutionFilter(Paged):
    kind: InstitutionKind | None = None
    municipality: Municipality | None = None


class InstitutionList(Schema):
    items: list[Institution]
    next_cursor: str | None = Field(description="Absent on the last page.")


class PageBody(Schema):
    """Which mini-apps are installed in a page."""

    institution_id: UUID
    mini_apps: Annotated[list[MiniApp], Field(min_length=1, max_length=2)]


class Page(PageBody):
    platform: Literal["vk"]
    external_id: str = Field(description="The id of the community on the platform.", examples=["60687596"])


class InstitutionInBooking(Schema):
    """Whose place a booking takes."""

    id: UUID
    name: str
    address: str
    phone: str | None
