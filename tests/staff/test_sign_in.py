"""Signing in to the console: limits, revocation, the record."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from argon2 import PasswordHasher

from bihuan.identity import passwords
from bihuan.identity.rules import MAX_ATTEMPTS_PER_ADDRESS, MAX_ATTEMPTS_PER_LOGIN
from bihuan.identity.users import forget_old
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime

from .conftest import PASSWORD, Desk, NewDesk

SESSION = "/api/merchant/session"


async def test_a_session_says_who_where_and_what_she_may(owner: Desk) -> None:
    said = (await owner.sign_in()).json()
    assert said["permissions"] == ["*"]
    assert said["merchant"]["code"] == owner.merchant.code
    assert said["merchant"]["is_platform"] is False
    shown = await owner.get(SESSION)
    assert shown == {name: said[name] for name in ("staff", "merchant", "permissions")}


async def test_logins_are_the_same_however_they_are_typed(owner: Desk) -> None:
    owner.login = f"  {owner.login.upper()} "
    assert (await owner.sign_in()).status_code == 200


async def test_a_browser_gets_a_cookie_that_only_our_pages_can_use(owner: Desk) -> None:
    client = owner.client
    answer = await client.post(SESSION, json={"login": owner.login, "password": PASSWORD})
    said = answer.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=strict" in said
    assert "Path=/api" in said
    assert (await client.get(SESSION)).status_code == 200
    foreign = await client.delete(SESSION, headers={"Sec-Fetch-Site": "cross-site"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "cross_site")
    form = await client.post("/api/merchant/stores", content=b"{}", headers={"Content-Type": "text/plain"})
    assert form.json()["code"] == "cross_site"
    assert (await client.delete(SESSION)).status_code == 204
    assert (await client.get(SESSION)).status_code == 401


async def test_another_site_cannot_sign_anybody_in(owner: Desk) -> None:
    body = {"login": owner.login, "password": PASSWORD}
    answer = await owner.client.post(SESSION, json=body, headers={"Origin": "https://evil.test"})
    assert answer.json()["code"] == "cross_site"


async def test_an_unknown_login_and_a_wrong_password_look_the_same(owner: Desk) -> None:
    wrong = await owner.sign_in("not the password")
    owner.login = f"nobody-{new_id().hex}"
    unknown = await owner.sign_in()
    assert wrong.status_code == unknown.status_code == 401
    for answer in (wrong, unknown):
        body = answer.json()
        body.pop("request_id")
        assert body["code"] == "wrong_credentials"
    assert wrong.json()["detail"] == unknown.json()["detail"]


@pytest.mark.parametrize("known", [True, False])
async def test_five_wrong_passwords_lock_a_login_for_a_while(owner: Desk, clock: OffsetClock, known: bool) -> None:
    if not known:
        owner.login = f"nobody-{new_id().hex}"
    for _ in range(MAX_ATTEMPTS_PER_LOGIN):
        assert (await owner.sign_in("wrong")).status_code == 401
    locked = await owner.sign_in()
    assert (locked.status_code, locked.json()["code"]) == (429, "sign_in_locked")
    assert 0 < locked.json()["retry_after_seconds"] <= 901
    clock.advance(timedelta(minutes=10))
    assert (await owner.sign_in()).status_code == 429
    clock.advance(timedelta(minutes=6))
    assert (await owner.sign_in()).status_code == (200 if known else 401)


async def test_a_right_password_forgets_the_wrong_ones(owner: Desk) -> None:
    for _ in range(3):
        for _ in range(MAX_ATTEMPTS_PER_LOGIN - 1):
            assert (await owner.sign_in("wrong")).status_code == 401
        assert (await owner.sign_in()).status_code == 200


async def test_guessing_in_parallel_gains_nothing(owner: Desk) -> None:
    answers = await asyncio.gather(*(owner.sign_in("wrong") for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [401] * MAX_ATTEMPTS_PER_LOGIN + [429] * 15


async def test_one_address_cannot_try_a_list_of_logins(rt: Runtime, owner: Desk) -> None:
    address = f"2001:db8::{new_id().hex[-4:]}"
    async with rt.db.transaction() as tx:
        await tx.execute(
            "insert into sign_in_throttles (key, attempts, resets_at) values ($1, $2, $3)",
            f"address:{address}",
            MAX_ATTEMPTS_PER_ADDRESS - 1,
            tx.now + timedelta(minutes=5),
        )

    async def attempt(login: str, password: str) -> httpx.Response:
        headers = {"X-Forwarded-For": f"203.0.113.9, {address}"}
        return await owner.client.post(SESSION, json={"login": login, "password": password}, headers=headers)

    assert (await attempt(owner.login, PASSWORD)).status_code == 200  # a success does not count
    assert (await attempt(f"a-{new_id().hex}", "wrong")).status_code == 401
    throttled = await attempt(owner.login, PASSWORD)
    assert (throttled.status_code, throttled.json()["code"]) == (429, "sign_in_throttled")
    assert (await owner.sign_in()).status_code == 200  # from elsewhere


async def test_signing_out_ends_that_session_at_once(owner: Desk) -> None:
    first = owner.token
    await owner.sign_in()
    assert (await owner.send("DELETE", SESSION)).status_code == 204
    assert (await owner.send("GET", SESSION)).status_code == 401
    owner.token = first
    assert (await owner.send("GET", SESSION)).status_code == 200


async def test_a_session_slides_ends_when_unused_and_does_not_last_for_ever(owner: Desk, clock: OffsetClock) -> None:
    for _ in range(4):
        clock.advance(timedelta(hours=11))
        assert (await owner.send("GET", SESSION)).status_code == 200
    clock.advance(timedelta(hours=12, seconds=1))
    assert (await owner.send("GET", SESSION)).status_code == 401
    await owner.sign_in()
    seen: list[int] = []
    for _ in range(66):
        clock.advance(timedelta(hours=11))
        seen.append((await owner.send("GET", SESSION)).status_code)
    assert seen == [200] * 65 + [401]


async def test_a_weak_hash_is_replaced_when_its_owner_signs_in(
    rt: Runtime, owner: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher())
    assert (await owner.sign_in()).status_code == 200
    async with rt.db.session() as tx:
        stored = await tx.fetchval("select password_hash from users where user_id = $1", owner.person.user_id)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert (await owner.sign_in()).status_code == 200


async def test_only_hashes_of_tokens_are_stored(rt: Runtime, owner: Desk) -> None:
    async with rt.db.session() as tx:
        hashes = await tx.fetch("select token_hash from sessions where user_id = $1", owner.person.user_id)
    assert owner.token.encode() not in [row["token_hash"] for row in hashes]
    assert all(len(row["token_hash"]) == 32 for row in hashes)


async def test_a_new_password_ends_all_sessions(owner: Desk) -> None:
    elsewhere = owner.token
    client = owner.client
    await client.post(SESSION, json={"login": owner.login, "password": PASSWORD})
    body = {"old_password": PASSWORD, "new_password": "an even better one"}
    assert (await client.post("/api/merchant/password", json=body)).status_code == 204
    assert (await client.get(SESSION)).status_code == 200  # this browser goes on, with a new cookie
    client.cookies.clear()
    owner.token = elsewhere
    assert (await owner.send("GET", SESSION)).status_code == 401
    assert (await owner.sign_in()).status_code == 401
    assert (await owner.sign_in("an even better one")).status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("wrong", "an even better one", "wrong_password"),
        (PASSWORD, "short", "password_not_acceptable"),
        (PASSWORD, "password", "password_not_acceptable"),
        (PASSWORD, "aaaaaaaaaaaa", "password_not_acceptable"),
        (PASSWORD, "x" * 129, "password_not_acceptable"),
    ],
)
async def test_a_bad_change_of_password_changes_nothing(owner: Desk, old: str, new: str, code: str) -> None:
    answer = await owner.send("POST", "/api/merchant/password", {"old_password": old, "new_password": new})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await owner.send("GET", SESSION)).status_code == 200
    assert (await owner.sign_in()).status_code == 200


async def test_the_old_password_cannot_be_guessed_with_a_stolen_session(owner: Desk) -> None:
    body = {"old_password": "wrong", "new_password": "an even better one"}
    codes = [(await owner.send("POST", "/api/merchant/password", body)).status_code for _ in range(7)]
    assert codes == [422] * MAX_ATTEMPTS_PER_LOGIN + [429] * 2


async def test_every_attempt_is_on_record(owner: Desk, new_desk: NewDesk) -> None:
    await owner.sign_in("wrong")
    page = await owner.get("/api/merchant/sign-ins?limit=1")
    assert [one["outcome"] for one in page["items"]] == ["wrong_password"]
    rest = await owner.get(f"/api/merchant/sign-ins?cursor={page['next_cursor']}")
    assert [one["outcome"] for one in rest["items"]] == ["signed_in"]
    assert rest["next_cursor"] is None
    assert rest["items"][0]["login"] == owner.login
    assert rest["items"][0]["address"] == "127.0.0.1"
    other = await new_desk()
    assert len((await other.get("/api/merchant/sign-ins"))["items"]) == 1


async def test_what_is_old_is_forgotten(rt: Runtime, owner: Desk, clock: OffsetClock) -> None:
    clock.advance(timedelta(days=201))
    await forget_old(rt)
    async with rt.db.session() as tx:
        for table in ("sessions", "sign_in_attempts"):
            count = await tx.fetchval(f"select count(*) from {table} where user_id = $1", owner.person.user_id)
            assert count == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"login": 1, "password": "x"}', b'{"login": "x"}'])
async def test_a_malformed_sign_in_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(SESSION, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] in {"validation_failed", "bad_request"}


@pytest.mark.parametrize("token", ["x", "é", "a" * 5000, ""])
async def test_a_made_up_token_opens_nothing(client: httpx.AsyncClient, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode("latin-1")}
    answer = await client.get(SESSION, headers=list(headers.items()))  # type: ignore[arg-type]
    assert answer.status_code == 401
