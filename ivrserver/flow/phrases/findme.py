"""What callers and the people called hear while a call is offered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FindMePhrases:
    """Said while somebody is looked for who takes the call."""

    ask_name: str
    """To the caller, before the tone."""
    call_from: str
    """To the person called; what the caller recorded follows."""
    no_name: str
    """In place of that recording."""
    accept: str
    """1 accepts, 2 declines."""
    accept_or_say: str
    """The same, where spoken words count too."""
    taken: str
    """To the others, when one of the people called has accepted."""
    recorded: str
    """To both parties, before a call that is recorded."""
    yes: tuple[str, ...]
    """Words that accept."""
    no: tuple[str, ...]
    """Words that decline."""


EN = FindMePhrases(
    ask_name="Please say your name after the tone.",
    call_from="You have a call from",
    no_name="a caller who gave no name.",
    accept="To accept the call, press 1. To decline it, press 2.",
    accept_or_say="To accept the call, press 1 or say yes. To decline it, press 2 or say no.",
    taken="Thank you. The call was taken by somebody else. Goodbye.",
    recorded="This call is recorded.",
    yes=("yes", "yeah", "accept"),
    no=("no", "nope", "decline"),
)
ES = FindMePhrases(
    ask_name="Diga su nombre después de la señal.",
    call_from="Tiene una llamada de",
    no_name="alguien que no ha dicho su nombre.",
    accept="Para aceptar la llamada, pulse 1. Para rechazarla, pulse 2.",
    accept_or_say="Para aceptar la llamada, pulse 1 o diga sí. Para rechazarla, pulse 2 o diga no.",
    taken="Gracias. Otra persona ha atendido la llamada. Adiós.",
    recorded="Esta llamada se graba.",
    yes=("sí", "acepto"),
    no=("no", "rechazo"),
)
FR = FindMePhrases(
    ask_name="Dites votre nom après le signal.",
    call_from="Vous avez un appel de la part de",
    no_name="quelqu'un qui n'a pas donné son nom.",
    accept="Pour accepter l'appel, tapez 1. Pour le refuser, tapez 2.",
    accept_or_say="Pour accepter, tapez 1 ou dites oui. Pour refuser, tapez 2 ou dites non.",
    taken="Merci. L'appel a été pris par quelqu'un d'autre. Au revoir.",
    recorded="Cet appel est enregistré.",
    yes=("oui", "j'accepte"),
    no=("non", "je refuse"),
)
DE = FindMePhrases(
    ask_name="Bitte nennen Sie nach dem Ton Ihren Namen.",
    call_from="Sie haben einen Anruf von",
    no_name="jemandem, der keinen Namen genannt hat.",
    accept="Um den Anruf anzunehmen, drücken Sie 1. Um ihn abzulehnen, drücken Sie 2.",
    accept_or_say="Zum Annehmen drücken Sie 1 oder sagen Sie ja, zum Ablehnen 2 oder nein.",
    taken="Danke. Der Anruf wurde von jemand anderem angenommen. Auf Wiederhören.",
    recorded="Dieses Gespräch wird aufgezeichnet.",
    yes=("ja", "annehmen"),
    no=("nein", "ablehnen"),
)
