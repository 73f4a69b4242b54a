"""What the doctor says about open files, the time, disks, and who reaches ARI."""

from __future__ import annotations

import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivrserver.config import AriSettings, RecordingSettings, Settings, SipSettings, StoreSettings
from ivrserver.doctor import machine
from ivrserver.doctor.machine import _clock, _open_files

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)


def with_calls(calls: int) -> Settings:
    settings = Settings()
    return settings.model_copy(
        update={"limits": settings.limits.model_copy(update={"calls": calls})}
    )


@pytest.mark.parametrize(("calls", "needed"), [(100, 4000), (1000, 8500)])
def test_asterisk_needs_files_for_each_call_and_leg(calls: int, needed: int) -> None:
    enough = _open_files(with_calls(calls), True, needed)
    short = _open_files(with_calls(calls), True, needed - 1)
    assert enough.ok
    assert not short.ok
    assert short.detail == f"{calls} calls at once need {needed}, {needed - 1} may be open"
    assert f"raise the limit to {needed} or more: LimitNOFILE=" in short.mend
    assert "limits.calls" in short.mend


def test_a_controller_without_asterisk_needs_fewer() -> None:
    assert _open_files(with_calls(1000), False, 1500).ok
    assert not _open_files(with_calls(1000), False, 1024).ok


def test_no_limit_is_enough() -> None:
    finding = _open_files(with_calls(100_000), True, resource.RLIM_INFINITY)
    assert finding.ok
    assert "no limit" in finding.detail


def test_the_limit_is_the_one_that_holds_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1024))
    finding = machine.open_files(Settings(), True)
    assert not finding.ok
    assert "1024 may be open" in finding.detail


@pytest.mark.parametrize("for_others", [True, False])
def test_a_clock_that_is_kept_right_is_well(for_others: bool) -> None:
    finding = _clock(NOW, YESTERDAY, True, for_others)
    assert finding.ok
    assert finding.detail == "2026-11-28 09:00:00 UTC, synchronised"


def test_one_that_is_not_is_to_be_mended_where_others_call() -> None:
    served = _clock(NOW, YESTERDAY, False, True)
    assert not served.ok
    assert "chrony" in served.mend
    lab = _clock(NOW, YESTERDAY, False, False)
    assert lab.ok
    assert "not synchronised; none but this machine needs it" in lab.detail


def test_one_that_does_not_tell_is_not_blamed() -> None:
    finding = _clock(NOW, YESTERDAY, None, True)
    assert finding.ok
    assert finding.detail == "2026-11-28 09:00:00 UTC"


def test_a_time_before_this_program_was_here_is_wrong() -> None:
    finding = _clock(datetime(1970, 1, 2, tzinfo=UTC), YESTERDAY, True, False)
    assert not finding.ok
    assert "before this program came here (2026-11-27)" in finding.detail


def test_this_machines_clock_is_no_earlier_than_this_program() -> None:
    assert machine.clock(Settings()).ok


def test_each_disk_that_is_written_to_is_looked_at(tmp_path: Path) -> None:
    elsewhere = tmp_path / "recordings" / "not yet made"
    settings = Settings(
        data=tmp_path / "data",
        recording=RecordingSettings(folder=elsewhere),
        store=StoreSettings(url=str(tmp_path / "store")),
    )
    asked: list[Path] = []

    def free(folder: Path) -> int:
        asked.append(folder)
        return 115_200_000_000

    found = {finding.name: finding for finding in machine.disks(settings, free)}
    assert found.keys() == {
        "disk (data)", "disk (database)", "disk (recordings)", "disk (store)",
        "disk (packages.cache)",
    }  # fmt: skip
    assert all(finding.ok for finding in found.values())
    assert all(folder.exists() for folder in asked)
    assert found["disk (recordings)"].detail.startswith(f"115.2 GB free in {elsewhere}, 2000 hours")


def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    found = {finding.name: finding for finding in machine.disks(settings, lambda _: 999_999_999)}
    assert not any(finding.ok for finding in found.values())
    assert "database.url" in found["disk (database)"].mend
    assert "retention.recordings" in found["disk (recordings)"].mend
    assert "store.url" in found["disk (store)"].mend


def test_disks_of_others_are_none_of_ours() -> None:
    settings = Settings.model_validate(
        {
            "database": {"url": "postgresql+asyncpg://ivr:secret@db/ivr"},
            "store": {
                "url": "s3://bucket", "access_key": "AKIAEXAMPLE", "secret_key": "secret",
            },
        }
    )  # fmt: skip
    names = {finding.name for finding in machine.disks(settings)}
    assert not {"disk (database)", "disk (store)"} & names


@pytest.mark.parametrize("bind", ["", "127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_ari_for_this_machine_alone_needs_nothing(bind: str) -> None:
    assert machine.ari_reach(Settings(ari=AriSettings(bind=bind))) == []


@pytest.mark.parametrize("bind", ["0.0.0.0", "::", "10.0.0.10", "asterisk.example.com"])
def test_ari_for_everybody_is_to_be_closed(bind: str) -> None:
    (finding,) = machine.ari_reach(Settings(ari=AriSettings(bind=bind)))
    assert not finding.ok
    assert f"listens on {bind}, for everybody" in finding.detail
    assert "ari.accept_from" in finding.mend
    named = AriSettings(bind=bind, accept_from=("10.0.0.11",))
    (closed,) = machine.ari_reach(Settings(ari=named))
    assert closed.ok
    assert closed.detail.endswith("for 10.0.0.11")


def test_others_are_those_for_whom_sip_listens() -> None:
    assert not machine._is_for_others(Settings())
    assert machine._is_for_others(Settings(sip=SipSettings(bind="0.0.0.0")))
