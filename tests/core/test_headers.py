"""What every answer tells browsers, whom the service takes for its caller, and who may see what is not the contract."""

from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from service.app import make_app
from service.config import Settings
from tests.conftest import fresh_database
from tests.live import Answer, Live

PAGE = "https://prod-app7284402.pages-ac.vk-apps.com"
PROXY, CLIENT = "127.0.0.9", "203.0.113.7"


@pytest.fixture(scope="module")
def closed(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """As it is where nothing is set."""
    with fresh_database(server_dsn) as dsn, Live(dsn, tmp_path_factory.mktemp("closed")) as live:
        yield live


@pytest.fixture(scope="module")
def behind(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Behind two proxies, for one page; its metrics are for one client, which shows whom it takes for its caller."""
    with (
        fresh_database(server_dsn) as dsn,
        Live(
            dsn,
            tmp_path_factory.mktemp("behind"),
            trusted_proxies=[f"{PROXY}/32", "10.0.0.0/8", "2001:db8:1::/48"],
            frame_ancestors=["https://vk.com", "https://*.vk.com"],
            allowed_origins=[PAGE],
            metrics_from=["203.0.113.0/28", "2001:db8:2::/64"],
            docs_from=[],
        ) as live,
    ):
        yield live


def every_kind(live: Live) -> dict[int, list[Answer]]:
    """Answers of all sorts, by their status."""
    api = live.api()
    large = b'{"parameters": "' + b"x" * live.settings.max_body_bytes + b'"}'
    json = {"Content-Type": "application/json"}
    live.sql("ALTER TABLE regions RENAME TO regions_away")
    try:
        broken = api.get("/v1/regions")
    finally:
        live.sql("ALTER TABLE regions_away RENAME TO regions")
    answers = [
        broken,
        api.get("/v1/regions"),
        api.get("/healthz"),
        api.get("/v1/persons"),
        api.get("/nowhere"),
        api.call("PUT", "/v1/regions"),
        api.call("POST", "/v1/sessions", large, headers=json),
        api.call("POST", "/v1/sessions", b"{}", headers=json),
        api.call("POST", "/v1/sessions", b"{", headers=json),
        api.call("POST", "/v1/sessions", b"{}"),
    ]
    found: dict[int, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.status, []).append(answer)
    assert found.keys() == {200, 400, 401, 404, 405, 413, 415, 422, 500}
    return found


def directives(answer: Answer) -> dict[str, str]:
    """Of the policy; each is there once, for browsers take the first alone."""
    parts = [part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";")]
    assert len({name for name, _, _ in parts}) == len(parts)
    return {name: value for name, _, value in parts}


def test_every_answer_says_what_a_browser_may_do_with_it(closed: Live) -> None:
    for answers in every_kind(closed).values():
        for answer in answers:
            assert directives(answer) == {
                "default-src": "'none'",
                "base-uri": "'none'",
                "form-action": "'none'",
                "frame-ancestors": "'none'",
            }
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert "camera=()" in answer.headers["Permissions-Policy"]
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            # Nobody came over https, and no other page may read it.
            assert not [name for name in answer.headers if name.lower().startswith(("strict-", "access-control-"))]


def test_a_page_brings_its_own_policy_and_gets_the_rest(closed: Live, behind: Live) -> None:
    page = closed.api().get("/docs")
    found = directives(page)
    assert found["script-src"] == "'self'"
    assert found["frame-ancestors"] == found["base-uri"] == found["form-action"] == "'none'"
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert directives(behind.api().get("/healthz"))["frame-ancestors"] == "https://vk.com https://*.vk.com"


def test_no_other_origin_reads_anything_where_none_is_allowed(closed: Live) -> None:
    for origin in (PAGE, "null", closed.base):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        for answer in (
            closed.api().call("OPTIONS", "/v1/appointments", headers=asked),
            closed.api().call("GET", "/v1/regions", headers={"Origin": origin}),
        ):
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
            assert "Vary" not in answer.headers
            if answer.status != 200:
                assert (answer.status, answer.code) == (405, "method_not_allowed")


def test_an_allowed_page_reads_the_contract_and_no_other_does(behind: Live) -> None:
    api = behind.api()
    answer = api.call("GET", "/v1/regions", headers={"Origin": PAGE})
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Vary"] == "Origin"
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    # A refusal can be read as well.
    assert api.call("GET", "/v1/persons", headers={"Origin": PAGE}).headers["Access-Control-Allow-Origin"] == PAGE
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    answer = api.call("OPTIONS", "/v1/appointments", headers={"Origin": PAGE, **asked})
    assert (answer.status, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST"
    assert {"authorization", "content-type", "idempotency-key", "proof"} <= set(
        answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    )
    for origin in ("https://vk.com", PAGE + ".evil.ru", PAGE.upper(), PAGE + ":443", "null", ""):
        for method, path in (("GET", "/v1/regions"), ("OPTIONS", "/v1/appointments")):
            refused = api.call(method, path, headers={"Origin": origin, **asked})
            assert not [name for name in refused.headers if name.lower().startswith("access-control-")]
            # A cache must not give it to the page that is allowed.
            assert refused.headers["Vary"] == "Origin"
            assert refused.status == (200 if method == "GET" else 405)
    assert api.call("OPTIONS", "/nowhere", headers={"Origin": PAGE, **asked}).status == 404
    assert api.call("OPTIONS", "/healthz", headers={"Origin": PAGE, **asked}).status == 405
    for method, path in (("GET", "/v1/regions"), ("OPTIONS", "/v1/appointments")):
        allowed = api.call(method, path, headers={"Origin": PAGE, **asked})
        assert "Access-Control-Allow-Credentials" not in allowed.headers


def ask(live: Live, source: str, path: str, *headers: tuple[str, str]) -> Answer:
    """From an address of one's own, with headers that may come several times."""
    port = int(live.base.rpartition(":")[2])
    connection = HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))
    try:
        connection.putrequest("GET", path)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())  # pyright: ignore[reportArgumentType]
    finally:
        connection.close()


