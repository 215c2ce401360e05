"""What the demonstration is made of, without a database."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import get_args
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.clubs import Direction
from service.demo import people
from service.demo.clinics import DOCTORS
from service.demo.clubs import PROGRAMMES, first_lesson_day, groups_of
from service.demo.region import INSTITUTIONS, ZONE
from service.people.rules import age_on, snils_is_valid

days = st.dates(date(2024, 1, 1), date(2099, 12, 31))


def test_the_region_is_as_large_as_promised() -> None:
    assert len(INSTITUTIONS) >= 30
    assert len({institution.town for institution in INSTITUTIONS}) >= 18
    assert len({institution.body.name for institution in INSTITUTIONS}) == len(INSTITUTIONS)
    assert len(DOCTORS) == 200
    assert len({doctor.specialty_code for doctor in DOCTORS}) == 20
    assert len(PROGRAMMES) == 150
    assert {programme.direction for programme in PROGRAMMES} == set(get_args(Direction))


@given(days)
def test_a_doctor_sees_one_patient_at_a_time_and_within_hours(day: date) -> None:
    for doctor in DOCTORS[:8]:
        visits = list(doctor.visits_on(day))
        assert visits == list(doctor.visits_on(day))
        for before, after in pairwise(visits):
            assert before.ends_at <= after.starts_at
        for visit in visits:
            local = visit.starts_at.astimezone(ZoneInfo(ZONE))
            assert local.date() == day
            assert 8 <= local.hour < 19
            assert timedelta(minutes=14) <= visit.ends_at - visit.starts_at <= timedelta(minutes=30)


@given(days)
def test_every_clinic_is_open_every_day(day: date) -> None:
    open_today = {doctor.clinic.id for doctor in DOCTORS if next(doctor.visits_on(day), None)}
    assert open_today == {doctor.clinic.id for doctor in DOCTORS}


@settings(max_examples=20)
@given(days)
def test_nobody_takes_two_places(first: date) -> None:
    horizon = [first + timedelta(days=number) for number in range(14)]
    serials = Counter(visit.serial for day in horizon for doctor in DOCTORS[:20] for visit in doctor.visits_on(day))
    for programme in PROGRAMMES[:20]:
        for group in groups_of(programme, first):
            serials.update(group.serial(place) for place in range(group.body.capacity))
    assert set(serials.values()) == {1}
    assert max(serials) < 100_000_000


@given(st.integers(0, 99_999_999))
def test_an_invented_snils_is_valid(serial: int) -> None:
    assert snils_is_valid(people.snils(serial))
    assert people.snils(serial).startswith("9")


@given(st.integers(), st.integers(0, 80), st.integers(0, 10), days)
def test_an_invented_person_is_of_the_age(chance: int, youngest: int, span: int, on: date) -> None:
    born = people.birth_date(people.chance(chance), (youngest, youngest + span), on)
    assert youngest <= age_on(born, on) <= youngest + span


@given(days)
def test_enrolment_ends_before_lessons_meet_the_tickets_of_the_same_days(today: date) -> None:
    starts_on = first_lesson_day(today)
    assert starts_on.day == 1
    assert timedelta(days=21) <= starts_on - today <= timedelta(days=52)
    for programme in PROGRAMMES[:5]:
        for group in groups_of(programme, today):
            body = group.body
            assert body.enrolment_opens_at < body.enrolment_closes_at
            assert body.enrolment_closes_at.date() + timedelta(days=14) <= body.starts_on
            if group.applications():
                assert body.enrolment_opens_at < group.applied_at < body.enrolment_closes_at
