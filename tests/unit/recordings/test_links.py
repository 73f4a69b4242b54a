"""A link is good for one recording, for some time, and nobody else can make one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from ivrserver.recordings import Links, Verdict

NOW = datetime(2030, 1, 2, 15, 4, 5, tzinfo=UTC)
LINKS = Links("a secret that all controllers share", "https://ivr.example.com/")


def parts(link: str) -> tuple[str, str]:
    query = parse_qs(urlsplit(link).query)
    return query["expires"][0], query["signature"][0]


def test_a_link_is_good_until_it_runs_out() -> None:
    link = LINKS.link("rec-1", NOW + timedelta(hours=1))
    assert link.startswith("https://ivr.example.com/recordings/rec-1?expires=1893600245&signature=")
    expires, signature = parts(link)
    assert LINKS.verdict("rec-1", expires, signature, NOW) is Verdict.GOOD
    just_before = NOW + timedelta(minutes=59, seconds=59)
    assert LINKS.verdict("rec-1", expires, signature, just_before) is Verdict.GOOD
    later = NOW + timedelta(hours=1)
    assert LINKS.verdict("rec-1", expires, signature, later) is Verdict.EXPIRED


def test_other_controllers_with_the_same_secret_know_it() -> None:
    expires, signature = parts(LINKS.link("rec-1", NOW + timedelta(hours=1)))
    assert Links(LINKS.secret).verdict("rec-1", expires, signature, NOW) is Verdict.GOOD
    assert Links("another").verdict("rec-1", expires, signature, NOW) is Verdict.FORGED


@pytest.mark.parametrize(
    ("name", "expires", "signature"),
    [
        ("rec-2", None, None), ("rec-1", "9999999999", None), ("rec-1", "1893600246", None),
        ("rec-1", "", None), ("rec-1", "x", None), ("rec-1", "1893600245.0", None),
        ("rec-1", None, ""), ("rec-1", None, "é"), ("rec-1", None, "\ud800"),
        ("rec-1\n1893600245", "", None),
    ],
)  # fmt: skip
def test_a_link_that_was_changed_is_forged(
    name: str, expires: str | None, signature: str | None
) -> None:
    right = parts(LINKS.link("rec-1", NOW + timedelta(hours=1)))
    given = (right[0] if expires is None else expires, right[1] if signature is None else signature)
    assert LINKS.verdict(name, *given, NOW) is Verdict.FORGED


def test_a_name_is_written_so_that_no_part_of_it_means_anything() -> None:
    assert "/recordings/a%2Fb%3Fc?" in LINKS.link("a/b?c", NOW)


def test_the_secret_is_not_shown() -> None:
    assert "secret" not in repr(LINKS)
