"""How a native launch in Odnoklassniki proves who opened the mini-app.

The platform signs the user and the session: auth_sig = md5(logged_user_id + session_key + application secret key)
(apiok.ru, "Authorization of applications"). It covers neither the page nor a role nor the time, so from it the user
alone is known, and it never grows old: what leaked stays good. The string is a credential, so nothing raised here
holds any part of it.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from service.launch.proof import MAX_QUERY_CHARACTERS, BadSignature

_SIGNATURE = re.compile(r"[0-9a-f]{32}")
_USER = re.compile(r"[1-9][0-9]{0,18}")
_PAIRS_AT_MOST = 100
_READ = ("logged_user_id", "session_key", "auth_sig", "application_key")


@dataclass(frozen=True, slots=True)
class OkLaunch:
    """What a verified signature vouches for."""

    user_id: int
    session: str


def verify(query: str, secret: str) -> OkLaunch:
    """Return who the launch is of, if `secret` signed it; raise BadSignature and nothing else otherwise."""
    pairs = _parameters(query)
    user, session, signature = pairs.get("logged_user_id", ""), pairs.get("session_key", ""), pairs.get("auth_sig", "")
    if not secret:
        raise BadSignature("no_secret")
    if not _USER.fullmatch(user) or not session or not _SIGNATURE.fullmatch(signature):
        raise BadSignature("missing_id")
    # The signed text has no borders: digits at the head of the session could as well be the tail of another user's id.
    if session[0].isdigit():
        raise BadSignature("session")
    if not hmac.compare_digest(sign(user, session, secret).encode(), signature.encode()):
        raise BadSignature("mismatch")
    return OkLaunch(int(user), session)


def claimed_app(query: str) -> str | None:
    """The application key the launch says it is for, to find the secret by; proves nothing, raises nothing."""
    try:
        return _parameters(query).get("application_key")
    except BadSignature:
        return None


def sign(user: str, session: str, secret: str) -> str:
    """auth_sig, as the platform makes it."""
    # The platform's choice; what it is worth is said above.
    return hashlib.md5(f"{user}{session}{secret}".encode(), usedforsecurity=False).hexdigest()


def _parameters(query: str) -> dict[str, str]:
    """What is read of the launch, each of which came once."""
    if len(query) > MAX_QUERY_CHARACTERS:
        raise BadSignature("too_long")
    if not query.isascii():
        raise BadSignature("malformed")
    try:
        found = parse_qsl(
            query.removeprefix("?"), keep_blank_values=True, errors="strict", max_num_fields=_PAIRS_AT_MOST
        )
    except ValueError:
        raise BadSignature("malformed") from None
    pairs = [(key, value) for key, value in found if key in _READ]
    if len(dict(pairs)) != len(pairs):
        raise BadSignature("duplicate")
    return dict(pairs)
