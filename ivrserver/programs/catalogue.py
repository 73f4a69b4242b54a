"""The programs that can be fetched, and the Debian packages each one takes.

Asterisk's packages depend on 160 others; the modules that we load need 30 of them. So its
libraries are listed here, and whoever adds a module to ``asterisk-config/modules.conf`` adds the
library that it links to.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ivrserver.programs.model import Recipe

# What no program needs to run. Licences (share/doc/*/copyright) stay.
_UNUSED: Final = (
    "usr/share/doc/*/[!c]*",
    "usr/share/doc/*/changelog*",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/lintian",
    "usr/share/bug",
    "usr/lib/*/gconv",
    "usr/lib/*/gallium*",
)

# Pulled in by libraries, used by none of our programs.
_NEVER: Final = (
    "debconf",
    "krb5-locales",
    "libasound2-data",
    "libc-gconv-modules",
    "libdb5",
    "libsasl2-modules",
    "libx11-data",
    "openssl-provider-legacy",
    "perl",
    "publicsuffix",
)

CATALOGUE: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        "asterisk": Recipe(
            package="asterisk",
            whole=("asterisk", "asterisk-modules"),
            executable="usr/sbin/asterisk",
            libraries=(
                "libc6",
                "libcap2",
                "libcrypt1",
                "libcurl",
                "libedit",
                "libgcc-s1",
                "libgsm1",
                "libjansson",
                "libopus0",
                "libsqlite3",
                "libsrtp2",
                "libssl",
                "libstdc++",
                "libsystemd",
                "liburiparser",
                "libuuid",
                "libxml2",
                "libxslt",
            ),
            leave=_NEVER,
            drop=(*_UNUSED, "usr/share/asterisk/conf", "usr/share/asterisk/phoneprov"),
        ),
        "baresip": Recipe(
            package="baresip-core",
            whole=("baresip-core",),
            executable="usr/bin/baresip",
            libraries=("libc6", "libre1", "librem", "libsndfile1"),
            leave=_NEVER,
            drop=_UNUSED,
        ),
        "sipp": Recipe(
            package="sip-tester",
            whole=("sip-tester",),
            executable="usr/bin/sipp",
            libraries=(
                "libc6",
                "libgcc-s1",
                "libgsl",
                "libncursesw",
                "libpcap",
                "libpugixml",
                "libsctp",
                "libssl",
                "libstdc++",
                "libtinfo",
            ),
            leave=_NEVER,
            drop=_UNUSED,
        ),
        "kamailio": Recipe(
            package="kamailio",
            whole=("kamailio",),
            executable="usr/sbin/kamailio",
            libraries=("libc6", "libpcre2", "libreadline"),
            leave=_NEVER,
            drop=_UNUSED,
        ),
        # For trying out what is in deploy/ and in the documentation, not for running it.
        "caddy": Recipe(
            package="caddy",
            whole=("caddy",),
            executable="usr/bin/caddy",
            libraries=("libc6",),
            leave=_NEVER,
            drop=_UNUSED,
        ),
        "fail2ban-regex": Recipe(
            package="fail2ban",
            whole=("fail2ban",),
            executable="usr/bin/fail2ban-regex",
            libraries=(),
            drop=_UNUSED,
            env={"PYTHONPATH": "{root}/usr/lib/python3/dist-packages"},
        ),
        "logrotate": Recipe(
            package="logrotate",
            whole=("logrotate",),
            executable="usr/sbin/logrotate",
            libraries=("libacl1", "libc6", "libpopt0", "libselinux1"),
            leave=_NEVER,
            drop=_UNUSED,
        ),
        "nginx": Recipe(
            package="nginx",
            whole=("nginx",),
            executable="usr/sbin/nginx",
            libraries=("libc6", "libcrypt1", "libpcre2", "libssl", "zlib1g"),
            leave=_NEVER,
            drop=_UNUSED,
        ),
        "nft": Recipe(
            package="nftables",
            whole=("nftables",),
            executable="usr/sbin/nft",
            libraries=("libc6", "libedit2", "libjansson4", "libnftables1"),
            leave=_NEVER,
            drop=_UNUSED,
        ),
        "systemd-analyze": Recipe(
            package="systemd",
            whole=("systemd",),
            executable="usr/bin/systemd-analyze",
            libraries=(
                "libacl1",
                "libblkid1",
                "libc6",
                "libcap2",
                "libcrypt1",
                "libmount1",
                "libseccomp2",
                "libselinux1",
                "libssl",
                "libsystemd",
            ),
            leave=_NEVER,
            drop=_UNUSED,
        ),
        "flite": Recipe(
            package="flite",
            whole=("flite", "libflite1"),
            executable="usr/bin/flite",
            libraries=("libasound2", "libc6"),
            leave=_NEVER,
            drop=(*_UNUSED, "usr/bin/flite_*", "usr/bin/t2p"),
        ),
        "espeak-ng": Recipe(
            package="espeak-ng",
            whole=("espeak-ng", "libespeak-ng1", "espeak-ng-data"),
            executable="usr/bin/espeak-ng",
            libraries=("libc6", "libpcaudio", "libsonic"),
            leave=_NEVER,
            drop=_UNUSED,
            env={"ESPEAK_DATA_PATH": "{lib}/espeak-ng-data"},
        ),
    }
)
