"""The path of someone who has never seen the page: open it, press Run, read the ratio, change the estimator, see panel B change."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from tests.browser.screen import Screen

RATIO = re.compile(r"[\d.,]+× (?:as noisy as|less noisy than) .+ \(step ([\d,]+)\)")
# Milliseconds on the page's own clock from the choice of an estimator until the headline names it with a variance measured after it:
# the headline reports the newest point of panel B.
CHANGE = """([label, step]) => new Promise((answer) => {
  const list = [...document.querySelectorAll('.elbo-form select')].find((each) => each.labels[0]?.textContent.startsWith('Estimator'));
  const start = performance.now();
  list.value = [...list.options].find((option) => option.textContent === label).value;
  list.dispatchEvent(new Event('change', { bubbles: true }));
  const wait = () => {
    const words = document.querySelector('.elbo-headline').textContent, took = performance.now() - start;
    const at = Number(words.match(/\\(step ([\\d,]+)\\)/)?.[1].replaceAll(',', ''));
    const named = words.toLowerCase().startsWith(label) && at > step;
    if (named || took > 60000) answer(took); else requestAnimationFrame(wait);
  };
  requestAnimationFrame(wait);
})"""


@dataclass(frozen=True)
class Walk:
    """What the newcomer read, and how long it took."""

    first: str  # the headline of the run, with the estimator that the scene begins with
    then: str  # the headline after the change
    change: float  # seconds from the change to panel B's new point
    whole: float  # seconds of the whole path


def read(screen: Screen) -> str:
    """Wait until the run's headline has a ratio and its step, and read it."""
    screen.until(lambda: RATIO.search(screen.text("headline")) is not None)
    return screen.text("headline")


def walk(screen: Screen, begun: float, estimator: str = "score") -> Walk:
    """From a page that was opened at `begun` (of `time.monotonic`); the run goes on."""
    screen.painted()
    example = screen.text("headline")
    screen.press("Run")
    screen.trains(beyond=0)
    screen.until(lambda: screen.text("headline") != example)
    first = read(screen)
    change = float(screen.page.evaluate(CHANGE, [estimator, screen.step()])) / 1e3
    return Walk(first, read(screen), change, time.monotonic() - begun)
