"""How to be refused with a document."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from service.core.ids import new_id
from tests.documents import clamd
from tests.documents.active import ACTIVE, BOMB, LOCKED
from tests.documents.people import Applicant, answer_on, applicant, files, parsed, sending
from tests.documents.samples import MIB, jpeg, pdf, png
from tests.live import Answer, Api, Live
from tests.provocation import Asked, Provocations
from tests.world import World

PROVOCATIONS = Provocations()


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Of this process, the service among it: the disk is full for whoever writes more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Stalled(Asked):
    """An upload of which only the beginning comes."""

    def __init__(self, who: Applicant) -> None:
        super().__init__(who.api, "POST", who.path)
        self._who = who

    def answer(self, language: str) -> Answer:
        headers = ("Content-Length: 100000", f"Accept-Language: {language}")
        with sending(self._who.world.live.base, self._who, *headers) as connection:
            connection.sendall(pdf()[:100])
            return parsed(answer_on(connection))


class Scanned(Asked):
    """An upload to a service beside ours that has a virus scanner."""

    def __init__(self, who: Applicant) -> None:
        super().__init__(who.api, "POST", who.path)
        self._who = who

    def answer(self, language: str) -> Answer:
        ours = self._who.world.live
        with TemporaryDirectory(prefix="zapis-clamd-") as folder, clamd.double(Path(folder) / "clamd.sock"):
            beside = Live(ours.dsn, ours.settings.data_dir, clamd=f"{folder}/clamd.sock")
            beside.clock = ours.clock
            with beside:
                who = replace(self._who, api=Api(beside.base, self._who.api.token))
                return who.upload(jpeg() + clamd.EICAR, headers={"Accept-Language": language})


@PROVOCATIONS.status(408)
def too_slow(world: World) -> Asked:
    return Stalled(applicant(world))


@PROVOCATIONS.status(404)
def document_not_found(world: World) -> Asked:
    return Asked(applicant(world).api, "GET", f"/v1/documents/{new_id()}")


@PROVOCATIONS.status(415)
def document_type_refused(world: World) -> Asked:
    return applicant(world).asked(b"Once upon a time, there was a certificate")


@PROVOCATIONS.status(415)
def document_type_wrong(world: World) -> Asked:
    return applicant(world).asked(png(), media_type="image/jpeg")


@PROVOCATIONS.status(422)
def document_broken(world: World) -> Asked:
    return applicant(world).asked(jpeg()[:-2])


@PROVOCATIONS.status(413)
def document_too_large(world: World) -> Asked:
    return applicant(world).asked(pdf(10 * MIB + 1))


@PROVOCATIONS.status(413)
def document_too_many_pixels(world: World) -> Asked:
    return applicant(world).asked(png(10_000, 10_001))


@PROVOCATIONS.status(422)
def document_active(world: World) -> Asked:
    return applicant(world).asked(ACTIVE["a command"])


@PROVOCATIONS.status(422)
def document_locked(world: World) -> Asked:
    return applicant(world).asked(LOCKED["a password"])


@PROVOCATIONS.status(413)
def document_too_complex(world: World) -> Asked:
    return applicant(world).asked(BOMB)


@PROVOCATIONS.status(422)
def document_infected(world: World) -> Asked:
    return Scanned(applicant(world))


@PROVOCATIONS.status(409)
def document_known(world: World) -> Asked:
    who, content = applicant(world), pdf()
    who.upload(content).ok()
    return who.asked(content)


@PROVOCATIONS.status(409)
def documents_too_many(world: World) -> Asked:
    who = applicant(world)
    for _ in range(20):
        who.upload().ok()
    return who.asked()


@PROVOCATIONS.status(409)
def uploads_too_many(world: World) -> Asked:
    who = applicant(world)
    document = who.upload().ok()
    world.live.sql("UPDATE documents SET bytes = 200 * 1024 * 1024 WHERE id = $1", document["id"])
    return who.asked()


@PROVOCATIONS.status(409)
def documents_closed(world: World) -> Asked:
    who = applicant(world)
    who.api.post(f"/v1/applications/{who.application_id}/withdraw").ok()
    return who.asked()


@PROVOCATIONS.status(409)
def document_decided(world: World) -> Asked:
    who = applicant(world)
    document = who.upload().ok()
    who.status("approved")
    return Asked(who.api, "DELETE", f"/v1/documents/{document['id']}")


@PROVOCATIONS.status(500)
def document_damaged(world: World) -> Asked:
    who = applicant(world)
    document = who.upload().ok()
    next(file for file in files(world.live) if file.name == document["id"]).unlink()
    return Asked(who.api, "GET", f"/v1/documents/{document['id']}")


@PROVOCATIONS.status(503)
def storage_full(world: World) -> Asked:
    asked = applicant(world).asked(pdf(2 * MIB))
    asked.during = lambda: no_file_larger_than(MIB)
    return asked
