"""docs/keys.md names every key, secret and algorithm that is in the code, and none that is not."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.config import Settings
from service.core.keys import Keys
from service.core.ring import PURPOSES, SIGNATURES_LIVE
from service.keyring.rules import LEADS
from service.launch import assertions
from tests.contract.documents import quoted, table
from tests.contract.test_source import ROOT, sources

DOCUMENT = "keys.md"
_HASHES = {
    "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512", "sha1": "SHA-1", "sha224": "SHA-224", "md5": "MD5",
    "blake2b": "BLAKE2b", "blake2s": "BLAKE2s", "sha3_256": "SHA3-256", "scrypt": "scrypt", "pbkdf2_hmac": "PBKDF2",
}  # fmt: skip
_CIPHERS = {
    "AESGCM": "AES-256-GCM", "Ed25519PrivateKey": "Ed25519", "Ed25519PublicKey": "Ed25519", "Cipher": "another cipher",
    "ChaCha20Poly1305": "ChaCha20", "AESGCMSIV": "AES-GCM-SIV",
    "AESSIV": "AES-SIV", "AESCCM": "AES-CCM", "AESOCB3": "AES-OCB3", "Fernet": "Fernet",
    "HKDF": "HKDF", "Scrypt": "scrypt", "Argon2id": "Argon2id",
}  # fmt: skip
_JWT = re.compile(r"(?:RS|PS|ES|HS)(?:256|384|512)K?|EdDSA|none")
# Of what hides in a column of its own: secrets of others, by their hash or their public part.
HIDDEN = {"clients.secret_hash", "clients.public_keys", "sessions.token_hash"}


def algorithms_of(name: str, text: str) -> Iterator[str]:
    """What a file of code does cryptography by."""
    if name.endswith(".sql"):
        if re.search(r"\bsha256\(", text):
            yield "SHA-256"
        return
    tree = ast.parse(text)
    under_hmac = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("hmac.digest", "hmac.new")
        for argument in node.args[2:]
        for part in ast.walk(argument)
    }
    of_sizes = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "digest_size"
        for part in ast.walk(node.value)
    }
    speaks_jwt = any(isinstance(node, ast.Import) and node.names[0].name == "jwt" for node in ast.walk(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="hmac"), attr="digest" | "new"), args=[_, _, how]):
                yield "HMAC-" + _HASHES[re.sub(r"^hashlib\.|'", "", ast.unparse(how))]
            case ast.Attribute(value=ast.Name(id="hashlib"), attr=attr) if id(node) not in under_hmac | of_sizes:
                yield _HASHES.get(attr, attr)
            case ast.ImportFrom(module="hashlib", names=names):
                yield from (_HASHES.get(alias.name, alias.name) for alias in names)
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("cryptography"):
                yield from (_CIPHERS[alias.name] for alias in names if alias.name in _CIPHERS)
            case ast.Constant(value=str(value)) if speaks_jwt and _JWT.fullmatch(value):
                yield value
            case _:
                pass


def found_algorithms() -> dict[str, set[str]]:
    """Algorithm -> the files that use it."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, text in [*sources(), *sources("sql")]:
        for algorithm in algorithms_of(name, text):
            found[algorithm].add(name)
    return dict(found)


def listed(heading: str, of: str, where: str = "Where") -> dict[str, set[str]]:
    """What a table says: each name of a row -> the files of that row."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in table(DOCUMENT, heading):
        for name in quoted(row[of]):
            found[name] |= set(quoted(row[where]))
    return dict(found)


def test_every_algorithm_is_listed_with_where_it_is_used() -> None:
    assert listed("Algorithms", "Algorithm") == found_algorithms()


def test_everything_that_is_made_of_chance_is_listed() -> None:
    using = {name for name, text in sources() if re.search(r"\bsecrets\.\w+\(|PrivateKey\.generate\(", text)}
    assert {name for row in table(DOCUMENT, "Chance") for name in quoted(row["Where"])} == using


def test_every_purpose_of_the_hashing_key_is_listed() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for name, text in sources():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and re.search(r"(?:^|[._])sealer\.hash$", ast.unparse(node.func)):
                purpose = ast.unparse(node.args[0])
                found[re.sub(r"^f?(['\"])(.*)\1$", r"\2", purpose)].add(name)
    assert listed("By the hashing key", "Purpose") == found


def test_every_key_and_secret_is_listed(tmp_path: Path) -> None:
    demo = Settings(data_dir=tmp_path)
    demo.keys()
    demo.vk_secrets()
    files = {path.name for path in (tmp_path / "keys").iterdir()}
    settings = {f"ZAPIS_{name.upper()}" for name in Settings.secret_ones()}
    derived = {name for name, value in vars(Keys).items() if isinstance(value, property)} | {"chain_key"}
    sealed = set(re.findall(r"\('(\w+)', '((?:key|seed)_sealed)'\)", _keyring_sql()))
    of_rows = {f"{in_table}.{column}" for in_table, column in sealed}
    expected = {*files, *settings, *derived, *PURPOSES, *of_rows, *HIDDEN, "PRODUCTION_KEY"}
    rows = table(DOCUMENT, "Keys and secrets")
    assert sorted(name for row in rows for name in quoted(row["Name"])) == sorted(expected)
    for row in rows:
        assert all(row.values()), row


def _keyring_sql() -> str:
    return (ROOT / "service/migrations/functions/keyring.sql").read_text(encoding="utf-8")


def test_lengths_and_lives_are_those_of_the_code() -> None:
    rows = {name: row for row in table(DOCUMENT, "Keys and secrets") for name in quoted(row["Name"])}
    assert f"{SIGNATURES_LIVE.days} days" in rows["sign"]["Life, and how it is exchanged"]
    assert LEADS["seal"].seconds == 60
    assert LEADS["sign"].seconds == 600
    assert "after a minute" in rows["seal"]["Life, and how it is exchanged"]
    assert "after ten minutes" in rows["sign"]["Life, and how it is exchanged"]
    settings = Settings.model_fields
    assert settings["session_idle_seconds"].default == 12 * 3600
    assert settings["session_seconds"].default == 7 * 24 * 3600
    assert "12 hours unused, 7 days at most" in rows["sessions.token_hash"]["Life, and how it is exchanged"]
    least = re.findall(r"^_LEAST_RSA_BITS = (\d+)", Path(assertions.__file__).read_text(encoding="utf-8"), re.MULTILINE)
    for row in table(DOCUMENT, "Algorithms"):
        if "RS384" in row["Algorithm"]:
            assert f"of keys of {least[0]} bits at least" in row["What for"]


@pytest.mark.parametrize(
    ("code", "algorithm"),
    [
        ("hashlib.sha1(b'')", "SHA-1"),
        ("from hashlib import md5", "MD5"),
        ("hmac.new(key, said, hashlib.md5)", "HMAC-MD5"),
        ("from cryptography.hazmat.primitives.ciphers import Cipher", "another cipher"),
        ("import jwt\njwt.decode(token, key, algorithms=['HS256'])", "HS256"),
        ("hashlib.new(given)", "new"),
    ],
)
def test_another_algorithm_would_be_found(code: str, algorithm: str) -> None:
    """The negative control of the tests above."""
    assert algorithm in set(algorithms_of("service/a.py", code))
