"""What a network over positions has learned: the attention map of one text, and a convolution's filters next to the truth.

Both charts are cells (x, y, value) with words next to them; a family's pictures merge these parts into what `look` returns.
"""

import torch
from torch import Tensor

from elbo_room.models.data import Dataset
from elbo_room.models.data.dna import BASES, correlation, known_motifs
from elbo_room.models.networks import Convolution, TokenAttention
from elbo_room.widgets.messages import Picture
from elbo_room.widgets.worker.pictures.attention import ShownText, attention_part
from elbo_room.widgets.worker.pictures.cells import ABOVE, BEFORE, Cells, Place, cells_part

MOST_FILTERS = 6


def over_positions(
    network: object, data: Dataset, watched: frozenset[str], text: ShownText, heading: str = ""
) -> list[Picture]:
    """What there is to show of a network in the charts that are in sight: attention map, filters, or nothing."""
    found = []
    if "attention_map" in watched and isinstance(network, TokenAttention):
        found.append(attention_part(network, text, heading))
    if "filters" in watched and isinstance(network, Convolution):
        found.append(filters_part(network, data))
    return found


@torch.no_grad()
def filters_part(network: Convolution, data: Dataset) -> Picture:
    """Learned filters; above those that look for a planted motif, the motif's log odds are drawn at the best match."""
    filters = network.filters()  # (channels, inputs, k), or (channels, inputs, k, k)
    if network.axes == 2:
        return _plain_filters(filters.flatten(1, 2))
    centred = filters - filters.mean(1, keepdim=True)
    if not data.name.startswith("planted_motifs"):
        return _plain_filters(centred)
    cells, names = Cells(), list[str]()
    places: list[Place] = []
    kernel, left, known = filters.shape[-1], 0, known_motifs()
    for name, motif in known.items():
        value, channel, shift = correlation(filters, motif)
        first = min(0, -shift)
        truth = (motif / 0.25).log()
        cells.block(left - first, 0, (truth - truth.mean(1, keepdim=True)).T)
        cells.block(left - first - shift, 5, centred[channel])
        places += [(left, -0.35, ABOVE), (left, 9.6, ABOVE)]
        names += [name, f"filter {channel + 1}, r = {value:.2f}"]
        left += max(len(motif), kernel - shift) - first + 2
    places += [(-0.4, top + base + 0.5, BEFORE) for top in (0, 5) for base in range(4)]
    names += list(BASES) * 2
    best = ", ".join(f"{name} {correlation(filters, motif)[0]:.2f}" for name, motif in known.items())
    return cells_part(
        "filters", cells.columns(), places, names, (left - 2, 10), f"Correlation with the planted motifs: {best}."
    )


def _plain_filters(filters: Tensor) -> Picture:
    """The filters with the largest weights, side by side: (channels, rows, columns)."""
    order = filters.flatten(1).norm(dim=1).argsort(descending=True)[:MOST_FILTERS].tolist()
    rows, columns = filters.shape[1:]
    across = 3
    cells, names = Cells(), list[str]()
    places: list[Place] = []
    for k, channel in enumerate(order):
        x, y = (k % across) * (columns + 2), (k // across) * (rows + 2)
        cells.block(x, y, filters[channel])
        places.append((x, y - 0.35, ABOVE))
        names.append(f"filter {channel + 1}")
        if rows == len(BASES) and k % across == 0:
            places += [(x - 0.4, y + base + 0.5, BEFORE) for base in range(4)]
            names += list(BASES)
    span = (min(across, len(order)) * (columns + 2) - 2, (1 + (len(order) - 1) // across) * (rows + 2) - 2)
    return cells_part(
        "filters", cells.columns(), places, names, span, f"The {len(order)} filters with the largest weights."
    )
