"""A call's place, written down whenever it changes, so that the call can be continued from there.

It is the one place that knows where a call is: what a live call reads here is what another
controller would read in the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ivrserver.flow.ports import Clock, Journal, WebhookResult
from ivrserver.flow.records import Checkpoint
from ivrserver.flow.saved import (
    Asking,
    Doing,
    Following,
    Reporting,
    SavedCall,
    SavedConnection,
    SavedHunt,
    SavedMove,
    SavedReply,
    doing_as_json,
)
from ivrserver.flow.targets import Move


@dataclass(slots=True)
class Bookmark:
    """Where a call is.

    Attributes:
        block_id: the newest IVR; 0: none yet.
        response_id: its respondent; empty: none yet.
        question_id: the question in progress; 0: none.
        pass_through: what every webhook sends back until a reply replaces it.
        user_parameters: those of the newest IVR.
        visited: ids of the blocks so far, in order.
        backed_up: Backup Routing of the newest respondent's IVR was used already.
        doing: None: nothing yet.
    """

    call_id: str
    journal: Journal
    clock: Clock
    block_id: int = 0
    response_id: str = ""
    question_id: int = 0
    pass_through: str = ""
    user_parameters: Mapping[str, str] = field(default_factory=dict)
    visited: list[int] = field(default_factory=list)
    backed_up: bool = False
    doing: Doing | None = None
    _entered_with: tuple[int, ...] = ()

    @classmethod
    def of(cls, saved: SavedCall, journal: Journal, clock: Clock) -> Bookmark:
        """That of a call which somebody else carried."""
        run = saved.run
        return cls(
            saved.call_id,
            journal,
            clock,
            block_id=run.ivr_id if run else 0,
            response_id=run.response_id if run else "",
            question_id=saved.question_id,
            pass_through=saved.pass_through,
            user_parameters=saved.user_parameters,
            visited=list(saved.blocks_visited),
            backed_up=saved.backed_up,
            doing=saved.doing,
            _entered_with=saved.blocks_visited,
        )

    # ---- between blocks

    def follow(self, move: Move) -> None:
        """The call goes where `move` leads to."""
        self.question_id, self._entered_with = 0, tuple(self.visited)
        self._at(Following(move=SavedMove.of(move)))

    def enter_ivr(
        self, block_id: int, response_id: str, user_parameters: Mapping[str, str]
    ) -> None:
        """A respondent begins; the first question is marked next."""
        self.block_id, self.response_id = block_id, response_id
        self.user_parameters, self.backed_up = user_parameters, False

    # ---- in an IVR

    def ask(self, question_id: int, monitored: float) -> None:
        """That question is in progress; does nothing if that is written down already."""
        doing = self.doing
        if isinstance(doing, Asking) and (self.question_id, doing.monitored) == (
            question_id,
            monitored,
        ):
            return
        self.question_id = question_id
        self._at(Asking(monitored=monitored))

    def report(self, *, completed: bool, reason: str, monitored: float, jump: int | None) -> None:
        """The IVR has ended."""
        self.question_id = 0
        self._at(Reporting(completed=completed, reason=reason, monitored=monitored, jump=jump))

    def replied(self, result: WebhookResult) -> None:
        """The web server has said what comes next."""
        if isinstance(self.doing, Reporting):
            self._at(replace(self.doing, reply=SavedReply.of(result)))

    # ---- while people are called

    @property
    def hunt(self) -> SavedHunt | None:
        """How far the FindMe in progress has come; None: it begins."""
        return self.doing.hunt if isinstance(self.doing, Following) else None

    def hunts(self, hunt: SavedHunt) -> None:
        """It has come so far."""
        if isinstance(self.doing, Following):
            self._at(replace(self.doing, hunt=hunt))

    def group_failed(self) -> None:
        """Nobody of the group in progress takes the call."""
        if (hunt := self.hunt) is not None:
            self.hunts(replace(hunt, groups=hunt.groups + 1))

    @property
    def connection(self) -> SavedConnection | None:
        """Whom the caller is connected with, or about to be; None: nobody."""
        doing = self.doing
        return doing.connection if isinstance(doing, Following | Asking) else None

    def connect(self, leg_id: str, began: datetime, recording: str = "") -> None:
        """The caller and that leg are to hear each other, or do."""
        self._connected(SavedConnection(leg_id=leg_id, began=began, recording=recording))

    def part(self) -> None:
        """They no longer do."""
        self._connected(None)

    def _connected(self, connection: SavedConnection | None) -> None:
        if isinstance(self.doing, Following | Asking):
            self._at(replace(self.doing, connection=connection))

    # ---- while the caller is recorded

    def record(self, name: str) -> None:
        """The caller is to be recorded under that name."""
        if isinstance(self.doing, Following | Asking):
            self._at(replace(self.doing, recording=name))

    def recorded(self) -> None:
        """The recording is over, and stored."""
        if isinstance(self.doing, Following | Asking) and self.doing.recording:
            self._at(replace(self.doing, recording=""))

    def _at(self, doing: Doing) -> None:
        self.doing = doing
        following = isinstance(doing, Following)
        self.journal.write(
            Checkpoint(
                call_id=self.call_id,
                at=self.clock.now(),
                block_id=self.block_id,
                response_id=self.response_id,
                question_id=self.question_id,
                pass_through=self.pass_through,
                user_parameters=dict(self.user_parameters),
                blocks_visited=self._entered_with if following else tuple(self.visited),
                backed_up=self.backed_up,
                doing=doing_as_json(doing),
            )
        )
