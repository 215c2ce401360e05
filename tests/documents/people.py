"""Parents with applications, and what they send; raw, where a library would be too polite."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from requests.structures import CaseInsensitiveDict

from service.core.ids import new_id
from tests.applications.people import group
from tests.documents.samples import pdf
from tests.live import Answer, Api, Live
from tests.provocation import Asked, someone, surname
from tests.world import CLUB, World

BYTES = "application/octet-stream"


@dataclass
class Applicant:
    """A parent of a child that has applied to the club."""

    world: World
    api: Api
    person_id: str
    application_id: str

    @property
    def path(self) -> str:
        return f"/v1/applications/{self.application_id}/documents"

    @property
    def received(self) -> str:
        return f"/v1/institutions/{CLUB}{self.path.removeprefix('/v1')}"

    def upload(self, content: Any = None, kind: str = "other", key: str | None = None, **more: Any) -> Answer:
        """`media_type`, `file_name`; `query`; and whatever else a request takes."""
        headers = {"Content-Type": more.pop("media_type", BYTES)}
        if "file_name" in more:
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(more.pop('file_name'), safe='')}"
        headers |= more.pop("headers", {})
        query = {"kind": kind} | more.pop("query", {})
        content = pdf(seed=someone()) if content is None else content
        options = {"headers": headers, "params": query, "data": content, **more}
        return self.api.call("POST", self.path, key=key or str(new_id()), **options)

    def documents(self) -> list[dict[str, Any]]:
        return self.api.get(self.path).ok()["items"]

    def status(self, status: str) -> None:
        """Straight into the table, by legal moves alone."""
        self.world.live.sql("UPDATE applications SET status = $1 WHERE id = $2", status, self.application_id)

    def asked(self, content: bytes | None = None, kind: str = "other", media_type: str = BYTES) -> Asked:
        headers = {"Content-Type": media_type}
        body = pdf(seed=someone()) if content is None else content
        return Asked(
            self.api, "POST", f"{self.path}?kind={kind}", body, key=str(new_id()), options={"headers": headers}
        )


def applicant(world: World, **terms: Any) -> Applicant:
    parent = world.parent(someone())
    child = world.child(parent, last_name=surname())
    return Applicant(world, parent, child, world.apply(parent, group(world, **terms), child).ok()["id"])


def folder(live: Live) -> Path:
    return live.settings.documents_dir or live.settings.data_dir / "documents"


def files(live: Live) -> list[Path]:
    """All of them, also what is only coming."""
    return sorted(path for path in folder(live).rglob("*") if path.is_file())


@contextmanager
def sending(base: str, who: Applicant, *headers: str, kind: str = "other") -> Iterator[socket.socket]:
    """A connection on which the head of an upload was sent."""
    host, port = urlsplit(base).hostname, urlsplit(base).port
    head = (
        f"POST {who.path}?kind={kind} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {who.api.token}",
        f"Idempotency-Key: {new_id()}", f"Content-Type: {BYTES}", *headers, "", "",
    )  # fmt: skip
    with socket.create_connection((host, port), timeout=30) as connection:
        connection.sendall("\r\n".join(head).encode())
        yield connection


def answer_on(connection: socket.socket) -> bytes:
    """What comes until the connection is closed, or a problem is whole."""
    said = b""
    while not said.endswith(b'"}') and (piece := connection.recv(65536)):
        said += piece
    return said


def parsed(said: bytes) -> Answer:
    """An answer as it came over the wire."""
    head, _, content = said.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = CaseInsensitiveDict[str]({name: value for name, _, value in (line.partition(": ") for line in lines)})
    return Answer(int(first.split()[1]), headers, content)
