"""What people give to any operation is in nothing that others read: logs, metrics, errors, URLs, notifications."""

import json
import os
import signal
import subprocess
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from service.app import OPERATIONS
from service.core.operations import Operation
from tests.confirmation import rogue
from tests.contract.access import Expected, table
from tests.contract.canary import PERSONAL, Heard, Watched, forms, found_in, without_times
from tests.contract.stage import Ask, Stage, set_stage
from tests.live import VK_APP, VK_SECRET, Api, Clock
from tests.locks import holding, wait_until_blocked
from tests.races.processes import SECONDS, UNLIMITED, Served, wait_until
from tests.world import CLINIC, World, person

# Values of ours, in what is refused. The name is a field's, which a refusal may repeat to who sent it.
WORDS, NUMBER, NAME = "Канарейкина Жар-Птица", "08765430200", "phoenix_field"
# Nobody sends it.
OWL = "Совушкина-Сипуха"
FIRST_OF = ("parent", "admin", "system", "operator", "teacher", "nobody")
WITH_REASONS = "'{appointment_cancelled,rescheduled_by_staff,rules_gone_over}'"
# Nobody is anybody afterwards.
ENDS = {"deleteCurrentSession", "deleteSessions", "eraseAccount"}
# The service as it is started, but for the day.
ON_THE_DAY = """
import os, sys
from datetime import datetime
from pathlib import Path
from service.core import clock
clock.utc_now = lambda: datetime.fromisoformat(Path(os.environ["THE_TIME"]).read_text())
from service.__main__ import main
main()
"""


class Kept(Clock):
    """A time that other processes read too."""

    _path: Path

    def __init__(self, path: Path) -> None:
        object.__setattr__(self, "_path", path)
        super().__init__()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        new = self._path.with_suffix(".new")
        new.write_text(self.now.isoformat())
        new.replace(self._path)


