"""The robot arm: `python lab bench robot_arm` prints log p(x) of 1,000 held-out poses, and by how much samples of p(x) miss their links.

Nats are per metre¹⁵ (those of the screen, whose x is in decimetres, + 15 log 10). A model's p(x) is bounded by importance weighting
with 200 draws, which rises to it from below; probabilistic PCA has it in closed form, the process that made the data by `_arm_density`.
Links: 4,000 draws of p(x), their noise included, four links each. The sensor's noise is 5 mm a coordinate, so that a perfect model
misses links by 6.8 mm (root mean square), 4.6 (median). The goal, twice the sensor's noise, is met where the root mean square is below
13.7 mm (twice a link's), strictly below 10 (twice a coordinate's); "decoded" is the same of E[x|z] alone, without noise.
"""

import math
import time

import torch

from elbo_room.models.data import Dataset
from elbo_room.models.data.robot_arm import UNIT, robot_arm
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.diagnostics import link_errors
from elbo_room.models.diagnostics.evidence.held_out import held_out_bound
from elbo_room.models.exact.probabilistic_pca import fit
from elbo_room.models.presets import PRESETS
from elbo_room.models.training.run import Run
from tests.benchmarks._arm_density import log_density

DRAWS, SAMPLES = 200, 4000
METRES = -15 * math.log(UNIT)  # nats
SENSOR, PERFECT = 5.0, 6.85  # mm: of a coordinate; what it makes of links, root mean square
SCENES = ("robot_arm", "robot_arm_prior")


def trained(scene: str, seed: int) -> tuple[Run, float]:
    """A scene's run to its end, as the screen has it, and its CPU seconds."""
    start, run = time.process_time(), Run(Settings(**PRESETS[scene]["settings"], seed=seed))
    for _ in run:
        pass
    return run, time.process_time() - start


def row(name: str, nats: float, error: float, x: torch.Tensor, seconds: float) -> None:
    """One model's line."""
    found = link_errors(x)
    links = ", ".join(f"{link} {1000 * value:.0f}" for link, value in found.by_link.items())
    rms, near = 1000 * found.root_mean_square, float((found.error.abs() < 0.01).float().mean())
    goal = "below 2 × sensor" if rms < 2 * SENSOR else "below 2 × a link's" if rms < 2 * PERFECT else "above the goal"
    print(
        f"{name:48} {nats:6.2f} ± {error:.2f} nats   links {rms:5.1f} mm rms ({goal}), {1000 * found.median:4.1f} median, "
        f"{near:.0%} within 10   ({links})   {seconds:.0f} s",
        flush=True,
    )


def linear(data: Dataset, size: int) -> None:
    """Probabilistic PCA of this many dimensions."""
    assert data.test is not None
    model, generator = fit(data.x, size), torch.Generator().manual_seed(1)
    nats = model.log_likelihood(data.test.x) + METRES
    z = torch.randn(SAMPLES, size, generator=generator, dtype=torch.float64)
    noise = torch.randn(SAMPLES, 15, generator=generator, dtype=torch.float64)
    x = z @ model.loadings.T + model.mean + model.variance**0.5 * noise
    row(f"probabilistic PCA, K = {size}", float(nats.mean()), float(nats.std()) / len(nats) ** 0.5, x.float(), 0.0)


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    data = robot_arm()
    row("the data themselves", math.nan, math.nan, data.x, 0.0)
    for size in (5, 8):
        linear(data, size)
    exact = log_density()
    row("the process that made them", exact.mean(), exact.std() / len(exact) ** 0.5, data.x, 0.0)
    for scene, seed in ((scene, seed) for scene in SCENES for seed in (7, 8)):
        run, seconds = trained(scene, seed)
        assert data.test is not None
        nats, error = held_out_bound(run.model, run.q, data.test, torch.Generator().manual_seed(1), DRAWS)
        model, generator = run.model, torch.Generator().manual_seed(2)
        name = f"{PRESETS[scene]['label']}, K = {run.settings.latent_size}, seed {seed}"
        row(name, nats + METRES, error, model.sample(SAMPLES, generator), seconds)
        decoded = model.decode(model.latent_prior.sample(SAMPLES, generator)).detach()  # type: ignore[attr-defined]
        print(f"{'':48} decoded: links {1000 * link_errors(decoded).root_mean_square:.1f} mm rms", flush=True)


if __name__ == "__main__":
    main()
