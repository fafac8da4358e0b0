"""h_t = g(Θx_t + Uh_{t−1} + α), h_0 = 0: the same Θ and U at every t; with gates, GRU (Cho et al. 2014) or LSTM (Hochreiter et al. 1997).

GRU: r, u = logistic(·), c = g(Θx_t + r ∘ Uh_{t−1} + α), h_t = u ∘ h_{t−1} + (1 − u) ∘ c.
LSTM: i, f, o = logistic(·), c_t = f ∘ c_{t−1} + i ∘ g(·), h_t = o ∘ g(c_t); f's intercept starts at 1.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from elbo_room.models.networks.architecture import Architecture
from elbo_room.models.networks.layered import ELEMENTS
from elbo_room.models.networks.linear import linear
from elbo_room.models.networks.positions import OverPositions

State = tuple[Tensor, ...]  # (…, width) each; the first is h
Bend = Callable[[Tensor], Tensor]
Step = Callable[[Tensor, Tensor, State, Bend], State]


@dataclass(frozen=True)
class Cell:
    """One step of a recurrence: (sums from below, sums from h_{t−1}, state, g) → state."""

    name: str
    label: str
    symbol: str
    help: str
    gates: int
    memories: int
    step: "Step"
    requires: tuple[dict[str, object], ...] = ()


def _plain(below: Tensor, before: Tensor, state: State, g: Bend) -> State:
    del state
    return (g(below + before),)


def _gru(below: Tensor, before: Tensor, state: State, g: Bend) -> State:
    (r, u, c), (r_h, u_h, c_h) = below.chunk(3, -1), before.chunk(3, -1)
    keep = (u + u_h).sigmoid()
    return (keep * state[0] + (1 - keep) * g(c + (r + r_h).sigmoid() * c_h),)


def _lstm(below: Tensor, before: Tensor, state: State, g: Bend) -> State:
    i, f, o, c = (below + before).chunk(4, -1)
    memory = f.sigmoid() * state[1] + i.sigmoid() * g(c)
    return o.sigmoid() * g(memory), memory


CELLS: dict[str, Cell] = {
    each.name: each
    for each in (
        Cell("plain", "plain", "g(Θx + Uh + α)", "The distant past fades or explodes.", 1, 1, _plain),
        Cell("gru", "GRU", "u∘h + (1−u)∘c", "A gate decides how much of h is kept.", 3, 1, _gru),
        Cell("lstm", "LSTM", "f∘c + i∘g(·)", "A separate memory with gates to write, keep and read.", 4, 2, _lstm),
    )
}


class Recurrence(OverPositions):
    """Recurrent layers over x_1 … x_T; an image is read row by row."""

    name = "recurrence"
    label = "recurrence"
    symbol = "h_t = g(Θx_t + Uh_{t−1})"
    uses = (*ELEMENTS, "cell", "pooling")
    inner = True
    help = "One step, the same at every position, carries a state along the sequence (or down the rows of an image)."

    def __init__(
        self, shape: tuple[int, ...], outputs: int, architecture: Architecture, generator: torch.Generator
    ) -> None:
        super().__init__()
        self._read(shape, architecture, generator)
        self.cell, width = CELLS[architecture.cell], architecture.width
        self.gates = self.cell.gates
        self.slices = (shape[0], int(torch.tensor(shape[1:]).prod()))
        self._layers(self.slices[1], (self.slices[1], width), width, generator)
        self.again = nn.ModuleList(
            linear(width, self.gates * width, bias=False, gain=1.0, generator=generator) for _ in self.hidden
        )
        if architecture.cell == "lstm" and architecture.intercept:
            with torch.no_grad():
                for layer in self.hidden:
                    layer.get_parameter("bias")[width : 2 * width] = 1.0
        self._end(shape[0], width if architecture.depth else self.slices[1], outputs, generator)

    @classmethod
    def of_shape(
        cls, shape: tuple[int, ...], outputs: int, architecture: Architecture, generator: torch.Generator
    ) -> "Recurrence":
        """The network for data of this shape."""
        return cls(shape, outputs, architecture, generator)

    def bend(self, layer: int, before: Tensor) -> Tensor:
        """The states h_1 … h_T from the sums of every position: (…, T, gates·width) → (…, T, width); padding comes after all tokens."""
        width = before.shape[-1] // self.gates
        nothing = before[..., 0, :width] * 0
        state: State = (nothing,) * self.cell.memories
        states = []
        for below in before.unbind(-2):
            state = self.cell.step(below, self.again[layer](state[0]), state, self.activation)
            states.append(state[0])
        return torch.stack(states, -2)
