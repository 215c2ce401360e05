"""What is true of all code: no pattern is made of what callers give, nothing secret of chance that can be guessed, and
no cryptography of one's own."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What the service runs on is theirs; `random` is the machine's chance, which whoever has seen some of it can foretell.
CHANCE = {"random", "numpy"}
MAY_HAVE_CHANCE = {
    "service/core/jobs.py": "spreads the load of jobs: nobody gains by knowing when one runs",
    "service/demo/people.py": "makes names of people whom there are not",
}
# Made of the machine's address and the time.
FORETOLD = {("uuid", "uuid1"), ("uuid", "")}
# What makes digits that people read to each other of bits.
DIGITS = {"eight_digits", "digits_of", "code_of"}
# Modules of cryptography -> where they are imported. The rest of the service is handed what these make.
CRYPTOGRAPHY = {
    "cryptography": {
        "service/core/keys.py", "service/core/ring.py", "service/core/sealing.py",
        "service/documents/cipher.py", "service/documents/files.py", "service/keyring/jobs.py",
        "service/keyring/usecases.py", "service/launch/assertions.py", "service/launch/telegram.py",
        "service/launch/tokens.py",
    },
    "jwt": {"service/confirmation/idtokens.py", "service/launch/assertions.py", "service/launch/tokens.py"},
}  # fmt: skip
# Anything that is known to do cryptography and is not what is named above.
OTHERS = {
    "Crypto", "Cryptodome", "nacl", "ecdsa", "rsa", "Cryptography", "M2Crypto", "OpenSSL", "authlib", "jose", "josepy",
    "joserfc", "passlib", "bcrypt", "argon2", "scrypt", "gmssl", "pygost", "pgpy", "gnupg", "crypt", "oscrypto",
}  # fmt: skip
_OWN = re.compile(r"\b(?:xor|rot13|keystream|sbox|s_box|cbc|ecb)\b", re.IGNORECASE)

_ASKS = {"fetch", "fetchrow", "fetchval", "execute", "executemany", "prepare", "cursor", "copy_from_query"}
# The migrations run their own files; the demonstration hands its own queries to a function of its own.
_NO_STATEMENTS = {"service/migrations/script.py", "service/demo/store.py"}
_BODIES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPILERS = {"compile", "fullmatch", "match", "search", "sub", "subn", "split", "findall", "finditer"}
# What reads a pattern in SQL; what follows has to be written out.
_SQL_PATTERN = re.compile(
    r"(?:\bI?LIKE\b|\bSIMILAR\s+TO\b|(?<![&<|^#@~!])!?~\*?(?![~(*])|\bregexp_\w+\(\s*[^,]+,)\s*(?P<of>'[^']*'|[^\s,)]+)(?P<more>\s*\|\|)?",
    re.IGNORECASE,
)


def sources(suffix: str = "py") -> Iterator[tuple[str, str]]:
    """Of the service and its contract: where it stands, and the text."""
    for folder in ("service", "schemas"):
        for path in sorted((ROOT / folder).rglob(f"*.{suffix}")):
            # The reference schema is what the others make.
            if path.name != "schema.sql":
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Modules by their first name, and what is taken of each."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((alias.name.partition(".")[0], "") for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from ((module.partition(".")[0], alias.name) for alias in names)
            case _:
                pass


def _fixed(given: ast.expr | None, names: set[str]) -> bool:
    """Whether that is written out, or was made of what is, before anybody called."""
    match given:
        case ast.Constant():
            return True
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _fixed(left, names) and _fixed(right, names)
        case ast.JoinedStr(values=values):
            return all(_fixed(value, names) for value in values)
        case ast.FormattedValue(value=value):
            return _fixed(value, names)
        case ast.Name(id=name):
            return name in names
        case _:
            return False


def patterns_of_input(text: str) -> list[int]:
    """Lines of regular expressions that are not fixed when the module has been read."""
    tree = ast.parse(text)
    names = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and _fixed(node.value, set())
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: list[int] = []
    called = {inner for node in ast.walk(tree) if isinstance(node, _BODIES) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        match node:
            # What is made when the module is read knows nothing of callers.
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=attr)) if (
                attr == "compile" and node not in called
            ):
                pass
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=attr), args=[pattern, *_]):
                if attr in _COMPILERS and not _fixed(pattern, names):
                    found.append(node.lineno)
            case ast.Call(keywords=keywords):
                given = [keyword.value for keyword in keywords if keyword.arg == "pattern"]
                found += [node.lineno for pattern in given if not _fixed(pattern, names | imported_constants(tree))]
            case _:
                pass
    return found


def statements_of_input(name: str, text: str) -> list[int]:
    """Lines where a connection is asked by what is neither one of the queries nor written out there."""
    tree = ast.parse(text)
    bound: dict[str, list[ast.expr]] = {}
    handed_in = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            bound.setdefault(node.targets[0].id, []).append(node.value)
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Tuple):
            bound.setdefault(node.target.id, []).extend(node.iter.elts)

    def written(given: ast.expr) -> bool:
        match given:
            case ast.Constant() | ast.Attribute(value=ast.Name(id="SQL")):
                return True
            case ast.IfExp(body=body, orelse=orelse):
                return written(body) and written(orelse)
            case ast.Call(func=ast.Name(id="text"), args=[statement]):
                return written(statement)
            case ast.Call(func=ast.Name(), args=[_, *statements]):
                # One of several, by what it is about.
                return bool(statements) and all(map(written, statements))
            case ast.Name(id=known):
                return known in bound and known not in handed_in and all(map(written, bound[known]))
            case _:
                return False

    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ASKS
        if name not in _NO_STATEMENTS and ast.unparse(node.func.value) != "cursors"
        if not node.args or not written(node.args[0])
    ]


def statements_in_sql(text: str) -> list[str]:
    """What is put together and run inside the database otherwise than by format() with names and literals quoted."""
    said = re.sub(r"--[^\n]*", "", text)
    run = re.findall(r"\bEXECUTE\s+(?!FUNCTION\b|ON\b|PROCEDURE\b)(.{0,60})", said)
    loose = [one for one in run if not one.startswith("format(")]
    formats = re.findall(r"\bEXECUTE\s+format\(\s*'((?:[^']|'')*)'(\s*\|\|)?", said)
    return loose + [one for one, more in formats if more or re.search(r"%(?:\d+\$)?s", one)]


def imported_constants(tree: ast.Module) -> set[str]:
    """Names in capitals that another module of ours holds."""
    return {name for module, name in imported(tree) if module in ("service", "schemas") and name.isupper()}


def patterns_in_sql(text: str) -> list[str]:
    """What is read as a pattern in SQL and is no literal, or not a whole one."""
    said = re.sub(r"--[^\n]*", "", text)
    return [found[0] for found in _SQL_PATTERN.finditer(said) if found["more"] or not found["of"].startswith("'")]


def chance(name: str, text: str) -> set[str]:
    """What can be guessed and is imported where nobody has said why."""
    if name in MAY_HAVE_CHANCE:
        return set()
    return {module for module, what in imported(ast.parse(text)) if module in CHANCE or (module, what) in FORETOLD}


def codes_of_anything(name: str, text: str) -> list[int]:
    """Lines where digits for people are made of what is no keyed hash and no chance of the system's."""
    if name == "service/core/ids.py":
        return []
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in DIGITS
        if not re.search(r"\bsealer\.hash\(|\bsecrets\.", ast.unparse(node))
    ]


