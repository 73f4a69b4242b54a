"""What a voicemail box says to those who call it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VoicemailPhrases:
    """Around the message that a caller leaves."""

    greeting: str
    """The standard greeting; `name` is the box's."""
    left: str
    """The message has been kept."""
    silent: str
    """Nothing was said, so there is no message."""
    failed: str
    """The message could not be recorded."""


EN = VoicemailPhrases(
    greeting=(
        "You have reached the voice mailbox of {name}. Please leave your message after the tone. "
        "When you have finished, press pound, or hang up."
    ),
    left="Thank you. Your message has been left. Goodbye.",
    silent="We have not heard anything, so no message was left. Goodbye.",
    failed="We are sorry. Your message could not be recorded. Please try again later. Goodbye.",
)
ES = VoicemailPhrases(
    greeting=(
        "Este es el buzón de voz de {name}. Deje su mensaje después del tono. "
        "Al terminar, pulse la tecla numeral o cuelgue."
    ),
    left="Gracias. Su mensaje se ha guardado. Adiós.",
    silent="No hemos oído nada, así que no hay mensaje. Adiós.",
    failed="Lo sentimos. No se ha podido grabar su mensaje. Llame más tarde. Adiós.",
)
FR = VoicemailPhrases(
    greeting=(
        "Vous êtes sur la messagerie de {name}. Laissez votre message après le signal sonore. "
        "Quand vous avez terminé, tapez dièse ou raccrochez."
    ),
    left="Merci. Votre message est enregistré. Au revoir.",
    silent="Nous n'avons rien entendu, il n'y a donc pas de message. Au revoir.",
    failed="Désolé, votre message n'a pas pu être enregistré. Rappelez plus tard. Au revoir.",
)
DE = VoicemailPhrases(
    greeting=(
        "Hier ist die Mailbox von {name}. Bitte sprechen Sie nach dem Signalton. "
        "Danach drücken Sie die Raute-Taste oder legen auf."
    ),
    left="Danke. Ihre Nachricht ist hinterlassen. Auf Wiederhören.",
    silent="Wir haben nichts gehört, also gibt es keine Nachricht. Auf Wiederhören.",
    failed="Leider ist die Aufnahme misslungen. Bitte versuchen Sie es später noch einmal.",
)
