"""A dump of the database tells no identifier, launch, token or code, and all that is sealed in it is known as such."""

import hashlib
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from service.keyring.rules import LEADS, RESTS_BEFORE_REVOKED, SEALED_FOR
from service.keyring.usecases import progress
from tests.certificates.purse import certificate
from tests.contract.scene import set_scene
from tests.doctors.clinic import Clinic
from tests.keyring.keys import ask, current, left, revoke, rotate
from tests.live import Answer, Api, Live
from tests.people.test_rules import with_luhn, with_snils_check
from tests.races.processes import wait_until
from tests.world import CLINIC_PAGE, World, person

SNILS, POLICY, NUMBER = with_snils_check(312_233_445), with_luhn("420000123456780"), "4200777111"
ADDRESS = "г. Прокопьевск, пр. Шахтёров, 17, кв. 71"
# By these names, identifiers and what opens doors are sent and answered.
_SENT = {"snils", "policy", "parameters", "home_address", "client_secret", "client_assertion"}
_ANSWERED = {"access_token", "refresh_token", "qr_token", "code", "client_secret", "home_address"}
_RANDOM = re.compile(r"[\w-]{43}")
_SEALED = re.compile(r"\b(k1|d[0-9a-f]{12})\.[\w-]{38,}")


def named(names: set[str], value: Any) -> Iterator[str]:
    """What stands under these names, however deep. Codes of specialties and the like are words of a list."""
    for key, found in value.items() if isinstance(value, dict) else ():
        if key in names and isinstance(found, str) and len(found) >= 8:
            yield found
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from named(names, inner)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """All that is sent and answered from now on that must be in no table."""
    found: set[str] = set()
    call = Api.call

    def noting(self: Api, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        answer = call(self, method, path, body, **options)
        found.update(named(_SENT, body))
        if answer.status < 300 and answer.headers.get("Content-Type", "").startswith("application/json"):
            found.update(named(_ANSWERED, answer.json))
        return answer

    monkeypatch.setattr(Api, "call", noting)
    return found


def dump(live: Live) -> dict[str, str]:
    """Every row of every table, as text; bytes as their hex."""
    tables = live.sql(
        "SELECT c.oid::regclass::text AS name FROM pg_class c"
        " WHERE c.relkind IN ('r', 'p', 'm') AND c.relnamespace = 'public'::regnamespace"
    )
    query = "SELECT t::text AS row FROM {} t"
    rows = {row["name"]: live.sql(query.format(row["name"])) for row in tables}
    return {name: "\n".join(row["row"] for row in found) for name, found in rows.items()}


def forms(secret: str) -> Iterator[str]:
    """What a secret would look like: as it is, in hex, in Base64, or by a hash that needs no key."""
    written = {secret}
    if secret == SNILS:
        written |= {f"{secret[:3]}-{secret[3:6]}-{secret[6:9]} {secret[9:]}"}
    if secret == POLICY:
        written |= {" ".join(secret[at : at + 4] for at in range(0, 16, 4))}
    for text in written:
        raw = text.encode()
        yield from (text, raw.hex(), b64encode(raw).decode().rstrip("="), urlsafe_b64encode(raw).decode().rstrip("="))
        # What is short is found by trying all of it; nobody tries 256 random bits.
        for name in () if _RANDOM.fullmatch(text) else ("md5", "sha1", "sha256", "sha512"):
            yield hashlib.new(name, raw, usedforsecurity=False).hexdigest()


def told(dumped: dict[str, str], secrets: set[str]) -> list[tuple[str, str]]:
    """Which table tells which secret; digits also where something stands between them."""
    return sorted(
        (table, secret)
        for table, text in dumped.items()
        for secret in secrets
        if any(form in text for form in forms(secret))
        or (secret.isdigit() and secret in re.sub(r"(?<=\d)[ \-]+(?=\d)", "", text))
    )


def live_a_little(world: World) -> Api:
    """A family with all its numbers, beside the scene's."""
    parent = world.live.citizen(CLINIC_PAGE, 987654321)
    child = parent.create("/v1/persons", person(snils=SNILS, policy=POLICY, last_name="Ястребова")).ok()["id"]
    assert parent.call("PATCH", f"/v1/persons/{child}", {"policy": POLICY}).status == 200
    clinic = Clinic(world)
    home = clinic.slot("home", hours=70, purpose="home_visit", duration_minutes=480, capacity=5)
    world.book(parent, home, child, home_address=ADDRESS).ok()
    world.put("/v1/certificates", {"items": [certificate(1, snils=SNILS) | {"number": NUMBER}]})
    attached = {"snils": SNILS, "section": "12", "since": "2024-01-01"}
    world.put(f"{clinic.path}/attachments", {"items": [attached]})
    parent.create(f"/v1/persons/{child}/invitations", None).ok()
    return parent


def test_a_dump_tells_nothing_and_all_that_is_sealed_is_sealed_anew(world: World, secrets: set[str]) -> None:
    live = world.live
    set_scene(world)
    parent = live_a_little(world)
    assert parent.token is not None
    secrets |= {NUMBER, "Справка.pdf", live.launch(CLINIC_PAGE, 987654321), parent.token}
    assert {SNILS, POLICY, ADDRESS} < secrets
    assert len(secrets) > 20
    before = dump(live)
    assert told(before, secrets) == []
    assert told(before, {"Ястребова"}) != []

    sealed = len(_SEALED.findall("\n".join(before.values())))
    assert sealed == left(live) + sum_sealed(live)
    columns = {(row["in_table"], row["in_column"]) for row in live.sql("SELECT * FROM count_sealed()")}
    assert columns == SEALED_FOR.keys()

    old = current(live, "seal")
    seen = parent.get("/v1/persons").ok(), parent.get("/v1/appointments").ok()["items"][0]["home_address"]
    new = rotate(live, "seal")
    live.clock.now += LEADS["seal"] + RESTS_BEFORE_REVOKED
    assert left(live) == sealed
    live.work()
    after = dump(live)
    assert {key_id for text in after.values() for key_id in _SEALED.findall(text)} == {new}
    revoke(live, old)
    sealer = live.sealer
    for (table, column), pattern in SEALED_FOR.items():
        for row in live.sql(f"TABLE {table}"):
            if row[column] is not None:
                assert sealer.open(row[column], pattern.format(region=row["region_id"], id=row["id"]))
    # The service, which looks every ten seconds, hears of the new key when it meets it.
    wait_until(lambda: parent.get("/v1/persons").status == 200)
    assert (parent.get("/v1/persons").ok(), parent.get("/v1/appointments").ok()["items"][0]["home_address"]) == seen
    assert told(after, secrets) == []


def sum_sealed(live: Live) -> int:
    return sum(one.current for one in ask(live, lambda conn: progress(conn, live.settings.keys(), live.clock())))


def test_the_search_finds_what_is_there(live: Live) -> None:
    raw = SNILS.encode()
    for written in (
        SNILS,
        f"{SNILS[:3]}-{SNILS[3:6]}-{SNILS[6:9]} {SNILS[9:]}",
        f"{SNILS[:3]} {SNILS[3:6]} {SNILS[6:9]} {SNILS[9:]}",
        raw.hex(),
        b64encode(raw).decode(),
        hashlib.sha256(raw).hexdigest(),
    ):
        live.sql("UPDATE regions SET name_ru = $1 WHERE code = 42", written)
        assert told(dump(live), {SNILS, POLICY}) == [("regions", SNILS)], written
