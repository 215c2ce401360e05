"""`python -m benchmarks.uploads`: how much memory one worker takes for 200 uploads of 2 MB at once.

All connections are open, and all heads sent, before the first byte of a file is; then all send as fast as can be.
What counts is the most that the worker's process ever held (VmHWM), against a bar of 150 MB.
"""

import asyncio
import random
import re
import tempfile
import time
from collections import Counter
from pathlib import Path

import asyncpg
from rich.console import Console

from benchmarks.bars import met
from benchmarks.ground import REGION, bench_id
from benchmarks.processes import children, free_port, memory_megabytes, running
from service import migrations
from service.config import Settings
from service.core import embedded
from service.core.clock import utc_now
from service.core.operations import Actor
from service.launch.tokens import Tokens

UPLOADS, FILE_BYTES = 200, 2 * 1024 * 1024
MOST_MEGABYTES = 150
_INSTITUTION, _PROGRAMME, _GROUP, _CITIZEN, _PERSON, _APPLICATION = range(1, 7)
_GROUND = """
SET session_replication_role = replica;
CREATE FUNCTION bench_id(kind integer, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT ('00000000-' || lpad(to_hex(kind), 4, '0') || '-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid
$$;
INSERT INTO institutions (region_id, id, name, kind, municipality, address, zone)
VALUES (42, bench_id(1, 0), 'Дом творчества', 'club', 'Кемерово', 'ул. Весенняя', 'Asia/Novokuznetsk');
INSERT INTO citizens SELECT 42, bench_id(4, i), 'vk', i::text, now() FROM generate_series(1, 1000) i;
INSERT INTO persons (region_id, id, identity, last_name, first_name, birth_date, sex, created_at, updated_at)
SELECT 42, bench_id(5, i), sha256(i::text::bytea), 'Соколова', 'Вера', '2019-05-14', 'female', now(), now()
FROM generate_series(1, 1000) i;
INSERT INTO guardians SELECT 42, bench_id(4, i), bench_id(5, i), 'child', sha256(i::text::bytea)
FROM generate_series(1, 1000) i;
INSERT INTO applications (region_id, id, number, institution_id, group_id, citizen_id, person_id, identity, status,
                          placed, serial, terms, created_at, updated_at)
SELECT 42, bench_id(6, i), i::text, bench_id(1, 0), bench_id(3, 0), bench_id(4, i), bench_id(5, i),
       sha256(i::text::bytea), 'submitted', true, i, '{}', now(), now()
FROM generate_series(1, 1000) i;
"""


async def _prepare(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_GROUND)
    finally:
        await connection.close()


def _file(number: int) -> bytes:
    head = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    begin, end = b"3 0 obj<</Length %07d>>stream\n", b"\nendstream endobj\n"
    places = b"".join(b"%010d 00000 n \n" % head.index(one) for one in (b"1 0 obj", b"2 0 obj"))
    table = b"xref\n0 3\n0000000000 65535 f \n" + places + b"trailer<</Size 3/Root 1 0 R>>\nstartxref\n%07d\n%%%%EOF\n"
    size = FILE_BYTES - len(head + begin % 0 + end + table % 0)
    return head + begin % size + random.Random(number).randbytes(size) + end + table % (FILE_BYTES - len(table % 0))


async def _upload(port: int, token: str, number: int, ready: asyncio.Barrier) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST /v1/applications/{bench_id(_APPLICATION, number)}/documents?kind=other HTTP/1.1",
        "Host: 127.0.0.1", f"Authorization: Bearer {token}", f"Idempotency-Key: bench-{number}", "Connection: close",
        "Content-Type: application/pdf", f"Content-Length: {FILE_BYTES}", "", "",
    )  # fmt: skip
    writer.write("\r\n".join(head).encode())
    await ready.wait()
    content = _file(number)
    for begin in range(0, FILE_BYTES, 65536):
        writer.write(content[begin : begin + 65536])
        await writer.drain()
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


async def _all(settings: Settings, port: int) -> tuple[Counter[int], float]:
    tokens, ready = Tokens(settings.keys().signing, utc_now), asyncio.Barrier(UPLOADS)

    def token(number: int) -> str:
        return tokens.issue(Actor("citizen", bench_id(_CITIZEN, number), REGION, None), "vk:1", 3600).token

    began = time.perf_counter()
    uploads = (_upload(port, token(number), number, ready) for number in range(1, UPLOADS + 1))
    return Counter(await asyncio.gather(*uploads)), time.perf_counter() - began


def _most_megabytes(process_id: int) -> float:
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{process_id}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


def measure(folder: Path) -> dict[str, float]:
    """Megabytes before, most and after, and the seconds it took. Raises RuntimeError where an upload was refused."""
    with embedded.run(folder / "postgres") as server:
        migrations.upgrade(server.dsn)
        asyncio.run(_prepare(server.dsn))
        port = free_port()
        settings = Settings(database_url=server.dsn, data_dir=folder / "data", port=port)
        environment = {
            "ZAPIS_DATABASE_URL": server.dsn, "ZAPIS_DATA_DIR": str(folder / "data"), "ZAPIS_PORT": str(port),
            "ZAPIS_WORKERS": "1",
        }  # fmt: skip
        with running("service", "serve", port=port, ready="/readyz", environment=environment) as (process, _):
            (worker,) = children(process.pid)
            before = memory_megabytes(worker)["Rss"]
            statuses, seconds = asyncio.run(_all(settings, port))
            if statuses != Counter({201: UPLOADS}):
                raise RuntimeError(f"the service answered {dict(statuses)}")
            after = memory_megabytes(worker)["Rss"]
            return {"before": before, "most": _most_megabytes(worker), "after": after, "seconds": seconds}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="zapis-bench-") as folder:
        Path(folder).chmod(0o755)
        found = measure(Path(folder))
    megabytes = f"{found['before']:.0f} MB before, {found['most']:.0f} MB at most, {found['after']:.0f} MB after"
    console = Console()
    console.print(f"{UPLOADS} uploads of {FILE_BYTES >> 20} MB at once in {found['seconds']:.1f} s: {megabytes}")
    console.print(f"bar: <= {MOST_MEGABYTES} MB: {met(found['most'] <= MOST_MEGABYTES)}")


if __name__ == "__main__":
    main()
