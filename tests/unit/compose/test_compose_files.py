"""What docker-compose.yml, .env.example and the documentation say of each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from ivrserver.config import Settings, load
from ivrserver.storage import read_flow_files

ROOT = Path(__file__).parents[3]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
EVERYDAY, SCALE = EXAMPLE.split("# ---- Two of each")
PAGE = (ROOT / "docs" / "how-to" / "run-with-docker.md").read_text()
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)(?::?[-?]([^}]*))?\}")
EXAMPLE_LINE = re.compile(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)
OURS = "IVRSERVER_"


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
    return found


def is_setting(name: str) -> bool:
    """Whether there is such a setting, written as an environment variable."""
    section, *rest = name.removeprefix(OURS).lower().split("__")
    field = Settings.model_fields.get(section)
    if field is None or not rest:
        return field is not None
    named = get_origin(field.annotation) is dict
    kinds = [k for k in (field.annotation, *get_args(field.annotation)) if isinstance(k, type)]
    (kind,) = [k for k in kinds if issubclass(k, BaseModel)]
    return len(rest) == 1 + named and rest[-1] in kind.model_fields


def example(text: str = EXAMPLE) -> dict[str, str]:
    """Each variable of .env.example with its value, those that are commented out too."""
    return dict(EXAMPLE_LINE.findall(text))


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Settings]:
    """Reads the settings of a part of the example with every line of it in force."""

    def read(text: str) -> Settings:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "any.pem").touch()
        for name, value in example(text).items():
            given = "any.pem" if value.startswith("/tls/") else value or "x" * 48
            if name.startswith(OURS):
                monkeypatch.setenv(name, given)
        return load()

    return read


def published() -> set[str]:
    """Every published port with its default, as PORT/PROTOCOL or FIRST-LAST/PROTOCOL."""
    ports = {port for service in services().values() for port in service.get("ports", ())}
    plain = {VARIABLE.sub(lambda match: match[2] or "", port) for port in ports}
    found = set()
    for port in plain:
        *_, outside, inside = port.split(":")
        found.add(f"{outside}/{inside.partition('/')[2] or 'tcp'}")
    return found


def test_every_setting_that_compose_gives_exists() -> None:
    given = {
        name
        for service in services().values()
        for name in service.get("environment", ())
        if name.startswith(OURS)
    }
    assert len(given) > 10
    assert [name for name in sorted(given) if not is_setting(name)] == []


def test_every_setting_of_the_example_exists() -> None:
    given = [name for name in example() if name.startswith(OURS)]
    assert len(given) > 20
    assert [name for name in given if not is_setting(name)] == []


def test_the_example_with_every_line_in_force_is_right(loaded: Callable[[str], Settings]) -> None:
    settings = loaded(EVERYDAY)
    assert settings.trunks["carrier"].registers
    assert settings.trunks["carrier"].accept_from == ("192.0.2.77", "198.51.100.0/28")
    assert settings.network.public_address == "192.0.2.10"


def test_so_is_its_part_about_two_of_each(loaded: Callable[[str], Settings]) -> None:
    settings = loaded(SCALE)
    address = services()["kamailio"]["environment"]["KAMAILIO_ADDRESS"]
    assert settings.network.proxy == VARIABLE.sub(lambda found: found[2], address)
    aliases = {
        service["networks"]["ari"]["aliases"][0]
        for name, service in services().items()
        if name.startswith("asterisk")
    }
    assert {place.host for place in settings.asterisks.values()} == aliases


def test_every_variable_of_compose_is_in_the_example_and_the_other_way_round() -> None:
    used = {name for name, _ in VARIABLE.findall(COMPOSE)}
    told = {name for name in example() if not name.startswith(OURS)}
    known = {"COMPOSE_PROFILES"}
    assert used - set(example()) == {"ENV_FILE"}, "it is for tests"
    assert told - used - known == set()


def test_the_example_shows_the_defaults() -> None:
    defaults = dict(VARIABLE.findall(COMPOSE))
    shown = {name: value for name, value in example(EVERYDAY).items() if value}
    differs = {name for name in shown.keys() & defaults.keys() if shown[name] != defaults[name]}
    assert differs == {"IVRSERVER_WEBHOOK__ALLOW", "IVRSERVER_HTTP__PUBLIC_URL"}


def test_passwords_of_the_example_are_for_the_reader_to_make() -> None:
    required = {name for name, default in VARIABLE.findall(COMPOSE) if default.startswith("set ")}
    assert required == {"POSTGRES_PASSWORD", "IVRSERVER_ARI__PASSWORD"}
    assert all(example()[name] == "" for name in required)


def test_every_published_port_is_in_the_table_of_the_page() -> None:
    ports = published()
    assert {"5060/udp", "5060/tcp", "5061/tcp", "16000-16099/udp", "8080/tcp"} <= ports
    table = [line for line in PAGE.splitlines() if line.startswith("|")]
    missing = [port for port in ports if not any(f"{port} " in row for row in table)]
    assert missing == []


def test_nothing_runs_as_root_or_may_write_where_it_need_not() -> None:
    for name, service in services().items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
    images = (ROOT / "docker" / "Dockerfile").read_text()
    stages = re.split(r"^FROM .* AS (\S+)$", images, flags=re.MULTILINE)
    finals = dict(zip(stages[1::2], stages[2::2], strict=True))
    for image in ("asterisk", "controller", "caddy", "kamailio"):
        assert "\nUSER ivrserver\n" in finals[image], image
        assert "\nHEALTHCHECK " in finals[image], image
    assert services()["postgres"]["user"] == "postgres"


def test_a_controller_may_write_where_it_makes_recordings_and_backups() -> None:
    data = "/var/lib/ivrserver"
    assert f"IVRSERVER_DATA={data}" in (ROOT / "docker" / "Dockerfile").read_text()
    for name in ("controller", "controller-b"):
        assert data in services()[name]["volumes"], "and no other controller sweeps it"


def test_only_what_must_be_reached_is_on_a_network_that_leads_out() -> None:
    networks = yaml.safe_load(COMPOSE)["networks"]
    assert networks["ari"]["internal"]
    assert networks["database"]["internal"]
    assert services()["postgres"]["networks"] == ["database"]
    for name in ("asterisk", "asterisk-b"):
        assert set(services()[name]["networks"]) == {"sip", "ari"}
        assert services()[name]["environment"]["IVRSERVER_ARI__BIND"].startswith("ari-")


def test_fixed_addresses_are_none_that_docker_gives_to_other_networks() -> None:
    """Otherwise whoever has a dozen networks is told that pools overlap."""
    pools = [ip_network(pool) for pool in ("172.16.0.0/12", "192.168.0.0/16")]
    networks = yaml.safe_load(COMPOSE)["networks"]
    fixed = [each["ipam"]["config"][0]["subnet"] for each in networks.values() if "ipam" in each]
    assert len(fixed) == 2
    for subnet in fixed:
        ours = ip_network(VARIABLE.sub(lambda match: match[2] or "", subnet))
        assert not any(ours.overlaps(pool) for pool in pools)


def test_controllers_believe_caddy_where_a_request_is_from_and_ask_it_for_all_of_them() -> None:
    caddy = services()["caddy"]
    ours = [name for name in services() if name.startswith("controller")]
    assert caddy["environment"]["HTTPS_CONTROLLERS"].split() == [f"{name}:8080" for name in ours]
    address = caddy["networks"]["web"]["ipv4_address"]
    for name in ours:
        assert address in services()[name]["environment"]["FORWARDED_ALLOW_IPS"].split(",")


def test_asterisk_is_not_told_the_databases_password() -> None:
    for name in ("asterisk", "asterisk-b", "kamailio"):
        assert services()[name]["environment"]["POSTGRES_PASSWORD"] == ""


def test_the_images_hold_what_they_need_and_neither_settings_nor_history() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert kept == {
        "LICENSE", "README.md", "asterisk-config", "docker", "examples", "frontend", "ivrserver",
        "migrations", "pyproject.toml", "requirements",
    }  # fmt: skip


def test_every_image_of_ours_is_built_once_and_first() -> None:
    """Docker's containerd image store refuses a name that two builds at once give away; Compose v1
    builds in the order of the file, and looks elsewhere for an image that is not there yet."""
    ours = {name: each for name, each in services().items() if each["image"].startswith("${IMAGES")}
    built: set[str] = set()
    for name, each in ours.items():
        assert ("build" in each) == (each["image"] not in built), name
        built.add(each["image"])
    assert len(built) == 5
    assert {"asterisk-b", "controller-b"} < ours.keys()


def test_postgres_is_asked_where_it_does_not_answer_before_it_is_set_up() -> None:
    asked = services()["postgres"]["healthcheck"]["test"]
    assert asked[asked.index("-h") + 1] == "127.0.0.1"


@pytest.mark.parametrize(
    ("file", "numbers", "blocks"),
    [("flows", ["200", "201"], 2), ("trunk", ["2125550101", "2125550102"], 4)],
)
def test_the_flow_files_of_the_tests_are_right(file: str, numbers: list[str], blocks: int) -> None:
    account = read_flow_files([ROOT / "tests" / "compose" / f"{file}.yaml"]).account
    assert [number.number for number in account.numbers] == numbers
    assert len(account.blocks) == blocks
