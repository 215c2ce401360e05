import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.encoding import accepts_gzip, pack
from tests.live import Answer, Live
from tests.world import CLINIC, PAEDIATRICIAN, World

PATH = f"/v1/slots?institution_id={CLINIC}&specialty_code={PAEDIATRICIAN}&days=60"


@pytest.mark.parametrize(
    "header",
    [
        "gzip",
        "gzip, deflate, br",
        "br;q=1.0, gzip;q=0.8, *;q=0.1",
        "*",
        "GZIP",
        "x-gzip",
        "identity;q=0.5 , gzip ; q=1",
    ],
)
def test_who_takes_gzip(header: str) -> None:
    assert accepts_gzip(header)


@pytest.mark.parametrize(
    "header", ["", "identity", "br", "gzip;q=0", "gzip;q=0.000, *", "*;q=0", "gzip;q=much", "gzip;q=-1", "notgzip", ";"]
)
def test_who_does_not(header: str) -> None:
    assert not accepts_gzip(header)


@given(st.text() | st.text(alphabet='gzip*;q=0.1, "'))
def test_no_header_is_too_odd(header: str) -> None:
    assert accepts_gzip(header) in (True, False)


@given(st.binary(max_size=5000))
def test_what_is_packed_is_what_it_was(body: bytes) -> None:
    found = pack(body)
    assert (found is None) == (len(body) < 1400)
    assert found is None or (gzip.decompress(found) == body and found == pack(body))


def test_a_page_is_packed_for_whoever_takes_it(world: World) -> None:
    world.publish_slots(*(world.slot(f"p{number}", hours=24 + number) for number in range(60)))
    mother = world.parent()

    def asked(**headers: str) -> Answer:
        return mother.call("GET", PATH, headers={name.replace("_", "-"): value for name, value in headers.items()})

    plain, short = asked(Accept_Encoding="identity"), asked(Accept_Encoding="gzip, br")
    assert "Content-Encoding" not in plain.headers
    assert short.headers["Content-Encoding"] == "gzip"
    # The client has unpacked it.
    assert short.content == plain.content
    assert int(short.headers["Content-Length"]) * 5 < int(plain.headers["Content-Length"]) == len(plain.content)
    # A cache between keeps both apart, and either is known again.
    assert plain.headers["Vary"] == short.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != short.headers["ETag"]
    again = asked(Accept_Encoding="gzip", If_None_Match=short.headers["ETag"])
    assert (again.status, again.content, again.headers["ETag"]) == (304, b"", short.headers["ETag"])
    assert asked(Accept_Encoding="identity", If_None_Match=short.headers["ETag"]).status == 200


def test_where_origins_are_allowed_the_answer_depends_on_both(
    dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("origins")
    with Live(dsn, folder, allowed_origins=["https://apps.example"]) as live:
        answer = live.api().get("/v1/regions/42/first-free?specialty_code=58")
    assert answer.headers["Vary"] == "Accept-Encoding, Origin"
