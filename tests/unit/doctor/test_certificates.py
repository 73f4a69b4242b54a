"""What the doctor says about certificates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from ivrserver.config import Settings, SipSettings
from ivrserver.doctor import Finding
from ivrserver.doctor.sip import examine_sip
from ivrserver.telephony.asterisk.ping import Ping


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def write(folder: Path, authority: trustme.CA, days: int = 100) -> SipSettings:
    """A certificate and its key in two files."""
    ends = datetime.now(UTC) + timedelta(days=days)
    issued = authority.issue_cert("sip.example.com", not_after=ends)
    for name, blob in {
        "us.pem": issued.cert_chain_pems[0],
        "us.key": issued.private_key_pem,
    }.items():
        blob.write_to_path(str(folder / name))
    return SipSettings(tls_certificate=folder / "us.pem", tls_key=folder / "us.key")


async def found(sip: SipSettings) -> Finding:
    (finding,) = await examine_sip(Settings(sip=sip), Ping.SILENT)
    return finding


async def test_without_certificates_nothing_is_said() -> None:
    assert await examine_sip(Settings(), Ping.SILENT) == []


async def test_a_good_certificate_says_until_when(tmp_path: Path, authority: trustme.CA) -> None:
    finding = await found(write(tmp_path, authority))
    assert finding.ok
    assert "valid until 20" in finding.detail


@pytest.mark.parametrize("days", [-1, 3])
async def test_a_certificate_that_ends_is_to_be_renewed(
    tmp_path: Path, authority: trustme.CA, days: int
) -> None:
    finding = await found(write(tmp_path, authority, days))
    assert not finding.ok
    assert "renew" in finding.mend


async def test_a_certificate_and_a_strange_key_are_told(
    tmp_path: Path, authority: trustme.CA
) -> None:
    sip = write(tmp_path, authority)
    key = authority.issue_cert("b.example").private_key_pem
    key.write_to_path(str(tmp_path / "us.key"))
    finding = await found(sip)
    assert not finding.ok
    assert "sip.tls_key" in finding.mend


async def test_a_file_that_holds_no_certificate_is_told(
    tmp_path: Path, authority: trustme.CA
) -> None:
    sip = write(tmp_path, authority)
    (tmp_path / "us.pem").write_text("nothing")
    assert not (await found(sip)).ok
    nothing = SipSettings(tls_ca=tmp_path / "us.pem")
    assert "sip.tls_ca" in (await found(nothing)).mend


async def test_authorities_are_counted(tmp_path: Path, authority: trustme.CA) -> None:
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    finding = await found(SipSettings(tls_ca=file))
    assert finding.ok
    assert finding.detail.endswith(": 1")
