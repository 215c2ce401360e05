"""How MAX and Telegram prove who opened the mini-app: `initData`, the same in both.

It is a query string; its pairs, decoded, sorted and joined by newlines, are signed by HMAC-SHA256 under a key made of
the bot's token (core.telegram.org/bots/webapps, dev.max.ru/docs/webapps/validation). A "+" is a "+". The string is a
credential, so nothing raised here holds any part of it.
"""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import unquote

from service.launch.proof import MAX_QUERY_CHARACTERS, BadSignature, instant

_MALFORMED = re.compile(r"\x00|%00|%0[aA]|%(?![0-9A-Fa-f]{2})")
_HASH = re.compile(r"[0-9a-f]{64}")
_TIMESTAMP = re.compile(r"[0-9]{1,14}")
_START_PARAM = re.compile(r"[A-Za-z0-9_-]{1,512}")
_MAX_INT64 = 2**63 - 1


@dataclass(frozen=True, slots=True)
class InitData:
    """What a verified hash vouches for. `page`: what the link that opened the mini-app names before its first "-"."""

    user_id: int
    signed_at: datetime
    page: str | None


def verify(query: str, token: str) -> InitData:
    """Return what the launch says, if it is of the bot with that token; raise BadSignature alone otherwise."""
    pairs = parameters(query)
    signature = pairs.pop("hash", "")
    if not token:
        raise BadSignature("no_secret")
    if not _HASH.fullmatch(signature):
        raise BadSignature("hash")
    if not hmac.compare_digest(_hash(pairs, token).encode(), signature.encode()):
        raise BadSignature("mismatch")
    return launch_of(pairs)


def parameters(query: str) -> dict[str, str]:
    """The decoded pairs, each of which came once."""
    if len(query) > MAX_QUERY_CHARACTERS:
        raise BadSignature("too_long")
    if not query.isascii() or _MALFORMED.search(query):
        raise BadSignature("malformed")
    pairs: dict[str, str] = {}
    for pair in query.removeprefix("?").split("&"):
        encoded_key, _, encoded_value = pair.partition("=")
        try:
            key, value = unquote(encoded_key, errors="strict"), unquote(encoded_value, errors="strict")
        except UnicodeDecodeError:
            raise BadSignature("malformed") from None
        # What is hidden in a name must not read as the border of another pair.
        if key in pairs or "=" in key:
            raise BadSignature("duplicate")
        pairs[key] = value
    return pairs


def message_of(pairs: Mapping[str, str]) -> str:
    """What is signed."""
    return "\n".join(f"{key}={value}" for key, value in sorted(pairs.items()))


def launch_of(pairs: Mapping[str, str]) -> InitData:
    """What verified pairs say."""
    auth_date = pairs.get("auth_date", "")
    if not _TIMESTAMP.fullmatch(auth_date):
        raise BadSignature("not_a_time")
    start = pairs.get("start_param", "")
    if start and not _START_PARAM.fullmatch(start):
        raise BadSignature("start_param")
    return InitData(_user_id(pairs.get("user", "")), instant(int(auth_date)), start.partition("-")[0] or None)


def sign(pairs: Mapping[str, str], token: str) -> str:
    """The hash of decoded pairs, as the platform makes it."""
    return _hash(pairs, token)


def _hash(pairs: Mapping[str, str], token: str) -> str:
    key = hmac.digest(b"WebAppData", token.encode(), "sha256")
    return hmac.digest(key, message_of(pairs).encode(), "sha256").hex()


def _user_id(user: str) -> int:
    try:
        parsed: Any = json.loads(user)
    except (ValueError, RecursionError):
        raise BadSignature("missing_id") from None
    found: Any = cast(dict[str, Any], parsed).get("id") if isinstance(parsed, dict) else None
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found <= _MAX_INT64:
        raise BadSignature("missing_id")
    return found
