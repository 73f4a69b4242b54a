"""Adapter: e-mail about voicemail messages. The only place that knows SMTP.

`PostOffice` sends what is due in the outbox, `Lamplighter` keeps message lamps of phones in step;
``PostOffice.run`` is the body of the background task that does both.
"""

from ivrserver.mail.lamplighter import Lamplighter
from ivrserver.mail.post_office import PostOffice
from ivrserver.mail.smtp import Carrier

__all__ = ["Carrier", "Lamplighter", "PostOffice"]
