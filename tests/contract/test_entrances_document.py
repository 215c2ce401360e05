"""docs/entrances.md names every way in, with the terms and the limits that the code has."""

import re
from datetime import timedelta
from typing import Any, get_args

from schemas.institutions import PageInvitationBody
from schemas.sessions import Platform
from service.app import document
from service.config import Settings
from service.confirmation import usecases as confirmation
from service.core.ids import eight_digits
from service.core.limits import DEFAULTS
from service.core.sealing import Sealer
from service.institutions.rules import page_code
from service.launch import assertions, identities
from service.people import guardianship
from service.registers import rules as registers
from service.staff import usecases as staff
from tests.contract.documents import Row, quoted, table
from tests.contract.test_source import ROOT

DOCUMENT = "entrances.md"
_DEFAULTS = {name: field.default for name, field in Settings.model_fields.items()}
_FUNCTIONS = ROOT / "service/migrations/functions"


def words(given: timedelta) -> str:
    """As people say it."""
    for seconds, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        count, rest = divmod(int(given.total_seconds()), seconds)
        # A day is 24 hours where one counts from now on.
        if not rest and (count > 1 or (count == 1 and unit != "day")):
            return f"{count} {unit}{'s' * (count > 1)}"
    raise AssertionError(given)


def ways() -> list[tuple[str, str, Row]]:
    rows = table(DOCUMENT, "All of them")
    return [(quoted(row["Operation"])[0], next(iter(quoted(row["Way"])), "-"), row) for row in rows]


def entrances() -> set[str]:
    """Operations that need no token and are asked for one, or that take a code."""
    made = document()
    found: set[str] = set()
    for operations in made["paths"].values():
        for method, operation in operations.items():
            if isinstance(operation, dict) and "operationId" in operation and _lets_in(made, method, operation):
                found.add(operation["operationId"])
    return found


def _lets_in(made: dict[str, Any], method: str, operation: dict[str, Any]) -> bool:
    needs_none = not operation.get("security") or {} in operation["security"]
    named = {parameter.get("name") for parameter in operation.get("parameters", [])}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        schema = made["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
        named |= schema.get("properties", {}).keys()
    return "code" in named or (needs_none and method != "get")


def test_every_way_in_is_listed() -> None:
    assert {operation for operation, _, _ in ways()} == entrances()
    listed = sorted((operation, way) for operation, way, _ in ways())
    assert len(set(listed)) == len(listed)
    by_launch = {way for operation, way, _ in ways() if operation == "createSession"}
    assert by_launch == set(get_args(Platform))
    assert {way for operation, way, _ in ways() if operation == "createToken"} == {"client_secret", "private_key_jwt"}


def test_each_is_good_for_as_long_as_the_code_says() -> None:
    seconds = {
        name: words(timedelta(seconds=value))
        for name, value in _DEFAULTS.items()
        if name.endswith("_seconds") and value and value >= 60 and not value % 60
    }
    expected = {
        "createSession": (seconds["launch_max_age_seconds"], f"{_DEFAULTS['launch_sessions']} sessions"),
        "refreshSession": (seconds["session_idle_seconds"], seconds["session_seconds"]),
        "joinIdentity": (words(vars(identities)["_GOOD_FOR"]),),
        "joinAsGuardian": (words(vars(guardianship)["_GOOD_FOR"]),),
        "joinAsTeacher": (words(timedelta(days=registers.CODE_DAYS)),),
        "joinAsStaff": (words(vars(staff)["_GOOD_FOR"]),),
        "claimPage": (words(timedelta(days=PageInvitationBody.model_fields["valid_days"].default)),),
        "getConfirmationCode": (words(vars(confirmation)["_TO_LOG_IN"]),),
        "completeConfirmation": (words(vars(confirmation)["_TO_ENTER_THE_CODE"]),),
    }
    for operation, way, row in ways():
        if way == "private_key_jwt":
            assert words(assertions.LONGEST) in row["Good for"]
            assert f"RSA of {vars(assertions)['_LEAST_RSA_BITS']} bits" in row["Strength"]
        elif way not in ("ok", "client_secret"):
            assert all(said in row["Good for"] for said in expected[operation]), (operation, expected[operation])


def test_each_is_as_strong_as_the_code_makes_it() -> None:
    page_bits = 5 * len(page_code(Sealer({"k": bytes(32)}, b""), 42).replace("-", "")[2:])
    code_bits = 5 * len(eight_digits(0))
    for operation, _, row in ways():
        if operation == "claimPage":
            assert row["Strength"] == f"{page_bits} bits"
        elif operation.startswith("join") or operation == "completeConfirmation":
            assert row["Strength"] == f"{code_bits} bits"


def test_limits_are_those_that_are_counted() -> None:
    limits = {quoted(row["Limit"])[0]: row["How many"] for row in table(DOCUMENT, "What stops guessing")}
    assert {limit for _, _, row in ways() for limit in quoted(row["Guessing is stopped by"])} == limits.keys()
    for name in ("codes", "entering", "address"):
        assert limits[name] == DEFAULTS[name]
    codes, claims, tries = (
        (_FUNCTIONS / f"{name}.sql").read_text(encoding="utf-8")
        for name in ("wrong_codes", "page_claims", "confirmations")
    )
    (most,) = re.findall(r"refuse\('too_many_attempts'\) WHERE (\d+) <=", codes)
    assert limits["wrong codes"].startswith(f"{most} in an hour")
    assert set(re.findall(r"at > p_now - interval '([^']+)'", codes)) == {"1 hour"}
    most = dict(re.findall(r"count_wrong_claims\(p_region, p_(account|address)_hash, (\d+)", claims))
    assert limits["wrong claims"].startswith(f"{most['account']} in an hour, of an address {most['address']}")
    assert set(re.findall(r"wrong_codes < (\d+)", tries)) == {"4"}
    assert limits["wrong confirmations"].startswith("5,")


def test_the_terms_of_sessions_are_the_defaults() -> None:
    rows = table(DOCUMENT, "Together with the platform's session")
    named = {quoted(row["Setting"])[0].removeprefix("ZAPIS_").lower(): row["Default"] for row in rows}
    lives = {name for name in _DEFAULTS if re.fullmatch(r"(\w+_token|session(_idle)?|launch_max_age)_seconds", name)}
    assert named == {name: str(_DEFAULTS[name]) for name in lives}
