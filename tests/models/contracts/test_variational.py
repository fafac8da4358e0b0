"""Every listed place for ν: the site's shape for any batch, its own generator, and sensible initial scales."""

import pytest
import torch

from elbo_room.models.core import Batch, Site
from elbo_room.models.families import FAMILIES, Normal
from elbo_room.models.networks import Architecture
from elbo_room.models.variational import VARIATIONAL, Global, Posterior
from tests.models.problems import numbers

ALL = list(VARIATIONAL.values())
ids = list(VARIATIONAL)


def make(part, family=None, seed: int = 0):
    site = Site("z", "local", (3,), family or Normal())
    return site, part(site, 5, 20, Architecture(width=4), torch.Generator().manual_seed(seed))


def batch(rows: list[int], scale: float = 1.0) -> Batch:
    return Batch((numbers(20, 5, seed=1) * scale).float()[rows], torch.tensor(rows), 20)


@pytest.mark.parametrize("part", ALL, ids=ids)
class TestVariational:
    @pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
    def test_nu_has_the_sites_shape(self, part, family) -> None:
        _, q = make(part, family())
        assert q.nu(batch([0, 7, 19])).shape == (3, family().n_params, 3)

    def test_a_data_point_has_its_nu_in_any_batch(self, part) -> None:
        _, q = make(part)
        torch.testing.assert_close(q.nu(batch([4, 9, 2]))[1], q.nu(batch([9]))[0])

    def test_generator_alone_decides(self, part) -> None:
        torch.manual_seed(1)
        first = make(part)[1]
        torch.manual_seed(2)
        state = torch.get_rng_state()
        second, other = make(part)[1], make(part, seed=1)[1]
        assert torch.equal(state, torch.get_rng_state())
        assert torch.equal(first.nu(batch([1, 2])), second.nu(batch([1, 2])))
        assert not torch.equal(first.nu(batch([1, 2])), other.nu(batch([1, 2])))

    def test_first_scales_are_moderate_whatever_the_datas_scale(self, part) -> None:
        """exp(−½) everywhere: an untrained q must not send s = exp ρ off for data of another scale."""
        _, q = make(part)
        for scale in (0.01, 1.0, 100.0):
            raw = q.nu(batch([0, 1, 2], scale))[:, 1]
            assert torch.equal(raw, torch.full_like(raw, -0.5))

    def test_every_row_can_learn(self, part) -> None:
        _, q = make(part)
        q.nu(batch([3, 5])).square().sum().backward()
        assert all(p.grad is not None for p in q.parameters())


def test_global_is_one_nu_for_all_data() -> None:
    site = Site("w", "global", (2,), Normal())
    q = Global(site, torch.ones(2, 2))
    assert torch.equal(q.nu(batch([0])), q.nu(batch([3, 4])))
    assert Global(site).nu(batch([0])).shape == (2, 2)


def test_posterior_names_the_site_it_lacks() -> None:
    site, q = make(VARIATIONAL["table"])
    both = Posterior({"z": q})
    assert both.nu(site, batch([0])).shape == (1, 2, 3)
    with pytest.raises(ValueError, match=r"q has no factor for site 'w'; it covers z. Add one."):
        both.nu(Site("w", "global", (2,), Normal()), batch([0]))
