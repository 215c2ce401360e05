"""From the raw parameters of a launch to what they prove: secrets are found, signature and age checked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from schemas import problems
from schemas.sessions import Platform
from service.core.errors import DomainError
from service.launch import max as max_platform
from service.launch import ok, telegram, vk
from service.launch.init_data import InitData
from service.launch.proof import BadSignature, Proof, StaleLaunch, check_freshness

# App or bot -> its secrets, each of which is believed: while one is replaced there are two.
Apps = Mapping[str, Sequence[str]]
_Launch = TypeVar("_Launch")
# An app, and a way to verify that a launch is its.
_Attempt = tuple[str, Callable[[], _Launch]]


@dataclass(frozen=True, slots=True)
class LaunchTerms:
    """Apps of each platform with their secrets, and for how long what is believed.

    `telegram_bots`: bots whose tokens are not known here; Telegram's own signature proves their launches.
    """

    apps: Mapping[Platform, Apps]
    telegram_bots: Sequence[str]
    max_age_seconds: int
    max_ahead_seconds: int
    citizen_token_seconds: int
    administrator_token_seconds: int
    system_token_seconds: int
    # How long a session lasts unused, and at most; how many one launch may make; how long it is kept when it is over.
    session_idle: timedelta
    session_whole: timedelta
    launch_sessions: int
    keep_sessions: timedelta
    # Where createToken is reached from outside: what a system's assertion names.
    token_address: str


def prove(platform: Platform, parameters: str, terms: LaunchTerms, now: datetime) -> Proof:
    """Raises DomainError `launch_invalid` or `launch_stale`, and never says which part was wrong."""
    try:
        proof, signed_at = _PROVERS[platform](parameters, terms)
        # Of Odnoklassniki's own launches the time is not signed, and nobody knows it.
        if platform != "ok":
            check_freshness(signed_at, now, terms.max_age_seconds, terms.max_ahead_seconds)
    except BadSignature:
        raise DomainError(problems.LAUNCH_INVALID) from None
    except StaleLaunch:
        raise DomainError(problems.LAUNCH_STALE) from None
    return replace(proof, signed_at=signed_at)


def _prove_vk(parameters: str, terms: LaunchTerms) -> tuple[Proof, datetime | None]:
    app = str(vk.claimed_app_id(parameters))
    _, launch = _first_verified((app, partial(vk.verify, parameters, secret)) for secret in _secrets(terms, "vk", app))
    page = str(launch.group_id) if launch.group_id else None
    role = launch.role if page else "none"
    made = str(launch.signed_at)
    if launch.ok_user_id is not None:
        return Proof("ok", app, str(launch.ok_user_id), page, role, made), launch.signed_at
    return Proof("vk", app, str(launch.user_id), page, role, made), launch.signed_at


def _prove_ok(parameters: str, terms: LaunchTerms) -> tuple[Proof, datetime | None]:
    app = ok.claimed_app(parameters) or ""
    _, launch = _first_verified((app, partial(ok.verify, parameters, secret)) for secret in _secrets(terms, "ok", app))
    return Proof("ok", app, str(launch.user_id), made=launch.session), None


def _prove_max(parameters: str, terms: LaunchTerms) -> tuple[Proof, datetime | None]:
    bot, launch = _first_verified(
        (bot, partial(max_platform.verify, parameters, token)) for bot, token in _all_secrets(terms, "max")
    )
    return Proof("max", bot, str(launch.user_id), launch.page, made=str(launch.signed_at)), launch.signed_at


def _prove_telegram(parameters: str, terms: LaunchTerms) -> tuple[Proof, datetime | None]:
    by_token: list[_Attempt[InitData]] = [
        (bot, partial(telegram.verify, parameters, token)) for bot, token in _all_secrets(terms, "telegram")
    ]
    by_signature: list[_Attempt[InitData]] = [
        (bot, partial(telegram.verify_signature, parameters, bot)) for bot in terms.telegram_bots
    ]
    bot, launch = _first_verified([*by_token, *by_signature])
    return Proof("telegram", bot, str(launch.user_id), launch.page, made=str(launch.signed_at)), launch.signed_at


_PROVERS: Mapping[Platform, Callable[[str, LaunchTerms], tuple[Proof, datetime | None]]] = {
    "vk": _prove_vk,
    "ok": _prove_ok,
    "max": _prove_max,
    "telegram": _prove_telegram,
}


def _secrets(terms: LaunchTerms, platform: Platform, app: str) -> Sequence[str]:
    return terms.apps.get(platform, {}).get(app, ())


def _all_secrets(terms: LaunchTerms, platform: Platform) -> Iterable[tuple[str, str]]:
    """A launch does not say which bot it is for: there are few, and each is tried."""
    return ((bot, secret) for bot, secrets in terms.apps.get(platform, {}).items() for secret in secrets)


def _first_verified(attempts: Iterable[_Attempt[_Launch]]) -> tuple[str, _Launch]:
    refused = BadSignature("unknown_app")
    for app, verify in attempts:
        try:
            return app, verify()
        except BadSignature as error:
            refused = error
    raise refused
