"""How a VK launch proves who opened the mini-app: its signature first, its parameters after, its age apart.

The platform signs the parameters whose names begin with `vk_`: sorted by name, URL-encoded, joined with `&`, then
HMAC-SHA256 with the app's protected key in base64url without padding (dev.vk.com, "Launch parameters"). The query
string is a credential, so nothing raised here holds any part of it.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, quote_plus, unquote_plus

from service.launch.proof import MAX_QUERY_CHARACTERS, BadSignature, instant

_MAX_INT64 = 2**63 - 1

_MALFORMED = re.compile(r"\x00|%00|%(?![0-9A-Fa-f]{2})")
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{43}")
_POSITIVE_INT = re.compile(r"[1-9][0-9]{0,18}")
_TIMESTAMP = re.compile(r"[0-9]{1,14}")


@dataclass(frozen=True, slots=True)
class VkLaunch:
    """What a verified signature vouches for. Every value was written by the platform, none by the user.

    `signed_at` is in UTC, and None where the platform gave no `vk_ts`. `group_id` and `role` are known only when the
    app was opened from a community; otherwise they are None and "none".
    """

    user_id: int
    app_id: int
    signed_at: datetime | None
    group_id: int | None
    role: str
    platform: str
    language: str
    # Of the user in Odnoklassniki, where the mini-app was opened inside it.
    ok_user_id: int | None = None


def verify(query: str, secret: str) -> VkLaunch:
    """Return what the launch says, if `secret` signed it; raise BadSignature and nothing else otherwise.

    Takes the query string as the platform gave it, with or without a leading "?". Looks at no clock: check_freshness
    does.
    """
    parameters = _parameters(query)
    signature = parameters.pop("sign", "")
    if not secret:
        raise BadSignature("no_secret")
    if not _SIGNATURE.fullmatch(signature):
        raise BadSignature("sign")
    # The documentation writes a space as %20, the platform's own samples as +. No two different launches share an
    # encoding, so trying both lets nothing else through.
    if not any(_is_signed(_encoded(parameters, quoter), signature, secret) for quoter in (quote, quote_plus)):
        raise BadSignature("mismatch")
    return _launch(parameters)


def claimed_app_id(query: str) -> int | None:
    """The app the launch says it is for, to find the secret to verify it with; proves nothing, raises nothing."""
    try:
        return _positive_int(_parameters(query), "vk_app_id")
    except BadSignature:
        return None


def sign(params: Mapping[str, str], secret: str) -> str:
    """The whole query string of a launch with these decoded parameters, signed as the platform signs it.

    Raises ValueError where `params` already holds a `sign` or what UTF-8 cannot carry.
    """
    if "sign" in params:
        raise ValueError("params are already signed")
    signed = {key: value for key, value in params.items() if key.startswith("vk_")}
    signature = _signature(_encoded(signed, quote), secret)
    return f"{_encoded(params, quote)}&sign={signature}"


def _parameters(query: str) -> dict[str, str]:
    """The decoded `sign` and `vk_*` parameters, each of which came once; all others are unsigned and left out."""
    if len(query) > MAX_QUERY_CHARACTERS:
        raise BadSignature("too_long")
    if not query.isascii() or _MALFORMED.search(query):
        raise BadSignature("malformed")
    parameters: dict[str, str] = {}
    for pair in query.removeprefix("?").split("&"):
        encoded_key, _, encoded_value = pair.partition("=")
        try:
            key = unquote_plus(encoded_key, errors="strict")
            value = unquote_plus(encoded_value, errors="strict")
        except UnicodeDecodeError:
            raise BadSignature("malformed") from None
        if key != "sign" and not key.startswith("vk_"):
            continue
        if key in parameters:
            raise BadSignature("duplicate")
        parameters[key] = value
    return parameters


def _encoded(parameters: Mapping[str, str], quoter: Callable[..., str]) -> str:
    # Names are encoded too: a "=" or "&" hidden in a name must not read as the border of another parameter.
    return "&".join(f"{quoter(key, safe='')}={quoter(value, safe='')}" for key, value in sorted(parameters.items()))


def _signature(message: str, secret: str) -> str:
    digest = hmac.digest(secret.encode(), message.encode(), "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _is_signed(message: str, signature: str, secret: str) -> bool:
    return hmac.compare_digest(_signature(message, secret).encode(), signature.encode())


def _launch(parameters: Mapping[str, str]) -> VkLaunch:
    user_id = _positive_int(parameters, "vk_user_id")
    app_id = _positive_int(parameters, "vk_app_id")
    if user_id is None or app_id is None:
        raise BadSignature("missing_id")
    return VkLaunch(
        user_id=user_id,
        app_id=app_id,
        signed_at=_signed_at(parameters.get("vk_ts", "")),
        group_id=_positive_int(parameters, "vk_group_id"),
        role=parameters.get("vk_viewer_group_role") or "none",
        platform=parameters.get("vk_platform", ""),
        language=parameters.get("vk_language", ""),
        ok_user_id=_positive_int(parameters, "vk_ok_user_id") if parameters.get("vk_client") == "ok" else None,
    )


def _positive_int(parameters: Mapping[str, str], key: str) -> int | None:
    text = parameters.get(key, "")
    if text in ("", "0"):
        return None
    # The pattern before int(): int() also takes other alphabets' digits, and refuses very long ones in its own way.
    if not _POSITIVE_INT.fullmatch(text) or (number := int(text)) > _MAX_INT64:
        raise BadSignature("not_an_id")
    return number


def _signed_at(text: str) -> datetime | None:
    if not text:
        return None
    if not _TIMESTAMP.fullmatch(text):
        raise BadSignature("not_a_time")
    return instant(int(text))
