"""DBOS, which keeps account of what runs where. The only place that knows it. Everything blocks.

A round is one workflow whose id is the round's name: DBOS starts an id once, whoever asks. Its
rows hold ids and words about what came of them, nothing else. There is one DBOS in a process.

Loading this module takes a third of a second: do it late, and in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock
from typing import Final

from dbos import DBOS, SetWorkflowID, WorkflowSerializationFormat, WorkflowStatusString
from dbos import error as refusals
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from ivrserver.config import Settings
from ivrserver.errors import StorageError
from ivrserver.jobs.engine_logs import told_our_way
from ivrserver.jobs.rounds import Round
from ivrserver.storage.beside import engine_of_jobs
from ivrserver.storage.database import reason_of

VERSION: Final = "1"
"""Controllers take over from each other what has the same version: grows with what a workflow is
given, which is the fields of `Round`."""
DEATHS: Final = 3
"""How many controllers a round may take with it before it counts as an attempt that failed."""
FORGET_AT_ONCE: Final = 500

UNUSABLE: Final = (SQLAlchemyError, refusals.DBOSException, OSError)
"""What is raised when it cannot be used now."""

Function = Callable[[str, int, int], str]
"""Does a round, given its fields; returns a word about it and never raises."""

_OVER: Final = [
    WorkflowStatusString.SUCCESS.value,
    WorkflowStatusString.ERROR.value,
    WorkflowStatusString.CANCELLED.value,
    WorkflowStatusString.MAX_RECOVERY_ATTEMPTS_EXCEEDED.value,
]
_ONE_IN_A_PROCESS: Final = Lock()


class Workflows:
    """A running DBOS.

    Args:
        settings: where the database is, and who we are.
        kinds: names of the functions that do rounds; they are the same on all controllers.
        work: does a round of any kind.

    Raises:
        StorageError: its database cannot be used, or there is another one in this process.
    """

    def __init__(self, settings: Settings, kinds: Sequence[str], work: Function) -> None:
        if not _ONE_IN_A_PROCESS.acquire(blocking=False):
            raise StorageError("another controller of this process does the jobs")
        try:
            self._database = engine_of_jobs(settings)
        except BaseException:
            _ONE_IN_A_PROCESS.release()
            raise
        try:
            told_our_way()
            DBOS(
                config={
                    "name": "ivrserver",
                    "system_database_engine": self._database,
                    "executor_id": settings.ari.application,
                    "application_version": VERSION,
                    "log_level": "WARNING",
                    # Nothing of ours waits for a notification: a short sleep ends sooner.
                    "use_listen_notify": False,
                    "notification_listener_polling_interval_sec": 0.2,
                }
            )
            self._functions = {kind: _workflow(kind, work) for kind in kinds}
            # What we did when we died is begun again.
            DBOS.launch()
        except BaseException as error:
            self.close()
            if isinstance(error, UNUSABLE):
                raise StorageError(f"cannot start the job engine: {reason_of(error)}") from error
            raise

    def start(self, kind: str, this: Round) -> bool:
        """Have it done here and now; False: it is being done, here or elsewhere."""
        try:
            with SetWorkflowID(this.name, workflow_id_reuse_policy="reject"):
                DBOS.start_workflow(self._functions[kind], *this)
        except refusals.DBOSWorkflowIDInUseError:
            if not self.lost([this]):
                return False
            # It is over, but the job never heard of it: begin anew.
            DBOS.delete_workflow(this.name)
            return self.start(kind, this)
        return True

    def lost(self, rounds: Sequence[Round]) -> set[Round]:
        """Those of `rounds` that nobody does or will do."""
        names = [each.name for each in rounds]
        known = DBOS.list_workflows(workflow_ids=names, load_input=False, load_output=False)
        alive = {each.workflow_id for each in known if each.status not in _OVER}
        return {each for each in rounds if each.name not in alive}

    def take_over(self, controller: str) -> int:
        """Have done what that controller was doing, by whoever is first; return how much that is.

        Only what is still that controller's is taken, and only once, whoever asks how often.
        """
        return len(DBOS._recover_pending_workflows([controller]))

    def forget(self, before: datetime) -> int:
        """Forget what was over before that time; return how much that was."""
        forgotten = 0
        while over := DBOS.list_workflows(
            status=_OVER,
            completed_before=before.isoformat(),
            limit=FORGET_AT_ONCE,
            load_input=False,
            load_output=False,
        ):
            DBOS.delete_workflows([each.workflow_id for each in over])
            forgotten += len(over)
        return forgotten

    def close(self) -> None:
        """End. What is under way is left to others."""
        try:
            DBOS.destroy(destroy_registry=True)
            # A thread of DBOS's that waits for a database to come back waits no more.
            event.listen(self._database, "do_connect", _refuse)
            # One that is at work has a connection still, and gives it back later.
            event.listen(self._database, "checkin", _close)
            self._database.dispose()
        finally:
            _ONE_IN_A_PROCESS.release()


def _refuse(*_: object) -> None:
    raise StorageError("the job engine is closed")


def _close(_: object, record: ConnectionPoolEntry) -> None:
    record.invalidate()


def _workflow(kind: str, work: Function) -> Function:
    def workflow(job_id: str, run: int, attempt: int) -> str:
        return work(job_id, run, attempt)

    return DBOS.workflow(
        name=kind,
        max_recovery_attempts=DEATHS,
        serialization_type=WorkflowSerializationFormat.PORTABLE,
    )(workflow)
