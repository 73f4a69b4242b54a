"""Commands that run the server, show it, or examine the machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from ivrserver import app, logs
from ivrserver.cli.base import Context, leave, run, show, stay
from ivrserver.config import Settings
from ivrserver.demo.run import demo as run_demo
from ivrserver.demo.script import Errand, run_errand
from ivrserver.doctor import examine
from ivrserver.errors import SetupError
from ivrserver.lab import Lab, lab_settings, load_sample, open_lab
from ivrserver.telephony.asterisk.password import with_kept_password


@click.command()
@click.pass_obj
def up(context: Context) -> None:
    """Run everything on this machine: Asterisk, the controller and the sample account."""
    settings = lab_settings(context.settings())
    logs.configure("warning", human=True)
    lab = open_lab(settings, show, lambda line: show(f"  web server: {line}"))
    run(stay(lab, lambda lab: show("\n".join(_where_everything_is(lab)))))
    show("stopped")
    leave()


def _where_everything_is(lab: Lab) -> Iterator[str]:
    settings = lab.settings
    sip, http = settings.sip, settings.http
    yield "\nReady."
    yield f"  dial         sip:100@{sip.bind}:{sip.port}   (any SIP phone, no account needed)"
    yield f"  Asterisk     {lab.asterisk.version}, logs in {lab.asterisk.folders.log}"
    yield f"  database     {lab.engine.url.render_as_string(hide_password=True)}"
    yield f"  portal       {lab.portal}"
    yield f"  health       http://{http.host}:{http.port}/readyz"
    if lab.web_server:
        yield f"  web server   {lab.web_server}   (examples/webhook_server.py)"
    yield "  calls        .venv/bin/ivrserver calls"
    yield "Ctrl-C stops everything."


@click.command()
@click.option(
    "--sample",
    metavar="URL",
    help="first load the sample, its web server at URL, if there is nothing",
)
@click.pass_obj
def serve(context: Context, sample: str | None) -> None:
    """Run the controller alone, for an Asterisk that runs elsewhere."""
    settings = _with_password(context.settings())
    logs.configure(settings.log_level, human=False)
    if sample:
        run(load_sample(settings, sample, show))
    run(stay(app.serving(settings), lambda _: show("serving calls")))
    leave()


def _with_password(settings: Settings) -> Settings:
    """With the ARI password that an Asterisk on this machine has made, if none is set."""
    try:
        return with_kept_password(settings) or settings
    except OSError as error:
        raise SetupError(
            f"cannot read the ARI password in {settings.data}: {error.strerror};"
            " run as the user that Asterisk runs as, or set ari.password"
        ) from error


@click.command()
@click.option("--keep", type=click.Path(path_type=Path), help="folder to keep the recording in")
@click.pass_obj
def demo(context: Context, keep: Path | None) -> None:
    """Place a real scripted call to the sample account and print the conversation."""
    logs.configure("warning", human=True)
    if not run(run_demo(context.settings(), show, keep)):
        sys.exit(1)


@click.command()
@click.argument("uri")
@click.argument("keys", nargs=-1)
@click.option("--as", "user", default="phone", show_default=True, help="phone of the settings")
@click.pass_obj
def phone(context: Context, uri: str, keys: tuple[str, ...], user: str) -> None:
    """Call a SIP address; press each group of KEYS when the far end has finished speaking."""
    if not run(run_errand(Errand(uri, keys, user), context.settings(), show)):
        sys.exit(1)


@click.command()
@click.pass_obj
def doctor(context: Context) -> None:
    """Check every part and say how to mend it."""
    findings = run(examine(context.settings()))
    for finding in findings:
        click.echo(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name:<14} {finding.detail}")
        if not finding.ok:
            click.echo(f"      {'':<14} → {finding.mend}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)
