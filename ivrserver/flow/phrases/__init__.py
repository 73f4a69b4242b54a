"""What the server itself says, by language. Policy as data: change a sentence here.

What any call may need is said here; every other area has a module of its own, with a dataclass of
its sentences and one value of it for each language (`EN`, `ES`, `FR`, `DE`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from ivrserver.flow.phrases import findme, mailbox, menus, voicemail
from ivrserver.flow.phrases.findme import FindMePhrases
from ivrserver.flow.phrases.mailbox import MailboxPhrases
from ivrserver.flow.phrases.menus import MenuPhrases
from ivrserver.flow.phrases.voicemail import VoicemailPhrases


@dataclass(frozen=True, slots=True)
class Phrases:
    """The server's own sentences in one language."""

    apology: str
    """The call cannot go on, and no Backup Routing is configured."""
    not_in_service: str
    """The number called is not configured."""
    nobody_available: str
    """A transfer failed."""
    review: str
    """After a recording with review: 1 keeps it, 2 plays it, 3 records again."""
    findme: FindMePhrases
    menu: MenuPhrases
    voicemail: VoicemailPhrases
    mailbox: MailboxPhrases


_BY_LANGUAGE = {
    "en": Phrases(
        apology="We are sorry. We cannot continue this call. Please try again later. Goodbye.",
        not_in_service="We are sorry. The number you have called is not in service. Goodbye.",
        nobody_available="We are sorry. Nobody is available to take your call. Goodbye.",
        review="To keep your recording, press 1. To hear it, press 2. To record again, press 3.",
        findme=findme.EN,
        menu=menus.EN,
        voicemail=voicemail.EN,
        mailbox=mailbox.EN,
    ),
    "es": Phrases(
        apology="Lo sentimos. No podemos continuar esta llamada. Llame más tarde. Adiós.",
        not_in_service="Lo sentimos. El número marcado no está en servicio. Adiós.",
        nobody_available="Lo sentimos. Nadie puede atender su llamada. Adiós.",
        review="Para guardar, pulse 1. Para escuchar, pulse 2. Para grabar de nuevo, pulse 3.",
        findme=findme.ES,
        menu=menus.ES,
        voicemail=voicemail.ES,
        mailbox=mailbox.ES,
    ),
    "fr": Phrases(
        apology="Désolé, nous ne pouvons pas poursuivre cet appel. Rappelez plus tard. Au revoir.",
        not_in_service="Désolé, le numéro demandé n'est pas en service. Au revoir.",
        nobody_available="Désolé, personne n'est disponible pour vous répondre. Au revoir.",
        review="Pour garder, tapez 1. Pour écouter, tapez 2. Pour recommencer, tapez 3.",
        findme=findme.FR,
        menu=menus.FR,
        voicemail=voicemail.FR,
        mailbox=mailbox.FR,
    ),
    "de": Phrases(
        apology="Es tut uns leid, wir können den Anruf nicht fortsetzen. Auf Wiederhören.",
        not_in_service="Es tut uns leid, diese Nummer ist nicht vergeben. Auf Wiederhören.",
        nobody_available="Es tut uns leid, im Moment ist niemand erreichbar. Auf Wiederhören.",
        review="Zum Behalten drücken Sie 1, zum Anhören 2, zum Wiederholen 3.",
        findme=findme.DE,
        menu=menus.DE,
        voicemail=voicemail.DE,
        mailbox=mailbox.DE,
    ),
}


def phrases(language: str) -> Phrases:
    """The sentences for a BCP 47 tag; English where there are none."""
    return _BY_LANGUAGE.get(language.partition("-")[0].lower(), _BY_LANGUAGE["en"])


def sentences(
    area: Phrases | FindMePhrases | MenuPhrases | VoicemailPhrases | MailboxPhrases,
) -> Iterator[str]:
    """The sentences of one area that are said as they are, not those that hold names or numbers."""
    for field in fields(area):
        value = getattr(area, field.name)
        if isinstance(value, str) and "{" not in value:
            yield value
