"""What is done whether or not a caller waits for it: durable, retried, taken over from the dead.

A kind of job is a module here that gives a `kinds.Kind`: its work, how often at once, when again.
`build.kinds` lists them all. To add one:

1. Write ``work(job) -> Outcome``. It runs on the controller's event loop and may be run twice, so
   what it does twice must do no harm; it must not block. `Job.key` says what it is about.
2. Have a call order it: ``talk.write(JobOrdered(kind=…, key=…, call_id=…, at=now, due=now))``. What
   the work needs besides ids goes into `detail`, which goes when the call's rows go. A job with
   ``recurs=True`` orders itself.
3. Add its `Kind` to `build.kinds`.

It is then listed, retried and cancelled by ``ivrserver jobs``, taken over when its controller dies,
and deleted with its call.
"""

from ivrserver.jobs.build import Needs, dispatching
from ivrserver.jobs.dispatcher import Dispatcher

__all__ = ["Dispatcher", "Needs", "dispatching"]
