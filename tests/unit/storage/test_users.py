"""Users are kept with hashes only, changes are in the audit log, and an admin always remains."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from ivrserver.access import Right, Role
from ivrserver.errors import StorageError, UserRefused, UserUnknown
from ivrserver.storage import AuditFilter, Passwords, Users, database
from ivrserver.storage.tables import users as table
from ivrserver.storage.users import INVITED_FOR
from tests.unit.storage.people import BY, FAST, OTHER, PASSWORD, People, people
from tests.unit.storage.records import START, settings

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def place(database_url: str) -> AsyncIterator[People]:
    async with people(database_url) as place:
        yield place


async def told(place: People) -> list[tuple[str, str, object, object]]:
    """The audit log, oldest first."""
    page = await place.audit.page(AuditFilter(kind="user"), limit=50)
    deeds = [entry.deed for entry in page.items]
    return [(deed.verb, deed.thing, deed.before, deed.after) for deed in deeds[::-1]]


async def test_the_first_user_is_an_admin_and_there_is_one_first(place: People) -> None:
    assert not await place.users.any()
    user = await place.users.add_first("mia", PASSWORD, BY)
    assert (user.name, user.role, user.disabled, user.has_password) == (
        "mia", Role.ADMIN, False, True,
    )  # fmt: skip
    assert await place.users.any()
    with pytest.raises(UserRefused, match="there are users already"):
        await place.users.add_first("eve", PASSWORD, BY)


async def test_of_many_who_come_first_one_is(place: People) -> None:
    async def come(name: str) -> bool:
        try:
            await place.users.add_first(name, PASSWORD, BY)
        except UserRefused:
            return False
        return True

    assert sorted(await asyncio.gather(*map(come, "abcde"))) == [False] * 4 + [True]


async def test_a_password_is_kept_only_as_a_salted_hash(place: People) -> None:
    await place.users.add("mia", Role.VIEWER, BY, password=PASSWORD)
    await place.users.add("ben", Role.VIEWER, BY, password=PASSWORD)
    async with place.engine.connect() as connection:
        hashes = list(await connection.scalars(select(table.c.password_hash)))
    assert all(each.startswith("$argon2id$") and PASSWORD not in each for each in hashes)
    assert len(set(hashes)) == 2


def test_passwords_are_hashed_as_the_rfc_recommends() -> None:
    hashed = asyncio.run(Passwords().hash(PASSWORD))
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=1$")


async def test_a_name_and_its_password_let_in_and_nothing_else_does(place: People) -> None:
    await place.users.add("mia", Role.VIEWER, BY, password=PASSWORD)
    await place.users.add("ben", Role.VIEWER, BY)
    user = await place.users.check("mia", PASSWORD)
    assert user is not None
    assert user.name == "mia"
    for name, password in (("mia", OTHER), ("mia", ""), ("ben", ""), ("ben", PASSWORD),
                           ("eve", PASSWORD), ("", "")):  # fmt: skip
        assert await place.users.check(name, password) is None, name
    await place.users.add("root", Role.ADMIN, BY)
    await place.users.change("mia", BY, disabled=True)
    assert await place.users.check("mia", PASSWORD) is None


async def test_whatever_is_wrong_the_same_work_is_done(place: People) -> None:
    class Counting(PasswordHasher):
        verified: list[str]

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002
            self.verified.append(str(hash)[:30])
            return super().verify(hash, password)

    hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
    hasher.verified = []
    users = Users(place.engine, Passwords(hasher))
    await users.add("root", Role.ADMIN, BY, password=PASSWORD)
    await users.add("mia", Role.VIEWER, BY, password=PASSWORD)
    await users.add("ben", Role.VIEWER, BY)
    await users.add("off", Role.VIEWER, BY, password=PASSWORD)
    await users.change("off", BY, disabled=True)
    for name in ("mia", "ben", "off", "nobody"):
        assert await users.check(name, OTHER) is None
    assert len(hasher.verified) == 4
    assert len({each.rpartition("$")[0] for each in hasher.verified}) == 1, "same parameters"


async def test_the_event_loop_goes_on_while_a_password_is_compared(place: People) -> None:
    users, turns = Users(place.engine), 0
    await users.add("mia", Role.VIEWER, BY, password=PASSWORD)

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    counting = asyncio.create_task(count())
    assert await users.check("mia", PASSWORD) is not None
    counting.cancel()
    assert turns > 3


async def test_a_password_of_older_parameters_is_hashed_anew_at_the_next_sign_in(
    place: People,
) -> None:
    await place.users.add("mia", Role.VIEWER, BY, password=PASSWORD)
    stronger = Users(place.engine, Passwords(PasswordHasher(2, 16, 1)))
    assert await stronger.check("mia", OTHER) is None
    assert await stronger.check("mia", PASSWORD) is not None
    async with place.engine.connect() as connection:
        assert "m=16,t=2" in str(await connection.scalar(select(table.c.password_hash)))
    assert await stronger.check("mia", PASSWORD) is not None


async def test_a_damaged_hash_opens_nothing(place: People) -> None:
    await place.users.add("mia", Role.VIEWER, BY, password=PASSWORD)
    async with place.engine.begin() as connection:
        await connection.execute(table.update().values(password_hash="x"))
    assert await place.users.check("mia", PASSWORD) is None


async def test_names_are_given_once(place: People) -> None:
    await place.users.add("mia", Role.VIEWER, BY)
    with pytest.raises(UserRefused, match="there is a user mia already") as refused:
        await place.users.add("mia", Role.ADMIN, BY)
    assert refused.value.field == "name"
    assert [user.role for user in await place.users.all()] == [Role.VIEWER]


async def test_what_happens_to_a_user_is_in_the_audit_log(place: People) -> None:
    await place.users.add_first("root", PASSWORD, BY)
    await place.users.add("mia", Role.VIEWER, BY, password=PASSWORD)
    await place.users.change("mia", BY, role=Role.EDITOR)
    await place.users.change("mia", BY, role=Role.EDITOR)
    await place.users.set_password("mia", OTHER, BY)
    await place.users.remove("mia", BY)
    viewer, editor = ({"role": each, "disabled": False} for each in ("viewer", "editor"))
    assert await told(place) == [
        ("create", "root", None, {"role": "admin", "disabled": False}),
        ("create", "mia", None, viewer),
        ("change", "mia", viewer, editor),
        ("set password", "mia", None, None),
        ("delete", "mia", editor, None),
    ]
    page = await place.audit.page(AuditFilter(), limit=1)
    assert page.items[0].author == BY


async def test_the_last_admin_stays_one(place: People) -> None:
    await place.users.add_first("root", PASSWORD, BY)
    await place.users.add("mia", Role.ADMIN, BY)
    await place.users.change("mia", BY, disabled=True)
    for change in (
        place.users.change("root", BY, role=Role.EDITOR),
        place.users.change("root", BY, disabled=True),
        place.users.remove("root", BY),
    ):
        with pytest.raises(UserRefused, match="last admin"):
            await change
    root = await place.users.get("root")
    assert (root.role, root.disabled) == (Role.ADMIN, False)
    await place.users.change("mia", BY, disabled=False)
    await place.users.remove("root", BY)


async def test_two_admins_cannot_remove_each_other_at_once(place: People) -> None:
    await place.users.add("a", Role.ADMIN, BY)
    await place.users.add("b", Role.ADMIN, BY)
    done = await asyncio.gather(
        place.users.remove("a", BY), place.users.remove("b", BY), return_exceptions=True
    )
    assert sum(isinstance(each, UserRefused) for each in done) == 1
    assert len(await place.users.all()) == 1


async def test_who_is_disabled_or_gone_has_no_sessions_and_keys_any_more(place: People) -> None:
    await place.users.add_first("root", PASSWORD, BY)
    await place.users.add("mia", Role.VIEWER, BY, password=PASSWORD)
    token = await place.session("mia", START)
    key = await place.keys.make("mia", "ci", frozenset({Right.CALLS_READ}), BY)
    assert await place.sessions.find(token, START)
    assert await place.keys.find(key.text, START)
    await place.users.change("mia", BY, disabled=True)
    assert await place.sessions.find(token, START) is None
    assert await place.keys.find(key.text, START) is None
    await place.users.change("mia", BY, disabled=False)
    assert await place.sessions.find(token, START) is None
    assert await place.keys.find(key.text, START)
    await place.users.remove("mia", BY)
    assert await place.keys.find(key.text, START) is None
    assert await place.keys.all() == []


async def test_a_new_password_ends_the_other_sessions(place: People) -> None:
    await place.users.add_first("mia", PASSWORD, BY)
    here, there = await place.session("mia", START), await place.session("mia", START)
    found = await place.sessions.find(here, START)
    assert found is not None
    await place.users.set_password("mia", OTHER, BY, keep_session=found[1].session_id)
    assert await place.sessions.find(here, START)
    assert await place.sessions.find(there, START) is None
    assert await place.users.check("mia", PASSWORD) is None
    assert await place.users.check("mia", OTHER)


async def test_an_invitation_lets_choose_a_password_once_and_in_time(place: People) -> None:
    await place.users.add("mia", Role.EDITOR, BY)
    token = await place.users.invite("mia", BY, START)
    late = START + INVITED_FOR
    assert (await place.users.invited(token, late - MINUTE)).name == "mia"
    for wrong, when in ((token, late), ("x", START), ("", START)):
        with pytest.raises(UserUnknown, match="this link is not good any more"):
            await place.users.accept(wrong, PASSWORD, when, "::1")
    with pytest.raises(UserRefused, match="at least 10"):
        await place.users.accept(token, "short", START, "::1")
    user = await place.users.accept(token, PASSWORD, START, "::1")
    assert (user.has_password, user.invited_until) == (True, None)
    assert await place.users.check("mia", PASSWORD)
    with pytest.raises(UserUnknown):
        await place.users.accept(token, OTHER, START, "::1")
    entries = (await place.audit.page(AuditFilter(verb="set password"), limit=9)).items
    assert [(each.author.name, each.author.via) for each in entries] == [("mia", "invitation")]


async def test_an_invitation_takes_the_old_password_and_its_sessions_away(place: People) -> None:
    await place.users.add("mia", Role.ADMIN, BY, password=PASSWORD)
    token = await place.session("mia", START)
    await place.users.invite("mia", BY, START)
    assert await place.users.check("mia", PASSWORD) is None
    assert await place.sessions.find(token, START) is None


async def test_who_is_not_there_is_told(place: People) -> None:
    for change in (
        place.users.get("mia"), place.users.change("mia", BY, role=Role.ADMIN),
        place.users.remove("mia", BY), place.users.set_password("mia", PASSWORD, BY),
        place.users.invite("mia", BY, START),
    ):  # fmt: skip
        with pytest.raises(UserUnknown, match="there is no user mia"):
            await change


async def test_a_database_that_cannot_be_used_is_said_without_the_password(tmp_path: Path) -> None:
    async with database(settings(f"sqlite:///{tmp_path / 'x.db'}")) as engine:
        with pytest.raises(StorageError) as error:
            await Users(engine, Passwords(FAST)).add("mia", Role.VIEWER, BY, password=PASSWORD)
    assert PASSWORD not in str(error.value)
