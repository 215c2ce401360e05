"""Regions, institutions, and the pages their mini-apps are installed in."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import (
    A_CLINIC,
    Address,
    Municipality,
    Name,
    NextCursor,
    Paged,
    Phone,
    RegionCode,
    Schema,
    Zone,
    example,
)
from schemas.sessions import MiniApp, Platform

InstitutionKind = Literal["clinic", "school", "club", "sports", "other"]
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
    mini_apps: Annotated[list[MiniApp], Field(min_length=1, max_length=2)]


class Page(PageBody):
    """An official page of an institution, as it is connected."""

    model_config = example(platform="vk", external_id="100001", institution_id=A_CLINIC, mini_apps=["doctor"])

    platform: Platform
    external_id: str = Field(description="The id of the community on the platform.")


class InstitutionInBooking(Schema):
    """Whose place a booking takes."""

    id: UUID
    name: str
    address: str
    phone: str | None
