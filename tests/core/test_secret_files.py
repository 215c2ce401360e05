"""Secrets come from files as well as from the environment, and nothing in such a folder is passed over in silence."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from service.config import Settings
from service.core.secret_files import SecretsWrong

_PEM = Ed25519PrivateKey.from_private_bytes(b"s" * 32).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
KEY = b64encode(b"k" * 32).decode()
# Of every secret setting, what may stand in its file.
GIVEN: dict[str, str] = {
    "database_url": "postgresql://zapis:password-of-the-file@localhost/zapis",
    "signing_key": _PEM.decode(),
    "sealing_keys": json.dumps({"k1": KEY}),
    "hashing_key": KEY,
    "oidc_client_secret": "client-secret-of-the-file",
    "vk_apps": '{"7284402": "vk-secret-of-the-file"}',
    "ok_apps": '{"CBA": ["ok-secret-of-the-file", "another"]}',
    "max_apps": '{"bot": "max-token-of-the-file"}',
    "telegram_apps": '{"7": "telegram-token-of-the-file"}',
}


def written(folder: Path, given: dict[str, str], *, upper: bool = False) -> Path:
    for name, value in given.items():
        path = folder / (f"ZAPIS_{name.upper()}" if upper else f"zapis_{name}")
        path.write_text(value + "\n", encoding="utf-8")
    return folder


def opened(value: Any) -> Any:
    """What is in it, with its secrets as they are."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case dict():
            return {str(key): opened(inner) for key, inner in value.items()}
        case list():
            return [opened(inner) for inner in value]
        case _:
            return value


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("ZAPIS_"):
            monkeypatch.delenv(name)


def test_every_secret_setting_may_come_from_a_file() -> None:
    def secret(annotation: object) -> bool:
        return annotation is SecretStr or any(map(secret, get_args(annotation)))

    known = {name for name, field in Settings.model_fields.items() if secret(field.annotation)}
    assert Settings.secret_ones() == known | {"database_url"} == GIVEN.keys()


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("name", GIVEN)
def test_a_file_is_as_good_as_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, upper: bool
) -> None:
    """Named by the environment, as a unit of systemd does: ZAPIS_SECRETS_DIR=%d."""
    monkeypatch.setenv("ZAPIS_SECRETS_DIR", str(written(tmp_path, {name: GIVEN[name]}, upper=upper)))
    by_file = opened(getattr(Settings(), name))
    monkeypatch.delenv("ZAPIS_SECRETS_DIR")
    monkeypatch.setenv(f"ZAPIS_{name.upper()}", GIVEN[name].strip())
    by_environment = opened(getattr(Settings(), name))
    assert by_file == by_environment
    assert by_file == opened(getattr(Settings(), name))
    monkeypatch.delenv(f"ZAPIS_{name.upper()}")
    assert by_file != opened(getattr(Settings(), name))


def test_all_of_them_at_once_through_the_links_of_kubernetes(tmp_path: Path) -> None:
    """Each file is a link into `..data`, which is a link to the folder of the day."""
    day = tmp_path / "..2026_09_07"
    day.mkdir()
    written(day, GIVEN)
    (tmp_path / "..data").symlink_to(day)
    for path in day.iterdir():
        (tmp_path / path.name).symlink_to(Path("..data", path.name))
    settings = Settings(secrets_dir=tmp_path)
    keys = settings.keys()
    assert keys.signing.private_bytes_raw() == b"s" * 32
    assert (keys.sealing, keys.hashing) == ({"k1": b"k" * 32}, b"k" * 32)
    assert settings.vk_secrets() == {7284402: ["vk-secret-of-the-file"]}
    assert settings.launch_secrets()["ok"] == {"CBA": ["ok-secret-of-the-file", "another"]}
    assert settings.database_url == GIVEN["database_url"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"zapis_sealing_key": KEY}, "zapis_sealing_key: there is no secret of that name"),
        ({"zapis_port": "80"}, "zapis_port: there is no secret of that name"),
        ({"zapis_hashing_key": ""}, "zapis_hashing_key is empty"),
        ({"zapis_vk_apps": "{}"}, "zapis_vk_apps is empty"),
        ({"zapis_vk_apps": "vk-secret-of-the-file"}, "zapis_vk_apps can't be read"),
        ({"zapis_vk_apps": '{"1": "vk-secret-of-the-file}'}, "zapis_vk_apps can't be read"),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(tmp_path: Path, files: dict[str, str], said: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(SecretsWrong, match=said) as caught:
        Settings(secrets_dir=tmp_path)
    assert "secret-of-the-file" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SecretsWrong, match="ZAPIS_SECRETS_DIR"):
        Settings(secrets_dir=tmp_path / "nowhere")


def test_bytes_that_are_no_text_and_a_folder_in_place_of_a_file_are_errors(tmp_path: Path) -> None:
    (tmp_path / "zapis_hashing_key").write_bytes(b"\xff" * 32)
    with pytest.raises(SecretsWrong, match="can't be read"):
        Settings(secrets_dir=tmp_path)
    (tmp_path / "zapis_hashing_key").unlink()
    (tmp_path / "zapis_hashing_key").mkdir()
    with pytest.raises(SecretsWrong, match="zapis_hashing_key"):
        Settings(secrets_dir=tmp_path)


def test_a_secret_in_two_places_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAPIS_HASHING_KEY", KEY)
    with pytest.raises(SecretsWrong, match="ZAPIS_HASHING_KEY is given twice"):
        Settings(secrets_dir=written(tmp_path, {"hashing_key": KEY}))


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    """Other services' secrets, and what is no file."""
    (tmp_path / "postgres_password").write_text("x")
    (tmp_path / "..data").mkdir()
    assert Settings(secrets_dir=tmp_path).hashing_key is None


def test_the_command_says_it_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "zapis_hashing_key").write_text("")
    environment = {**os.environ, "ZAPIS_SECRETS_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "service", "launch", "sign"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"zapis: {tmp_path}/zapis_hashing_key is empty\n"