def cryptography(name: str, text: str) -> set[str]:
    """What does cryptography and is not expected there."""
    modules = {module for module, _ in imported(ast.parse(text))}
    unnamed = {module for module in modules & CRYPTOGRAPHY.keys() if name not in CRYPTOGRAPHY[module]}
    return unnamed | modules & OTHERS | {word.lower() for word in _OWN.findall(text)}


def test_no_pattern_is_made_of_what_callers_give() -> None:
    assert {name: lines for name, text in sources() if (lines := patterns_of_input(text))} == {}
    assert {name: found for name, text in sources("sql") if (found := patterns_in_sql(text))} == {}


def test_no_statement_is_made_of_what_callers_give() -> None:
    """Statements are written out, and what is given goes by parameters: so nothing can be injected.

    Inside the database names alone are put in, quoted; only what migrates puts in more, and nobody's words.
    """
    assert {name: lines for name, text in sources() if (lines := statements_of_input(name, text))} == {}
    loose = {name for name, text in sources("sql") if statements_in_sql(text)}
    assert loose == {"service/migrations/doors.sql", "service/migrations/versions/0006_walls.sql"}


def test_nothing_is_made_of_chance_that_can_be_guessed() -> None:
    """Of `secrets` alone, whose chance is the system's; the database makes ids and orders of work, and no secrets."""
    assert {name: found for name, text in sources() if (found := chance(name, text))} == {}
    texts = dict(sources())
    assert all("random" in texts[name] for name in MAY_HAVE_CHANCE), "no chance is left there"
    assert {name: found for name, text in sources() if (found := codes_of_anything(name, text))} == {}
    # random() of the database spreads work and waking; gen_random_uuid() is of its strong chance.
    for name, text in sources("sql"):
        uses = [line.strip() for line in text.splitlines() if re.search(r"(?<!_)\brandom\(", line)]
        assert all("ORDER BY random()" in line or "make_interval" in line for line in uses), (name, uses)


