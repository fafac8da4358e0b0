"""The scale N/M: minibatch estimates average to the full-batch one over any partition of the data, exactly."""

import pytest
import torch

from elbo_room.models.core import Batch, Factor, check_factors
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.inference.estimate import draw_noise, estimate
from elbo_room.models.inference.surrogate_context import refusal
from tests.models.problems import plates
from tests.models.truth import every

WHOLE = plates(tuple(range(10)))
REFUSED = {
    name: reason
    for name, part in ESTIMATORS.items()
    if (reason := refusal(WHOLE.model, every(part(), WHOLE.model), 4, q=WHOLE.q))
}
OWN_NOISE = {"measure_valued"}  # its coupling draws again for each batch: only the ELBO is the same sum
ALLOWED = [name for name in ESTIMATORS if name not in REFUSED]


def test_the_excluded_estimators_do_not_apply_to_real_global_weights() -> None:
    """Bounds that weigh the draws of each data point, those for discrete units, and those for a network's weights."""
    assert set(REFUSED) == {
        "iwae", "dreg", "vimco", "ovis", "local_expectation", "arm", "disarm", "rebar", "relax", "gumbel_softmax", "straight_through",
        "local_reparameterization", "flipout", "double_control_variates", "rodeo", "loorf", "carms", "categorical_rebar",
        "categorical_relax", "gumbel_rao", "reinmax",
    }  # fmt: skip
    assert len(ALLOWED) == len(ESTIMATORS) - 21


@pytest.mark.parametrize("size", [1, 2, 5, 10])
@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize("level", ["plate", "blanket"])
def test_minibatches_average_to_the_full_batch(level: str, name: str, size: int) -> None:
    """Same draws in each: for the ELBO and for the gradients of a local table and of a global ν, local terms × N/M,
    global ones once.

    Score-type costs of the global site are linear in the batch's f, so the identity holds for them too.
    """
    problem, estimator = plates(tuple(range(10))), ESTIMATORS[name]()
    batch, model, q = problem.batch, problem.model, problem.q
    noise = draw_noise(model, batch, 1, 4, torch.Generator().manual_seed(1), torch.float64)

    def gradients_of(part: Batch) -> tuple[float, list[torch.Tensor]]:
        q.zero_grad()
        own = {"w": noise["w"], "z": noise["z"][:, :, part.rows]}
        found = estimate(
            model, q, every(estimator, model), part, 4, torch.Generator().manual_seed(2), noise=own, rao_blackwell=level
        )
        return float(found.elbo), [p.grad.clone() for p in q.parameters()]

    elbo, whole = gradients_of(batch)
    pieces = torch.randperm(10, generator=torch.Generator().manual_seed(3)).split(size)
    parts = [gradients_of(Batch(batch.x[rows], rows, 10)) for rows in pieces]
    assert sum(part[0] for part in parts) / len(parts) == pytest.approx(elbo, abs=1e-12)
    for k, full in enumerate(whole if name not in OWN_NOISE else []):
        torch.testing.assert_close(torch.stack([part[1][k] for part in parts]).mean(0), full, rtol=1e-10, atol=1e-12)


def test_a_column_against_a_row_is_refused() -> None:
    """y (M, 1) against (M,) broadcasts to M × M: the factor's shape tells."""
    wrong = Factor("log p(y|x)", torch.zeros(1, 4, 5, 5), frozenset({"z"}))
    with pytest.raises(
        ValueError, match=r"'log p\(y\|x\)' has shape \(1, 4, 5, 5\); it must be .* = \(1, 4\) or .* = \(1, 4, 5\)"
    ):
        check_factors([wrong], plates().model.sites, 1, 4, 5)
