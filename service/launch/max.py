"""How a MAX launch proves who opened the mini-app: `WebApp.initData` under the bot's token."""

from service.launch import init_data
from service.launch.init_data import InitData


def verify(query: str, secret: str) -> InitData:
    """Return what the launch says, if it was made for the bot whose token is `secret`; raise BadSignature otherwise."""
    return init_data.verify(query, secret)
