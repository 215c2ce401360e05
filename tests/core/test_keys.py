import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from service.config import Settings
from service.core.keys import Keys, made_once, secret_made_once, signing_key

PEM = Ed25519PrivateKey.from_private_bytes(b"s" * 32).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
KEY = b64encode(b"k" * 32).decode()
GIVEN: dict[str, Any] = {"signing_key": PEM.decode(), "sealing_keys": {"k7": KEY}, "hashing_key": KEY}

_MAKE = """
import sys
from pathlib import Path
from service.core.keys import made_once, secret_made_once
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):
    folder = Path(sys.argv[1]) / str(number)
    keys = made_once(folder)
    print(keys.signing.private_bytes_raw().hex(), keys.sealing["k1"].hex(), keys.hashing.hex())
    print(secret_made_once(folder / "app.secret"))
"""


def public(keys: Keys) -> bytes:
    return keys.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def test_keys_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "данные" / "keys"
    first = made_once(folder)
    secret = secret_made_once(folder / "app.secret")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert files.keys() == {"signing.pem", "sealing-k1.key", "hashing.key", "app.secret"}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    again = made_once(folder)
    assert (public(again), again.sealing, again.hashing) == (public(first), first.sealing, first.hashing)
    assert secret_made_once(folder / "app.secret") == secret
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
    other = made_once(tmp_path / "other")
    assert public(other) != public(first)
    assert len({first.hashing, first.sealing["k1"], other.hashing, other.sealing["k1"], first.cursors}) == 5
    assert {len(key) for key in (first.hashing, first.sealing["k1"], first.cursors)} == {32}


def test_processes_that_make_them_at_once_get_the_same(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _MAKE, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("now\n")
        process.stdin.flush()
    answers = {process.communicate(timeout=30)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 4
    assert len(answers) == 1
    # No draft is left behind.
    assert [len(list(folder.iterdir())) for folder in tmp_path.iterdir()] == [4] * 10


def test_keys_of_the_settings_win(tmp_path: Path) -> None:
    keys = Settings(data_dir=tmp_path / "data", **GIVEN).keys()
    assert keys.signing.private_bytes_raw() == b"s" * 32
    assert (keys.sealing, keys.hashing) == ({"k7": b"k" * 32}, b"k" * 32)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        *({name: value} for name, value in GIVEN.items()),
        *({other: value for other, value in GIVEN.items() if other != name} for name in GIVEN),
        GIVEN | {"hashing_key": b64encode(b"k" * 31).decode()},
        GIVEN | {"hashing_key": "not base64"},
        GIVEN | {"sealing_keys": {"k1": KEY, "k2": "AAAA"}},
        GIVEN | {"signing_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"},
    ],
)
def test_wrong_or_lonely_keys_of_the_settings_are_an_error(tmp_path: Path, wrong: dict[str, Any]) -> None:
    settings = Settings(data_dir=tmp_path, **wrong)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - each says something else
        settings.keys()
    assert KEY not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_key_of_another_kind_does_not_sign() -> None:
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="Ed25519"):
        signing_key(pem)
