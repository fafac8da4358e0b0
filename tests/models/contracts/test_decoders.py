"""Decoders: the identifiable one is one-to-one by construction, whatever its weights; the plain one may be flat."""

import pytest
import torch

from elbo_room.models.data import pinwheel
from elbo_room.models.deep_generative.decoders import DECODERS
from elbo_room.models.networks import Architecture
from elbo_room.models.networks.gradient_map import SLOPE, GradientMap, IdentifiableDecoder
from elbo_room.models.networks.picture_decoder import PictureDecoder
from tests.models.problems import numbers


def wild(size: int, depth: int) -> GradientMap:
    """A gradient map with weights far from their first ones."""
    made = GradientMap(size, 12, depth, torch.Generator().manual_seed(depth), SLOPE).double()
    with torch.no_grad():
        for index, parameter in enumerate(made.parameters()):
            parameter.add_(numbers(*parameter.shape, seed=index, scale=1.5))
    return made


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_jacobian_is_symmetric_and_at_least_the_slope(depth: int) -> None:
    made = wild(4, depth)
    for u in numbers(8, 4, seed=9, scale=3.0):
        jacobian = torch.autograd.functional.jacobian(made, u)
        torch.testing.assert_close(jacobian, jacobian.T, atol=1e-9, rtol=1e-9)
        assert float(torch.linalg.eigvalsh(jacobian).min()) >= SLOPE - 1e-9


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_it_is_the_gradient_of_the_convex_network(depth: int) -> None:
    """ψ written out as in the formula and differentiated by autograd gives the map that is written out backwards."""
    made, u = wild(4, depth), numbers(5, 4, seed=8).requires_grad_()
    hidden = torch.nn.functional.softplus(made.direct[0](u))
    for layer, raw in zip(made.direct[1:], made.across, strict=True):
        hidden = torch.nn.functional.softplus(layer(u) + hidden @ made.positive(raw).T)
    potential = hidden @ made.positive(made.out) + 0.5 * SLOPE * u.square().sum(-1)
    torch.testing.assert_close(made(u), torch.autograd.grad(potential.sum(), u)[0], atol=1e-9, rtol=1e-9)


def test_an_identifiable_decoder_has_full_rank_everywhere() -> None:
    made = IdentifiableDecoder(2, 6, 12, 2, torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        for index, parameter in enumerate(made.parameters()):
            parameter.mul_(4).add_(numbers(*parameter.shape, seed=index, scale=0.5))
    for z in numbers(10, 2, seed=7, scale=3.0):
        jacobian = torch.autograd.functional.jacobian(made, z)
        assert float(torch.linalg.svdvals(jacobian).min()) > 0.1


def test_more_dimensions_than_outputs_are_refused() -> None:
    with pytest.raises(ValueError, match=r"latent size was 3 with 2 outputs.* Choose a smaller latent size"):
        IdentifiableDecoder(3, 2, 8, 1, torch.Generator())


@pytest.mark.parametrize("kind", DECODERS.values(), ids=DECODERS)
def test_every_decoder_maps_any_leading_axes_from_its_generator_alone(kind) -> None:
    made = [kind.build(2, 35, Architecture(width=6), torch.Generator().manual_seed(3), 1.0, (5, 7)) for _ in range(2)]
    z = torch.randn(2, 3, 4, 2, generator=torch.Generator().manual_seed(4))
    assert made[0](z).shape == (2, 3, 4, 35)
    torch.testing.assert_close(made[0](z), made[1](z))
    torch.testing.assert_close(made[0](z)[1, 2], made[0](z[1, 2]))


def test_the_slope_has_the_datas_scale() -> None:
    """Data in other units make a decoder in those units: x → 100 x, f → 100 f at first."""
    x = pinwheel().x
    one, hundred = (
        IdentifiableDecoder(2, 2, 8, 1, torch.Generator().manual_seed(1), scale * float(x.std())) for scale in (1, 100)
    )
    z = torch.randn(3, 2, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(hundred(z), 100 * one(z))


@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (5, 7), (3, 3)])
def test_a_convolution_decodes_two_heads_as_two_pictures_of_any_size(shape: tuple[int, int]) -> None:
    """n_params · D outputs, D = H · W: the second picture moves with the second output channel alone."""
    pixels = shape[0] * shape[1]
    made = PictureDecoder(3, 2 * pixels, shape, Architecture(channels=4), torch.Generator().manual_seed(5))
    z = torch.randn(6, 3, generator=torch.Generator().manual_seed(6))
    before = made(z)
    with torch.no_grad():
        made.out.bias[1] += 1
    difference = made(z) - before
    torch.testing.assert_close(difference[:, :pixels], torch.zeros(6, pixels))
    torch.testing.assert_close(difference[:, pixels:], torch.ones(6, pixels))


def test_what_a_convolution_draws_moves_with_its_first_maps() -> None:
    """One pixel further in the first map is two pixels further in the picture: the same Θ everywhere."""
    made = PictureDecoder(
        1, 256, (16, 16), Architecture(channels=1, activation="relu"), torch.Generator().manual_seed(7)
    )
    pictures = []
    for column in (1, 2):
        with torch.no_grad():
            made.first.weight.zero_()
            made.first.weight.view(*made.start)[0, 1, column] = 1.0
        pictures.append(made(torch.ones(1)).unflatten(0, (16, 16)))
    step = 2**made.doublings
    assert pictures[0].std() > 0
    torch.testing.assert_close(pictures[0][:, step:12], pictures[1][:, 2 * step : 12 + step])


def test_a_convolution_refuses_what_is_no_picture() -> None:
    with pytest.raises(ValueError, match=r"decodes images \(H, W\); these data have shape \(13,\)"):
        PictureDecoder(2, 13, (13,), Architecture(), torch.Generator())
