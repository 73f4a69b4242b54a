"""Replies that would take a careless parser's memory, its time, or its files."""

from __future__ import annotations

BOMB = "<!DOCTYPE action [<!ENTITY a0 'ha'>{}]><action><app>&a9;</app></action>".format(
    "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
)
QUADRATIC = f"<!DOCTYPE a [<!ENTITY x '{'x' * 30000}'>]><action><app>{'&x;' * 9000}</app></action>"
FILE = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><action><app>&x;</app></action>"
REMOTE = "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/x.dtd'><action><app>hangup</app></action>"
PARAMETER = "<!DOCTYPE a [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]><action/>"
HIDDEN = (
    "<?xml version='1.0'?><!-- <a> --><?x <b> ?>\n<!DOCTYPE a><action><app>hangup</app></action>"
)
BOMBS = (BOMB, QUADRATIC, FILE, REMOTE, PARAMETER, HIDDEN)
