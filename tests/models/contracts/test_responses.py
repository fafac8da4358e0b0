"""Every listed response with every link it allows: a density, its mean and variance, and the chain's gradient identity."""

import math

import pytest
import torch
from torch import Tensor

from elbo_room.models.catalogue import FOLDERS
from elbo_room.models.conditional.settings import BY_MEAN, LINK_CHOICES, RESPONSE_CHOICES
from elbo_room.models.data.own import FEATURES, OWN
from elbo_room.models.data.supervised import SUPERVISED
from elbo_room.models.layers import LAYERED_RESPONSES, Scales
from elbo_room.models.responses import LINKS, RESPONSES, Response
from elbo_room.models.settings import objection
from tests.models.problems import numbers

PHI = torch.tensor(0.3, dtype=torch.float64)
PAIRS = [
    pytest.param(part, link, id=f"{part.name}-{link.name}")
    for part in BY_MEAN.values()
    for link in LINKS.values()
    if part.takes(link)
]
VALUES = {
    "real": torch.tensor([-1.3, 0.2, 2.5]),
    "positive": torch.tensor([0.2, 1.0, 3.5]),
    "fraction": torch.tensor([0.1, 0.5, 0.95]),
    "count": torch.tensor([0.0, 1.0, 7.0]),
    "binary": torch.tensor([0.0, 1.0, 1.0]),
    "classes": torch.tensor([0.0, 2.0, 1.0]),
}


def made(part: type[Response], link: object) -> Response:
    return part(link, 3 if part.multiclass() else 1)


def outputs(response: Response, scale: float = 0.6) -> Tensor:
    """w of four draws at three data: (4, 3), or (4, 3, K or K − 1)."""
    shape = (4, 3, response.outputs) if response.multiclass() else (4, 3)
    shift = {"identity": 1.5, "cloglog": -1.0}.get(response.chosen.name, 0.0)  # a mean near 1 rounds a Beta's y to 1
    return numbers(*shape, seed=11, scale=scale) + shift


def phi_of(response: Response) -> Tensor:
    return PHI if response.dispersed else torch.ones((), dtype=torch.float64)


def observed(response: Response) -> Tensor:
    return VALUES[response.family.support.kinds[0]].double()


@pytest.mark.parametrize(("part", "link"), PAIRS)
class TestResponse:
    def test_shapes_and_values_of_the_chain(self, part: type[Response], link) -> None:
        response = made(part, link)
        w = outputs(response).requires_grad_()
        chain = response.chain(w, phi_of(response))
        found = response.log_prob(observed(response), chain)
        assert found.shape == (4, 3)
        (slope,) = torch.autograd.grad(found.sum(), w)
        assert slope.isfinite().all()
        assert float(slope.abs().max()) > 0
        assert response.sample(chain, torch.Generator().manual_seed(0)).shape == (4, 3)

    def test_mean_and_variance_are_those_of_its_draws(self, part: type[Response], link) -> None:
        """20,000 draws: mean and variance within 4 standard errors, every drawn value of positive density."""
        response, many = made(part, link), 20_000
        w = outputs(response)[:1].expand(many, *outputs(response).shape[1:])
        chain = response.chain(w, phi_of(response))
        y = response.sample(chain, torch.Generator().manual_seed(1)).double()
        assert response.refuses(y.flatten()) is None
        assert response.log_prob(y[0], response.chain(w[:1], phi_of(response))).isfinite().all()
        y = torch.nn.functional.one_hot(y.long(), 3).double() if part.multiclass() else y
        error = (y.mean(0) - chain.m[0]) / (response.spread(chain)[0] / many).sqrt()
        assert float(error.abs().max()) < 4
        if part.name != "student_t":  # of four degrees of freedom: the variance of a sample variance is infinite
            square = (y - chain.m[0]).square()
            off = (square.mean(0) - response.spread(chain)[0]) / (square.std(0) / math.sqrt(many))
            assert float(off.abs().max()) < 4

    def test_gradient_identity(self, part: type[Response], link) -> None:
        """What the page says of ∂ log p/∂w: (y − m)/φ with the canonical link, (y − m)/Var y · dm/dw with another."""
        response = made(part, link)
        if not response.identity or (part.multiclass() and response.chosen.minimal):
            return  # log p is not linear in y; the minimal softmax has its own test
        w = outputs(response).requires_grad_()
        phi, y = phi_of(response), observed(response)
        chain = response.chain(w, phi)
        (slope,) = torch.autograd.grad(response.log_prob(y, chain).sum(), w)
        y = torch.nn.functional.one_hot(y.long(), 3).double() if part.multiclass() else y
        if response.chosen.name == part.canonical:
            torch.testing.assert_close(slope, (y - chain.m.detach()) / phi)
        else:
            (dm,) = torch.autograd.grad(response.chain(w, phi).m.sum(), w)
            torch.testing.assert_close(slope, (y - chain.m.detach()) / response.spread(chain).detach() * dm)

    def test_mean_map_and_variance_function_are_derivatives_of_a(self, part: type[Response], link) -> None:
        """m = ∇a(η), V(m) = a″(η), and log p(y; η) − log p(y; η′) = [y(η − η′) − a(η) + a(η′)]/φ."""
        response = made(part, link)
        if part.log_normalizer is Response.log_normalizer or part.multiclass():
            return  # it declares no a(η), or has a vector of them
        phi, y = phi_of(response), observed(response)
        chain = response.chain(outputs(response), phi)
        eta = chain.eta.clone().requires_grad_()
        (first,) = torch.autograd.grad(response.log_normalizer(eta).sum(), eta, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), eta)
        torch.testing.assert_close(first.detach(), chain.m, rtol=1e-6, atol=1e-9)
        torch.testing.assert_close(second, response.variance(chain.m), rtol=1e-6, atol=1e-9)
        found = response.log_prob(y, chain)
        known = (y * chain.eta - response.log_normalizer(chain.eta)) / phi
        torch.testing.assert_close(found - found[:1], known - known[:1])


