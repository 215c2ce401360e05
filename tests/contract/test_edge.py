"""What is true of every answer, whatever was asked: ids, problems, headers, validators, the page of reference."""

import gzip
import re
import time
from pathlib import Path

from service.app import document
from service.core.document_text import as_yaml
from tests.live import Answer, Live
from tests.world import CLINIC, PAEDIATRICIAN, World

_COMMITTED = Path(__file__).parents[2] / "openapi.yaml"
_JSON = {"Content-Type": "application/json"}


def send(live: Live, method: str, path: str, data: bytes | str = b"", **headers: str) -> Answer:
    """As it is: nothing is added or encoded."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return live.api().call(method, path, data=data, headers=given)


def test_an_answer_has_an_id_which_may_be_the_callers(live: Live) -> None:
    for given in ("01J9ZC4W-abc.def_1", "x" * 64):
        answer = send(live, "GET", "/nowhere", X_Request_Id=given)
        assert answer.headers["X-Request-Id"] == answer.json["request_id"] == given
    made: set[str] = set()
    for given in ("", "short", "x" * 65, "with space in it", "quo\"te'd-and-long", "кириллица"):
        headers = {"X-Request-Id": given.encode()} if given else {}
        answer = live.api().call("GET", "/healthz", headers=headers)
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
        made.add(answer.headers["X-Request-Id"])
    assert len(made) == 6


def test_what_is_no_request_is_a_problem(live: Live) -> None:
    large = b'{"platform": "vk", "parameters": "' + b"x" * live.settings.max_body_bytes + b'"}'
    bomb = gzip.compress(b"x" * 100 * live.settings.max_body_bytes)
    for status, code, answer in (
        (404, "not_found", send(live, "GET", "/v1/nowhere")),
        (404, "not_found", send(live, "GET", "/v1/institutions/a/b")),
        (404, "not_found", send(live, "GET", "/docs/..%2f..%2fpyproject.toml")),
        (405, "method_not_allowed", send(live, "DELETE", "/v1/regions")),
        (405, "method_not_allowed", send(live, "PUT", "/v1/sessions")),
        (405, "method_not_allowed", send(live, "OPTIONS", "/v1/persons")),
        (405, "method_not_allowed", send(live, "PROPFIND", "/v1/persons")),
        (405, "method_not_allowed", send(live, "TRACE", "/v1/persons")),
        (413, "too_large", send(live, "POST", "/v1/sessions", large, **_JSON)),
        (413, "too_large", send(live, "POST", "/v1/sessions", bomb, Content_Encoding="gzip", **_JSON)),
        (415, "media_type", send(live, "POST", "/v1/sessions", "{}")),
        (415, "media_type", send(live, "POST", "/v1/sessions", "{}", Content_Type="text/plain")),
        (415, "media_type", send(live, "POST", "/v1/oauth/token", "{}", **_JSON)),
        (400, "malformed", send(live, "POST", "/v1/sessions", **_JSON)),
        (400, "malformed", send(live, "POST", "/v1/sessions", "{'platform': 'vk'}", **_JSON)),
        (400, "malformed", send(live, "POST", "/v1/sessions", '{"platform": "vk"', **_JSON)),
        (400, "malformed", send(live, "POST", "/v1/sessions", b'{"platform": "\xed\xa0\x80"}', **_JSON)),
        (400, "malformed", send(live, "POST", "/v1/sessions", r'{"platform": "\ud800"}', **_JSON)),
        (400, "malformed", send(live, "POST", "/v1/sessions", "not gzip", Content_Encoding="gzip", **_JSON)),
        (400, "malformed", send(live, "POST", "/v1/sessions", "[" * 100_000, **_JSON)),
        (422, "invalid", send(live, "POST", "/v1/sessions", "[]", **_JSON)),
        (422, "invalid", send(live, "GET", "/v1/regions?limit=1")),
        (422, "invalid", send(live, "GET", "/v1/regions/42/first-free?specialty_code=122&specialty_code=122")),
    ):  # fmt: skip
        assert (answer.status, answer.code) == (status, code), answer.content
        assert answer.json["status"] == status
        assert answer.json["request_id"] == answer.headers["X-Request-Id"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Language"] == "ru"
        if status == 405:
            assert answer.headers["Allow"]
    assert send(live, "PROPFIND", "/v1/persons").headers["Allow"] == "GET,HEAD,POST"


def test_head_answers_like_get_without_the_body(world: World) -> None:
    mother = world.parent()
    paths = (
        "/v1/regions",
        "/v1/persons",
        f"/v1/institutions/{CLINIC}",
        "/v1/institutions",
        "/healthz",
        "/docs",
        "/nowhere",
    )
    for path in paths:
        get, head = mother.call("GET", path), mother.call("HEAD", path)
        assert (head.status, head.content) == (get.status, b"")
        names = get.headers.keys() - {"Date"}
        assert names == head.headers.keys() - {"Date"}
        varying = {"X-Request-Id", "Content-Length"} if path == "/nowhere" else {"X-Request-Id"}
        assert {name: head.headers[name] for name in names - varying} == {
            name: get.headers[name] for name in names - varying
        }
    assert mother.call("HEAD", "/v1/sessions/refresh").status == 405


def test_every_answer_is_what_it_says_and_tells_nobody_where_one_came_from(world: World) -> None:
    mother = world.parent()
    for path in ("/v1/persons", "/v1/regions", "/v1/nowhere", "/healthz", "/metrics", "/docs", "/openapi.yaml"):
        answer = mother.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert mother.get("/v1/persons").headers["Cache-Control"] == "no-store"
    assert mother.get("/v1/regions").headers["Cache-Control"] == "public, max-age=3600"


def test_availability_is_conditional(world: World) -> None:
    world.publish_slots(world.slot("s1"), world.slot("s2", hours=25))
    mother = world.parent()
    path = f"/v1/slots?institution_id={CLINIC}&specialty_code={PAEDIATRICIAN}"

    def asked(match: str) -> Answer:
        return mother.call("GET", path, headers={"If-None-Match": match})

    first = mother.get(path)
    tag = first.headers["ETag"]
    assert re.fullmatch('"[!#-~]+"', tag)
    assert first.headers["Cache-Control"] == "private, max-age=1"
    for match in (tag, f"W/{tag}", f'"other", {tag}', f'"other",W/{tag} , "third"', "*"):
        answer = asked(match)
        assert (answer.status, answer.content, answer.headers["ETag"]) == (304, b"", tag)
    for match in ("", '"other"', tag.strip('"'), tag[:-1], 'W/"other"', "nonsense, with ; all = sorts", tag.upper()):
        assert asked(match).ok() == first.json
    assert mother.call("HEAD", path, headers={"If-None-Match": tag}).status == 304
    world.book(mother, first.json["items"][0]["id"], world.child(mother)).ok()
    # Availability may be a second old.
    time.sleep(1.1)
    changed = asked(tag)
    assert len(changed.ok()["items"]) == 1
    assert changed.headers["ETag"] != tag


def test_the_page_of_reference_needs_nobody_else(live: Live) -> None:
    api = live.api()
    page = api.get("/docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "'unsafe-eval'" not in policy
    script = re.search("script-src ([^;]*)", policy)
    assert script is not None
    assert script[1] == "'self'"
    assert not re.search("//|<script>|on[a-z]+=", page.content.decode())
    named = re.findall('(?:src|href)="([^"]+)"', page.content.decode())
    assert sorted(named) == [
        "/docs/favicon-32x32.png",
        "/docs/start.js",
        "/docs/swagger-ui-bundle.js",
        "/docs/swagger-ui.css",
    ]
    for path in named:
        answer = api.get(path)
        assert answer.status == 200
        assert answer.content
    start = api.get("/docs/start.js").content.decode()
    assert "//" not in start
    assert "'/openapi.yaml'" in start
    served = api.get("/openapi.yaml")
    assert served.headers["Content-Type"] == "application/yaml; charset=utf-8"
    assert served.content.decode() == as_yaml(document()) == _COMMITTED.read_text(encoding="utf-8")
