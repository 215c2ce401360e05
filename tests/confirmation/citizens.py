"""Citizens who confirm, where it does not matter how the provider goes about it: they log in at once (rogue.py)."""

import re
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.live import Answer, Api, Live


def begins(api: Api) -> Any:
    return api.create("/v1/confirmations", None).ok()


def logs_in(begun: Any, login: str = "anna") -> str:
    """Where the provider sends the browser."""
    url = f"{begun['authorization_url']}&login={login}"
    return requests.get(url, allow_redirects=False, timeout=30).headers["Location"]


def returns(live: Live, back: str) -> Answer:
    """The browser opens it."""
    parts = urlsplit(back)
    return live.api().get(f"{parts.path}?{parts.query}")


def code_on(page: Answer) -> str:
    """The one that the page shows."""
    found = re.search(r'class="code">([0-9A-Z]{4}-[0-9A-Z]{4})<', page.content.decode())
    assert found is not None, page.content.decode()
    return found[1]


def completes(api: Api, begun: Any, code: str) -> Answer:
    return api.post(f"/v1/confirmations/{begun['id']}/complete", {"code": code})


def logged_in(live: Live, api: Api, login: str = "anna") -> tuple[Any, str]:
    """All but the last step: what was begun, and the code that the browser shows."""
    begun = begins(api)
    return begun, code_on(returns(live, logs_in(begun, login)))


def confirmed(live: Live, api: Api, login: str = "anna") -> tuple[str, str]:
    """The id and the code of a confirmation that is completed."""
    begun, code = logged_in(live, api, login)
    completes(api, begun, code).ok()
    return begun["id"], code
