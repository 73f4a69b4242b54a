"""Commands about the audio library."""

from __future__ import annotations

from pathlib import Path

import click

from ivrserver import shelves
from ivrserver.cli.base import Context
from ivrserver.cli.flows import told
from ivrserver.cli.stored import me, with_database
from ivrserver.storage import LibrarySound


@click.group()
def audio() -> None:
    """Keep the sound files that whispers, prompts, hold music and greetings use."""


@audio.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", help="what prompts call it [default: the file's own name]")
@click.pass_obj
def add(context: Context, files: tuple[Path, ...], name: str | None) -> None:
    """Add WAV, MP3, OGG or FLAC files, or replace those of the same names."""
    if name is not None and len(files) > 1:
        raise click.UsageError("--name is for one file")
    settings = context.settings()
    named: dict[str, Path] = {}
    for file in files:
        called = file.name if name is None else name
        if called in named:
            raise click.UsageError(f"two files are called {called}; add them one by one")
        named[called] = file
    for line in told(
        with_database(settings, lambda e: shelves.audio_library(settings, e).add(named, by=me()))
    ):
        click.echo(line)


@audio.command("list")
@click.pass_obj
def list_audio(context: Context) -> None:
    """List all files, and which blocks use them."""
    settings = context.settings()
    sounds = with_database(
        settings, lambda engine: shelves.audio_library(settings, engine).sounds()
    )
    if not sounds:
        click.echo("no audio files")
    for sound in sounds:
        click.echo(_line(sound))


def _line(sound: LibrarySound) -> str:
    state = ", ".join(sound.used_by) or "not used"
    if sound.problem:
        state = f"PROBLEM: {sound.problem}; {state}"
    return f"{sound.name:<30}  {sound.seconds:>7.1f} s  {sound.size:>11,} bytes  {state}"


@audio.command()
@click.argument("name")
@click.pass_obj
def remove(context: Context, name: str) -> None:
    """Remove a file that no block uses."""
    settings = context.settings()
    with_database(
        settings, lambda engine: shelves.audio_library(settings, engine).remove(name, by=me())
    )
    click.echo(f"removed  audio {name}")
