"""What a log line about an error of our own may say."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from ivrserver.logs import configure


@pytest.fixture
def as_before() -> Iterator[None]:
    """Logging is the process's: leave it as it was."""
    handlers, level = list(logging.root.handlers), logging.root.level
    yield
    structlog.reset_defaults()
    logging.root.handlers[:], logging.root.level = handlers, level


@pytest.mark.usefixtures("as_before")
@pytest.mark.parametrize("human", [True, False], ids=["terminal", "JSON"])
def test_an_error_is_logged_with_its_place_but_without_what_callers_typed(
    capsys: pytest.CaptureFixture[str], human: bool
) -> None:
    configure("info", human=human)
    pin = "-".join(["47", "11"])
    try:
        [].pop(len(pin))
    except IndexError:
        structlog.get_logger().exception("call_failed", call="c1")
    logged = capsys.readouterr().err
    assert "call_failed" in logged
    assert "test_logging.py" in logged
    assert pin not in logged
