"""The robot arm: `python lab bench robot_arm` prints log p(x) of 1,000 held-out poses, and by how much samples of p(x) miss their links.

Nats are per metre¹⁵ (those of the screen, whose x is in decimetres, + 15 log 10). p(x) is bounded by importance weighting with 200
draws, which rises to it from below; probabilistic PCA has it in closed form. Links: 4,000 draws of p(x), four links each; a perfect
model misses by 6.8 mm (root mean square) and 4.6 mm (median), the sensor's noise.
"""

import math
import time

import torch

from models.data import Dataset, robot_arm
from models.data.robot_arm import UNIT
from models.deep_generative_settings import Settings
from models.diagnostics import link_errors
from models.diagnostics.held_out import held_out_bound
from models.inference.run import Run
from models.presets import PRESETS
from models.probabilistic_pca import fit

DRAWS, SAMPLES = 200, 4000
METRES = -15 * math.log(UNIT)  # nats
Change = dict[int, dict[str, float]]
# What a person does with the live knobs, by step: σ comes down, then the step size.
BY_HAND: Change = {
    3000: {"sigma": 0.12},
    8000: {"step_size": 0.0015},
    11_000: {"sigma": 0.07},
    13_000: {"step_size": 0.0007},
    15_000: {"step_size": 0.0003, "sigma": 0.055},
}
SLOWER: Change = {9000: {"step_size": 0.002}, 13_000: {"step_size": 0.0007}}


def trained(scene: str, changes: Change) -> tuple[Run, float]:
    """A scene's run to its end, with the live changes, and its CPU seconds."""
    start, run = time.process_time(), Run(Settings(**PRESETS[scene]["settings"]))
    for step in run:
        if step.number in changes:
            run.change(**changes[step.number])
    return run, time.process_time() - start


def row(name: str, nats: float, error: float, x: torch.Tensor, seconds: float) -> None:
    """One model's line."""
    found = link_errors(x)
    links = ", ".join(f"{link} {1000 * value:.0f}" for link, value in found.by_link.items())
    near = float((found.error.abs() < 0.01).float().mean())
    print(
        f"{name:34} {nats:6.2f} ± {error:.2f} nats   links {1000 * found.root_mean_square:5.1f} mm rms, {1000 * found.median:4.1f} median, "
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
    for scene, changes in (("robot_arm", SLOWER), ("robot_arm_prior", BY_HAND)):
        run, seconds = trained(scene, changes)
        assert data.test is not None
        nats, error = held_out_bound(run.model, run.q, data.test, torch.Generator().manual_seed(1), DRAWS)
        x = run.model.sample(SAMPLES, torch.Generator().manual_seed(2))  # type: ignore[attr-defined]
        name = f"{PRESETS[scene]['label']}, K = {run.settings.latent_size}"
        row(name, nats + METRES, error, x, seconds)


if __name__ == "__main__":
    main()