@pytest.mark.parametrize("link", ["log", "softplus"])
def test_a_negative_binomial_at_known_r(link: str) -> None:
    """Its mass is scipy's, and it is an exponential family: η is the slope of log p in y, ∇_w log p = (y − m)/Var y · dm/dw."""
    stats = pytest.importorskip("scipy.stats")
    response, y = made(RESPONSES["negative_binomial"], LINKS[link]), observed(RESPONSES["negative_binomial"]())
    w = outputs(response).requires_grad_()
    chain = response.chain(w, PHI)
    found = response.log_prob(y, chain)
    r, m = 1 / float(PHI), chain.m.detach()
    torch.testing.assert_close(found.detach(), torch.tensor(stats.nbinom.logpmf(y.numpy(), r, (r / (r + m)).numpy())))
    (slope,) = torch.autograd.grad(found.sum(), w)
    (dm,) = torch.autograd.grad(response.chain(w, PHI).m.sum(), w)
    torch.testing.assert_close(slope, (y - m) / response.spread(chain).detach() * dm)
    other = response.chain(w.detach() + 0.3, PHI)
    rise = [response.log_prob(y + 1, each) - response.log_prob(y, each) for each in (other, chain)]
    torch.testing.assert_close(rise[0] - rise[1], other.eta - chain.eta)


def test_softmax_of_k_logits_is_shift_invariant_and_the_minimal_one_is_not() -> None:
    y = VALUES["classes"].double()
    full, minimal = made(RESPONSES["categorical"], LINKS["softmax"]), made(RESPONSES["categorical"], LINKS["minimal"])
    one = torch.ones((), dtype=torch.float64)
    w = outputs(full)
    torch.testing.assert_close(full.log_prob(y, full.chain(w, one)), full.log_prob(y, full.chain(w + 3, one)))
    reduced = (w - w[..., -1:])[..., :-1]
    torch.testing.assert_close(full.log_prob(y, full.chain(w, one)), minimal.log_prob(y, minimal.chain(reduced, one)))
    assert float((minimal.chain(reduced + 3, one).m - minimal.chain(reduced, one).m).abs().max()) > 0.1


@pytest.mark.parametrize(
    ("name", "bad", "allowed"),
    [
        ("bernoulli", 0.5, "0 or 1; one is 0.5"),
        ("poisson", -1.0, "counts 0, 1, 2, …; one is -1"),
        ("negative_binomial", 0.5, "counts 0, 1, 2, …; one is 0.5"),
        ("gamma", 0.0, "positive numbers; one is 0"),
        ("beta", 1.0, "between 0 and 1, ends excluded; one is 1"),
        ("categorical", 1.5, "whole numbers from 0"),
        ("normal", math.nan, "finite numbers; one is nan"),
    ],
)
def test_impossible_values_are_named(name: str, bad: float, allowed: str) -> None:
    reason = RESPONSES[name]().refuses(torch.tensor([1.0 if name != "beta" else 0.5, bad]))
    assert reason
    assert allowed in reason


