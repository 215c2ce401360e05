"""Watches what is said to the service and what it says: values that people give, and where they must not turn up."""

import json
import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tests.live import Answer, Api

# What names a person, reaches one, lets one in or is one's own words.
PERSONAL = {
    "access_token", "address", "birth_date", "bring", "client_assertion", "client_secret", "code", "comment",
    "file_name", "first_name", "home_address", "last_name", "number", "order_number", "parameters", "patronymic",
    "phone", "policy", "qr_token", "referral_number", "refresh_token", "snils", "state", "text",
}  # fmt: skip
# Whatever of an answer is let in with, or is told to one alone.
TOLD = {"access_token", "refresh_token", "code", "qr_token", "client_secret"}
_SHORTEST, _LONG, _TOKEN, _FEW = 5, 8, 16, 2
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T.*)?")
_CURSOR = re.compile(r"[A-Za-z0-9_-]{24,}")


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The strings in it, each with the nearest name above it."""
    match value:
        case str():
            yield name, value
        case dict():
            for key, one in value.items():  # pyright: ignore[reportUnknownVariableType]
                yield from leaves(one, str(key))  # pyright: ignore[reportUnknownArgumentType]
        case list():
            for one in value:  # pyright: ignore[reportUnknownVariableType]
                yield from leaves(one, name)
        case _:
            pass


def telling(name: str, value: str) -> bool:
    """Whether it would be known again: not a code of three letters, nor a day that any line of a log may have."""
    if len(set(value)) <= _FEW:
        # Zeros.
        return False
    if _MOMENT.fullmatch(value):
        return name == "birth_date"
    if not value.isascii():
        return len(value) >= _SHORTEST
    return len(value) >= _TOKEN or (len(value) >= _LONG and any(letter.isdigit() for letter in value))


def forms(value: str) -> set[str]:
    """All the ways in which it may be written down."""
    raw = value.encode()
    found = {value, value.lower(), quote(value, safe=""), quote(value, safe="").lower(), json.dumps(value)[1:-1]}
    if len(raw) >= _LONG:
        found |= {raw.hex(), raw.hex().upper()}
        for shift in range(3):
            # Whole triples of bytes, wherever the value begins: what stands beside it changes the letters at its ends.
            inner = raw[shift : shift + (len(raw) - shift) // 3 * 3]
            encoded = b64encode(inner).decode()
            found |= {encoded, encoded.replace("+", "-").replace("/", "_")} if len(encoded) >= _LONG else set()
    digits = re.sub(r"\D", "", value)
    if len(digits) == len("08765430200") and len(value) <= len("087-654-302 00"):
        # Of a СНИЛС, as people write it.
        found.add(f"{digits[:3]}-{digits[3:6]}-{digits[6:9]} {digits[9:]}")
    return found


def found_in(text: str, values: Iterable[str]) -> list[str]:
    """Those of the values that stand there in any form."""
    lower = text.lower()
    return sorted(value for value in set(values) if value.lower() in lower or any(one in text for one in forms(value)))


def without_times(output: str) -> str:
    """Different lines of a log, without what makes each line another one. Raises ValueError where one is no object."""
    lines: set[str] = set()
    for line in output.splitlines():
        event = json.loads(line)
        request_id = event.pop("request_id", None)
        if request_id is not None and not re.fullmatch("[0-9a-f]{32}", request_id):
            event["request_id"] = request_id
        lines.add(json.dumps({**event, "timestamp": None, "ms": None}, ensure_ascii=False, sort_keys=True))
    return "\n".join(sorted(lines))


@dataclass
class Heard:
    """Everything that was said to the service, and what of its answers could be seen by others."""

    # What people gave or were told, by what it was called; and whatever else was sent and would be known again.
    personal: set[str] = field(default_factory=set[str])
    sent: set[str] = field(default_factory=set[str])
    problems: set[str] = field(default_factory=set[str])
    urls: set[str] = field(default_factory=set[str])
    # Which of what is personal was said at all.
    kinds: set[str] = field(default_factory=set[str])

    def say(self, name: str, value: str) -> None:
        if telling(name, value):
            self.sent.add(value)
            if name in PERSONAL:
                self.personal.add(value)
                self.kinds.add(name)

    def ask(self, path: str, body: Any, options: dict[str, Any], token: str | None) -> None:
        for part in (body, options.get("data"), options.get("params")):
            for name, value in leaves(part):
                self.say(name, value)
                if name == "parameters":
                    self.say("parameters", value.rpartition("=")[2])
        if token:
            self.say("access_token", token)
        for step in unquote(urlsplit(path).path).split("/"):
            self.say("path", step)

    def answered(self, answer: Answer) -> None:
        self.urls |= {
            answer.headers[name] for name in ("Location", "Link", "Content-Location") if name in answer.headers
        }
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith("application/problem+json"):
            self.problems.add(json.dumps(answer.json | {"request_id": ""}, ensure_ascii=False))
        elif kind.startswith("application/json"):
            for name, value in leaves(answer.json):
                if name in TOLD:
                    self.say(name, value)
                if "://" in value or name.endswith(("cursor", "url")):
                    self.urls.add(value)

    def opened_urls(self) -> str:
        """With whatever in them is base64, such as a cursor, beside."""
        found = set(self.urls)
        for url in self.urls:
            for part in _CURSOR.findall(url):
                try:
                    found.add(urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode(errors="replace"))
                except ValueError:
                    continue
        return "\n".join(sorted(found | {unquote(url) for url in found}))


@dataclass
class Watched(Api):
    """A caller who is listened to."""

    heard: Heard = field(default_factory=Heard)

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None, **options: Any) -> Answer:
        self.heard.ask(path, body, options, self.token)
        answer = super().call(method, path, body, key=key, **options)
        self.heard.answered(answer)
        return answer
