"""A citizen confirms who they are, at a real OpenID Connect server, through its own login form."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.confirmation.provider import (
    Browser,
    begins,
    code_on,
    completes,
    confirms,
    returns,
    settings,
)
from tests.live import Answer, Api, Live
from tests.provocation import someone
from tests.world import World


def state_of(world: World, begun: dict[str, str], api: Api) -> tuple[str, str | None]:
    found = api.get(f"/v1/confirmations/{begun['id']}").ok()
    assert found["authorization_url"] is None
    return found["status"], found["failure"]


def persons(api: Api) -> list[dict[str, object]]:
    return api.get("/v1/persons").ok()["items"]


def test_a_citizen_confirms_who_they_are(world: World) -> None:
    mother = world.parent()
    begun = begins(mother)
    assert (begun["status"], begun["failure"]) == ("begun", None)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun["authorization_url"]).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert {len(asked[name]) for name in ("nonce", "code_challenge")} == {43}
    assert state_of(world, begun, mother) == ("begun", None)

    page = returns(world.live, Browser().logs_in(begun["authorization_url"], "mother"))
    assert (page.status, page.headers["Content-Type"].partition(";")[0]) == (200, "text/html")
    assert state_of(world, begun, mother) == ("awaiting_code", None)
    # Nobody is anything yet.
    assert persons(mother) == []

    done = completes(mother, begun, code_on(page)).ok()
    assert (done["status"], done["failure"]) == ("completed", None)
    own, child = persons(mother)
    told = {"last_name": "Соколова", "first_name": "Анна", "patronymic": "Петровна", "birth_date": "1990-02-03"}
    assert own.items() >= {**told, "sex": "female", "kinship": "self", "snils_masked": "***-***-*02 00"}.items()
    assert child.items() >= {"first_name": "Вера", "kinship": "child", "snils_masked": "***-***-*45 95"}.items()
    assert own["verified_at"] == child["verified_at"] == "2026-09-07T01:00:00Z"


def test_the_page_says_whose_app_it_is_for_and_runs_nothing(world: World) -> None:
    begun = begins(world.parent(4207755))
    page = returns(world.live, Browser().logs_in(begun["authorization_url"], "mother"))
    text = page.content.decode()
    assert "ВКонтакте, №&nbsp;…755" in text
    assert "4207755" not in text
    assert "Никому не сообщайте код" in text
    assert "<script" not in text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    # Not a word of who logged in, for the page may be somebody else's trick.
    assert not re.search("Соколова|Анна|1990|02 00", text)


def test_the_same_code_again_is_no_error_and_changes_nothing(world: World) -> None:
    mother = world.parent()
    begun = begins(mother)
    code = code_on(returns(world.live, Browser().logs_in(begun["authorization_url"], "mother")))
    first = completes(mother, begun, code.lower().replace("-", " ")).ok()
    before = world.live.sql("SELECT count(*) FROM audit_trail")
    assert completes(mother, begun, code).ok() == first
    assert world.live.sql("SELECT count(*) FROM audit_trail") == before


def test_nothing_that_is_secret_lies_in_the_database(world: World) -> None:
    mother = world.parent()
    begun = begins(mother)
    back = Browser().logs_in(begun["authorization_url"], "mother")
    code = code_on(returns(world.live, back))
    stored = " ".join(str(dict(row)) for row in world.live.sql("TABLE confirmations"))
    stored += " ".join(str(dict(row)) for row in world.live.sql("TABLE idempotency_keys"))
    asked, answered = (parse_qs(urlsplit(url).query) for url in (begun["authorization_url"], back))
    secret = [asked["state"][0].split(".")[2], asked["nonce"][0], answered["code"][0], code, code.replace("-", "")]
    for text in (*secret, "Соколова", "Вера", "11223344595", "112-233", "mother"):
        assert text not in stored, text
    completes(mother, begun, code).ok()
    (row,) = world.live.sql("SELECT status, claims_sealed FROM confirmations")
    assert (row["status"], row["claims_sealed"]) == ("completed", None)
    assert "mother" not in str([dict(row) for row in world.live.sql("TABLE citizens")])


# Who must not get through -------------------------------------------------------------------------------------------


def test_who_sends_their_link_to_somebody_gets_nothing_without_the_code(world: World) -> None:
    """The victim logs in by the attacker's link; the attacker has five guesses of a thousand milliards."""
    attacker, victim = world.parent(), world.parent(someone())
    begun = begins(attacker)
    code = code_on(returns(world.live, Browser().logs_in(begun["authorization_url"], "mother")))
    # The code is good in the app that began alone.
    assert completes(victim, begun, code).code == "confirmation_not_found"
    assert completes(victim, begins(victim), code).code == "confirmation_code_wrong"
    for _ in range(5):
        assert completes(attacker, begun, "0000-0000").code == "confirmation_code_wrong"
    assert state_of(world, begun, attacker) == ("failed", "wrong_codes")
    assert completes(attacker, begun, code).code == "confirmation_over"
    assert persons(attacker) == persons(victim) == []
    assert world.live.sql("SELECT FROM confirmations WHERE claims_sealed IS NOT NULL") == []


