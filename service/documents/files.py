"""The files of documents: examined, hashed and sealed while they come, opened while they go.

`<folder>/incoming/<region>.<id>` is a file that comes; whole and on the disk, it is linked to
`<folder>/<region>/<last two digits>/<id>`, then its row is committed, then its name in `incoming` goes. So what was
begun and not ended, of whatever process, is found in `incoming` alone. Disk and arithmetic are the work of a few
threads, and an upload holds one chunk.
"""

import asyncio
import errno
import hashlib
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from cryptography.exceptions import InvalidTag

from schemas import problems
from schemas.documents import MediaType
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.sealing import Sealer
from service.core.streams import BodyStream
from service.documents.cipher import (
    CHUNK_BYTES,
    HEADER_BYTES,
    KEY_BYTES,
    MAGIC,
    PREFIX_BYTES,
    TAG_BYTES,
    ChunkCipher,
    chunk_sizes,
    sealed_size,
)
from service.documents.formats import Examination, Refused
from service.documents.inspector import Inspector
from service.documents.scanner import Scanner

_THREADS = 4
_WAIT_SECONDS = 10
# What the disk says when it is full: nothing left, nothing left for us, a file may not be so large.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Limits:
    """In bytes and seconds."""

    document_bytes: int
    application_documents: int
    citizen_bytes_a_day: int
    uploads: int
    chunk_seconds: float


@dataclass(slots=True)
class Incoming:
    """A file that has come whole, is sealed, and is in its place."""

    id: UUID
    media_type: MediaType
    size_bytes: int
    # Of the content, keyed: it tells that two are the same, and nothing of what they are.
    digest: bytes
    key_sealed: str
    # Whether its row is written; else it is somebody's who comes again with what we have, and the file goes.
    kept: bool = False


class Stored(NamedTuple):
    """What is needed to open a file."""

    region_id: int
    id: UUID
    size_bytes: int
    key_sealed: str


def row_of(region_id: int, document_id: UUID) -> str:
    """What binds a file, its key and its name to the row."""
    return f"documents:{region_id}:{document_id}"


