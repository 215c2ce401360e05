"""A database line that can't be listened to: what an address must say, and TLS in front of a real PostgreSQL."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from service.config import Settings
from service.core.wires import Overheard, demand_verified
from tests.core.wires import Authority, Front
from tests.races.processes import Served, free_port

# The system takes it for this machine; who only reads it can't know.
ANY = "0.0.0.0"  # noqa: S104 - nobody is bound to it
HERE = (
    "postgresql:///zapis",
    "postgresql://zapis@/zapis?host=%2Fvar%2Frun%2Fpostgresql&port=5432",
    "postgresql://zapis:secret@localhost/zapis",
    "postgresql://127.8.0.1/zapis?sslmode=disable",
    "postgresql://%2Ftmp%2Fsockets/zapis",
    "postgresql://zapis@localhost?host=/tmp",
)
FAR = (
    "postgresql://db/zapis",
    "postgresql://zapis:secret@db.example.ru:5432/zapis",
    "postgresql://10.0.0.5/zapis",
    "postgresql://0.0.0.0/zapis",
    "postgresql://[2001:db8::1]/zapis",
    "postgresql://::1/zapis",
    "postgresql://localhost,db/zapis",
    "postgresql:///zapis?host=localhost,db",
    "postgresql:///zapis?host=localhost&host=db",
    "postgresql://localhost/zapis?host=db",
    # The first @ ends the login: what comes behind it is the host.
    "postgresql://zapis:a@db@localhost/zapis",
    "postgresql://localhost.example.ru/zapis",
    "postgresql:///zapis?service=clinic",
    "postgresql://db/zapis?sslmode=require",
    "postgresql://db/zapis?sslmode=verify-ca&sslrootcert=/etc/ca.crt",
    "postgresql://db/zapis?sslmode=verify-full&sslmode=disable",
    "postgresql://db/zapis?sslmode",
    "postgresql://[db/zapis",
)


@pytest.mark.parametrize("address", HERE)
def test_what_stays_on_this_machine_needs_no_encryption(address: str) -> None:
    demand_verified(address, {})


@pytest.mark.parametrize("address", FAR)
def test_what_leaves_it_must_demand_a_verified_connection(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Overheard):
        demand_verified(address, {"PGSSLMODE": "verify-full"})
    for name in ("ZAPIS_DATABASE_URL", "ZAPIS_DATABASE_PLAIN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZAPIS_DATABASE_URL", address)
    with pytest.raises(ValidationError) as refused:
        Settings()
    (found,) = refused.value.errors()
    assert found["loc"] == ("database_url",)
    monkeypatch.setenv("ZAPIS_DATABASE_PLAIN", "true")
    assert Settings().database_url == address


def test_verified_it_may_lead_anywhere() -> None:
    demand_verified("postgresql://a.example.ru,b.example.ru/zapis?sslmode=verify-full&sslrootcert=/etc/ca.crt", {})


def test_the_environment_says_where_it_leads_where_the_address_does_not() -> None:
    with pytest.raises(Overheard):
        demand_verified("postgresql:///zapis", {"PGHOST": "db"})
    demand_verified("postgresql://localhost/zapis", {"PGHOST": "db"})
    demand_verified("postgresql:///zapis", {"PGHOST": "/run/postgresql"})


# In front of a real server --------------------------------------------------------------------------------------------


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.fixture
def fronted(dsn: str) -> Callable[[Front], str]:
    """The database's DSN by way of a front, at an address that is not of this machine to whoever only reads it."""

    def address(front: Front) -> str:
        return f"postgresql://zapis@{ANY}:{front.port}{urlsplit(dsn).path}"

    return address


@pytest.fixture
def socket(dsn: str) -> Path:
    query = parse_qs(urlsplit(dsn).query)
    return Path(query["host"][0]) / f".s.PGSQL.{query['port'][0]}"


@pytest.fixture
def front(socket: Path, ours: Authority) -> Iterator[Front]:
    with Front(socket, ours.certificate(ANY)).served() as front:
        yield front


def zapis(folder: Path, address: str, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command of its own process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ZAPIS_", "PG"))}
    environment |= {"ZAPIS_DATABASE_URL": address, "ZAPIS_DATA_DIR": str(folder / "data"), **settings}
    command = [sys.executable, "-m", "service", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


CLIENT = ("client", "create", "--name", "МИС", "--region", "42", "--scope", "appointments:read")


def test_a_verified_server_is_spoken_to_by_all_commands(
    fronted: Callable[[Front], str], front: Front, ours: Authority, tmp_path: Path
) -> None:
    address = f"{fronted(front)}?sslmode=verify-full&sslrootcert={ours.root}"
    for words in (("migrate",), ("keys", "list"), CLIENT):
        done = zapis(tmp_path, address, *words)
        assert done.returncode == 0, done.stderr
    with Served(address, tmp_path) as served:
        assert served.api().get("/readyz").status == 200
    assert front.encrypted > 5
    assert front.plain == 0


def test_a_far_server_is_not_even_asked_without(fronted: Callable[[Front], str], front: Front, tmp_path: Path) -> None:
    for words in (("migrate",), ("serve",), ("worker",), ("keys", "list")):
        done = zapis(tmp_path, fronted(front), *words)
        assert done.returncode == 1
        assert "zapis: the settings are wrong: ZAPIS_DATABASE_URL" in done.stderr
        assert "ZAPIS_DATABASE_PLAIN" in done.stderr
    assert front.encrypted + front.plain == 0
    assert zapis(tmp_path, fronted(front), "migrate", ZAPIS_DATABASE_PLAIN="true").returncode == 0


def test_somebody_elses_certificate_is_no_database(
    fronted: Callable[[Front], str], socket: Path, ours: Authority, tmp_path: Path
) -> None:
    """Of another authority; of ours for another name; or none at all."""
    theirs = Authority(tmp_path, "theirs")
    wrong = {
        "unable to get local issuer": theirs.certificate(ANY),
        "IP address mismatch": ours.certificate("db.example.ru"),
        "there is no connection": None,
    }
    for said, certificate in wrong.items():
        with Front(socket, certificate).served() as front:
            address = f"{fronted(front)}?sslmode=verify-full&sslrootcert={ours.root}"
            for words in (("migrate",), ("serve",)) if certificate else (("migrate",),):
                done = zapis(tmp_path, address, *words, ZAPIS_PORT=str(free_port()))
                assert done.returncode == 1
                assert done.stderr.startswith("zapis: ")
                assert said in done.stderr
            assert front.plain == 0


def test_a_service_never_falls_back(
    fronted: Callable[[Front], str], socket: Path, ours: Authority, tmp_path: Path
) -> None:
    """It starts before its database, as ever; but what answers there in plain text is not taken for it."""
    with Front(socket, None).served() as front:
        address = f"{fronted(front)}?sslmode=verify-full&sslrootcert={ours.root}"
        with Served(address, tmp_path) as served:
            assert served.api().get("/readyz").status == 503
        assert front.plain == 0


def test_whoever_has_no_certificate_of_their_own_stays_outside(
    fronted: Callable[[Front], str], socket: Path, ours: Authority, tmp_path: Path
) -> None:
    """In place of a password, or beside it: `sslcert` and `sslkey` in the address."""
    with Front(socket, ours.certificate(ANY), clients=ours).served() as front:
        address = f"{fronted(front)}?sslmode=verify-full&sslrootcert={ours.root}"
        assert zapis(tmp_path, address, "migrate").returncode == 1
        own = ours.certificate("zapis")
        assert zapis(tmp_path, f"{address}&sslcert={own}&sslkey={own}", "migrate").returncode == 0