def is_client(live: Live, source: str, *forwarded: str) -> bool:
    """Whether the service takes it for a request by the client who may see the metrics."""
    status = ask(live, source, "/metrics", *(("X-Forwarded-For", value) for value in forwarded)).status
    assert status in (200, 404)
    return status == 200


def test_the_caller_is_whom_trusted_proxies_name(behind: Live) -> None:
    for named in (
        [CLIENT],
        [f"{CLIENT}, 10.1.2.3"],
        [f" {CLIENT} ,10.1.2.3,  2001:db8:1::5"],
        [CLIENT, "10.1.2.3"],
        # What the caller said before is not looked at.
        [f"198.51.100.1, {CLIENT}"],
        [f"nonsense, {CLIENT}, 10.1.2.3"],
        [f"::ffff:{CLIENT}"],
        ["2001:db8:2::77"],
        ["1.1.1.1," * 500 + CLIENT],
    ):
        assert is_client(behind, PROXY, *named), named
        # Whoever is not trusted may say what they want.
        assert not is_client(behind, "127.0.0.8", *named), named


def test_what_no_trusted_proxy_says_is_not_believed(behind: Live) -> None:
    for named in (
        [],
        [""],
        ["198.51.100.1"],
        [f"{CLIENT}, 198.51.100.1"],
        [CLIENT, "198.51.100.1"],
        [f"{CLIENT}, nonsense"],
        [f"{CLIENT}, "],
        [f"{CLIENT}, nonsense, 10.1.2.3"],
        [f"{CLIENT}:443"],
        [f"[{CLIENT}]"],
        ["203.0.113.07"],
        [CLIENT + "," + "10.1.2.3," * 500 + "10.1.2.3"],
    ):
        assert not is_client(behind, PROXY, *named), named


def test_https_is_what_a_trusted_proxy_says_it_is(behind: Live) -> None:
    def strict(source: str, path: str, *protocols: str) -> str | None:
        answer = ask(behind, source, path, *(("X-Forwarded-Proto", protocol) for protocol in protocols))
        return answer.headers.get("Strict-Transport-Security")

    for path in ("/v1/regions", "/nowhere", "/v1/persons"):
        assert strict(PROXY, path, "https") == "max-age=63072000; includeSubDomains"
    for source, protocols in (
        (PROXY, ()),
        (PROXY, ("http",)),
        (PROXY, ("https", "http")),
        (PROXY, ("https, http",)),
        ("127.0.0.8", ("https",)),
    ):
        assert strict(source, "/v1/regions", *protocols) is None


def test_metrics_are_for_this_machine_and_the_reference_for_all_if_nothing_is_set(closed: Live, behind: Live) -> None:
    assert closed.api().get("/metrics").status == 200
    # Somebody speaks for another, and nobody says that they may.
    disputed = ask(closed, "127.0.0.1", "/metrics", ("X-Forwarded-For", "127.0.0.1"))
    assert (disputed.status, disputed.code) == (404, "not_found")
    assert ask(closed, "127.0.0.1", "/docs", ("X-Forwarded-For", "127.0.0.1")).status == 200
    for path in ("/docs", "/docs/start.js", "/docs/swagger-ui.css", "/openapi.yaml", "/metrics"):
        shut = behind.api().get(path)
        assert (shut.status, shut.code) == (404, "not_found")
    assert ask(behind, PROXY, "/docs", ("X-Forwarded-For", CLIENT)).status == 404


def test_behind_a_socket_file_is_a_proxy_where_that_is_said(closed: Live, tmp_path: Path) -> None:
    """The peer has no address."""

    async def status(*trusted: str) -> int:
        settings = Settings(
            **(closed.settings.model_dump() | {"trusted_proxies": trusted, "metrics_from": [f"{CLIENT}/32"]})
        )
        runner = web.AppRunner(make_app(settings, closed.dsn))
        await runner.setup()
        path = str(tmp_path / f"socket{len(trusted)}")
        await web.UnixSite(runner, path).start()
        try:
            return await _status(path, CLIENT)
        finally:
            await runner.cleanup()

    assert closed.run(status("unix")) == 200
    assert closed.run(status()) == 404


async def _status(path: str, forwarded_for: str) -> int:
    async with (
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as session,
        session.get("http://x/metrics", headers={"X-Forwarded-For": forwarded_for}) as response,
    ):
        return response.status


@given(st.text(alphabet="abc.:/*' ;,\n-", max_size=12))
def test_a_setting_can_add_no_directive(text: str) -> None:
    for name in ("frame_ancestors", "allowed_origins"):
        accepted: Any = None
        try:
            accepted = getattr(Settings.model_validate({name: ["https://a" + text]}), name)
        except ValueError:
            continue
        assert not set(accepted[0][8:]) & set("/*'; ,\n")
