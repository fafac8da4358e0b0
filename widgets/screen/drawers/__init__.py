"""The drawers at the foot of the screen, in the order of their tabs."""

from elbo_room.widgets.screen.drawers.code import Code
from elbo_room.widgets.screen.drawers.download import Download
from elbo_room.widgets.screen.drawers.formula import Formula
from elbo_room.widgets.screen.drawers.help import Help
from elbo_room.widgets.screen.drawers.part import DrawerPart
from elbo_room.widgets.screen.drawers.runs import Runs
from elbo_room.widgets.screen.drawers.table import Table
from elbo_room.widgets.screen.drawers.try_this import TryThis
from elbo_room.widgets.screen.drawers.your_data import YourData

DRAWERS: tuple[type[DrawerPart], ...] = (TryThis, YourData, Formula, Runs, Table, Download, Code, Help)
