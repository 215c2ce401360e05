"""The OpenID Connect provider, as its own discovery document describes it: where to send a browser, and what a code is
worth. All calls go by core/outgoing.py."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import quote, urlencode, urlsplit

import orjson

from service.confirmation import idtokens
from service.core.clock import Clock
from service.core.outgoing import Outgoing, OutgoingFailed, OutgoingRefused

_KEPT = timedelta(hours=1)
# A token under a key that nobody knows makes us ask for the keys again, and not more often than so.
_ASKED_AGAIN = timedelta(seconds=30)
_OK = 200


class ProviderFailed(Exception):
    """It does not answer, or not as a provider does. Never says what it said."""


@dataclass(frozen=True, slots=True)
class ProviderTerms:
    """What was agreed with the provider; `claims`: our field -> the path of the claim."""

    issuer: str
    client_id: str
    client_secret: str
    scopes: str
    redirect_uri: str
    claims: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    since: datetime


class Provider:
    """One provider, by its terms. What it publishes of itself is kept for an hour."""

    def __init__(self, terms: ProviderTerms, outgoing: Outgoing, clock: Clock) -> None:
        self.terms = terms
        self._outgoing = outgoing
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def authorization_url(self, state: str, nonce: str, challenge: str) -> str:
        """Where a browser is sent to (with PKCE, RFC 7636, S256). Raises ProviderFailed."""
        endpoint = self._endpoint(await self._metadata(), "authorization_endpoint")
        parameters = {
            "response_type": "code",
            "client_id": self.terms.client_id,
            "redirect_uri": self.terms.redirect_uri,
            "scope": self.terms.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return endpoint + ("&" if urlsplit(endpoint).query else "?") + urlencode(parameters, quote_via=quote)

    async def claims(self, code: str, verifier: str, nonce: str, issuer: str | None) -> dict[str, Any]:
        """What the provider says of who logged in; `sub` is verified, whatever else. Raises ProviderFailed.

        `issuer` is what the browser brought along (RFC 9207): not another one's answer.
        """
        metadata = await self._metadata()
        told = metadata.get("authorization_response_iss_parameter_supported") is True
        if issuer != self.terms.issuer and (told or issuer is not None):
            raise ProviderFailed
        tokens = await self._exchange(metadata, code, verifier)
        access_token = tokens.get("access_token")
        if not isinstance(tokens.get("id_token"), str) or not isinstance(access_token, str):
            raise ProviderFailed
        claims = await self._verified(metadata, tokens["id_token"], access_token, nonce)
        if "userinfo_endpoint" not in metadata:
            return claims
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        more = await self._json("GET", self._endpoint(metadata, "userinfo_endpoint"), headers=headers)
        # Core, section 5.3.2: else it may be about anybody.
        if more.get("sub") != claims["sub"]:
            raise ProviderFailed
        return claims | more

    async def _exchange(self, metadata: Mapping[str, Any], code: str, verifier: str) -> dict[str, Any]:
        terms = self.terms
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": terms.redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Accept": "application/json"}
        methods: Any = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if not terms.client_secret:
            form |= {"client_id": terms.client_id}
        elif "client_secret_basic" in methods or "client_secret_post" not in methods:
            headers["Authorization"] = _basic(terms.client_id, terms.client_secret)
        else:
            form |= {"client_id": terms.client_id, "client_secret": terms.client_secret}
        return await self._json("POST", self._endpoint(metadata, "token_endpoint"), headers=headers, form=form)

    async def _verified(
        self, metadata: Mapping[str, Any], id_token: str, access_token: str, nonce: str
    ) -> dict[str, Any]:
        address = self._endpoint(metadata, "jwks_uri")
        for oldest in (_KEPT, _ASKED_AGAIN):
            found = (await self._fetched(address, oldest)).get("keys")
            listed = cast(list[Any], found) if isinstance(found, list) else []
            keys = [cast(dict[str, Any], key) for key in listed if isinstance(key, dict)]
            try:
                return idtokens.verify(
                    id_token, keys, issuer=self.terms.issuer,
                    client_id=self.terms.client_id, nonce=nonce, now=self._clock(), access_token=access_token,
                )  # fmt: skip
            except idtokens.KeyUnknown:
                continue
            except idtokens.TokenWrong:
                break
        raise ProviderFailed

    async def _metadata(self) -> dict[str, Any]:
        address = self.terms.issuer.rstrip("/") + "/.well-known/openid-configuration"
        found = await self._fetched(address, _KEPT)
        # Discovery, section 4.3: or it describes somebody else.
        if found.get("issuer") != self.terms.issuer:
            self._kept.pop(address, None)
            raise ProviderFailed
        return found

    async def _fetched(self, address: str, oldest: timedelta) -> dict[str, Any]:
        kept, now = self._kept.get(address), self._clock()
        if kept is None or now - kept.since >= oldest:
            kept = self._kept[address] = _Kept(await self._json("GET", address), now)
        return kept.value

    def _endpoint(self, metadata: Mapping[str, Any], name: str) -> str:
        address = metadata.get(name)
        # Whoever is trusted over https does not lead to where anybody listens.
        if not isinstance(address, str) or not address.startswith(
            ("https://", self.terms.issuer.partition(":")[0] + "://")
        ):
            raise ProviderFailed
        return address

    async def _json(self, method: str, address: str, **more: Any) -> dict[str, Any]:
        try:
            reply = await self._outgoing.call(method, address, **more)
        except (OutgoingFailed, OutgoingRefused):
            raise ProviderFailed from None
        if reply.status != _OK or not reply.content_type.endswith("json"):
            raise ProviderFailed
        try:
            found = orjson.loads(reply.content)
        except orjson.JSONDecodeError:
            raise ProviderFailed from None
        if not isinstance(found, dict):
            raise ProviderFailed
        return cast(dict[str, Any], found)


def _basic(client_id: str, secret: str) -> str:
    """RFC 6749, section 2.3.1: each is encoded as in a form first."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return "Basic " + b64encode(pair.encode()).decode()
