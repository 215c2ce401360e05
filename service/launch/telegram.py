"""How a Telegram launch proves who opened the mini-app: by the bot's token, or by Telegram's own signature."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.launch import init_data
from service.launch.init_data import InitData
from service.launch.proof import BadSignature

# Telegram's own (core.telegram.org/bots/webapps, "Validating data for Third-Party Use").
PRODUCTION_KEY = "e7bf03a2fa4602af4580703d88dda5bb59f32ed8b02a56c187fe7d34caed242d"
# The decoder would take "+" and "/" as well, and pass over what is neither.
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{86}")


def verify(query: str, secret: str) -> InitData:
    """Return what the launch says, if it was made for the bot whose token is `secret`; raise BadSignature otherwise."""
    return init_data.verify(query, secret)


def verify_signature(query: str, bot_id: str, public_keys: Sequence[str] = (PRODUCTION_KEY,)) -> InitData:
    """The same without the token, by the Ed25519 signature that Telegram puts beside the hash. Keys are in hex."""
    pairs = init_data.parameters(query)
    pairs.pop("hash", None)
    signature = pairs.pop("signature", "")
    if not _SIGNATURE.fullmatch(signature):
        raise BadSignature("signature")
    decoded = urlsafe_b64decode(signature + "==")
    message = f"{bot_id}:WebAppData\n{init_data.message_of(pairs)}".encode()
    if not any(_is_signed(decoded, message, key) for key in public_keys):
        raise BadSignature("mismatch")
    return init_data.launch_of(pairs)


def _is_signed(signature: bytes, message: bytes, public_key: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signature, message)
    except InvalidSignature:
        return False
    return True