def test_guesses_at_once_are_counted_one_by_one(world: World) -> None:
    attacker = world.parent()
    begun = begins(attacker)
    code = code_on(returns(world.live, Browser().logs_in(begun["authorization_url"], "mother")))
    token = attacker.token

    def guess(number: int) -> str:
        return completes(world.live.api(token), begun, f"0000-00{number:02}").code

    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(guess, range(16)))
    assert sorted(codes) == ["confirmation_code_wrong"] * 5 + ["confirmation_over"] * 11
    assert completes(attacker, begun, code).code == "confirmation_over"


def test_another_citizen_sees_and_completes_nothing(world: World) -> None:
    mother, other = world.parent(), world.parent(someone())
    begun = begins(mother)
    assert other.get(f"/v1/confirmations/{begun['id']}").code == "confirmation_not_found"
    code = code_on(returns(world.live, Browser().logs_in(begun["authorization_url"], "mother")))
    assert completes(other, begun, code).code == "confirmation_not_found"
    assert completes(mother, begun, code).status == 200


def unknown(page: Answer) -> bool:
    return page.status == 200 and "Эта ссылка не подходит" in page.content.decode()


def test_a_state_that_is_missing_forged_or_somebody_elses_leads_nowhere(world: World) -> None:
    mother, other = world.parent(), world.parent(someone())
    begun, others = begins(mother), begins(other)
    back = Browser().logs_in(begun["authorization_url"], "mother")
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    region, own_id, secret = query["state"].split(".")
    forged = [
        "", "x", f"{region}.{own_id}", f"{region}.{own_id}.{'A' * 43}", f"54.{own_id}.{secret}",
        f"{region}.{others['id'].replace('-', '')}.{secret}", f"{region}.{own_id}.{secret[:-1]}", query["state"] + "A",
        f"{region}.{own_id.upper()}.{secret}", query["state"].replace(".", " "),
    ]  # fmt: skip
    for state in forged:
        assert unknown(world.live.api().get("/v1/confirmations/callback", **query | {"state": state})), state
    del query["state"]
    assert unknown(world.live.api().get("/v1/confirmations/callback", **query))
    assert state_of(world, begun, mother) == state_of(world, others, other) == ("begun", None)
    # None of that has used it up.
    assert code_on(returns(world.live, back))


def test_a_browser_that_comes_twice_is_told_nothing(world: World) -> None:
    mother = world.parent()
    begun = begins(mother)
    back = Browser().logs_in(begun["authorization_url"], "mother")
    code = code_on(returns(world.live, back))
    assert unknown(returns(world.live, back))
    assert state_of(world, begun, mother) == ("awaiting_code", None)
    assert completes(mother, begun, code).status == 200
    assert unknown(returns(world.live, back))


def test_of_browsers_that_come_at_once_one_exchanges_the_code(world: World) -> None:
    """The provider would take an exchange that comes twice for a theft, and revoke what it gave."""
    mother = world.parent()
    begun = begins(mother)
    back = Browser().logs_in(begun["authorization_url"], "mother")
    with ThreadPoolExecutor(8) as threads:
        pages = list(threads.map(lambda _: returns(world.live, back), range(8)))
    (shown,) = [page for page in pages if not unknown(page)]
    assert completes(mother, begun, code_on(shown)).status == 200


def test_a_code_of_another_login_is_worth_nothing(world: World) -> None:
    """Code injection: the code was made for another verifier and another nonce."""
    attacker, victim = world.parent(), world.parent(someone())
    theirs, begun = begins(attacker), begins(victim)
    stolen = parse_qs(urlsplit(Browser().logs_in(theirs["authorization_url"], "mother")).query)["code"][0]
    back = Browser().logs_in(begun["authorization_url"], "father")
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    page = world.live.api().get("/v1/confirmations/callback", **query | {"code": stolen})
    assert "не ответил как нужно" in page.content.decode()
    assert state_of(world, begun, victim) == ("failed", "provider_failed")