class _Spool:
    """One file while it comes. Its methods block, so they run in the threads."""

    def __init__(self, folder: Path, sealer: Sealer, region_id: int) -> None:
        self._folder = folder
        self._sealer = sealer
        self._region = region_id
        self.id = new_id()
        self._key = secrets.token_bytes(KEY_BYTES)
        self._examination = Examination()
        self._hash = hashlib.sha256()
        self._incoming = incoming_path(folder, region_id, self.id)
        self._file: BinaryIO | None = None

    def begin(self) -> None:
        self._incoming.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Ours alone, and never one that is there.
        self._file = os.fdopen(os.open(self._incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", 0)
        prefix = secrets.token_bytes(PREFIX_BYTES)
        self._cipher = ChunkCipher(self._key, prefix, row_of(self._region, self.id))
        self._write(MAGIC + prefix)

    def add(self, chunk: bytes, *, last: bool) -> None:
        self._examination.feed(chunk)
        self._hash.update(chunk)
        self._write(self._cipher.seal(chunk, last=last))

    def finish(self) -> Incoming:
        """Whole, on the disk, and in its place."""
        assert self._file is not None
        media_type = self._examination.finish()
        os.fsync(self._file.fileno())
        self._file.close()
        final = final_path(self._folder, self._region, self.id)
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The name in `incoming` first: what is in its place without a row is always found by it.
        _fsync_folder(self._incoming.parent)
        os.link(self._incoming, final)
        _fsync_folder(final.parent)
        return Incoming(
            id=self.id,
            media_type=media_type,
            size_bytes=self._examination.size_bytes,
            digest=self._sealer.hash("document", self._hash.hexdigest()),
            key_sealed=self._sealer.seal(b64encode(self._key).decode(), f"{row_of(self._region, self.id)}:key"),
        )

    def confirm(self) -> None:
        self._incoming.unlink(missing_ok=True)

    def discard(self) -> None:
        if self._file is not None:
            self._file.close()
        remove_file(self._folder, self._region, self.id)
        self._incoming.unlink(missing_ok=True)

    def _write(self, sealed: bytes) -> None:
        assert self._file is not None
        rest = memoryview(sealed)
        while rest:
            rest = rest[self._file.write(rest) :]


def incoming_path(folder: Path, region_id: int, document_id: UUID) -> Path:
    return folder / "incoming" / f"{region_id}.{document_id}"


def final_path(folder: Path, region_id: int, document_id: UUID) -> Path:
    return folder / str(region_id) / document_id.hex[-2:] / str(document_id)


def remove_file(folder: Path, region_id: int, document_id: UUID) -> None:
    """It is no error that it is gone."""
    final_path(folder, region_id, document_id).unlink(missing_ok=True)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class DocumentFiles:
    """The files in `folder`, which all processes of the service share."""

    def __init__(self, folder: Path, sealer: Sealer, limits: Limits, scanner: Scanner | None = None) -> None:
        self.limits = limits
        self._inspector = Inspector()
        self._scanner = scanner
        # One file of a citizen at a time: whoever sends what takes long to look into waits for themself.
        self._looking: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._folder = folder
        self._sealer = sealer
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="documents")
        self._uploads = asyncio.Semaphore(limits.uploads)

    @asynccontextmanager
    async def receiving(self, stream: BodyStream, region_id: int, citizen_id: UUID) -> AsyncGenerator[Incoming]:
        """A file out of the stream. It stays if it is `kept` in the end; if that is not known, the sweeping tells."""
        spool = _Spool(self._folder, self._sealer, region_id)
        try:
            async with self._turn():
                incoming = await self._spooled(spool, stream)
                async with self._looking.setdefault(citizen_id, asyncio.Lock()):
                    await self._look_into(incoming, region_id)
        except BaseException:
            # Also where the process stops: nobody has heard of this file.
            spool.discard()
            raise
        try:
            yield incoming
        except Exception as error:
            if not (isinstance(error, DomainError) and error.refusal is problems.OUTCOME_UNKNOWN):
                await self._run(spool.discard)
            raise
        # What is cancelled may have been committed: it is swept, or found to have a row.
        await self._run(spool.confirm if incoming.kept else spool.discard)

    async def _look_into(self, incoming: Incoming, region_id: int) -> None:
        """Refuses what would harm whoever opens it. It is read from the disk, where it lies sealed: so nothing has to
        wait with the process that looks, or with the scanner, for whoever sends slowly."""
        stored = Stored(region_id, incoming.id, incoming.size_bytes, incoming.key_sealed)
        if incoming.media_type == "application/pdf":
            await self._inspector.inspect(incoming.size_bytes, self._chunks(stored))
        if self._scanner is not None:
            await self._scanner.scan(self._pieces(stored))

    async def close(self) -> None:
        """Lets go of what looks into files."""
        await self._inspector.close()

    async def open(self, stored: Stored) -> Callable[[], AsyncGenerator[bytes]]:
        """What reads the file, chunk by chunk. Refuses where it is gone, cut, or does not begin as it did."""
        try:
            await self._run(lambda: next(self._chunks(stored)))
        except (OSError, InvalidTag, KeyError, EOFError):
            raise DomainError(problems.DOCUMENT_DAMAGED) from None
        return lambda: self._pieces(stored)

    async def is_there(self, region_id: int, document_id: UUID, size_bytes: int) -> bool:
        path = final_path(self._folder, region_id, document_id)

        def look() -> bool:
            try:
                return path.stat().st_size == sealed_size(size_bytes)
            except FileNotFoundError:
                return False

        return await self._run(look)

    async def remove(self, region_id: int, document_id: UUID) -> None:
        await self._run(lambda: remove_file(self._folder, region_id, document_id))

    async def left_over(self, now: datetime, age: timedelta, most: int) -> list[tuple[int, UUID]]:
        """Regions and ids of what came so long ago, and was neither confirmed nor cleared away."""

        def look() -> Iterator[tuple[int, UUID]]:
            try:
                entries = [entry for entry in os.scandir(self._folder / "incoming") if entry.is_file()]
            except FileNotFoundError:
                return
            for entry in entries:
                if entry.stat().st_mtime < (now - age).timestamp():
                    region, _, name = entry.name.partition(".")
                    yield int(region), UUID(name)

        return await self._run(lambda: list(look())[:most])

    async def settle(self, region_id: int, document_id: UUID, *, has_row: bool) -> None:
        """Ends what was left over: with its row it stays, without one it goes."""
        if not has_row:
            await self.remove(region_id, document_id)
        await self._run(lambda: incoming_path(self._folder, region_id, document_id).unlink(missing_ok=True))

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._uploads.acquire()
        except TimeoutError:
            raise DomainError(problems.UNAVAILABLE) from None
        try:
            yield
        finally:
            self._uploads.release()

    async def _spooled(self, spool: _Spool, stream: BodyStream) -> Incoming:
        """Raises DomainError where the file is not taken, or there is no room for it."""
        left = self.limits.document_bytes
        if (stream.declared_bytes or 0) > left:
            raise DomainError(problems.DOCUMENT_TOO_LARGE)
        try:
            await self._run(spool.begin)
            held = b""
            while True:
                # A byte more than a chunk: only what comes next tells that this was not the last.
                held += await stream.chunk(CHUNK_BYTES + 1 - len(held), self.limits.chunk_seconds)
                chunk, held = held[:CHUNK_BYTES], held[CHUNK_BYTES:]
                left -= len(chunk)
                if left < len(held):
                    raise DomainError(problems.DOCUMENT_TOO_LARGE)
                await self._run(lambda chunk=chunk, last=not held: spool.add(chunk, last=last))
                if not held:
                    return await self._run(spool.finish)
        except Refused as refused:
            raise DomainError(refused.refusal) from None
        except OSError as error:
            if error.errno in _FULL:
                raise DomainError(problems.STORAGE_FULL) from None
            raise

    async def _pieces(self, stored: Stored) -> AsyncGenerator[bytes]:
        chunks = self._chunks(stored)
        while chunk := await self._run(lambda: next(chunks, b"")):
            yield chunk

    def _chunks(self, stored: Stored) -> "Iterator[bytes]":
        row = row_of(stored.region_id, stored.id)
        key = b64decode(self._sealer.open(stored.key_sealed, f"{row}:key"))
        with final_path(self._folder, stored.region_id, stored.id).open("rb", 0) as file:
            if os.fstat(file.fileno()).st_size != sealed_size(stored.size_bytes):
                raise EOFError
            header = file.read(HEADER_BYTES)
            if not header.startswith(MAGIC):
                raise InvalidTag
            cipher = ChunkCipher(key, header[len(MAGIC) :], row)
            for size, last in chunk_sizes(stored.size_bytes):
                yield cipher.open(file.read(size + TAG_BYTES), last=last)

    async def _run(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
