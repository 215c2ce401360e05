"""A refusal, provoked: the tables in */provocations.py say for each code how, test_refusals.py tries them all."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.live import Answer, Api
from tests.world import World

_numbers = count(1000)


def someone() -> int:
    """A user, or a page, that nobody else is."""
    return next(_numbers)


def surname() -> str:
    """Nobody else has it."""
    return "Соколова-" + "".join(chr(ord("а") + int(digit)) for digit in str(someone()))


@dataclass
class Asked:
    """A request that is refused, as often as it is repeated: a refusal changes nothing."""

    api: Api
    method: str
    path: str
    body: Any = None
    key: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    # What has to be so while the request runs.
    during: Callable[[], AbstractContextManager[None]] = nullcontext

    def answer(self, language: str) -> Answer:
        options = dict(self.options)
        headers = {"Accept-Language": language, **options.pop("headers", {})}
        with self.during():
            return self.api.call(self.method, self.path, self.body, key=self.key, headers=headers, **options)


Provocation = Callable[[World], Asked]


class Provocations(dict[str, tuple[int, Provocation]]):
    """Code -> the status it has to have, and how to come by it. A provocation is named by its code."""

    def status(self, status: int) -> Callable[[Provocation], Provocation]:
        def listed(provocation: Provocation) -> Provocation:
            self[provocation.__name__] = status, provocation
            return provocation

        return listed
