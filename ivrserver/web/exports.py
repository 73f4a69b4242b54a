"""Respondents and their answers as files: CSV as it is read, XLSX through a file of its own.

What a cell holds is text that callers and customers choose. A spreadsheet would take some of it for
a formula: in CSV such text gets an apostrophe before it (OWASP, CSV Injection), in XLSX every cell
is written as the text that it is.
"""

from __future__ import annotations

import asyncio
import csv
import io
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final, Literal
from zoneinfo import ZoneInfo

import xlsxwriter
from starlette.responses import StreamingResponse

from ivrserver.storage.reports import Cell, QuestionColumn, RunRow

_FORMULA: Final = tuple("=+-@＝＋－＠\t\r\n")  # noqa: RUF001 - wide ones are taken, too
_AT_ONCE: Final = 500
_PIECE: Final = 65_536
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS: Final = 1_048_575
"""Rows of a sheet below its heading (Excel specifications and limits)."""
_BEFORE: Final = (
    "Respondent", "Call", "Began", "Ended", "State", "Caller", "Called", "Label",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Export:
    """What becomes a file.

    Attributes:
        rows: respondents, in the order of the file.
        columns: their questions.
        zone: times are written in it.
        hears: what was said in recordings is written, too.
    """

    rows: AsyncIterator[RunRow]
    columns: Sequence[QuestionColumn]
    zone: ZoneInfo
    hears: bool

    def heading(self) -> list[str]:
        """The names of the columns."""
        return [*_BEFORE, *(each.name or f"Question {each.question_id}" for each in self.columns)]

    def cells(self, row: RunRow) -> list[str]:
        """One respondent's."""
        return [
            row.response_id,
            row.call_id,
            self._time(row.started_at),
            self._time(row.ended_at),
            row.state.replace("_", " "),
            row.caller_id,
            row.number_called,
            row.phone_label,
            *(self._answer(row.answers.get(each.question_id)) for each in self.columns),
        ]

    async def csv(self) -> AsyncIterator[bytes]:
        """The file in pieces: RFC 4180, UTF-8 with a mark, so that every program knows it."""
        yield b"\xef\xbb\xbf" + _line(self.heading())
        async for row in self.rows:
            yield _line(self.cells(row))

    async def xlsx(self) -> BinaryIO:
        """The file, to be read from its beginning; it has no name, and is gone when it is closed.

        It has `MOST_ROWS` rows at most.
        """
        made = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
        try:
            with tempfile.TemporaryDirectory() as folder:
                await self._fill(made, folder)
        except BaseException:
            made.close()
            raise
        made.seek(0)
        return made

    async def _fill(self, made: BinaryIO, folder: str) -> None:
        """Write all rows; `folder` holds some meanwhile."""
        options = {"constant_memory": True, "strings_to_formulas": False, "tmpdir": folder}
        book = xlsxwriter.Workbook(made, options)
        try:
            sheet = book.add_worksheet("Answers")
            bold = book.add_format({"bold": True})
            for place, name in enumerate(self.heading()):
                sheet.write_string(0, place, name, bold)
            sheet.freeze_panes(1, 0)
            number, some = 1, []
            async for row in self.rows:
                some.append(self.cells(row))
                if len(some) == _AT_ONCE:
                    number = await asyncio.to_thread(_write, sheet, number, some)
                    some = []
            await asyncio.to_thread(_write, sheet, number, some)
        finally:
            await asyncio.to_thread(book.close)

    def _time(self, moment: datetime | None) -> str:
        return "" if moment is None else f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def _answer(self, cell: Cell | None) -> str:
        if cell is None:
            return ""
        if not cell.recording:
            return cell.value
        if cell.transcribed and self.hears:
            return cell.said
        return f"recording {cell.recording}"


async def sent(export: Export, kind: Literal["csv", "xlsx"], name: str) -> StreamingResponse:
    """The file as an answer, to be saved as `name`."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    if kind == "csv":
        return StreamingResponse(export.csv(), headers=headers, media_type="text/csv")
    made = await export.xlsx()
    headers["Content-Length"] = str(os.fstat(made.fileno()).st_size)
    return StreamingResponse(_pieces(made), headers=headers, media_type=XLSX)


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([_harmless(cell) for cell in cells])
    return text.getvalue().encode("utf-8", "replace")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _write(sheet: xlsxwriter.worksheet.Worksheet, number: int, rows: list[list[str]]) -> int:
    """Write rows from `number` on; return the number after the last one."""
    for cells in rows:
        if number > MOST_ROWS:
            break
        for place, cell in enumerate(cells):
            sheet.write_string(number, place, cell)
        number += 1
    return number
