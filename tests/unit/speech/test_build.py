from pathlib import Path

import pytest

from ivrserver.config import Settings
from ivrserver.errors import ConfigError
from ivrserver.speech import build
from ivrserver.speech.delivery import uris


def speech_settings(folder: Path, **changes: object) -> Settings:
    return Settings.model_validate({"data": folder, "speech": changes})


def test_an_unknown_engine_is_named_with_those_there_are(tmp_path: Path) -> None:
    settings = speech_settings(tmp_path, engines=("flite", "hal"))
    with pytest.raises(ConfigError, match=r"no engine hal; installed are: .*espeak.*flite.*gtts"):
        build(settings)


def test_no_engine_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name at least one"):
        build(speech_settings(tmp_path, engines=()))


async def test_every_engine_that_comes_with_the_product_can_be_built(tmp_path: Path) -> None:
    await build(speech_settings(tmp_path, engines=("flite", "espeak", "gtts"))).close()


def test_from_a_folder_asterisk_plays_a_path_without_extension(tmp_path: Path) -> None:
    assert uris(speech_settings(tmp_path))("abc") == f"sound:{tmp_path}/prompts/abc"


def test_over_http_asterisk_plays_an_address_with_extension(tmp_path: Path) -> None:
    changes = {"delivery": "http", "public_url": "http://ivr:8080/"}
    narrow = uris(speech_settings(tmp_path, **changes))
    wide = uris(speech_settings(tmp_path, **changes, rate=16000))
    assert narrow("abc") == "sound:http://ivr:8080/prompts/abc.wav"
    assert wide("abc") == "sound:http://ivr:8080/prompts/abc.wav16"


@pytest.mark.parametrize(
    "url", ["", "ivr:8080", "ftp://ivr", "http://", "http://a/?b=c", "http://a,b"]
)
def test_a_public_address_that_cannot_work_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=r"speech\.public_url"):
        uris(speech_settings(tmp_path, delivery="http", public_url=url))


def test_a_folder_with_a_comma_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no comma"):
        uris(speech_settings(tmp_path / "a,b"))
