"""A provider that does not keep to the rules, over real HTTP. Who logs in as `anna!` and the name of a lie is told of
by that lie; some lies are a provider of their own, at a path of their name. At `/good`, `anna` is told of as she is:
whoever needs no more than that a citizen is confirmed uses it."""

import json
import sys
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.confirmation.lies import BARE, METADATA, SECRET, WRONG, Token, jwk, keys

THE_DAY = datetime.fromisoformat("2026-09-07T01:00:00+00:00")
PEOPLE: dict[str, dict[str, Any]] = {
    "anna": {"family_name": "Соколова", "given_name": "Анна", "birthdate": "1990-02-03", "gender": "female"},
    "oleg": {"family_name": "Громов", "given_name": "Олег", "birthdate": "1985-06-07", "gender": "male"},
}


class Rogue(ThreadingHTTPServer):
    """Listens on a free port; what it was asked for is in `asked`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.base = f"http://127.0.0.1:{self.server_address[1]}"
        self.now = int(THE_DAY.timestamp())
        # The key that signs at `/rotating`; no other is published there.
        self.current = "k1"
        self.asked: list[str] = []
        # What it meant to do and could not: else a lie that is never told would be refused all the same.
        self.broken: list[BaseException | None] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.broken.append(sys.exception())


@cache
def rogue() -> Rogue:
    """One for the whole process, for as long as it runs."""
    server = Rogue()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def packed(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode()


class _Handler(BaseHTTPRequestHandler):
    server: Rogue  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        _, who, what = url.path.split("/", 2)
        self.server.asked.append(url.path)
        if what in BARE.get(who, {}):
            return self._answer(*BARE[who][what])
        issuer = f"{self.server.base}/{who}"
        match what:
            case ".well-known/openid-configuration":
                self._json(_metadata(issuer) | METADATA.get(who, {}))
            case "jwks":
                self._json({"keys": self._keys(who)})
            case "authorize":
                self._authorize(issuer, {name: values[0] for name, values in parse_qs(url.query).items()})
            case _:
                login, _, lie = self.headers["Authorization"].removeprefix("Bearer ").partition("!")
                if lie in BARE:
                    return self._answer(*BARE[lie]["userinfo"])
                self._json({"sub": login, **PEOPLE[login]})
        return None

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        _, who, _ = self.path.split("/", 2)
        self.server.asked.append(self.path)
        given = json.loads(urlsafe_b64decode(form["code"][0]))
        login, _, lie = given["login"].partition("!")
        if "token" in BARE.get(lie, {}):
            return self._answer(*BARE[lie]["token"])
        challenge = urlsafe_b64encode(sha256(form["code_verifier"][0].encode()).digest()).rstrip(b"=").decode()
        if challenge != given["challenge"]:
            return self._answer(400, "application/json", b'{"error": "invalid_grant"}')
        kid = self.server.current if who == "rotating" else "k1"
        claims = {"iss": f"{self.server.base}/{who}", "aud": "zapis", "sub": login, "nonce": given["nonce"]}
        claims |= {"iat": self.server.now, "exp": self.server.now + 3600}
        token = Token(claims, {"kid": kid}, keys()[kid])
        if lie in WRONG:
            WRONG[lie](token)
        # Who is asked for userinfo is known by it.
        return self._json(token.answer or {"access_token": given["login"], "id_token": token.signed()})

    def _keys(self, who: str) -> list[dict[str, Any]]:
        if who == "rotating":
            return [jwk(keys()[self.server.current], self.server.current)]
        published = [jwk(keys()[name], name) for name in ("k1", "k2", "weak")]
        return [*published, jwk(keys()["rsa"], "enc") | {"use": "enc"}]

    def _authorize(self, issuer: str, asked: dict[str, str]) -> None:
        """Whoever comes is logged in, as `login` says."""
        login = asked.get("login", "anna")
        code = packed({"login": login, "nonce": asked["nonce"], "challenge": asked["code_challenge"]})
        back = f"{asked['redirect_uri']}?code={code}&state={asked['state']}&iss={issuer}"
        self.send_response(302)
        self.send_header("Location", back)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, value: object) -> None:
        self._answer(200, "application/json", json.dumps(value).encode())

    def _answer(self, status: int, content_type: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Location", f"{self.server.base}/good/token")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        pass


def _metadata(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "authorization_response_iss_parameter_supported": True,
    }


def settings(who: str = "good") -> dict[str, Any]:
    """Of a service whose provider that is."""
    return {
        "oidc_issuer": f"{rogue().base}/{who}",
        "oidc_client_secret": SECRET,
        "outgoing_allowed": ["127.0.0.1/32"],
    }
