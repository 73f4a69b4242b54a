"""Exports say what was answered, and no spreadsheet takes it for a formula."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from ivrserver.errors import StorageError
from ivrserver.storage.reports import Cell, QuestionColumn, RunRow, RunState
from ivrserver.web.exports import Export, sent

COLUMNS = [
    QuestionColumn(1, "Number", "digits", sensitive=True, asked_now=True),
    QuestionColumn(2, "", "record", sensitive=False, asked_now=True),
    QuestionColumn(3, '=cmd|"x"', "digits", sensitive=False, asked_now=False),
]
ROW = RunRow(
    response_id="r-1",
    call_id="c-1",
    started_at=datetime(2030, 1, 2, 15, 4, 5, tzinfo=UTC),
    ended_at=None,
    state=RunState.LEFT_EARLY,
    number_called="2125550100",
    caller_id="",
    phone_label='=HYPERLINK("x")\nü, "y"',
    answers={
        1: Cell(value="•••", sensitive=True),
        2: Cell(value="", recording="rec-1", said="@more", transcribed=True),
        3: Cell(value="-1+1"),
    },
)


async def rows(many: int = 1) -> AsyncIterator[RunRow]:
    for _ in range(many):
        yield ROW


def export(many: int = 1, *, hears: bool = True) -> Export:
    return Export(rows(many), COLUMNS, ZoneInfo("America/New_York"), hears)


async def test_csv_quotes_everything_and_disarms_formulas() -> None:
    data = b"".join([piece async for piece in export().csv()])
    heading, line = csv.reader(data.decode("utf-8-sig").splitlines(keepends=True))
    assert heading[-3:] == ["Number", "Question 2", '\'=cmd|"x"']
    assert line == [
        "r-1", "c-1", "2030-01-02 10:04:05", "", "left early", "", "2125550100",
        '\'=HYPERLINK("x")\nü, "y"', "•••", "'@more", "'-1+1",
    ]  # fmt: skip


async def test_who_may_not_hear_recordings_does_not_read_them_either() -> None:
    data = b"".join([piece async for piece in export(hears=False).csv()])
    assert b"recording rec-1" in data
    assert b"@more" not in data


@pytest.mark.parametrize("many", [0, 1, 1201])
async def test_xlsx_holds_every_row_as_text(many: int) -> None:
    with await export(many).xlsx() as file:
        sheet = openpyxl.load_workbook(file).active
        heading, *lines = sheet.values
        assert heading[0] == "Respondent"
        assert len(lines) == many
        if many:
            assert lines[-1][-4:] == ('=HYPERLINK("x")\nü, "y"', "•••", "@more", "-1+1")
            assert sheet.cell(2, 8).data_type == "s"


def left(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def broken() -> AsyncIterator[RunRow]:
    yield ROW
    raise StorageError("the database is away")


async def test_nothing_is_left_of_a_file_that_was_sent_or_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    answer = await sent(export(600), "xlsx", "answers-1")
    data = b"".join([piece async for piece in answer.body_iterator])  # type: ignore[misc]
    assert answer.headers["Content-Length"] == str(len(data))
    with pytest.raises(StorageError):
        await Export(broken(), COLUMNS, ZoneInfo("UTC"), hears=True).xlsx()
    assert not left(tmp_path)


@pytest.mark.parametrize("first", list("=+-@＝＋－＠\t\r\n"))  # noqa: RUF001 - wide ones, too
async def test_nothing_that_begins_a_formula_begins_a_cell(first: str) -> None:
    async def one() -> AsyncIterator[RunRow]:
        yield replace(ROW, phone_label=f"{first}1+1")

    data = b"".join(
        [piece async for piece in Export(one(), COLUMNS, ZoneInfo("UTC"), hears=True).csv()]
    )
    _, line = csv.reader(data.decode("utf-8-sig").splitlines(keepends=True))
    assert line[7] == f"'{first}1+1"
