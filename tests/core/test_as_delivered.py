"""As it is delivered nothing is open: no account is there, no folder is listed, no debugging tells of the inside."""

import asyncio
import http.client
import re
from pathlib import Path

import pytest

from service.config import DEMO_VK_APP, Settings
from tests.contract.test_source import sources
from tests.live import Live

# What the service's database holds before anybody has come: the world's, and the keys, which it has sealed itself.
CATALOGUES = {"regions", "specialties", "consent_texts", "national_days", "alembic_version", "data_keys"}
_SWITCHES = re.compile(
    r"set_debug|debug\s*=\s*True|PYTHONASYNCIODEBUG|PYTHONDEVMODE|print_exc|format_exc|breakpoint\(|pdb"
)
_INSIDE = re.compile(rb"Traceback|\.py\b|site-packages|asyncpg|postgres|SELECT|regions_away|File \"", re.IGNORECASE)


def test_a_new_database_has_no_accounts(live: Live) -> None:
    tables = [
        row["name"]
        for row in live.sql(
            "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
    ]
    filled = {name for name in tables if live.sql(f'SELECT 1 FROM "{name}" LIMIT 1')}  # noqa: S608
    assert filled <= CATALOGUES, filled
    assert {"citizens", "staff", "teachers", "pages", "clients", "institutions", "data_keys"} <= set(tables)
    # Nobody enters the database as what the service works as.
    assert live.sql("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'zapis_service'")[0]["rolcanlogin"] is False


def test_no_secret_is_known_beforehand(tmp_path: Path) -> None:
    """What is made, is made once for each folder; and a server of one's own gets no app of the demonstration."""
    one, other = Settings(data_dir=tmp_path / "1"), Settings(data_dir=tmp_path / "2")
    assert one.vk_secrets() == one.vk_secrets()
    assert one.vk_secrets()[DEMO_VK_APP] != other.vk_secrets()[DEMO_VK_APP]
    assert one.keys().hashing != other.keys().hashing
    assert one.keys().sealing["k1"] != other.keys().sealing["k1"]
    assert one.keys().signing.private_bytes_raw() != other.keys().signing.private_bytes_raw()
    own = Settings(database_url="postgresql://localhost/zapis", data_dir=tmp_path / "3")
    assert not any(own.launch_secrets().values())
    assert not own.oidc_client_secret.get_secret_value()
    assert own.oidc_issuer is None


def test_no_code_turns_debugging_on() -> None:
    assert [name for name, text in sources() if _SWITCHES.search(text)] == []


@pytest.mark.parametrize("log_level", ["error", "debug"])
def test_even_where_somebody_turns_it_on_an_error_tells_nothing(dsn: str, tmp_path: Path, log_level: str) -> None:
    """aiohttp would show where it went wrong to whoever asks."""
    with Live(dsn, tmp_path, log_level=log_level) as live:

        async def debug() -> None:
            asyncio.get_running_loop().set_debug(True)

        live.run(debug())
        live.sql("ALTER TABLE regions RENAME TO regions_away")
        answer = live.api().get("/v1/regions")
        assert (answer.status, answer.code) == (500, "internal")
        assert not _INSIDE.search(answer.content + str(answer.headers).encode())


def test_no_folder_is_listed_and_no_path_leads_out(live: Live) -> None:
    """Sent as it is: no client tidies the path up."""
    host, _, port = live.base.removeprefix("http://").rpartition(":")
    for path in (
        "/", "/docs/", "/docs/.", "/docs/..", "/docs/../", "/docs/%2e%2e/", "/docs/%2e%2e%2f",
        "/docs/..%2f..%2fREADME.md",
        "/docs/..%5c..%5cREADME.md", "/docs//", "//docs", "/docs/%00", "/docs/swagger-ui.css/",
        "/docs/swagger-ui.css/..",
        "/docs/index.html", "/docs/swagger-ui.css.map", "/docs/../../../../etc/passwd", "/docs//etc/passwd",
        "/.git/config", "/.git/", "/.env", "/service/", "/v1/", "/v1", "/documents/", "/static/",
        "/metrics/", "/healthz/",
    ):  # fmt: skip
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        connection.putrequest("GET", path, skip_accept_encoding=True)
        connection.endheaders()
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status == 404, path
        assert b'"code":"not_found"' in content, path
        assert b"href" not in content, path