def test_every_kind_of_data_has_a_response_and_they_agree() -> None:
    """What the form greys is what the values themselves would refuse."""
    parts = RESPONSE_CHOICES.values()
    for name, source in SUPERVISED.items():
        if name in (FEATURES, OWN):  # they are made of a run or of a person's table, and refuse without one
            continue
        y = source.load().y
        for part in parts:
            if objection({"requires": part.requires}, {"data": name}) is None:
                assert RESPONSES[part.name]().refuses(y) is None, (name, part.name)
        assert any(objection({"requires": part.requires}, {"data": name}) is None for part in parts)


def test_links_are_offered_where_they_are_taken() -> None:
    """The form's rule and the response's own word are one; the usual link is taken by all, and a response's own usual one by it."""
    for link in LINKS.values():
        for part in BY_MEAN.values():
            offered = objection({"requires": LINK_CHOICES[link.name].requires}, {"response": part.name}) is None
            assert offered == part.takes(link)
    assert all(part.takes(LINKS[part.usual]) and part.takes(LINKS["usual"]) for part in BY_MEAN.values())


def test_every_family_of_models_offers_each_response_that_it_can_use() -> None:
    """A decoder gives any family its parameters; a mean and a dispersion do not say all of a zero-inflated count."""
    assert list(FOLDERS["decoded_responses"]) == [name for name, part in RESPONSES.items() if part.decodable()]
    assert {"normal", "categorical", "zero_inflated", "gamma", "student_t"} < set(FOLDERS["decoded_responses"])
    assert not type("Exponential", (RESPONSES["gamma"],), {"dispersed": False}).decodable(), (
        "its decoder would be a Gamma's"
    )
    by_mean = [name for name, part in RESPONSES.items() if part.by_mean]
    assert list(FOLDERS["responses"]) == list(FOLDERS["layered_responses"]) == by_mean
    assert "zero_inflated" not in by_mean


@pytest.mark.parametrize("natural", [False, True], ids=["mean", "natural"])
@pytest.mark.parametrize("positive", [False, True], ids=["real", "positive"])
@pytest.mark.parametrize("part", LAYERED_RESPONSES.values(), ids=LAYERED_RESPONSES)
class TestLayered:
    """The same densities below a layer of a deep exponential family."""

    def test_log_prob_is_the_sum_over_features_at_its_mean(self, part, positive: bool, natural: bool) -> None:
        """To 1e-10, as y given x in a conditional model: −½ ((x − u)/σ)² − log σ − ½ log 2π, x log m + (1 − x) log(1 − m), …"""
        if natural and positive:
            return  # refused: positive weights hold log rates above 0
        scales, u, raw = Scales(natural=natural), numbers(2, 3, 4, 5, seed=12, scale=0.8), torch.tensor([0.3]).double()
        u = u.abs() + 0.1 if positive else u
        mean = part.mean(u, positive, scales)
        if part.part.multiclass():
            x = torch.poisson(torch.full((4, 5), 1.5, dtype=torch.float64), generator=torch.Generator().manual_seed(0))
            found, known = part.log_prob(x, u, positive, scales, None), (x * mean.log()).sum(-1)
        else:
            x = part.sample(mean[0, 0], torch.Generator().manual_seed(0), raw)
            phi = (part.scale(raw) if part.scaled else torch.ones(1)).double().square()
            response = part.part()
            found = part.log_prob(x, u, positive, scales, raw if part.scaled else None)
            known = response.log_prob(x, response.at_mean(mean, mean, phi)).sum(-1)
        torch.testing.assert_close(found, known, rtol=1e-10, atol=1e-10)

    def test_first_intercepts_give_the_datas_mean(self, part, positive: bool, natural: bool) -> None:
        if positive:
            return  # positive weights have no intercepts
        mean = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
        found = part.mean(part.first(mean, natural), False, Scales(natural=natural))
        torch.testing.assert_close(found, mean, rtol=1e-5, atol=1e-5)

    def test_draws_have_the_mean(self, part, positive: bool, natural: bool) -> None:
        """5 standard errors of 20,000 draws."""
        if natural and positive:
            return
        u = numbers(5, seed=13, scale=0.5).abs() + 0.2
        mean = part.mean(u, positive, Scales(natural=natural))
        draws = part.sample(mean.expand(20_000, 5), torch.Generator().manual_seed(1), torch.tensor([-1.0]).double())
        error = draws.std(0) / len(draws) ** 0.5
        assert float(((draws.mean(0) - mean) / error).abs().max()) < 5
        assert part.symbol
        assert bool(part.natural_symbol) == bool(
            (part.mean(u, False, Scales(natural=True)) != part.mean(u, False, Scales())).any()
        )
