"""What e-mails say, by language. Policy as data: change a sentence here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of an e-mail about a voicemail message, with the places to fill in."""

    subject: str
    """``{box}``, ``{caller}``, ``{length}``."""
    news: str
    """``{box}``."""
    caller: str
    left: str
    length: str
    said: str
    """Above what was said in the message."""
    unknown: str
    attached: str
    missing: str
    """The recording was to be attached, but could not be had."""
    listen: str


_BY_LANGUAGE = {
    "en": Words(
        subject="{box}: voice message from {caller}, {length}",
        news="There is a new message in the voicemail box {box}.",
        caller="From",
        left="Left",
        length="Length",
        said="What was said, written down by a machine:",
        unknown="an unknown number",
        attached="The recording is attached.",
        missing="The recording could not be attached. Call the box to hear it.",
        listen="Call the box to hear it.",
    ),
    "es": Words(
        subject="{box}: mensaje de voz de {caller}, {length}",
        news="Hay un mensaje nuevo en el buzón de voz {box}.",
        caller="De",
        left="Recibido",
        length="Duración",
        said="Lo que se dijo, transcrito por una máquina:",
        unknown="un número desconocido",
        attached="La grabación está adjunta.",
        missing="No se pudo adjuntar la grabación. Llame al buzón para escucharla.",
        listen="Llame al buzón para escucharlo.",
    ),
    "fr": Words(
        subject="{box} : message vocal de {caller}, {length}",
        news="Il y a un nouveau message dans la boîte vocale {box}.",
        caller="De",
        left="Reçu",
        length="Durée",
        said="Ce qui a été dit, transcrit par une machine :",
        unknown="un numéro inconnu",
        attached="L'enregistrement est joint.",
        missing="L'enregistrement n'a pas pu être joint. Appelez la boîte pour l'écouter.",
        listen="Appelez la boîte pour l'écouter.",
    ),
    "de": Words(
        subject="{box}: Sprachnachricht von {caller}, {length}",
        news="In der Voicemail-Box {box} ist eine neue Nachricht.",
        caller="Von",
        left="Hinterlassen",
        length="Länge",
        said="Was gesagt wurde, von einer Maschine aufgeschrieben:",
        unknown="einer unbekannten Nummer",
        attached="Die Aufnahme ist angehängt.",
        missing="Die Aufnahme konnte nicht angehängt werden. Zum Anhören rufen Sie die Box an.",
        listen="Zum Anhören rufen Sie die Box an.",
    ),
}


def words(language: str) -> Words:
    """The sentences for a BCP 47 tag; English where there are none."""
    return _BY_LANGUAGE.get(language.partition("-")[0].lower(), _BY_LANGUAGE["en"])
