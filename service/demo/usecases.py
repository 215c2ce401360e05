"""Puts the demonstration's region into a database, and brings it up to the day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from rich.console import Console
from rich.progress import track

from schemas.common import Sex, Trial
from schemas.decisions import Approval, Enrolment
from schemas.institutions import DayLimits, PageBody
from service.clubs import publication as clubs_publication
from service.config import Settings
from service.core.clock import Clock, utc_now
from service.core.database import Connection, DatabaseNotReady, check
from service.core.ids import new_id
from service.core.operations import Actor
from service.core.ring import KeyRing
from service.core.sealing import Sealer
from service.demo import people, store
from service.demo.clinics import doctors_of
from service.demo.clubs import groups_of, programmes_of
from service.demo.region import INSTITUTIONS, REGION, ZONE, Institution
from service.doctors import publication as doctors_publication
from service.institutions.usecases import get_day_limits, put_day_limits, put_institution, put_page
from service.keyring.usecases import refresh
from service.migrations import newest
from service.people.usecases import row_of

HORIZON_DAYS = 14

_Step = TypeVar("_Step")

_ACTOR = Actor("system", UUID("0192f000-0000-7000-8000-00000000dd00"), REGION, institution_id=None)
_OLDEST_YEARS = 85
_BATCH = 500


async def seed(dsn: str, settings: Settings, *, if_empty: bool, clock: Clock = utc_now) -> None:
    """Fills an empty database with the demonstration's region: institutions, doctors, 14 days of slots, clubs.

    Where it is there already, the days and the clubs' intakes that have come since are added, and nothing else is
    touched: a second time on one day changes nothing. Other institutions than its own it does not go together with:
    where there are any, `if_empty` leaves everything as it is, and without it DatabaseNotReady is raised. All or
    nothing; but for ids and numbers, what comes out depends on the day alone.
    """
    keys = settings.keys()
    # Plans are made while the tables are empty, and kept: without this they read whole tables that have grown since.
    by_index = {"timezone": "UTC", "jit": "off", "enable_seqscan": "off"}
    connection = await asyncpg.connect(dsn, server_settings=by_index)
    try:
        await check(connection, newest())
        ring = KeyRing(keys, clock)
        await refresh(connection, ring, clock())
        async with connection.transaction():
            if await _is_for_others(connection):
                if if_empty:
                    return
                raise DatabaseNotReady("there are institutions already: demonstration data needs an empty database")
            if await is_current(connection, clock):
                return
            await _Day(connection, Sealer(ring, keys.hashing), clock).bring_in()
    finally:
        await connection.close()


async def is_current(conn: Connection, clock: Clock = utc_now) -> bool:
    """Whether the demonstration's region is there with all days up to the last that it should have today."""
    last = await store.last_slot(conn, INSTITUTIONS[0].id)
    return last is not None and _local_day(last) >= _local_day(clock()) + timedelta(days=HORIZON_DAYS - 1)


async def _is_for_others(conn: Connection) -> bool:
    return not await store.has_institution(conn, INSTITUTIONS[0].id) and await store.has_institutions(conn)


def _local_day(instant: datetime) -> date:
    return instant.astimezone(ZoneInfo(ZONE)).date()


@dataclass(frozen=True, slots=True)
class _Patient:
    """Somebody invented who takes a place. The same serial number is the same person."""

    serial: int
    ages: tuple[int | None, int | None]
    sex: Sex | None
    on: date
    place: UUID
    booked_at: datetime

    def row(self, sealer: Sealer, person_id: UUID) -> dict[str, Any]:
        dice = people.chance(self.serial)
        sex = self.sex or people.any_sex(dice)
        name = people.full_name(dice, sex)
        first, last = self.ages
        fields = {
            "last_name": name.last_name,
            "first_name": name.first_name,
            "patronymic": name.patronymic,
            "birth_date": people.birth_date(dice, (first or 0, min(last or _OLDEST_YEARS, _OLDEST_YEARS)), self.on),
            "sex": sex,
            "snils": people.snils(self.serial),
            "policy": None,
        }
        return row_of(sealer, REGION, person_id, fields, self.booked_at)