def test_a_code_is_good_once_at_the_provider(world: World) -> None:
    mother = world.parent()
    begun = begins(mother)
    back = Browser().logs_in(begun["authorization_url"], "mother")
    assert code_on(returns(world.live, back))
    world.live.sql(
        "UPDATE confirmations SET status = 'begun', claims_sealed = NULL, expires_at = expires_at + interval '1 hour'"
    )
    assert "не ответил как нужно" in returns(world.live, back).content.decode()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("error=access_denied", ("failed", "denied")),
        ("error=server_error&error_description=%3Cscript%3Ealert(1)%3C/script%3E", ("failed", "provider_failed")),
        ("error=access_denied&code=x", ("failed", "denied")),
        ("", ("failed", "provider_failed")),
        ("code=", ("failed", "provider_failed")),
        ("code=garbage&session_state=unknown&scope=openid", ("failed", "provider_failed")),
    ],
)
def test_what_goes_wrong_is_told_in_plain_words(world: World, query: str, status: tuple[str, str]) -> None:
    mother = world.parent()
    begun = begins(mother)
    state = parse_qs(urlsplit(begun["authorization_url"]).query)["state"][0]
    page = world.live.api().get(f"/v1/confirmations/callback?state={state}&{query}")
    text = page.content.decode()
    assert "Подтвердить не получилось" in text
    assert "<script" not in text
    assert state_of(world, begun, mother) == status
    assert completes(mother, begun, "0000-0000").code == "confirmation_over"


def test_who_does_not_allow_it_stays_who_they_are(world: World) -> None:
    mother = world.parent()
    begun = begins(mother)
    page = returns(world.live, Browser().refuses(begun["authorization_url"]))
    assert "Вы не разрешили" in page.content.decode()
    assert state_of(world, begun, mother) == ("failed", "denied")
    assert confirms(world.live, mother).status == 200


# Time ---------------------------------------------------------------------------------------------------------------


def test_a_link_is_good_for_ten_minutes(world: World) -> None:
    mother = world.parent()
    begun = begins(mother)
    back = Browser().logs_in(begun["authorization_url"], "mother")
    world.live.clock.now += timedelta(minutes=10)
    assert state_of(world, begun, mother) == ("expired", None)
    assert unknown(returns(world.live, back))


def test_a_code_is_good_for_fifteen_minutes_and_then_nothing_is_kept(world: World) -> None:
    mother = world.parent()
    begun = begins(mother)
    code = code_on(returns(world.live, Browser().logs_in(begun["authorization_url"], "mother")))
    world.live.clock.now += timedelta(minutes=14, seconds=59)
    assert world.live.work() == 0
    assert completes(mother, begun, "0000-0000").code == "confirmation_code_wrong"
    world.live.clock.now += timedelta(seconds=1)
    mother = world.parent()
    assert completes(mother, begun, code).code == "confirmation_over"
    assert state_of(world, begun, mother) == ("expired", None)
    assert world.live.work() == 1
    assert world.live.sql("TABLE confirmations") == []
    assert mother.get(f"/v1/confirmations/{begun['id']}").code == "confirmation_not_found"


def test_a_new_attempt_takes_the_turn_of_the_one_before(world: World) -> None:
    mother = world.parent()
    first = begins(mother)
    back = Browser().logs_in(first["authorization_url"], "mother")
    second = begins(mother)
    assert unknown(returns(world.live, back))
    assert state_of(world, first, mother) == ("failed", "replaced")
    assert code_on(returns(world.live, Browser().logs_in(second["authorization_url"], "mother")))


# Providers ----------------------------------------------------------------------------------------------------------


def test_an_account_without_a_name_is_nobody(world: World) -> None:
    mother = world.parent()
    begun = begins(mother)
    page = returns(world.live, Browser().logs_in(begun["authorization_url"], "nameless"))
    assert "не передал имя" in page.content.decode()
    assert state_of(world, begun, mother) == ("failed", "incomplete")


@pytest.mark.parametrize(("login", "status"), [("esia", 200), ("untrusted", None)])
def test_claims_as_esia_names_them(
    dsn: str, issuer: str, tmp_path_factory: pytest.TempPathFactory, login: str, status: int | None
) -> None:
    folder = tmp_path_factory.mktemp("esia")
    with Live(dsn, folder, **settings(issuer, oidc_preset="esia")) as live:
        world = World(live)
        mother = world.parent()
        if status:
            assert confirms(live, mother, login).status == status
            names = [(one["first_name"], one["birth_date"], one["kinship"]) for one in persons(mother)]
            assert names == [("АННА", "1990-02-03", "self"), ("ВЕРА", "2019-05-14", "child")]
            return
        begun = begins(mother)
        page = returns(live, Browser().logs_in(begun["authorization_url"], login))
        assert "не подтверждена" in page.content.decode()
        assert state_of(world, begun, mother) == ("failed", "untrusted")


def test_a_provider_that_is_away_is_nobodys_attempt(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with Live(dsn, tmp_path_factory.mktemp("away"), **settings("http://127.0.0.1:9")) as live:
        refused = World(live).parent().create("/v1/confirmations", None)
        assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "provider_away", "60")
        assert live.sql("TABLE confirmations") == []


def test_a_provider_inside_is_not_called_unless_that_is_opened(
    dsn: str, issuer: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Live(dsn, tmp_path_factory.mktemp("inside"), **settings(issuer, outgoing_allowed=[])) as live:
        assert World(live).parent().create("/v1/confirmations", None).code == "provider_away"
