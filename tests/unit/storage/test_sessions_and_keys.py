"""Sessions and keys: found by what is shown, for so long as they are good."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from ivrserver.access import Author, Right, Role
from ivrserver.errors import CursorRefused, UserRefused, UserUnknown
from ivrserver.storage import TABLES, AuditFilter, Deed
from ivrserver.storage.audit import write
from ivrserver.storage.tables import api_keys, sessions
from tests.unit.storage.people import BY, People, people
from tests.unit.storage.records import START

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
READ = frozenset({Right.CALLS_READ})


@pytest.fixture
async def place(database_url: str) -> AsyncIterator[People]:
    async with people(database_url) as place:
        await place.users.add("mia", Role.EDITOR, BY)
        await place.users.add("ben", Role.VIEWER, BY)
        yield place


async def test_a_session_is_found_by_its_token_alone(place: People) -> None:
    token = await place.session("mia", START)
    found = await place.sessions.find(token, START)
    assert found is not None
    user, session = found
    assert (user.name, user.role) == ("mia", Role.EDITOR)
    assert (session.address, session.agent) == ("192.0.2.7", "Browser")
    assert session.csrf not in {"", token}
    assert session.csrf not in repr(session)
    for wrong in ("", "x", session.session_id, token[:-1]):
        assert await place.sessions.find(wrong, START) is None
    async with place.engine.connect() as connection:
        assert token not in str(list(await connection.execute(select(sessions))))


async def test_a_session_ends_when_it_is_not_used_and_at_the_latest_after_a_week(
    place: People,
) -> None:
    token = await place.session("mia", START)
    assert await place.sessions.find(token, START + 12 * HOUR) is None
    for hours in range(1, 7 * 24, 8):
        assert await place.sessions.find(token, START + hours * HOUR), hours
    assert await place.sessions.find(token, START + 7 * DAY) is None


async def test_what_a_page_asks_for_by_itself_keeps_no_session(place: People) -> None:
    token = await place.session("mia", START)
    assert await place.sessions.find(token, START + 11 * HOUR, used=False)
    assert await place.sessions.find(token, START + 13 * HOUR, used=False) is None


async def test_a_new_session_takes_the_place_of_the_one_that_was_shown(place: People) -> None:
    first = await place.session("mia", START)
    second = await place.session("mia", START, instead_of=first)
    assert first != second
    assert await place.sessions.find(first, START) is None
    assert await place.sessions.find(second, START)
    assert await place.session("mia", START, instead_of="planted") != "planted"
    assert await place.sessions.find("planted", START) is None


async def test_what_is_over_is_swept_when_somebody_signs_in(place: People) -> None:
    await place.session("mia", START)
    await place.session("ben", START + 2 * DAY)
    async with place.engine.connect() as connection:
        assert list(await connection.scalars(select(sessions.c.user_name))) == ["ben"]


async def test_a_user_lists_and_ends_their_own_sessions_only(place: People) -> None:
    mine, other = await place.session("mia", START), await place.session("mia", START + HOUR)
    bens = await place.session("ben", START)
    newest, oldest = await place.sessions.of("mia", START + HOUR)
    assert newest.begun_at > oldest.begun_at
    (foreign,) = await place.sessions.of("ben", START)
    with pytest.raises(UserUnknown, match="no such session"):
        await place.sessions.end("mia", foreign.session_id)
    await place.sessions.end("mia", oldest.session_id)
    assert await place.sessions.find(mine, START) is None
    assert await place.sessions.find(other, START + HOUR)
    await place.session("mia", START)
    assert await place.sessions.end_others("mia", newest.session_id) == 1
    assert await place.sessions.find(bens, START)


async def test_a_lowered_role_acts_at_once(place: People) -> None:
    token = await place.session("mia", START)
    await place.users.add("root", Role.ADMIN, BY)
    await place.users.change("mia", BY, role=Role.VIEWER)
    found = await place.sessions.find(token, START)
    assert found is not None
    assert found[0].role is Role.VIEWER


def test_sessions_are_not_in_backups_and_the_rest_is() -> None:
    assert "sessions" not in TABLES
    assert {"users", "api_keys", "audit"} <= set(TABLES)


async def test_a_key_is_found_while_it_is_good(place: People) -> None:
    now = datetime.now(UTC)
    made = await place.keys.make("mia", " ci ", READ, BY, expires_at=now + HOUR)
    found = await place.keys.find(made.text, now)
    assert found is not None
    user, key = found
    assert (user.name, key.name, key.rights, key.owner) == ("mia", "ci", READ, "mia")
    wrong = made.text[:-1] + ("a" if made.text[-1] != "a" else "b")
    for text, when in ((made.text, now + HOUR), (wrong, now), ("", now), (made.digest, now)):
        assert await place.keys.find(text, when) is None
    (listed,) = await place.keys.all("mia")
    assert listed.used_at == now
    assert await place.keys.all("ben") == []
    async with place.engine.connect() as connection:
        rows = str(list(await connection.execute(select(api_keys))))
    assert made.text.rpartition("_")[2] not in rows


async def test_a_revoked_key_is_worth_nothing_and_belongs_to_its_owner(place: People) -> None:
    made = await place.keys.make("mia", "ci", READ, BY)
    with pytest.raises(UserUnknown, match=f"no key {made.key_id}"):
        await place.keys.revoke(made.key_id, BY, owner="ben")
    await place.keys.revoke(made.key_id, BY, owner="mia")
    await place.keys.revoke(made.key_id, BY)
    assert await place.keys.find(made.text, datetime.now(UTC)) is None
    assert (await place.keys.get(made.key_id)).revoked_at is not None
    page = await place.audit.page(AuditFilter(kind="key"), limit=9)
    assert [entry.deed.verb for entry in page.items] == ["revoke", "create"]
    assert page.items[1].deed.after == {
        "name": "ci", "owner": "mia", "rights": ["calls:read"], "expires": None,
    }  # fmt: skip
    assert made.text not in str(page)
    assert made.digest not in str(page)


async def test_a_key_is_never_allowed_more_than_its_owner_or_its_maker(place: People) -> None:
    with pytest.raises(UserRefused, match="ben cannot be allowed calls:write") as refused:
        await place.keys.make("ben", "ci", frozenset({Right.CALLS_WRITE}), BY)
    assert refused.value.field == "rights"
    with pytest.raises(UserRefused, match="mia cannot be allowed flows:write"):
        await place.keys.make("mia", "ci", READ | {Right.FLOWS_WRITE}, BY, at_most=READ)


@pytest.mark.parametrize(
    ("name", "rights", "expires", "why"),
    [
        ("", READ, None, "needs a name"),
        ("x" * 101, READ, None, "needs a name"),
        ("a\nb", READ, None, "needs a name"),
        ("ci", frozenset(), None, "at least one right"),
        ("ci", READ, START - 9999 * DAY, "in the future"),
    ],
)
async def test_keys_that_make_no_sense_are_refused(
    place: People, name: str, rights: frozenset[Right], expires: datetime | None, why: str
) -> None:
    with pytest.raises(UserRefused, match=why):
        await place.keys.make("mia", name, rights, BY, expires_at=expires)
    assert await place.keys.all() == []


async def test_only_who_may_sign_in_has_keys_made(place: People) -> None:
    await place.users.add("root", Role.ADMIN, BY)
    await place.users.change("ben", BY, disabled=True)
    for owner in ("ben", "eve"):
        with pytest.raises(UserUnknown, match=f"no user {owner}"):
            await place.keys.make(owner, "ci", READ, BY)


async def test_the_audit_log_is_read_by_pages_and_filters(place: People) -> None:
    async with place.engine.begin() as connection:
        for hour in range(7):
            deed = Deed("change", "block", str(hour % 2), {"n": hour}, {"n": hour + 1})
            author = Author("mia" if hour % 3 else "ben", "session", "192.0.2.7")
            await write(connection, author, deed, at=START + hour * HOUR)

    async def things(
        limit: int = 9, cursor: str | None = None, **wanted: object
    ) -> tuple[list[int], str | None, str | None]:
        page = await place.audit.page(
            AuditFilter(kind="block", **wanted), cursor=cursor, limit=limit
        )
        return [each.deed.before["n"] for each in page.items], page.next, page.previous

    assert await things() == ([6, 5, 4, 3, 2, 1, 0], None, None)
    newest, older, newer = await things(3)
    assert (newest, newer) == ([6, 5, 4], None)
    middle, oldest, back = await things(3, older)
    assert middle == [3, 2, 1]
    assert (await things(3, oldest))[:2] == ([0], None)
    assert (await things(3, back))[0] == [6, 5, 4]
    assert (await things(who="ben"))[0] == [6, 3, 0]
    assert (await things(thing="1"))[0] == [5, 3, 1]
    assert (await things(verb="delete"))[0] == []
    since, until = START + 2 * HOUR, START + 4 * HOUR
    assert (await things(since=since, until=until))[0] == [3, 2]
    long_ago = datetime(1800, 1, 1, tzinfo=UTC)
    assert len((await things(since=long_ago))[0]) == 7
    assert (await things(until=long_ago))[0] == []
    with pytest.raises(CursorRefused):
        await things(cursor="x")


async def test_an_entry_of_the_log_says_everything(place: People) -> None:
    deed, author = Deed("change", "block", "7", {"a": 1}, {"a": [1, "é"]}), Author("mia", "key ci")
    await place.audit.note(author, deed)
    (found,) = (await place.audit.page(AuditFilter(kind="block"), limit=1)).items
    assert (found.author, found.deed) == (author, deed)
    assert await place.audit.entry(found.entry_id) == found
    assert await place.audit.entry("x") is None