class _Day:
    """The region as it should be on the clock's day."""

    def __init__(self, conn: Connection, sealer: Sealer, clock: Clock) -> None:
        self._conn = conn
        self._sealer = sealer
        self._clock = clock
        self._today = _local_day(clock())
        # Before every slot of the first day.
        self._yesterday_evening = datetime.combine(self._today - timedelta(days=1), time(18), ZoneInfo(ZONE))

    async def bring_in(self) -> None:
        """Adds what is missing."""
        patients: list[_Patient] = []
        children: list[_Patient] = []
        for institution in _shown(INSTITUTIONS, "Institutions"):
            if not await store.has_institution(self._conn, institution.id):
                await self._bring_in_institution(institution)
            patients += await self._bring_in_slots(institution)
            children += await self._bring_in_groups(institution)
        await store.count_places(self._conn)
        # Nobody takes turns: thousands of locks in one transaction are more than a server has.
        limits = await get_day_limits(self._conn, _ACTOR)
        none = DayLimits.model_validate(dict.fromkeys(DayLimits.model_fields))
        await put_day_limits(self._conn, _ACTOR, none, self._clock)
        for some in _shown(_batches(patients), "Patients"):
            await store.book_appointments(self._conn, await self._written_down(some))
        await put_day_limits(self._conn, _ACTOR, limits, self._clock)
        for some in _shown(_batches(children), "Children"):
            applications = await store.apply_to_groups(self._conn, await self._written_down(some))
            await self._decide(applications)

    async def _bring_in_institution(self, institution: Institution) -> None:
        conn, clock, place = self._conn, self._clock, institution.id
        await put_institution(conn, _ACTOR, place, institution.body, clock)
        page = PageBody(institution_id=place, mini_apps=list(institution.mini_apps))
        await put_page(conn, _ACTOR, "vk", str(institution.page), page, clock)
        for doctor in doctors_of(institution):
            own_id = doctor.external_id
            await doctors_publication.put_location(conn, _ACTOR, place, own_id, doctor.room, Trial(), clock)
            await doctors_publication.put_practitioner(conn, _ACTOR, place, own_id, doctor.body, clock)
        for programme in programmes_of(institution):
            await clubs_publication.put_programme(conn, _ACTOR, place, programme.external_id, programme.body, clock)

    async def _bring_in_slots(self, institution: Institution) -> list[_Patient]:
        last = await store.last_slot(self._conn, institution.id)
        days = [self._today + timedelta(days=number) for number in range(HORIZON_DAYS)]
        # Whole days alone: what stands on a day may be of another version, and would overlap.
        new_days = [day for day in days if last is None or day > _local_day(last)]
        visits = [visit for doctor in doctors_of(institution) for day in new_days for visit in doctor.visits_on(day)]
        return [
            _Patient(visit.serial, visit.ages, visit.sex, _local_day(visit.starts_at), slot_id, self._yesterday_evening)
            for slot_id, visit in await store.add_slots(self._conn, institution.id, visits)
            if visit.taken
        ]

    async def _bring_in_groups(self, institution: Institution) -> list[_Patient]:
        known = await store.list_group_ids(self._conn, institution.id)
        groups = [group for programme in programmes_of(institution) for group in groups_of(programme, self._today)]
        children: list[_Patient] = []
        for group in groups:
            if group.external_id not in known:
                made = await clubs_publication.put_group(
                    self._conn, _ACTOR, institution.id, group.external_id, group.body, self._clock
                )
                children += [
                    _Patient(group.serial(number), group.ages, None, group.starts_on, made.id, group.applied_at)
                    for number in range(group.applications())
                ]
        return children

    async def _decide(self, applications: Sequence[UUID]) -> None:
        """Approves a third, enrols a third, and leaves a third for whoever tries it out."""
        approval = Approval(decision="approve")
        order = Enrolment(decision="enrol", order_number="17-К", order_date=self._today)
        written = {"order_number": order.order_number, "order_date": self._today, "enrolled_on": self._today}
        for some, to, decision, more in (
            (applications[1::3], "approved", approval, {}),
            (applications[2::3], "enrolled", order, written),
        ):
            changes = {"decision": decision.model_dump(mode="json"), **more}
            await store.move_applications(self._conn, some, to, changes, _ACTOR.id, self._clock())

    async def _written_down(self, patients: Sequence[_Patient]) -> list[tuple[UUID, UUID, datetime]]:
        """(person, place, when it was booked) for each."""
        ids = [new_id() for _ in patients]
        await store.add_patients(
            self._conn, [patient.row(self._sealer, person) for patient, person in zip(patients, ids, strict=True)]
        )
        return [(person, patient.place, patient.booked_at) for patient, person in zip(patients, ids, strict=True)]


def _batches(patients: Sequence[_Patient]) -> Sequence[Sequence[_Patient]]:
    return [patients[start : start + _BATCH] for start in range(0, len(patients), _BATCH)]


def _shown(steps: Sequence[_Step], what: str) -> Iterable[_Step]:
    """The steps, with a progress bar on a terminal."""
    console = Console(stderr=True)
    return track(steps, what, console=console, transient=True, disable=not console.is_terminal)
