"""What a provider says is of any shape; what is made of it is whole, or nothing."""

from datetime import UTC, date, datetime
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.confirmation import idtokens
from service.confirmation.rules import CLAIMS, FIELDS, KNOWN, Family, Incomplete, Untrusted, family_of
from service.people.rules import Vouched, evidently_differs, same_human
from tests.confirmation.lies import jwk, keys

TODAY = date(2026, 9, 7)
ANNA = {"family_name": "Соколова", "given_name": "Анна", "birthdate": "1990-02-03", "gender": "female"}
VERA = Vouched("Соколова", "Вера", "Ильинична", date(2019, 5, 14), "female", "11223344595")
WRITTEN = {"last_name": "Соколова", "first_name": "Вера", "patronymic": "Ильинична", "birth_date": date(2019, 5, 14)}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("1990-02-03"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*ANNA, "children", "x"]), inner),
    max_leaves=20,
)


def standard(claims: dict[str, Any]) -> Family:
    return family_of(claims, CLAIMS["standard"], TODAY)


def test_each_preset_names_what_is_known() -> None:
    for paths in CLAIMS.values():
        assert paths.keys() >= {*FIELDS, "children"}
        assert paths.keys() <= KNOWN


@given(st.dictionaries(st.sampled_from([*ANNA, "snils", "middle_name", "children"]), JSON))
def test_whatever_is_told_it_is_a_human_being_or_nobody(claims: dict[str, Any]) -> None:
    for given_claims in (claims, ANNA | claims):
        try:
            family = standard(given_claims)
        except Incomplete:
            continue
        for human in (family.own, *family.children):
            assert human.last_name
            assert human.first_name
            assert human.birth_date <= TODAY
            assert human.sex in ("male", "female")
            assert human.snils is None or len(human.snils) == 11


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("family_name", ""), ("family_name", None), ("family_name", 7), ("family_name", "<b>Соколова</b>"),
        ("family_name", "С" * 81), ("given_name", " "), ("given_name", "Анна1"), ("middle_name", "\x00"),
        ("birthdate", "1990"), ("birthdate", "2026-09-08"), ("birthdate", "1890-01-01"), ("birthdate", "03/02/1990"),
        ("gender", None), ("gender", "other"), ("snils", "112-233-445 96"), ("snils", "1"), ("snils", "000-000-000 00"),
    ],
)  # fmt: skip
def test_who_is_not_told_of_whole_is_nobody(claim: str, value: object) -> None:
    with pytest.raises(Incomplete):
        standard(ANNA | {claim: value})
    assert standard(ANNA | {"children": [ANNA | {"given_name": "Вера"} | {claim: value}]}).children == []


def test_spellings_are_read() -> None:
    told = {"family_name": " Соколова -", "given_name": "Анна  Мария"}
    with pytest.raises(Incomplete):
        standard(ANNA | told)
    claims = ANNA | {"given_name": "Анна  Мария", "middle_name": "", "birthdate": "03.02.1990", "gender": "Ж"}
    own = standard(claims | {"snils": "112-233-445 95"}).own
    assert own == Vouched("Соколова", "Анна Мария", None, date(1990, 2, 3), "female", "11223344595")


def test_children_come_once_and_are_not_oneself() -> None:
    child = ANNA | {"given_name": "Вера", "birthdate": "2019-05-14"}
    listed = [child, child, child | {"given_name": "ВЕРА"}, ANNA, None, 7, [], {}, child | {"given_name": "Нина"}]
    assert [one.first_name for one in standard(ANNA | {"children": listed}).children] == ["Вера", "Нина"]
    assert standard(ANNA | {"children": {"given_name": "Вера"}}).children == []
    many = [child | {"given_name": "Вера" + chr(ord("а") + number)} for number in range(30)]
    assert len(standard(ANNA | {"children": many}).children) == 20


def test_a_map_of_ones_own() -> None:
    claims = {"person": {"f": "Соколова", "i": "Анна", "d": "1990-02-03", "s": "F"}}
    claims["person"] |= {"kids": [{"f": "Соколова", "i": "Вера", "d": "2019-05-14", "sex": "F"}]}  # type: ignore[dict-item]
    paths = {"last_name": "person.f", "first_name": "person.i", "birth_date": "person.d", "sex": "person.s"}
    paths |= {"children": "person.kids", "child.sex": "sex"}
    paths |= {f"child.{name}": path for name, path in (("last_name", "f"), ("first_name", "i"), ("birth_date", "d"))}
    family = family_of(claims, paths, TODAY)
    assert (family.own.first_name, [child.first_name for child in family.children]) == ("Анна", ["Вера"])


@pytest.mark.parametrize("trusted", [False, "false", None, 1, "yes", "TRUE "])
def test_an_account_that_is_not_vouched_for_is_not_believed(trusted: object) -> None:
    claims = {"lastName": "Соколова", "firstName": "Анна", "birthDate": "03.02.1990", "gender": "F", "trusted": trusted}
    with pytest.raises(Untrusted):
        family_of(claims, CLAIMS["esia"], TODAY)
    assert family_of(claims | {"trusted": "true"}, CLAIMS["esia"], TODAY).own.first_name == "Анна"


@pytest.mark.parametrize(
    ("written", "same", "differs"),
    [
        ({"snils": None}, True, False),
        ({"snils": "11223344595"}, True, False),
        ({"snils": "11223344595", "first_name": "Верочка"}, True, False),
        ({"snils": "00100199801"}, False, True),
        ({"snils": None, "last_name": "СОКОЛОВА", "first_name": "вера"}, True, False),
        ({"snils": None, "last_name": "Сокалова"}, False, False),
        ({"snils": None, "birth_date": date(2019, 5, 15)}, False, False),
        ({"snils": None, "first_name": "Нина", "birth_date": date(2015, 1, 1)}, False, True),
    ],
)
def test_who_is_the_same(written: dict[str, Any], same: bool, differs: bool) -> None:
    assert same_human(VERA, WRITTEN | written) == same
    assert evidently_differs(VERA, WRITTEN | written) == differs


NOW = datetime(2026, 9, 7, 1, tzinfo=UTC)
PUBLISHED = [jwk(keys()["k1"], "k1")]
TOKEN = (
    jwt.encode(
        {"iss": "i", "aud": "zapis", "sub": "s", "nonce": "n", "iat": NOW.timestamp(), "exp": NOW.timestamp() + 60},
        keys()["k1"], algorithm="ES256", headers={"kid": "k1"},
    )
)  # fmt: skip


def checked(token: str) -> dict[str, Any]:
    return idtokens.verify(token, PUBLISHED, issuer="i", client_id="zapis", nonce="n", now=NOW)


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="utf-8"))
def test_a_token_with_one_letter_changed_is_none(place: int, letter: str) -> None:
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    # The last letter of a part has bits that say nothing.
    if changed == TOKEN or place + 1 in (len(TOKEN), TOKEN.index("."), TOKEN.rindex(".")):
        assert checked(TOKEN)["sub"] == "s"
        return
    with pytest.raises((idtokens.TokenWrong, idtokens.KeyUnknown)):
        checked(changed)


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{2,20}\.[A-Za-z0-9_-]{0,20}\.[A-Za-z0-9_-]{0,20}"))
def test_nonsense_is_no_token(token: str) -> None:
    with pytest.raises((idtokens.TokenWrong, idtokens.KeyUnknown)):
        checked(token)
