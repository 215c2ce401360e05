"""Documents at rest: sealed, bound to their rows, swept, ended in time; and who may see them. In a real process where
a process matters.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.core.ids import new_id
from service.documents.cipher import CHUNK_BYTES, HEADER_BYTES, TAG_BYTES
from tests.documents.people import Applicant, applicant, files, folder, sending
from tests.documents.samples import pdf
from tests.live import Live
from tests.provocation import someone
from tests.races.processes import Served, wait_until
from tests.world import CLINIC, CLUB, CLUB_PAGE, World

SEALED = CHUNK_BYTES + TAG_BYTES


@pytest.fixture
def parent(world: World) -> Applicant:
    return applicant(world)


def stored(who: Applicant, document: dict[str, Any]) -> Path:
    return next(path for path in files(who.world.live) if path.name == document["id"])


def damaged(who: Applicant, document: dict[str, Any]) -> bool:
    """It is refused, or breaks off: nothing wrong is ever given as if it were right."""
    try:
        answer = who.api.get(f"/v1/documents/{document['id']}")
    except OSError:
        return True
    return answer.status == 500 and answer.code == "document_damaged"


def test_nothing_can_be_read_on_the_disk_or_in_the_tables(parent: Applicant) -> None:
    content = pdf(200_000)
    document = parent.upload(content, file_name="Справка Соколовой.pdf").ok()
    (file,) = files(parent.world.live)
    kept = file.read_bytes()
    assert [begin for begin in range(0, len(content) - 16, 16) if content[begin : begin + 16] in kept] == []
    assert file.stat().st_mode & 0o077 == 0
    rows = parent.world.live.sql("SELECT d::text FROM documents d")
    rows += parent.world.live.sql("SELECT k::text FROM idempotency_keys k")
    rows += parent.world.live.sql("SELECT a::text FROM audit_trail a")
    assert not any("Справка" in row[0] for row in rows)
    assert document["file_name"] == "Справка Соколовой.pdf"


def test_what_was_changed_does_not_open(parent: Applicant) -> None:
    content = pdf(200_000)
    document = parent.upload(content).ok()
    file = stored(parent, document)
    whole = file.read_bytes()
    chunks = [whole[begin : begin + SEALED] for begin in range(HEADER_BYTES, len(whole), SEALED)]
    head = whole[:HEADER_BYTES]
    assert len(chunks) == 4
    wrong = {
        "a bit of the first chunk": whole[:100] + bytes([whole[100] ^ 1]) + whole[101:],
        "a bit of the last chunk": whole[:-1] + bytes([whole[-1] ^ 1]),
        "the prefix": whole[:5] + bytes([whole[5] ^ 1]) + whole[6:],
        "the magic word": b"X" + whole[1:],
        "two chunks swapped": head + chunks[1] + chunks[0] + chunks[2] + chunks[3],
        "two chunks swapped behind": head + chunks[0] + chunks[2] + chunks[1] + chunks[3],
        "one chunk twice": head + chunks[0] + chunks[1] + chunks[1] + chunks[3],
        "cut at a chunk": whole[: -len(chunks[3])],
        "cut": whole[:-5],
        "longer": whole + b"x",
        "empty": b"",
    }
    for name, changed in wrong.items():
        file.write_bytes(changed)
        assert damaged(parent, document), name
    file.unlink()
    assert damaged(parent, document)
    file.write_bytes(whole)
    assert parent.api.get(f"/v1/documents/{document['id']}").content == content


def test_a_file_that_was_cut_does_not_open_though_the_row_says_so(parent: Applicant) -> None:
    """Whoever cuts a file at a chunk, and can write rows too, is found out by the mark of the last chunk."""
    document = parent.upload(pdf(2 * CHUNK_BYTES)).ok()
    file = stored(parent, document)
    file.write_bytes(file.read_bytes()[: HEADER_BYTES + SEALED])
    parent.world.live.sql("UPDATE documents SET bytes = $1 WHERE id = $2", CHUNK_BYTES, document["id"])
    assert damaged(parent, document)


def test_another_row_s_file_or_key_does_not_open(parent: Applicant) -> None:
    live = parent.world.live
    one, other = (parent.upload(pdf(1000, seed=seed)).ok() for seed in (1, 2))
    mine, theirs = stored(parent, one), stored(parent, other)
    kept = mine.read_bytes()
    mine.write_bytes(theirs.read_bytes())
    assert damaged(parent, one)
    # With its key, too: the key is sealed for its row, and so is the file.
    live.sql("UPDATE documents d SET key_sealed = o.key_sealed FROM documents o WHERE d.id = $1 AND o.id = $2",
             one["id"], other["id"])  # fmt: skip
    assert damaged(parent, one)
    mine.write_bytes(kept)
    assert damaged(parent, one)
    assert parent.api.get(f"/v1/documents/{other['id']}").status == 200


def test_documents_are_the_family_s_and_the_institution_s(parent: Applicant) -> None:
    world = parent.world
    document, other = parent.upload().ok(), applicant(world)
    theirs = other.upload().ok()
    for path in (f"/v1/documents/{document['id']}", f"/v1/documents/{new_id()}"):
        assert other.api.get(path).code == "document_not_found"
        assert other.api.call("DELETE", path).code == "document_not_found"
    other.application_id, kept = parent.application_id, other.application_id
    assert (other.upload().code, other.api.get(other.path).code) == ("application_not_found",) * 2
    admin = world.live.citizen(CLUB_PAGE, someone(), "admin")
    assert admin.get(parent.received).ok()["items"] == parent.documents()
    assert admin.get(f"{parent.received}/{document['id']}").status == 200
    # Not by way of another application, nor through another institution.
    assert admin.get(f"{parent.received}/{theirs['id']}").code == "document_not_found"
    assert admin.get(f"{parent.received.replace(parent.application_id, kept)}/{document['id']}").status == 404
    elsewhere = parent.received.replace(str(CLUB), str(CLINIC))
    assert world.operator.get(elsewhere).code == "application_not_found"
    assert world.operator.get(f"{elsewhere}/{document['id']}").code == "document_not_found"


def test_reading_by_staff_is_written_down(parent: Applicant) -> None:
    live = parent.world.live
    document = parent.upload().ok()
    parent.api.get(f"/v1/documents/{document['id']}")
    live.citizen(CLUB_PAGE, someone(), "admin").get(f"{parent.received}/{document['id']}")
    (seen,) = live.sql("SELECT path FROM accesses WHERE operation = 'getReceivedDocument'")
    assert seen["path"] == f"{parent.received}/{document['id']}"


def test_a_parent_takes_it_away_until_the_decision(parent: Applicant) -> None:
    live = parent.world.live
    first, second = parent.upload().ok(), parent.upload().ok()
    for _ in range(2):
        assert parent.api.call("DELETE", f"/v1/documents/{first['id']}").status == 204
    assert parent.api.get(f"/v1/documents/{first['id']}").code == "document_not_found"
    assert [one["id"] for one in parent.documents()] == [second["id"]]
    (stub,) = live.sql("SELECT * FROM documents WHERE id = $1", first["id"])
    assert (stub["key_sealed"], stub["name_sealed"], stub["content_hash"]) == (None, None, None)
    live.work()
    assert [file.name for file in files(live)] == [second["id"]]
    assert live.sql("SELECT FROM documents WHERE erased_at IS NOT NULL AND id = $1", first["id"])
    parent.status("approved")
    assert parent.api.call("DELETE", f"/v1/documents/{second['id']}").code == "document_decided"
    # They are still added: originals may be wanted.
    assert parent.upload().status == 201


@pytest.mark.parametrize(
    ("status", "days"), [("withdrawn", 30), ("refused", 30), ("left", 365), ("enrolled", 266 + 366), ("submitted", 632)]
)
def test_documents_end_in_time(parent: Applicant, status: str, days: int) -> None:
    """The group is over on 31 May 2027, 266 days from now."""
    live = parent.world.live
    parent.upload().ok()
    if status in ("left", "enrolled"):
        parent.status("enrolled")
    if status != "submitted":
        live.sql(
            "UPDATE applications SET status = $1, updated_at = $2, left_on = $3, enrolled_on = $3 WHERE id = $4",
            status, live.clock(), live.clock().date(), parent.application_id,
        )  # fmt: skip
    begin = live.clock.now
    live.clock.now = begin + timedelta(days=days - 2)
    live.work()
    assert len(files(live)) == 1
    live.clock.now = begin + timedelta(days=days + 2)
    live.work()
    assert files(live) == []
    assert live.sql("SELECT FROM documents WHERE erased_at IS NOT NULL AND key_sealed IS NULL")


def test_documents_go_with_their_person(parent: Applicant) -> None:
    live = parent.world.live
    parent.upload().ok()
    parent.api.post(f"/v1/applications/{parent.application_id}/withdraw").ok()
    assert parent.api.call("DELETE", f"/v1/persons/{parent.person_id}").status == 204
    assert live.sql("SELECT FROM documents WHERE key_sealed IS NOT NULL") == []
    live.work()
    assert files(live) == []


def test_a_lost_file_is_told_of(parent: Applicant) -> None:
    live = parent.world.live
    lost, cut, whole = (parent.upload().ok() for _ in range(3))
    stored(parent, lost).unlink()
    file = stored(parent, cut)
    file.write_bytes(file.read_bytes()[:-1])
    live.clock.now += timedelta(days=1)
    live.work()
    marked = {str(row["id"]) for row in live.sql("SELECT id FROM documents WHERE missing")}
    assert marked == {lost["id"], cut["id"]}
    assert whole["id"] not in marked


# Processes of their own ---------------------------------------------------------------------------------------------


@pytest.fixture
def served(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("served")
    place.chmod(0o755)
    with Served(dsn, place) as served:
        yield served


def test_a_process_that_is_killed_leaves_what_the_sweeping_clears_away(served: Served) -> None:
    parent = applicant(World(served))
    kept = parent.upload(pdf(300_000)).ok()
    with sending(served.base, parent, "Content-Length: 300000") as connection:
        connection.sendall(pdf(300_000)[:200_000])
        wait_until(lambda: len(files(served)) == 2)
        for worker in served.workers():
            os.kill(worker, 9)
        # What was sent and never read makes the kernel reset the connection instead of closing it.
        with suppress(ConnectionResetError):
            assert connection.recv(1000) == b""
    left = [file for file in files(served) if file.parent.name == "incoming"]
    assert len(left) == 1
    # And one that died between the commit and its end, and one between the file and the commit.
    done = folder(served) / "incoming" / f"42.{kept['id']}"
    os.link(stored(parent, kept), done)
    lost = new_id()
    between = folder(served) / "42" / lost.hex[-2:] / str(lost)
    between.parent.mkdir(parents=True, exist_ok=True)
    between.write_bytes(b"never committed")
    os.link(between, folder(served) / "incoming" / f"42.{lost}")
    sweeper = Live(served.dsn, served.settings.data_dir)
    with sweeper:
        sweeper.clock.now = datetime.now(UTC)
        sweeper.work()
        assert len(files(served)) == 5
        sweeper.clock.now += timedelta(hours=1, seconds=5)
        sweeper.work()
    assert [file.name for file in files(served)] == [kept["id"]]
    wait_until(lambda: len(served.workers()) == 2)
    assert parent.api.get(f"/v1/documents/{kept['id']}").content == pdf(300_000)


_LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
sys.argv = ["service", "serve"]
runpy.run_module("service", run_name="__main__")
"""


def test_a_full_disk_is_told_of_and_left_as_it_was(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process that may write no file of more than 2,000,000 bytes: the kernel refuses as on a full disk."""
    popen = subprocess.Popen

    def limited(command: list[str], **options: Any) -> Any:
        return popen([sys.executable, "-c", _LIMITED] if "serve" in command else command, **options)

    tmp_path.chmod(0o755)
    monkeypatch.setattr("tests.races.processes.subprocess.Popen", limited)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    with Served(dsn, tmp_path) as served:
        parent = applicant(World(served))
        answer = parent.upload(pdf(3_000_000))
        assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "storage_full", "60")
        assert files(served) == []
        assert served.sql("SELECT FROM documents") == []
        assert parent.upload(pdf(1_500_000)).status == 201