def test_cryptography_is_done_by_what_is_known_for_it() -> None:
    assert {name: found for name, text in sources() if (found := cryptography(name, text))} == {}
    texts = dict(sources())
    for module, names in CRYPTOGRAPHY.items():
        assert all(module in {module for module, _ in imported(ast.parse(texts[name]))} for name in names), module


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (patterns_of_input, "def f(given):\n    re.search(given, 'a')"),
        (patterns_of_input, "def f(given):\n    re.compile(f'{given}$')"),
        (patterns_of_input, "def f(given):\n    re.sub('a' + given, '', 'a')"),
        (patterns_of_input, "def f(given):\n    return Field(pattern=given)"),
        (lambda text: statements_of_input("service/a.py", text), "conn.fetch(f'SELECT {given}')"),
        (lambda text: statements_of_input("service/a.py", text), "conn.execute('SELECT ' + given)"),
        (lambda text: statements_of_input("service/a.py", text), "s = SQL.a\ns = s + given\nconn.execute(s)"),
        (lambda text: statements_of_input("service/a.py", text), "def f(given):\n    conn.fetchval(given)"),
        (lambda text: statements_of_input("service/a.py", text), "conn.fetchval(SQL.a.replace('x', given))"),
        (statements_in_sql, "EXECUTE 'SELECT ' || p_given;"),
        (statements_in_sql, "EXECUTE format('SELECT %s', p_given);"),
        (statements_in_sql, "EXECUTE format('SELECT ' || p_given);"),
        (statements_in_sql, "RETURN QUERY EXECUTE p_given;"),
        (patterns_in_sql, "SELECT 1 WHERE a LIKE $1"),
        (patterns_in_sql, "SELECT 1 WHERE a ilike '%' || $1"),
        (patterns_in_sql, "SELECT 1 WHERE a ~ p_given"),
        (patterns_in_sql, "SELECT 1 WHERE a !~* p_given"),
        (patterns_in_sql, "SELECT regexp_replace(a, p_given, '')"),
        (lambda text: chance("service/a.py", text), "from random import choice"),
        (lambda text: chance("service/a.py", text), "import uuid"),
        (lambda text: codes_of_anything("service/a.py", text), "code = ids.eight_digits(row.id.int)"),
        (lambda text: cryptography("service/a.py", text), "import jwt"),
        (lambda text: cryptography("service/core/keys.py", text), "from Crypto.Cipher import AES"),
    ],
)  # fmt: skip
def test_what_is_not_so_is_found(check: Callable[[str], object], text: str) -> None:
    """The negative control of the tests above."""
    assert check(text)


@pytest.mark.parametrize("text", ["SELECT a LIKE 'demo-%'", "SELECT packed & ~(1 << 27)", "SELECT a <% b, c ~~ 'a'"])
def test_what_is_so_is_let_through(text: str) -> None:
    assert patterns_in_sql(text) == []
