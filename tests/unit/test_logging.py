"""What a log line about an error of our own may say."""

from __future__ import annotations

import json
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


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Everything that was logged, which is all JSON."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.usefixtures("as_before")
def test_libraries_log_as_we_do_and_say_for_which_call(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", human=False)
    with structlog.contextvars.bound_contextvars(call="c1"):
        logging.getLogger("aiohttp.client").warning("connection %s", "lost")
        try:
            [].pop()
        except IndexError:
            logging.getLogger("asyncio").exception("it failed")
    logging.getLogger("uvicorn").info("of no interest")
    plain, failed = lines(capsys)
    assert plain.pop("timestamp")
    assert plain == {
        "event": "connection lost", "level": "warning", "logger": "aiohttp.client", "call": "c1",
    }  # fmt: skip
    assert failed["exception"][0]["exc_type"] == "IndexError"  # type: ignore[index]


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


@pytest.mark.usefixtures("as_before")
def test_a_line_stays_one_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    trap = 'x\r\n{"event": "faked"}\u2028\x1b[2J\0\udcff"'
    configure("info", human=False)
    structlog.get_logger().info("http_refused", path=trap)
    logging.getLogger("aiohttp.server").error("from %s", trap)
    ours, theirs = lines(capsys)
    assert (ours["event"], ours["path"]) == ("http_refused", trap)
    assert theirs["event"] == f"from {trap}"