class Overheard(Served):
    """A real process on the day of the tests; who calls it is listened to."""

    def __init__(self, dsn: str, folder: Path) -> None:
        super().__init__(dsn, folder)
        self.heard = Heard()
        self.clock = Kept(folder / "time")

    def api(self, token: str | None = None) -> Api:
        return Watched(self.base, token, heard=self.heard)

    def __enter__(self) -> "Overheard":
        for name in ("data", "cwd", "tmp"):
            (self._folder / name).mkdir(exist_ok=True)
        self._thread.start()
        self.process = self.command("serve", "output")
        wait_until(lambda: '"worker ready"' in self.output() or self.process.poll() is not None)
        assert self.process.poll() is None, self.output()
        self.base = f"http://127.0.0.1:{self.port}"
        return self

    def command(self, name: str, output: str) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ZAPIS_")}
        provider = {name: value for name, value in rogue.settings().items() if isinstance(value, str)}
        environment |= {f"ZAPIS_{name.upper()}": value for name, value in provider.items()}
        environment |= {
            "ZAPIS_OUTGOING_ALLOWED": '["127.0.0.1/32"]',
            "ZAPIS_DATABASE_URL": self.dsn,
            "ZAPIS_DATA_DIR": str(self._folder / "data"),
            "ZAPIS_PORT": str(self.port),
            "ZAPIS_LOG_LEVEL": "debug",
            "ZAPIS_LIMITS": json.dumps({**UNLIMITED}),
            "ZAPIS_VK_APPS": f'{{"{VK_APP}": "{VK_SECRET}"}}',
            "ZAPIS_LAUNCH_SESSIONS": "10000",
            "ZAPIS_ENDED_SESSIONS_SECONDS": "3600",
            "THE_TIME": str(self._folder / "time"),
            "TMPDIR": str(self._folder / "tmp"),
        }
        with (self._folder / output).open("wb") as file:
            return subprocess.Popen(
                [sys.executable, "-c", ON_THE_DAY, name],
                cwd=self._folder / "cwd",
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def worked(self) -> str:
        """What the worker says, from its start to its end."""
        output = self._folder / "worker"
        process = self.command("worker", "worker")
        wait_until(lambda: "jobs ready" in output.read_text() or process.poll() is not None)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0, output.read_text()
        return output.read_text()


@pytest.fixture
def overheard(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Overheard]:
    with Overheard(dsn, tmp_path_factory.mktemp("overheard")) as overheard:
        yield overheard


def successes() -> list[Expected]:
    """Each operation with one who may call it; with the parent what refuses everyone."""
    found: dict[str, Expected] = {}
    for one in sorted((one for one in table() if one.caller in FIRST_OF), key=rank):
        found.setdefault(one.operation.id, one)
    order = {one.operation.id: number for number, one in enumerate(table())}
    return sorted(found.values(), key=lambda one: (one.operation.id in ENDS, order[one.operation.id]))


def rank(expected: Expected) -> tuple[bool, int]:
    return expected.code is not None, FIRST_OF.index(expected.caller)


def replaced(value: Any, by: Any) -> Any:
    """The same with every string in it replaced."""
    match value:
        case str():
            return by
        case dict():
            return {name: replaced(one, by) for name, one in value.items()}  # pyright: ignore[reportUnknownVariableType]
        case list():
            return [replaced(one, by) for one in value]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return value


def wrongly(ask: Ask) -> Iterator[Ask]:
    """The request, spoilt by values of ours in each place where a caller can put one."""
    said = f"{WORDS} {NUMBER}"
    if ask.path:
        yield Ask(dict.fromkeys(ask.path, quote(said)), ask.query, ask.body, ask.form, ask.headers)
    yield Ask(ask.path, {**ask.query, NAME: said}, ask.body, ask.form, ask.headers)
    if ask.query:
        yield Ask(ask.path, dict.fromkeys(ask.query, said), ask.body, ask.form, ask.headers)
    if ask.form:
        yield Ask(ask.path, ask.query, None, dict.fromkeys(ask.form, said))
    if isinstance(ask.body, dict):
        for body in (replaced(ask.body, WORDS), replaced(ask.body, [NUMBER]), {**ask.body, NAME: said}, said):
            if body != ask.body:
                yield Ask(ask.path, ask.query, body)
        yield Ask(ask.path, ask.query, f'{{"a": "{said}'.encode(), None, {"Content-Type": "application/json"})


def call_everything(stage: Stage) -> None:
    """When all fails, then wrongly and at once as it should be called: what is wrong for one may be right for another,
    and takes effect.
    """
    live = stage.scene.world.live
    everything_fails(stage)
    wrong: list[str] = []
    for one in successes():
        if one.operation.id not in ENDS:
            api = stage.who(one)[0]
            for ask in wrongly(stage.ask(one.operation)):
                answer = ask.put_to(one.operation, api)
                assert answer.status != 500, (one.operation.id, answer.content)
            live.api(f"{api.token}x").call(one.operation.method, path_of(one.operation, stage))
        answer = stage.ask(one.operation).put_to(one.operation, stage.who(one)[0])
        if not one.fits(answer):
            wrong.append(f"{one.operation.id} {one.caller}: {answer.status} {answer.content.decode()}")
    assert not wrong, "\n".join(wrong)


def path_of(operation: Operation, stage: Stage) -> str:
    return operation.path.format(**stage.ask(operation).path)


def everything_fails(stage: Stage) -> None:
    """The database is not as the service thinks it is; and it cuts its connections."""
    live = stage.scene.world.live
    asks = [(one, stage.ask(one.operation), stage.who(one)[0]) for one in successes() if one.operation.id not in ENDS]
    live.sql("ALTER SCHEMA public RENAME TO away")
    failed = [ask.put_to(one.operation, api).status for one, ask, api in asks]
    live.sql("ALTER SCHEMA away RENAME TO public")
    assert failed.count(500) > len(asks) / 2
    with holding(live, "LOCK TABLE persons"), ThreadPoolExecutor() as pool:
        named = {**person(last_name="Канарейкина"), "snils": NUMBER}
        calling = pool.submit(stage.scene.parent.create, "/v1/persons", named)
        wait_until_blocked(live, then="pg_terminate_backend(pid)")
        assert calling.result().status == 503


def give_everything(stage: Stage) -> None:
    """Of one family what the stage has no need of, some of which is refused."""
    scene, live = stage.scene, stage.scene.world.live
    named = person(last_name="Канарейкина", patronymic="Фениксовна", snils=NUMBER, policy="9988776655443325")
    scene.parent.create("/v1/persons", named).ok()
    code = scene.parent.create("/v1/identities/codes", None).ok()["code"]
    assert stage.callers["other_platform"][0].post("/v1/identities/join", {"code": code}).status < 300
    assertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": assertion,
        "client_assertion": scene.parent.token,
    }
    assert live.api().call("POST", "/v1/oauth/token", data=form).status == 401
    (operation,) = (one for one in OPERATIONS if one.id == "uploadDocument")
    ask = stage.ask(operation)
    file_name = "Справка Канарейкиной.pdf"
    ask.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file_name)}"
    assert isinstance(live, Overheard)
    live.heard.say("file_name", file_name)
    assert ask.put_to(operation, scene.parent).status < 300
    ask.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file_name)}; oh"
    assert ask.put_to(operation, scene.parent).code == "invalid"
    certificate = {"items": [{"number": "9911882277", "snils": NUMBER, "state": "Канарейка"}]}
    assert scene.operator.put("/v1/certificates", certificate).status < 500
    home = {"slot_id": scene.desk_slot_id, "source": "desk", "home_address": "ул. Канареечная, 7", "patient": named}
    assert scene.administrator.create(f"/v1/institutions/{CLINIC}/appointments", home).status < 500
    comment = {
        "decision": {"decision": "approve", "comment": "Канарейка болела", "bring": "Свидетельство Канарейкиной"}
    }
    decide = f"/v1/institutions/{CLINIC}/applications/{scene.application_id}/decide"
    assert scene.administrator.post(decide, comment).status < 500


