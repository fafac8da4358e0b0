"""Where the tokens of one text look: the attention map of a held-out text that a person chose, with its words, label and prediction."""

import torch
from torch import Tensor

from elbo_room.models.data import Dataset
from elbo_room.models.data.words import words_of
from elbo_room.models.networks import TokenAttention
from elbo_room.widgets.messages import Picture
from elbo_room.widgets.worker.pictures.cells import ABOVE_ALL, BEFORE, BELOW, SHADES, Place, cells_part

CHART = "attention_map"
MOST_TEXTS, MOST_LETTERS = 200, 48  # in the list
STEPS = (0.05, 0.1, 0.2, 0.5, 1.0)  # weights that the fullest colour may represent: it changes rarely


def tokens_of(data: Dataset, row: Tensor) -> list[str]:
    """What is at each position of a data point: the name of its one indicator, or the position's number."""
    slices = row.unflatten(0, (data.shape[0], -1)).sum(-1)  # (T,)
    if data.feature_names and (data.padded or bool((slices == 1).all())):
        return words_of(data, row)
    return [str(t + 1) for t in range(data.shape[0])]


class ShownText:
    """Which of a run's held-out texts is shown: the first one (the notes' own sentence, for the gerbil) unless a person chooses."""

    def __init__(self, data: Dataset) -> None:
        self.data, self.row = data.test or data, 0

    @property
    def x(self) -> Tensor:
        """The text: (1, P)."""
        return self.data.x[self.row : self.row + 1]

    @property
    def label(self) -> str:
        """What it is."""
        return self.data.label_names[int(self.data.labels[self.row])]

    def name(self, row: int) -> str:
        """What a text is called."""
        return self.data.row_names[row] if self.data.row_names else f"{row + 1}"

    def choices(self) -> list[tuple[str, str]]:
        """The list's entries: a text's position with its first words, and its number."""
        found = []
        for row in range(min(self.data.size, MOST_TEXTS)):
            words = f"{self.name(row)}  {' '.join(tokens_of(self.data, self.data.x[row]))}"
            found.append(
                (words if len(words) <= MOST_LETTERS else f"{words[: MOST_LETTERS - 2].rpartition(' ')[0]} …", str(row))
            )
        return found

    def choose(self, text: str) -> None:
        """Show this one from now on.

        Raises:
            ValueError: there is no such text.
        """
        count = min(self.data.size, MOST_TEXTS)
        if not text.isdecimal() or int(text) >= count:
            raise ValueError(f"Text {text!r} was to be shown; there are {count} to choose from, 0 to {count - 1}.")
        self.row = int(text)

    def heading(self, probability: Tensor | None = None) -> str:
        """Its position, its label, and the predicted probability of that, (classes,), where the model predicts labels."""
        known = len(self.data.label_names) > 1
        words = " · ".join([self.name(self.row)] * bool(self.data.row_names) + [self.label] * known)
        if probability is None or not known:
            return words
        own, best = int(self.data.labels[self.row]), int(probability.argmax())
        more = "" if own == best else f"; {self.data.label_names[best]} {float(probability[best]):.0%}"
        return f"{words}, predicted with {float(probability[own]):.0%}{more}"


@torch.no_grad()
def attention_part(network: TokenAttention, text: ShownText, heading: str = "", layer: int = -1) -> Picture:
    """The map of the shown text at its own length L: rows look at columns; heads side by side."""
    words = tokens_of(text.data, text.x[0])
    size = len(words)
    maps = network.attention_map(text.x[0], layer)[:, :size, :size]  # (heads, L, L)
    heads = len(maps)
    ranges = (torch.arange(heads), torch.arange(size), torch.arange(size))
    head, t, u = (axis.flatten().numpy() for axis in torch.meshgrid(*ranges, indexing="ij"))
    cells = {"x": head * (size + 1) + u, "y": t, "value": maps.flatten().numpy()}
    heading = heading or text.heading()
    places: list[Place] = [(0, 0, ABOVE_ALL), (0, 0, SHADES)]
    places += [(-0.3, place + 0.5, BEFORE) for place in range(size)]
    places += [(h * (size + 1) + place + 0.5, size + 0.15, BELOW) for h in range(heads) for place in range(size)]
    uniform = 1 / size
    most = next((step for step in STEPS if step >= max(float(maps.max()) - 1e-6, 2 * uniform)), 1.0)
    last = maps[:, -1].mean(0)
    heard = f"{words[-1]} looks most at {words[int(last.argmax())]}, with weight {float(last.max()):.2f}."
    span = (heads * (size + 1) - 1, size)
    part = cells_part(
        CHART,
        cells,
        places,
        [heading, f"pale {uniform:.2g}: at all alike · full {most:g}", *words, *words * heads],
        span,
        f"{heading}{'. ' if heading else ''}{heard}",
    )
    part["params"][CHART] |= {"valueEven": uniform, "valueHigh": most}
    part["facts"]["attention"] = float(last.max())
    return part
