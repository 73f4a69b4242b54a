"""What happens on calls, as it happens: server-sent events.

`Live` looks at the database while somebody listens, whichever controller carries the calls;
`event_routes` offers what it sees.
"""

from ivrserver.web.live.routes import event_routes
from ivrserver.web.live.watch import Live

__all__ = ["Live", "event_routes"]
