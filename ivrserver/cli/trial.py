"""The command that tries a webhook without a phone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import click
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import shelves
from ivrserver.actions.explain import Explanation, Line
from ivrserver.blocks import FlowBook, Ivr
from ivrserver.cli.base import Context
from ivrserver.cli.stored import with_database
from ivrserver.config import Settings
from ivrserver.errors import TrialRefused
from ivrserver.flow.story import shown
from ivrserver.flow.trial.outcome import Mood
from ivrserver.flow.trial.sample import Sample
from ivrserver.webhooks.client import Exchange, Headers, HttpWebhookClient
from ivrserver.webhooks.trial import Trial
from ivrserver.webhooks.trial_json import as_json

_MARKS: Final = {Mood.GOOD: " ", Mood.DOUBT: "?", Mood.BAD: "!"}


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@click.command("test-webhook")
@click.argument("ivr_id", type=int)
@click.option("--answer", "answers", multiple=True, metavar="QUESTION=KEYS", help="an answer")
@click.option("--called", help="the number that was called")
@click.option("--caller", help="the caller's number; empty: withheld")
@click.option("--label", help="label of the number that was called")
@click.option("--pass-through", help="what an earlier reply of the call has left")
@click.option("--hung-up", is_flag=True, help="the caller has hung up in the middle")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="such as st_rank=1")
@click.option("--url", help="ask this URL instead of the IVR's")
@click.option("--json", "wants_json", is_flag=True, help="print JSON")
@click.pass_obj
def test_webhook(context: Context, /, ivr_id: int, wants_json: bool, **given: Any) -> None:
    """Ask the web server of an IVR as a call would, and say what would happen.

    Nothing is stored. The status is 1 when the reply cannot be used.
    """
    settings = context.settings()

    async def work(engine: AsyncEngine) -> Trial:
        stored = await shelves.accounts(settings, engine).stored()
        book = FlowBook.of(stored.account, stored.revision, settings.account.region)
        ivr = book.blocks.get(ivr_id)
        if not isinstance(ivr, Ivr):
            raise click.ClickException(f"there is no IVR {ivr_id}; `ivrserver export` lists them")
        if given["url"]:
            ivr = replace(ivr, webhook=replace(ivr.webhook, url=given["url"], fallback_url=""))
        return await _tried(settings, ivr, book, given)

    try:
        trial = with_database(settings, work)
    except TrialRefused as refused:
        where = f"{refused.field}: " if refused.field else ""
        raise click.ClickException(f"{where}{refused}") from refused
    if wants_json:
        click.echo(json.dumps(as_json(trial), indent=2))
    else:
        for line in told(trial):
            click.echo(shown(line))
    if any(step.mood is Mood.BAD for step in trial.story):
        raise SystemExit(1)


async def _tried(settings: Settings, ivr: Ivr, book: FlowBook, given: dict[str, Any]) -> Trial:
    async with HttpWebhookClient(settings.webhook, _Clock()) as client:
        trials = shelves.trials(settings, client, _Clock())
        return await trials.run(ivr, book, _changed(trials.sample(ivr, book), given))


def _changed(sample: Sample, given: dict[str, Any]) -> Sample:
    """`sample` with what was given on the command line."""
    answers = dict(sample.answers)
    for question, keys in _pairs(given["answers"], "--answer 2=12345"):
        if not question.isdigit():
            raise click.BadParameter(f"{question!r} is no question id", param_hint="--answer")
        answers[int(question)] = keys
    wanted = {
        "number_called": given["called"],
        "caller_id": given["caller"],
        "phone_label": given["label"],
        "pass_through": given["pass_through"],
    }
    changes = {name: text for name, text in wanted.items() if text is not None}
    values = dict(_pairs(given["values"], "--set st_rank=1"))
    return replace(sample, answers=answers, hung_up=given["hung_up"], values=values, **changes)


def _pairs(texts: tuple[str, ...], example: str) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise click.UsageError(f"{text!r} has no =; write it like {example}")
        yield name, value


# ---- how it is shown


def told(trial: Trial) -> Iterator[str]:
    """A trial for people, line by line."""
    for doubt in trial.doubts:
        yield f"? {doubt}"
    yield "WHAT IS TOLD"
    yield from (f"  {name} = {value}" for name, value in trial.parameters)
    yield ""
    for number, exchange in enumerate(trial.exchanges, 1):
        yield from _exchange(number, exchange)
    reply = trial.reply
    if reply.result.status is not None:
        yield ""
        yield from (f"  {at:4}  {line}" for at, line in enumerate(trial.body.split("\n"), 1))
    if reply.understood is not None:
        yield from ("", "HOW IT IS UNDERSTOOD")
        yield from understood(reply.understood)
    yield from ("", "WHAT WOULD HAPPEN")
    yield from (f"{_MARKS[step.mood]} {step.text}" for step in trial.story)


def _exchange(number: int, exchange: Exchange) -> Iterator[str]:
    request, result = exchange.request, exchange.result
    yield f"REQUEST {number}"
    if request is not None:
        yield f"  {request.method} {request.url}"
        yield from _headers(exchange.request_headers)
        if request.body:
            yield from ("", f"  {request.body.decode('ascii')}")
    yield ""
    came = f"{result.status} " if result.status is not None else ""
    why = f": {result.error}" if result.error else ""
    yield f"REPLY {number}"
    yield f"  {came}after {result.seconds:.3f} s{why}"
    yield from _headers(exchange.reply_headers)


def _headers(headers: Headers) -> Iterator[str]:
    yield from (f"  {name}: {value}" for name, value in headers)


def understood(explained: Explanation) -> Iterator[str]:
    """How a reply is understood, for people, line by line."""
    yield from (f"? {note}" for note in explained.notes)
    yield from (text for line in explained.lines for text in _element(line))
    if explained.error:
        line, column = explained.at
        where = f"line {line}, " * bool(line) + f"column {column}, " * bool(column)
        yield f"! {where}{explained.error}"


def _element(line: Line) -> Iterator[str]:
    where = f"{line.line:4}" if line.line else "   -"
    value = f" = {line.value}" if line.value else ""
    name = f"{'  ' * line.depth}<{line.name}>{value}"
    yield f"  {where}  {name:<44}  {line.use.word:<8}  {line.means}"
    yield from (f"{' ' * 10}{'  ' * line.depth}{note}" for note in line.notes)