def call_by_all_means(stage: Stage) -> None:
    """Values where no operation looks for them."""
    api, said = stage.scene.parent, quote(f"{WORDS} {NUMBER}")
    headers = dict.fromkeys(("User-Agent", "Referer", "Cookie", "X-Request-Id", "Accept-Language", "Origin"), said)
    for path in (
        f"/v1/persons/{said}",
        f"/{said}",
        f"/v1/persons?{said}",
        f"/v1/persons?snils={NUMBER}",
        f"/docs/{said}",
    ):
        for method in ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"):
            assert api.call(method, path, {"snils": NUMBER}, headers=headers).status < 500
    large = json.dumps({"last_name": WORDS * 100_000}).encode()
    answer = api.call("POST", "/v1/persons", large, key=NUMBER, headers={"Content-Type": "application/json"})
    assert answer.status == 413


def database_log(overheard: Overheard) -> str:
    """What the server itself has written down."""
    folder = overheard.sql("SHOW data_directory")[0][0]
    return (Path(folder).parent / "postgres.log").read_text()


def read_by_others(overheard: Overheard) -> dict[str, str]:
    """Where nothing at all may stand that anybody has given."""
    said = overheard.output()
    return {
        "log": without_times("".join(line for line in said.splitlines(keepends=True) if line.startswith("{"))),
        "worker": without_times(overheard.worked()),
        "metrics": overheard.api().get("/metrics").content.decode(),
        "postgres": database_log(overheard),
    }


def told_beside(overheard: Overheard) -> dict[str, str]:
    """What is told with ids, or of what is public: nothing personal may stand there."""
    heard = overheard.heard
    outbox, trail, accesses = (
        "\n".join(row[0] for row in overheard.sql(query))
        for query in (
            "SELECT to_jsonb(o)::text FROM outbox o",
            # Why staff did it is what the trail is for (0016).
            "SELECT (to_jsonb(t) #- CASE WHEN event = ANY($1) THEN '{details,reason}' ELSE '{}' END::text[])::text"
            " FROM audit_trail t".replace("$1", WITH_REASONS),
            "SELECT to_jsonb(a)::text FROM accesses a",
        )
    )
    return {
        "problems": "\n".join(sorted(heard.problems)),
        "urls": heard.opened_urls(),
        "outbox": outbox,
        "audit trail": trail,
        "accesses": accesses,
    }


def lines_with(text: str, values: set[str]) -> dict[str, list[str]]:
    """Where a value stands, if it does."""
    return {value: [line for line in text.splitlines() if found_in(line, [value])] for value in found_in(text, values)}


def test_nothing_that_people_give_is_in_what_others_read(overheard: Overheard) -> None:
    stage = set_stage(World(overheard))
    give_everything(stage)
    call_everything(stage)
    call_by_all_means(stage)
    heard = overheard.heard
    canaries = {WORDS, NUMBER, NAME}
    heard.sent |= canaries
    heard.personal |= canaries - {NAME}
    channels = read_by_others(overheard)
    leaks = {name: lines_with(text, heard.sent) for name, text in channels.items()}
    beside = told_beside(overheard)
    leaks |= {name: lines_with(text, heard.personal) for name, text in beside.items()}
    assert not any(leaks.values()), json.dumps(leaks, ensure_ascii=False, indent=1)
    asked = {json.loads(line).get("operation") for line in channels["log"].splitlines()}
    assert {operation.id for operation in OPERATIONS} <= asked
    assert sorted(heard.kinds ^ PERSONAL) == []
    # It would have been found, in each of them and however it is written.
    overheard.sql(f"DO $$ BEGIN RAISE LOG '{OWL}'; END $$")
    assert found_in(database_log(overheard), [OWL]) == [OWL]
    for text in (channels | beside).values():
        assert len(text) > 100
        assert all(found_in(f"{text}{form}", [OWL]) for form in forms(OWL))
        assert not found_in(text, [OWL])


def test_whatever_way_it_is_written_it_is_found() -> None:
    for written in (
        "Соколова-Сова",
        "соколова-сова",
        quote("Соколова-Сова"),
        quote("Соколова-Сова").lower(),
        json.dumps("Соколова-Сова"),
        "Соколова-Сова".encode().hex(),
        *(b64encode(b"x" * before + "Соколова-Сова".encode() + b"yy").decode() for before in range(4)),
        *(urlsafe_b64encode(b"?" * before + "Соколова-Сова".encode() + b"??").decode() for before in range(4)),
    ):
        assert found_in(f"before {written} behind", ["Соколова-Сова", "Филин-Филин"]) == ["Соколова-Сова"], written
    assert found_in("087-654-302 00", [NUMBER]) == [NUMBER]


def test_what_is_said_is_kept() -> None:
    heard = Heard()
    heard.ask("/v1/persons/sova-1234567890abc", {"items": [{"snils": NUMBER, "sex": "female"}]}, {}, "token-1234567890")
    assert heard.sent == {NUMBER, "token-1234567890", "sova-1234567890abc"}
    assert heard.personal == {NUMBER, "token-1234567890"}
