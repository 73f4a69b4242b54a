"""Respondents and their answers as files: CSV as it is read, XLSX through a file of its own.

What a cell holds is text that callers and customers choose. A spreadsheet would take some of it for
a formula: in CSV such text gets an apostrophe before it (OWASP, CSV Injection), in XLSX every cell
is written as the text that it is.
"""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import xlsxwriter

from ivrserver.storage.reports import Cell, QuestionColumn, RunRow

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_AT_ONCE: Final = 500
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
            yield _line([_harmless(cell) for cell in self.cells(row)])

    async def xlsx(self) -> Path:
        """The path of the file, which whoever asked removes; it has `MOST_ROWS` rows at most."""
        with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as file:
            path = Path(file.name)
        try:
            book = xlsxwriter.Workbook(
                str(path), {"constant_memory": True, "strings_to_formulas": False}
            )
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
            await asyncio.to_thread(book.close)
        except BaseException:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            raise
        return path

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


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
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
