"""What a person does on the page, as declared types; a controller registers each of them with the function that carries it out.

A widget's callback only posts one of them; the session's pump hands it to its controller. Where an action is nothing but a command to the
worker it is that command: `Explore`, `Decode`, `SelectParameter`, `ReadTable`, `BeginStudy`, `CancelStudy`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elbo_room.widgets.messages import BeginStudy, CancelStudy, Decode, Explore, Export, ReadTable, SelectParameter

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.runs import Waiting
    from elbo_room.widgets.words.estimator_words import Measure

# a run


@dataclass(frozen=True)
class Run:
    """The coloured button, or Space: start, pause or go on."""


@dataclass(frozen=True)
class Step:
    """One optimiser step."""


@dataclass(frozen=True)
class Reset:
    """Back to step 0 with the same seed."""


@dataclass(frozen=True)
class TryRemedy:
    """Go on from the last good state with what the failure's message proposes."""


@dataclass(frozen=True)
class ChooseSpeed:
    """Another pace of training."""

    speed: str  # "slow", "normal" or "full"


@dataclass(frozen=True)
class OpenRun:
    """Show an earlier run where it stopped."""

    identity: str | None  # None: not exactly one is chosen in the list
    waiting: Waiting | None = None  # another page is putting the run away


@dataclass(frozen=True)
class TakeUp:
    """The kernel was restarted and its cell was run again: open the run that the cell showed."""

    identity: str


@dataclass(frozen=True)
class RunSeeds:
    """Run this seed and the next four."""


# earlier runs


@dataclass(frozen=True)
class OverlayRuns:
    """Draw earlier runs beside the present one; none: take them away."""

    identities: Sequence[str]


@dataclass(frozen=True)
class CompareRuns:
    """Show two runs side by side; none: back to the list."""

    identities: Sequence[str]


@dataclass(frozen=True)
class RenameRun:
    """Call a run by a name; an empty one: by its scene."""

    identity: str
    name: str


@dataclass(frozen=True)
class PinRun:
    """Keep a run at the top of the list, or let it go."""

    identity: str
    pinned: bool


@dataclass(frozen=True)
class DeleteRun:
    """Move a run into the bin."""

    identity: str


@dataclass(frozen=True)
class RestoreRun:
    """Move the run that was deleted last back to the list."""


# the settings


@dataclass(frozen=True)
class SetKnob:
    """A control of the form was moved."""

    name: str
    value: Any  # as the control has it: it is checked against its knob

    @property
    def replaces(self) -> tuple[str, str]:
        """A later one of the same control makes this one superfluous."""
        return "knob", self.name


@dataclass(frozen=True)
class Reshape:
    """A click on the drawing of the network changes this knob, and the network is rebuilt at once."""

    name: str
    value: Any  # checked against its knob


@dataclass(frozen=True)
class HoldXi:
    """ξ is held where the ring on the parabola was dragged to."""

    value: float

    @property
    def replaces(self) -> tuple[str, str]:
        """A later one makes this one superfluous."""
        return "knob", "xi_value by hand"


@dataclass(frozen=True)
class NextSeed:
    """The seed after this one."""


@dataclass(frozen=True)
class UndoChange:
    """Back to the settings of the run on the screen."""


@dataclass(frozen=True)
class ChooseScene:
    """A scene of the list."""

    name: str


# data of one's own


@dataclass(frozen=True)
class Upload:
    """A file was uploaded."""

    name: str
    content: bytes


@dataclass(frozen=True)
class UseRunFeatures:
    """Train a conditional model on the features of the run on the screen."""


@dataclass(frozen=True)
class TrainOnFeatures:
    """The features are there and the settings chosen: start."""


# the panels


@dataclass(frozen=True)
class Look:
    """Show another view in a panel."""

    panel: str  # "a" to "d"
    name: str


@dataclass(frozen=True)
class PressStudy:
    """The button of a panel that shows a study: begin it, or cancel it."""

    panel: str  # "a" to "d"


@dataclass(frozen=True)
class SplitTerms:
    """Show the ELBO's terms, or the ELBO alone."""

    on: bool


@dataclass(frozen=True)
class TickEstimator:
    """An estimator of panel B's legend was ticked, or unticked."""

    name: str
    on: bool


@dataclass(frozen=True)
class CompareBy:
    """What panel B's legend compares: the variance, or what one accuracy costs."""

    measure: Measure


@dataclass(frozen=True)
class MarkRows:
    """Points of the map were selected with a lasso."""

    shown: Sequence[int]  # places on the map


@dataclass(frozen=True)
class ShowSelection:
    """`Explorer.selection` was set from Python."""


@dataclass(frozen=True)
class Seek:
    """The panels are to show this step of the run; None: the newest one again."""

    step: int | None


@dataclass(frozen=True)
class PreparePage:
    """Make the page as one HTML file, and say how large it is."""


@dataclass(frozen=True)
class SavePage:
    """Save the file that was made."""


@dataclass(frozen=True)
class Quietly:
    """A move of the pointer or of the replay's slider. Thirty a second may come, and no word depends on it before the worker's answer."""

    action: Decode | Explore | Seek


# the drawer and the page


@dataclass(frozen=True)
class OpenDrawer:
    """Another tab of the drawer, or "–" to close it."""

    name: str


@dataclass(frozen=True)
class SaveTable:
    """Save all rows of a panel's table as a file."""

    chart: str
    part: str  # one of its datasets


@dataclass(frozen=True)
class Guess:
    """The answer that is chosen in "Try this" is the guess."""


@dataclass(frozen=True)
class NextQuestion:
    """The next question of "Try this"."""


@dataclass(frozen=True)
class Vote:
    """A hand in the room for a choice, counted from 0."""

    choice: int


@dataclass(frozen=True)
class TakeVoteBack:
    """The last hand was counted by mistake."""


@dataclass(frozen=True)
class InvitePhones:
    """Phones in this network may vote on the room's question."""


@dataclass(frozen=True)
class Reveal:
    """The room has voted: show panel B."""


@dataclass(frozen=True)
class Share:
    """Copy a link that restores these settings."""


@dataclass(frozen=True)
class ToggleProjector:
    """Larger type for a lecture room, or back."""


@dataclass(frozen=True)
class PressKey:
    """A key inside the lab, one of `elbo_room.widgets.screen.page.KEYS`."""

    key: str


@dataclass(frozen=True)
class PageReady:
    """A page shows the lab."""

    query: str  # of its address
    voila: bool


@dataclass(frozen=True)
class Shared:
    """The page shows a link to copy."""

    copied: bool  # it is in the clipboard already
    link: str = ""  # the whole address; empty in a notebook


@dataclass(frozen=True)
class WorkerNotStarted:
    """The worker could not be started."""

    reason: str


Action = (
    Run | Step | Reset | TryRemedy | ChooseSpeed | OpenRun | TakeUp | RunSeeds | OverlayRuns | CompareRuns | RenameRun | PinRun
    | DeleteRun | RestoreRun | SetKnob | Reshape | HoldXi | NextSeed | UndoChange | ChooseScene | Upload | ReadTable
    | UseRunFeatures | TrainOnFeatures | Look | PressStudy | BeginStudy | CancelStudy
    | SplitTerms | TickEstimator | CompareBy | SelectParameter | Explore
    | Decode | MarkRows | ShowSelection | Seek | PreparePage | SavePage | Quietly | OpenDrawer | SaveTable | Guess | NextQuestion
    | Vote | TakeVoteBack | InvitePhones | Reveal | Share | Export | ToggleProjector | PressKey | PageReady | Shared
    | WorkerNotStarted
)  # fmt: skip
