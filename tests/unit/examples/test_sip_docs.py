"""Every settings file in the pages about trunks and phones works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivrserver.config import Settings, load
from ivrserver.flow.dial_policy import DialPolicy
from ivrserver.flow.dialling import ToPhone
from ivrserver.telephony.routes import Route, Routes
from tests.unit.asterisk_config.test_render import rendered, settings

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to"
EXAMPLES = [
    pytest.param(text, id=f"{page}-{number}")
    for page in ("connect-a-trunk", "register-a-phone")
    for number, text in enumerate(
        re.findall(r"```toml\n(.*?)```", (HOW_TO / f"{page}.md").read_text(), re.DOTALL), 1
    )
]


def load_example(text: str, folder: Path) -> Settings:
    """Load it, with certificates in a folder of the test."""
    for name in ("fullchain.pem", "privkey.pem"):
        (folder / name).touch()
    file = folder / "ivrserver.toml"
    file.write_text(text.replace("/etc/ivrserver/", f"{folder}/"))
    return load(file)


def example(beginning: str, folder: Path) -> Settings:
    """The only example in which that stands."""
    (text,) = {str(each.values[0]) for each in EXAMPLES if beginning in str(each.values[0])}
    return load_example(text, folder)


@pytest.mark.parametrize("text", EXAMPLES)
def test_each_example_is_accepted_and_written_for_asterisk(text: str, tmp_path: Path) -> None:
    given = load_example(text, tmp_path)
    given = given.model_copy(update={"ari": settings().ari})
    pjsip = rendered(tmp_path, given)["pjsip.conf"]
    assert all(f"\n[{name}](party)\n" in pjsip for name in (*given.trunks, *given.phones))


def test_numbers_go_as_the_page_says(tmp_path: Path) -> None:
    routes = Routes.by(example("[trunks.europe]", tmp_path))
    assert routes.of("(212) 555-0123") == Route("PJSIP/2125550123@home", "2125550100", outside=True)
    assert routes.of("+442079460000") == Route("PJSIP/+442079460000@europe", outside=True)


def test_calls_are_allowed_as_the_page_says(tmp_path: Path) -> None:
    policy = DialPolicy.by(example("[dial]", tmp_path))

    def allowed(destination: str) -> bool:
        number = policy.read(destination)
        assert number is not None
        return not policy.admit("call", number, 0.0)

    assert allowed("2125550123")
    assert allowed("+442079460000")
    assert not allowed("+18765550123")
    assert not allowed("+496912345678")


def test_a_phone_is_meant_by_what_the_page_says(tmp_path: Path) -> None:
    policy = DialPolicy.by(example("[phones.lab]", tmp_path))
    assert policy.read("204") == policy.read("front-desk") == ToPhone("front-desk")
