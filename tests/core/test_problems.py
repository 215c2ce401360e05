import json
import re
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas import problems
from schemas.people import PersonBody
from schemas.problems import Kind, Problem
from service.core.errors import DomainError
from service.core.problems import STATUS, by_kind, invalid, language_of, render


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "ru"),
        ("", "ru"),
        ("*", "ru"),
        ("ru", "ru"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
        ("en-US,en;q=0.9,ru;q=0.8", "en"),
        ("ru;q=0.3, en;q=0.4", "en"),
        ("ru;q=0.5, en;q=0.5", "ru"),
        ("en;q=0", "ru"),
        ("de, en;q=0.1", "en"),
        ("en;q=x", "ru"),
        ("english", "ru"),
    ],
)
def test_english_where_it_is_preferred(header: str | None, language: str) -> None:
    assert language_of(header) == language


@given(st.text())
def test_whatever_the_header_holds_there_is_a_language(header: str) -> None:
    assert language_of(header) in ("ru", "en")


def test_the_order_of_the_header_does_not_matter() -> None:
    for items in permutations(("ru;q=0.2", "en-GB;q=0.9", "en;q=0.1", "de")):
        assert language_of(",".join(items)) == "en"


def test_a_problem_says_what_the_refusal_says() -> None:
    response = render(DomainError(problems.TIME_TAKEN), "en", "r-1")
    assert response.status == 409
    assert response.content_type == "application/problem+json"
    assert isinstance(response.body, bytes)
    assert json.loads(response.body) == {
        "type": "urn:zapis:problem:time_taken",
        "title": problems.TIME_TAKEN.en,
        "status": 409,
        "code": "time_taken",
        "request_id": "r-1",
    }
    none_left = render(DomainError(problems.TIME_TAKEN, alternatives=[]), "ru", "r")
    assert isinstance(none_left.body, bytes)
    assert json.loads(none_left.body)["alternatives"] == []


def test_a_refusal_that_is_made_once_is_each_requests_own() -> None:
    for refusal in problems.REFUSALS.values():
        for language in ("ru", "en"):
            first, second = (render(DomainError(refusal), language, name) for name in ("r-1", "another.request"))
            first.headers["Retry-After"] = "7"
            assert second.headers.get("Retry-After") != "7"
            assert isinstance(second.body, bytes)
            told = Problem.model_validate_json(second.body)
            assert (told.request_id, told.code, told.status) == ("another.request", refusal.code, second.status)
            assert told.title == (refusal.ru if language == "ru" else refusal.en)
            assert second.headers["Content-Language"] == language


def test_who_has_to_say_who_they_are_is_told_how() -> None:
    assert render(DomainError(problems.UNAUTHENTICATED), "ru", "r").headers["WWW-Authenticate"] == "Bearer"
    by_oauth = render(DomainError(problems.CLIENT_INVALID, extra={"error": "invalid_client"}), "ru", "r")
    assert by_oauth.headers["WWW-Authenticate"] == "Basic"
    assert "WWW-Authenticate" not in render(DomainError(problems.FORBIDDEN), "ru", "r").headers


def test_every_kind_has_a_status_and_every_code_one_way_to_be_written() -> None:
    assert STATUS.keys() == set(Kind)
    assert len(set(STATUS.values())) == len(STATUS)
    for code, refusal in problems.REFUSALS.items():
        assert refusal.code == code
        assert re.fullmatch("[a-z]+(_[a-z]+)*", code)
    everything = by_kind(list(problems.REFUSALS.values()))
    assert list(everything) == sorted(everything)
    assert sum(map(len, everything.values())) == len(problems.REFUSALS)


def test_what_is_wrong_with_fields_is_said_without_their_values() -> None:
    secret = "112-233-445 95"
    with pytest.raises(ValidationError) as caught:
        PersonBody.model_validate_json(
            json.dumps(
                {"last_name": "Secret1", "first_name": "", "birth_date": "yesterday", "snils": secret, "more": 1}
            )
        )
    error = invalid("body", caught.value)
    pointers = {found.pointer: found for found in error.errors}
    assert pointers.keys() == {
        "/last_name", "/first_name", "/birth_date", "/sex", "/kinship", "/snils", "/more"
    }  # fmt: skip
    assert {found.place for found in error.errors} == {"body"}
    written = render(error, "ru", "r").body
    assert isinstance(written, bytes)
    assert not any(value.encode() in written for value in (secret, "Secret1", "yesterday"))
    Problem.model_validate_json(written)


def test_so_many_errors_are_listed_and_no_more() -> None:
    with pytest.raises(ValidationError) as caught:
        PersonBody.model_validate({f"field{number}": 1 for number in range(500)})
    assert len(invalid("body", caught.value).errors) == 20
