"""Bodies as the API's description shows them; a test sends each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_NEW: Final = {
    "Ivr": "ivr", "FindMe": "findme", "Receptionist": "receptionist", "Voicemail": "voicemail",
}  # fmt: skip
BLOCKS: Final[Mapping[str, dict[str, Any]]] = {
    "ivr": {
        "kind": "ivr",
        "name": "Customer survey",
        "questions": [
            {
                "id": 1,
                "type": "choice",
                "name": "Score",
                "prompt": "How was your visit? Press 1 for poor, 2 for good.",
                "keys": {"1": "poor", "2": {"label": "good", "then": "end"}},
            },
            {
                "id": 2,
                "type": "record",
                "name": "Suggestion",
                "prompt": "What could we do better? Then press pound.",
                "transcribe": True,
            },
        ],
        "webhook": {
            "mode": "next_action",
            "method": "POST",
            "url": "https://www.example.com/survey",
            "parameters": {"score": 1},
        },
    },
    "findme": {
        "kind": "findme",
        "name": "Sales",
        "phones": ["2125550123", "2125550124"],
        "simultaneous": 2,
        "screen_method": "whisper_phrase",
        "whisper_phrase": "A call for sales.",
    },
    "receptionist": {
        "kind": "receptionist",
        "name": "Front desk",
        "greeting": "Welcome to the office.",
        "menu": {
            "prompt": "For sales, press 1.",
            "keys": {"1": {"number": "2125550123"}},
        },
    },
    "voicemail": {
        "kind": "voicemail",
        "name": "The office",
        "max_seconds": 120,
        "email": ["office@example.com"],
    },
}
NUMBER: Final = {
    "number": "2125550100",
    "label": "Radio ad",
    "destination": "hangup",
}
QUESTION: Final = {
    "id": 7,
    "type": "digits",
    "name": "Customer number",
    "prompt": "Please enter your five digit customer number.",
    "min_digits": 5,
    "max_digits": 5,
}
WEBHOOK: Final = BLOCKS["ivr"]["webhook"]
WHOLE: Final[Mapping[str, Any]] = {
    "DigitsForm": QUESTION,
    "FindMeForm": BLOCKS["findme"] | {"id": 102},
    "IvrForm": BLOCKS["ivr"] | {"id": 101},
    "MessageForm": {"id": 1, "type": "message", "name": "Hello", "prompt": "Welcome."},
    "NumberForm": NUMBER,
    "ReceptionistForm": BLOCKS["receptionist"] | {"id": 103},
    "VoicemailForm": BLOCKS["voicemail"] | {"id": 104},
    "WebhookForm": WEBHOOK,
    **{f"New{form}Form": BLOCKS[kind] for form, kind in _NEW.items()},
}
"""Of the forms of flow files, by their names."""


def shown(body: Any) -> dict[str, Any]:
    """What the description of a route says of its body."""
    return {"requestBody": {"content": {"application/json": {"example": body}}}}
