"""How tests are handed to processes that run side by side."""

from __future__ import annotations

from pathlib import Path

from tests.side_by_side import LONGEST, TOGETHER, piece_of, turn_of

ROOT = Path(__file__).parents[2]


def test_every_piece_that_begins_early_is_there() -> None:
    assert [piece for piece in LONGEST if not (ROOT / piece).exists()] == []


def test_tests_that_share_a_folders_server_are_one_piece() -> None:
    sharing = [
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "tests/telephony").rglob("test_*.py")
        if 'loop_scope="package"' in file.read_text()
    ]
    assert sharing
    assert [file for file in sharing if piece_of(f"{file}::test_it") not in TOGETHER] == []


def test_what_takes_longest_begins_first() -> None:
    ids = [
        "tests/unit/test_config.py::test_a",
        "tests/telephony/test_commands.py::test_b",
        "tests/telephony/lost/test_a_lost_controller.py::test_c[restarted]",
        "tests/telephony/people/test_findme.py::test_d",
        "tests/telephony/people/test_voicemail.py::test_e",
    ]
    assert sorted(ids, key=turn_of) == [ids[3], ids[4], ids[2], ids[1], ids[0]]
