"""The service in a thread of the test, and a caller over real HTTP."""

import asyncio
import json
import threading
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import asyncpg
import jwt
import requests
import requests.structures
from aiohttp import web

from service.app import make_app
from service.collaborators import make_collaborators, make_database
from service.config import Settings
from service.core.ids import new_id
from service.core.jobs import Job, Jobs
from service.core.limits import CLASSES
from service.core.ring import KeyRing
from service.core.sealing import Sealer
from service.keyring.usecases import refresh
from service.launch import vk
from service.launch.clients import SCOPES, create_by_hand
from service.worker import make_jobs
from tests.confirmation import rogue

VK_APP, VK_SECRET = 7284402, "test-secret-of-the-app"
# A Monday in September, 08:00 in Kuzbass: no test depends on the day it runs.
THE_DAY = datetime(2026, 9, 7, 1, 0, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = THE_DAY

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Answer:
    status: int
    headers: requests.structures.CaseInsensitiveDict
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """Of a problem."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self.content
        return self.json["code"]

    def ok(self) -> Any:
        """The body of a success."""
        assert self.status in (200, 201), self.content.decode()
        return self.json


@dataclass
class Api:
    """A caller: keeps a connection and a token."""

    base: str
    token: str | None = None
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None, **options: Any) -> Answer:
        headers = dict(options.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if key is not None:
            headers["Idempotency-Key"] = key
        if isinstance(body, bytes):
            headers.setdefault("Content-Type", "application/octet-stream")
            options["data"], body = body, None
        response = self.session.request(
            method, self.base + path, json=body, headers=headers, timeout=30, allow_redirects=False, **options
        )
        return Answer(response.status_code, response.headers, response.content)

    def get(self, path: str, **query: Any) -> Answer:
        return self.call("GET", path, params=query)

    def put(self, path: str, body: Any) -> Answer:
        return self.call("PUT", path, body)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Answer:
        return self.call("POST", path, body, key=key)

    def create(self, path: str, body: Any, key: str | None = None) -> Answer:
        """A POST that creates, under a new key or the one given."""
        return self.post(path, body, key=key or str(new_id()))


def session_id(api: Api) -> str:
    """Of the session that a citizen calls in."""
    return jwt.decode(api.token or "", options={"verify_signature": False})["sid"]


class Live:
    """The application over `dsn` on a free port of 127.0.0.1."""

    def __init__(self, dsn: str, data_dir: Path, **settings: Any) -> None:
        self.dsn = dsn
        self.clock = Clock()
        given = {"database_url": dsn, "data_dir": data_dir, "vk_apps": {VK_APP: VK_SECRET}, "log_level": "error"}
        # Citizens can confirm who they are.
        given |= rogue.settings()
        # Tests that move the clock by weeks count what the other jobs do.
        given |= {"keep_answers_hours": 24 * 365, "keep_sessions_hours": 24 * 365, "keep_let_go_days": 365}
        # Under a clock that stands still one launch is all of a user's; and nobody asks meanwhile what has ended.
        given |= {"launch_sessions": 10_000, "ended_sessions_seconds": 3600}
        # Nor do tests ask as people do; those of the limits set their own.
        given["limits"] = dict.fromkeys(CLASSES, "off")
        self.settings = Settings(**(given | settings))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.base = self.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> str:
        self._runner = web.AppRunner(make_app(self.settings, self.dsn, self.clock), access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    def run(self, work: Any) -> Any:
        """Runs a coroutine in the service's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def work(self) -> int:
        """Does all that goes on by itself, until nothing is left to do; gives how many things were done."""

        async def run() -> int:
            database = make_database(self.settings, self.dsn)
            async with database.opened():
                return await make_jobs(self.settings, database, self.clock).run_until_idle()

        return self.run(run())

    def batch(self, job: Job) -> int:
        """Does one batch of that job; gives how many things were done."""

        async def run() -> int:
            database = make_database(self.settings, self.dsn)
            async with database.opened():
                return await Jobs([job], database, make_collaborators(self.settings, self.clock)).run_once()

        return self.run(run())

    def sql(self, statement: str, *arguments: object) -> list[Any]:
        """Goes round the service, straight to its database."""

        async def run() -> list[Any]:
            connection = await asyncpg.connect(self.dsn)
            try:
                return await connection.fetch(statement, *arguments)
            finally:
                await connection.close()

        return self.run(run())

    @property
    def sealer(self) -> Sealer:
        """Opens what the service has sealed."""
        keys = self.settings.keys()
        ring = KeyRing(keys, self.clock)

        async def learn() -> None:
            connection = await asyncpg.connect(self.dsn)
            try:
                await refresh(connection, ring, self.clock())
            finally:
                await connection.close()

        self.run(learn())
        return Sealer(ring, keys.hashing)

    def api(self, token: str | None = None) -> Api:
        return Api(self.base, token)

    def launch(self, page: int, user: int, role: str = "none", *, age: timedelta = timedelta(), **more: str) -> str:
        """Signed launch parameters."""
        parameters = {
            "vk_app_id": str(VK_APP),
            "vk_group_id": str(page),
            "vk_platform": "mobile_web",
            "vk_language": "ru",
            "vk_ts": str(int((self.clock() - age).timestamp())),
            "vk_user_id": str(user),
            "vk_viewer_group_role": role,
            **more,
        }
        return vk.sign(parameters, VK_SECRET)

    def session(self, page: int, user: int, role: str = "none") -> Any:
        """What somebody is told who opened the mini-app from that page."""
        body = {"platform": "vk", "parameters": self.launch(page, user, role)}
        return self.api().post("/v1/sessions", body).ok()

    def citizen(self, page: int, user: int, role: str = "none") -> Api:
        """Somebody who opened the mini-app from that page."""
        return self.api(self.session(page, user, role)["access_token"])

    def client(self, region: int, institution: UUID | None = None, scopes: tuple[str, ...] = SCOPES) -> Api:
        """A system with its own credentials."""

        async def create() -> tuple[str, str]:
            connection = await asyncpg.connect(self.dsn)
            try:
                return await create_by_hand(connection, region, institution, "test", list(scopes), self.clock)
            finally:
                await connection.close()

        credentials = b64encode(":".join(self.run(create())).encode()).decode()
        answer = self.api().call(
            "POST",
            "/v1/oauth/token",
            data={"grant_type": "client_credentials", "scope": " ".join(scopes)},
            headers={"Authorization": f"Basic {credentials}"},
        )
        return self.api(answer.ok()["access_token"])
