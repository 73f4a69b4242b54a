"""Adapter: e-mail about voicemail messages. The only place that knows SMTP.

`PostOffice` tells the owners of a box about a message; `Lamplighter` keeps message lamps of phones
in step, ``Lamplighter.run`` is the body of a background task.
"""

from ivrserver.mail.lamplighter import Lamplighter
from ivrserver.mail.post_office import PostOffice
from ivrserver.mail.smtp import Carrier

__all__ = ["Carrier", "Lamplighter", "PostOffice"]
