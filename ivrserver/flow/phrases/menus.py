"""What any menu says when a caller's keys lead nowhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MenuPhrases:
    """Said before the menu is repeated, where a block has no prompt of its own for it."""

    invalid: str
    """The keys lead nowhere."""
    no_input: str
    """No key was pressed."""


EN = MenuPhrases(
    invalid="That is not a valid choice.",
    no_input="You have not chosen anything yet.",
)
ES = MenuPhrases(
    invalid="Esa opción no es válida.",
    no_input="Todavía no ha elegido ninguna opción.",
)
FR = MenuPhrases(
    invalid="Ce choix n'est pas valable.",
    no_input="Vous n'avez pas encore fait de choix.",
)
DE = MenuPhrases(
    invalid="Diese Auswahl gibt es nicht.",
    no_input="Sie haben noch nichts ausgewählt.",
)
