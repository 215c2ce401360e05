"""A provider that lies, or somebody who speaks in its name: nothing of it is believed, and nobody is confirmed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.confirmation.citizens import begins, code_on, confirmed, logs_in, returns
from tests.confirmation.lies import BARE, METADATA, WRONG
from tests.confirmation.rogue import rogue, settings
from tests.conftest import fresh_database
from tests.live import THE_DAY, Live
from tests.provocation import someone
from tests.world import CLINIC_PAGE, World


@pytest.fixture(scope="module")
def place(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A region that all of these providers are tried in."""
    with fresh_database(server_dsn) as dsn:
        folder = tmp_path_factory.mktemp("keys")
        with Live(dsn, folder) as live:
            World(live)
        yield dsn, folder


@contextmanager
def served_by(place: tuple[str, Path], who: str) -> Iterator[Live]:
    with Live(*place, **settings(who)) as live:
        yield live


def test_one_that_does_nothing_wrong_is_believed(place: tuple[str, Path]) -> None:
    """The control: else all that follows would show nothing."""
    with served_by(place, "good") as live:
        confirmed(live, live.citizen(CLINIC_PAGE, someone()))


@pytest.fixture(scope="module")
def live(place: tuple[str, Path]) -> Iterator[Live]:
    with served_by(place, "good") as live:
        yield live


def is_refused(live: Live, login: str) -> None:
    citizen = live.citizen(CLINIC_PAGE, someone())
    begun = begins(citizen)
    text = returns(live, logs_in(begun, login)).content.decode()
    assert "не ответил как нужно" in text
    assert "<script" not in text
    found = citizen.get(f"/v1/confirmations/{begun['id']}").ok()
    assert (found["status"], found["failure"]) == ("failed", "provider_failed")
    assert live.sql("SELECT FROM confirmations WHERE claims_sealed IS NOT NULL") == []
    assert rogue().broken == []


@pytest.mark.parametrize("lie", [*WRONG, *(name for name in BARE if not name.startswith("keys"))])
def test_nobody_is_confirmed_by(live: Live, lie: str) -> None:
    is_refused(live, f"anna!{lie}")
    # A redirect was not followed.
    assert lie != "token_is_elsewhere" or rogue().asked[-1] == "/good/token"
    assert rogue().asked[-2:] != ["/good/token", "/good/token"]


@pytest.mark.parametrize("who", [name for name in BARE if name.startswith("keys")])
def test_nobody_is_confirmed_by_keys_that_are_none(place: tuple[str, Path], who: str) -> None:
    with served_by(place, who) as live:
        is_refused(live, "anna")


@pytest.mark.parametrize("who", METADATA)
def test_a_document_that_is_not_the_providers_own_leads_nowhere(place: tuple[str, Path], who: str) -> None:
    with served_by(place, who) as live:
        citizen = live.citizen(CLINIC_PAGE, someone())
        asked = citizen.create("/v1/confirmations", None)
        if asked.status == 201:
            # Where a browser is sent is in order; where we would go is not.
            page = returns(live, logs_in(asked.ok()))
            assert "не ответил как нужно" in page.content.decode()
        else:
            assert asked.code == "provider_away"


@pytest.mark.parametrize("issuer", ["", "https://example.org", "with a slash"])
def test_an_answer_in_the_name_of_another_provider_is_none(place: tuple[str, Path], issuer: str) -> None:
    """RFC 9207: mix-up."""
    with served_by(place, "good") as live:
        begun = begins(live.citizen(CLINIC_PAGE, someone()))
        back, _, own = logs_in(begun).partition("&iss=")
        told = {"": "", "with a slash": f"&iss={own}/"}.get(issuer, f"&iss={issuer}")
        assert "не ответил как нужно" in returns(live, back + told).content.decode()


def test_a_verifier_of_another_attempt_is_refused(place: tuple[str, Path]) -> None:
    """PKCE: whoever steals the code on its way has no use of it."""
    with served_by(place, "good") as live:
        attacker, victim = (begins(live.citizen(CLINIC_PAGE, someone())) for _ in range(2))
        code = logs_in(victim).partition("code=")[2].partition("&")[0]
        own = logs_in(attacker).partition("code=")[2].partition("&")[0]
        stolen = logs_in(attacker).replace(own, code)
        assert "не ответил как нужно" in returns(live, stolen).content.decode()


def test_a_new_key_of_the_provider_is_fetched(place: tuple[str, Path]) -> None:
    server = rogue()
    try:
        with served_by(place, "rotating") as live:
            confirmed(live, live.citizen(CLINIC_PAGE, someone()))
            server.current = "k2"
            live.clock.now += timedelta(minutes=1)
            confirmed(live, live.citizen(CLINIC_PAGE, someone()))
            # Its old key is worth nothing any more, and is not asked for again and again.
            server.current = "k1"
            asked = len(server.asked)
            for _ in range(3):
                begun = begins(live.citizen(CLINIC_PAGE, someone()))
                assert "не ответил как нужно" in returns(live, logs_in(begun)).content.decode()
            assert not any(path.endswith("/jwks") for path in server.asked[asked:])
            live.clock.now += timedelta(seconds=30)
            confirmed(live, live.citizen(CLINIC_PAGE, someone()))
    finally:
        server.current = "k1"
    assert live.clock.now > THE_DAY


def test_what_the_provider_publishes_is_asked_for_once_an_hour(place: tuple[str, Path]) -> None:
    with served_by(place, "good") as live:
        asked = len(rogue().asked)
        for _ in range(3):
            confirmed(live, live.citizen(CLINIC_PAGE, someone()))
        documents = [path for path in rogue().asked[asked:] if "well-known" in path or "jwks" in path]
        assert documents == ["/good/.well-known/openid-configuration", "/good/jwks"]
        assert code_on(returns(live, logs_in(begins(live.citizen(CLINIC_PAGE, someone())))))
