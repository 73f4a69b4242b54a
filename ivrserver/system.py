"""What is shown of the system itself: put together once, for pages and the API alike."""

from __future__ import annotations

from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.config import FIRST_ASTERISK, Settings
from ivrserver.doctor import examination
from ivrserver.doctor.consultation import Consultation
from ivrserver.monitoring.health import Checkup
from ivrserver.storage import Controllers, Jobs
from ivrserver.telephony.asterisk.looking import Places
from ivrserver.web.system import System


def system(settings: Settings, engine: AsyncEngine, ready: Checkup) -> System:
    """Everything that there is to be seen.

    Args:
        ready: what ``/readyz`` asks.
    """
    return System(
        settings=settings,
        ready=ready,
        doctor=Consultation(partial(examination, settings)),
        places=Places(settings),
        controllers=Controllers(engine, next(iter(settings.places), FIRST_ASTERISK)),
        jobs=Jobs(engine),
    )
