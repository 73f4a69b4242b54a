"""What a voicemail box says to its owner. The menus name the keys of `flow.mailbox`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counted:
    """One thing in the number that there is of it; `many` holds a place for the number."""

    none: str
    one: str
    many: str

    def of(self, number: int) -> str:
        """Speak of `number` of them."""
        return self.none if number == 0 else self.one if number == 1 else self.many.format(number)


@dataclass(frozen=True, slots=True)
class MomentPhrases:
    """How a moment is said.

    Attributes:
        locale: whose names of months and days are used (CLDR).
        day: CLDR pattern of a day of this year.
        day_of_year: CLDR pattern of a day of another year.
        time: CLDR pattern of a time of day.
        full_hour: CLDR pattern of a time of day without minutes.
        at: puts a `day` and a `time` together.
    """

    locale: str
    today: str
    yesterday: str
    day: str
    day_of_year: str
    time: str
    full_hour: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxPhrases:
    """Everything that the owner hears, in about the order in which it is heard."""

    enter_pin: str
    wrong_pin: str
    locked: str
    """Too many wrong PINs lately."""
    no_pin: str
    """Nobody has set a PIN yet."""
    unavailable: str
    """What is kept of the box cannot be reached."""
    new: Counted
    saved: Counted
    you_have: str
    """Puts `new` and `saved` together."""
    new_message: str
    """Before the message of that `number`."""
    saved_message: str
    moment: MomentPhrases
    caller: str
    """Behind the moment: who left the message, digit by digit."""
    unknown_caller: str
    unplayable: str
    """The recording of the message is gone."""
    message_menu: str
    kept: str
    deleted: str
    no_more: str
    main_menu: str
    new_pin: str
    new_pin_again: str
    pins_differ: str
    bad_pin: str
    """What was typed is not four digits."""
    pin_changed: str
    greetings_menu: str
    speak_greeting: str
    nothing_recorded: str
    recording_failed: str
    greeting_recorded: str
    """It was recorded, and is in use from now on."""
    greeting_chosen: str
    not_recorded: str
    """That greeting cannot be chosen yet."""
    goodbye: str


EN = MailboxPhrases(
    enter_pin="Please enter your four digit PIN.",
    wrong_pin="That PIN is not correct.",
    locked="There were too many wrong PINs. Please try again later. Goodbye.",
    no_pin="This mailbox has no PIN yet, so it cannot be opened by phone. Goodbye.",
    unavailable="We are sorry. The mailbox cannot be reached. Please try again later. Goodbye.",
    new=Counted("no new messages", "one new message", "{} new messages"),
    saved=Counted("no saved messages", "one saved message", "{} saved messages"),
    you_have="You have {new} and {saved}.",
    new_message="New message {number}.",
    saved_message="Saved message {number}.",
    moment=MomentPhrases(
        locale="en",
        today="today",
        yesterday="yesterday",
        day="EEEE, MMMM d",
        day_of_year="EEEE, MMMM d, y",
        time="h:mm a",
        full_hour="h a",
        at="{day} at {time}",
    ),
    caller="from {number}",
    unknown_caller="from an unknown number",
    unplayable="This message cannot be played.",
    message_menu=(
        "To hear it again, press 1. To save it, press 2. To delete it, press 3. "
        "For the next message, press pound. For the main menu, press star."
    ),
    kept="Saved.",
    deleted="Deleted.",
    no_more="There are no more messages.",
    main_menu=(
        "To listen to your messages, press 1. To change your PIN, press 2. "
        "For your greetings, press 3. To end the call, press star."
    ),
    new_pin="Please enter a new four digit PIN.",
    new_pin_again="Please enter it once more.",
    pins_differ="The two are not the same.",
    bad_pin="A PIN has four digits.",
    pin_changed="Your PIN is changed.",
    greetings_menu=(
        "To record your greeting, press 1. To record your vacation greeting, press 2. "
        "To use your recorded greeting, press 3. To use your vacation greeting, press 4. "
        "To use the standard greeting, press 5. For the main menu, press star."
    ),
    speak_greeting="Please speak your greeting after the tone. To finish, press pound.",
    nothing_recorded="We have not heard anything. Your greeting stays as it was.",
    recording_failed="We are sorry. It could not be recorded. Your greeting stays as it was.",
    greeting_recorded="Callers hear this greeting from now on.",
    greeting_chosen="Callers hear that greeting from now on.",
    not_recorded="You have not recorded that greeting yet.",
    goodbye="Goodbye.",
)
ES = MailboxPhrases(
    enter_pin="Introduzca su PIN de cuatro dígitos.",
    wrong_pin="Ese PIN no es correcto.",
    locked="Ha habido demasiados PIN incorrectos. Inténtelo más tarde. Adiós.",
    no_pin="Este buzón todavía no tiene PIN y no se puede abrir por teléfono. Adiós.",
    unavailable="Lo sentimos. No se puede acceder al buzón. Inténtelo más tarde. Adiós.",
    new=Counted("cero mensajes nuevos", "un mensaje nuevo", "{} mensajes nuevos"),
    saved=Counted("cero mensajes guardados", "un mensaje guardado", "{} mensajes guardados"),
    you_have="Tiene {new} y {saved}.",
    new_message="Mensaje nuevo {number}.",
    saved_message="Mensaje guardado {number}.",
    moment=MomentPhrases(
        locale="es",
        today="hoy",
        yesterday="ayer",
        day="EEEE, d 'de' MMMM",
        day_of_year="EEEE, d 'de' MMMM 'de' y",
        time="H 'horas y' m 'minutos'",
        full_hour="H 'horas'",
        at="{day} a las {time}",
    ),
    caller="del número {number}",
    unknown_caller="de un número desconocido",
    unplayable="Este mensaje no se puede reproducir.",
    message_menu=(
        "Para oírlo de nuevo, pulse 1. Para guardarlo, pulse 2. Para borrarlo, pulse 3. "
        "Para el siguiente mensaje, pulse numeral. Para el menú principal, pulse asterisco."
    ),
    kept="Guardado.",
    deleted="Borrado.",
    no_more="No hay más mensajes.",
    main_menu=(
        "Para oír sus mensajes, pulse 1. Para cambiar su PIN, pulse 2. "
        "Para sus saludos, pulse 3. Para terminar, pulse asterisco."
    ),
    new_pin="Introduzca un nuevo PIN de cuatro dígitos.",
    new_pin_again="Introdúzcalo otra vez.",
    pins_differ="Los dos no son iguales.",
    bad_pin="Un PIN tiene cuatro dígitos.",
    pin_changed="Su PIN se ha cambiado.",
    greetings_menu=(
        "Para grabar su saludo, pulse 1. Para grabar su saludo de vacaciones, pulse 2. "
        "Para usar su saludo grabado, pulse 3. Para usar el de vacaciones, pulse 4. "
        "Para usar el saludo normal, pulse 5. Para el menú principal, pulse asterisco."
    ),
    speak_greeting="Diga su saludo después del tono. Al terminar, pulse numeral.",
    nothing_recorded="No hemos oído nada. Su saludo queda como estaba.",
    recording_failed="Lo sentimos. No se ha podido grabar. Su saludo queda como estaba.",
    greeting_recorded="Desde ahora se oirá este saludo.",
    greeting_chosen="Desde ahora se oirá ese saludo.",
    not_recorded="Todavía no ha grabado ese saludo.",
    goodbye="Adiós.",
)
FR = MailboxPhrases(
    enter_pin="Tapez votre code à quatre chiffres.",
    wrong_pin="Ce code n'est pas correct.",
    locked="Il y a eu trop de codes erronés. Réessayez plus tard. Au revoir.",
    no_pin="Cette messagerie n'a pas encore de code et ne s'ouvre pas par téléphone. Au revoir.",
    unavailable="Désolé, la messagerie n'est pas accessible. Réessayez plus tard. Au revoir.",
    new=Counted("zéro nouveau message", "un nouveau message", "{} nouveaux messages"),
    saved=Counted("zéro message gardé", "un message gardé", "{} messages gardés"),
    you_have="Vous avez {new} et {saved}.",
    new_message="Nouveau message {number}.",
    saved_message="Message gardé {number}.",
    moment=MomentPhrases(
        locale="fr",
        today="aujourd'hui",
        yesterday="hier",
        day="EEEE d MMMM",
        day_of_year="EEEE d MMMM y",
        time="H 'heures' m",
        full_hour="H 'heures'",
        at="{day} à {time}",
    ),
    caller="du numéro {number}",
    unknown_caller="d'un numéro inconnu",
    unplayable="Ce message ne peut pas être lu.",
    message_menu=(
        "Pour le réécouter, tapez 1. Pour le garder, tapez 2. Pour l'effacer, tapez 3. "
        "Pour le message suivant, tapez dièse. Pour le menu principal, tapez étoile."
    ),
    kept="Gardé.",
    deleted="Effacé.",
    no_more="Il n'y a plus de messages.",
    main_menu=(
        "Pour écouter vos messages, tapez 1. Pour changer votre code, tapez 2. "
        "Pour vos annonces, tapez 3. Pour terminer, tapez étoile."
    ),
    new_pin="Tapez un nouveau code à quatre chiffres.",
    new_pin_again="Tapez-le encore une fois.",
    pins_differ="Les deux ne sont pas identiques.",
    bad_pin="Un code a quatre chiffres.",
    pin_changed="Votre code est changé.",
    greetings_menu=(
        "Pour enregistrer votre annonce, tapez 1. Pour votre annonce de vacances, tapez 2. "
        "Pour utiliser votre annonce enregistrée, tapez 3. Pour celle de vacances, tapez 4. "
        "Pour l'annonce standard, tapez 5. Pour le menu principal, tapez étoile."
    ),
    speak_greeting="Dites votre annonce après le signal sonore. Pour terminer, tapez dièse.",
    nothing_recorded="Nous n'avons rien entendu. Votre annonce reste comme avant.",
    recording_failed="Désolé, l'enregistrement a échoué. Votre annonce reste comme avant.",
    greeting_recorded="Cette annonce est maintenant utilisée.",
    greeting_chosen="Cette annonce est maintenant utilisée.",
    not_recorded="Vous n'avez pas encore enregistré cette annonce.",
    goodbye="Au revoir.",
)
DE = MailboxPhrases(
    enter_pin="Bitte geben Sie Ihre vierstellige PIN ein.",
    wrong_pin="Diese PIN ist nicht richtig.",
    locked="Die PIN war zu oft falsch. Bitte versuchen Sie es später. Auf Wiederhören.",
    no_pin="Diese Mailbox hat noch keine PIN und geht telefonisch nicht auf. Auf Wiederhören.",
    unavailable="Es tut uns leid, die Mailbox ist gerade nicht erreichbar. Auf Wiederhören.",
    new=Counted("keine neuen Nachrichten", "eine neue Nachricht", "{} neue Nachrichten"),
    saved=Counted(
        "keine gespeicherten Nachrichten",
        "eine gespeicherte Nachricht",
        "{} gespeicherte Nachrichten",
    ),
    you_have="Sie haben {new} und {saved}.",
    new_message="Neue Nachricht {number}.",
    saved_message="Gespeicherte Nachricht {number}.",
    moment=MomentPhrases(
        locale="de",
        today="heute",
        yesterday="gestern",
        day="EEEE, d. MMMM",
        day_of_year="EEEE, d. MMMM y",
        time="H 'Uhr' m",
        full_hour="H 'Uhr'",
        at="{day} um {time}",
    ),
    caller="von {number}",
    unknown_caller="von einer unbekannten Nummer",
    unplayable="Diese Nachricht lässt sich nicht abspielen.",
    message_menu=(
        "Nochmals anhören: 1. Speichern: 2. Löschen: 3. Nächste Nachricht: Raute. Hauptmenü: Stern."
    ),
    kept="Gespeichert.",
    deleted="Gelöscht.",
    no_more="Es gibt keine weiteren Nachrichten.",
    main_menu=(
        "Um Ihre Nachrichten zu hören, drücken Sie 1. Um Ihre PIN zu ändern, drücken Sie 2. "
        "Für Ihre Ansagen drücken Sie 3. Zum Beenden drücken Sie Stern."
    ),
    new_pin="Bitte geben Sie eine neue vierstellige PIN ein.",
    new_pin_again="Bitte geben Sie sie noch einmal ein.",
    pins_differ="Die beiden sind nicht gleich.",
    bad_pin="Eine PIN hat vier Ziffern.",
    pin_changed="Ihre PIN ist geändert.",
    greetings_menu=(
        "Um Ihre Ansage aufzunehmen, drücken Sie 1, Ihre Urlaubsansage 2. "
        "Um Ihre eigene Ansage zu verwenden, drücken Sie 3, Ihre Urlaubsansage 4, "
        "die Standardansage 5. Für das Hauptmenü drücken Sie Stern."
    ),
    speak_greeting="Bitte sprechen Sie nach dem Signalton. Zum Beenden drücken Sie Raute.",
    nothing_recorded="Wir haben nichts gehört. Ihre Ansage bleibt, wie sie war.",
    recording_failed="Leider ist die Aufnahme misslungen. Ihre Ansage bleibt, wie sie war.",
    greeting_recorded="Diese Ansage ist ab jetzt zu hören.",
    greeting_chosen="Die gewählte Ansage ist ab jetzt zu hören.",
    not_recorded="Sie haben diese Ansage noch nicht aufgenommen.",
    goodbye="Auf Wiederhören.",
)
