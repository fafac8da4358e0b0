"""The waiting times of a user: `python -m tests.benchmarks.page` opens the lab as `python lab` serves it and prints one table.

Wall times depend on what else the machine does, which is why the load is printed above the table and the throughput is also given per
second of CPU: steps of the worker (which spends a fixed share on probes, by design) against the same run without any page.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import Browser, sync_playwright

from elbo_room.lab import browsers
from elbo_room.widgets.prepare import prepare
from tests.benchmarks import measuring
from tests.browser import newcomer
from tests.browser.screen import Screen
from tests.conftest import FLAGS, ROOT, server, wait_until

OPENINGS, RUNS, PRESSES, MINUTE, HEADLESS, MOVES, SEEKS = 3, 5, 20, 60.0, 8.0, 120, 30
PAINTED = """{
  const look = () => globalThis.__elboRoom?.painted >= 1 && __elboRoom.views >= 4
    ? (globalThis.__paintedAt = performance.now()) : setTimeout(look, 5);
  look();
}"""
SEEK = Path(__file__).with_name("seek.js").read_text(encoding="utf-8")
UNTIL = Path(__file__).with_name("press.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Row:
    """One line of the table; `met` is None where there is no goal."""

    what: str
    found: str
    goal: str = ""
    met: bool | None = None

    def line(self) -> str:
        """The line as printed."""
        verdict = "" if self.met is None else "met" if self.met else "MISSED"
        return f"{self.what:<52} {self.found:>34}   {self.goal:<9} {verdict}"


def quantile(values: list[float], share: float) -> float:
    """The `share` quantile of the values (the next larger one that occurred)."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def processes(address: str, word: str) -> list[psutil.Process]:
    """What the server on this address has started whose command holds a word, newest last; but no fork, which has its parent's command."""
    port = urlsplit(address).port
    mine = next(c.pid for c in psutil.net_connections("tcp") if c.laddr.port == port and c.status == "LISTEN")
    named = [p for p in psutil.Process(mine).children(recursive=True) if any(word in part for part in p.cmdline())]
    forks = {child.pid for each in named for child in each.children() if child.cmdline() == each.cmdline()}
    return sorted((p for p in named if p.pid not in forks), key=lambda process: process.create_time())


def settles(find: Callable[[], list[psutil.Process]], count: int, seconds: float = 60.0) -> psutil.Process:
    """Wait until the newest of at least `count` processes is idle, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = find()
        if len(found) >= count and found[-1].cpu_percent(0.6) < 5:
            return found[-1]
        time.sleep(0.1)
    raise SystemExit(f"no {count} processes came to rest within {seconds:.0f} s")


def opened(browser: Browser, address: str) -> tuple[Screen, float]:
    """A new page with the lab on it, and the seconds from the navigation to its first picture."""
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    page.add_init_script(PAINTED)
    page.goto(address)
    milliseconds = wait_until(page, "globalThis.__paintedAt")
    return Screen(page, wait_until), milliseconds / 1e3


def openings(browser: Browser, address: str) -> list[Row]:
    """The first page, while the waiting kernel is still starting, and pages that find it ready."""
    _, at_once = opened(browser, address)
    times = []
    for count in range(OPENINGS):
        settles(lambda: processes(address, "ipykernel"), 2 + count)
        times.append(opened(browser, address)[1])
    for context in browser.contexts:
        context.close()
    median = statistics.median(times)
    return [
        Row("page painted, right after the server's start", f"{at_once:.1f} s"),
        Row(f"page painted, kernel ready (median of {OPENINGS})", f"{median:.1f} s", "≤ 4 s", median <= 4),
    ]


def beginnings(screen: Screen) -> Row:
    """Run, from the press to the first new point of the ELBO on the canvas; every run is a new one with the next seed."""
    times = []
    for turn in range(RUNS):
        if turn:
            screen.unfold("Seed")
            screen.press("Next seed")
            screen.page.keyboard.press("Escape")
            screen.page.wait_for_timeout(300)
        times.append(screen.page.evaluate(UNTIL, "point"))
        screen.page.wait_for_timeout(700)
        screen.page.evaluate(UNTIL, "paused")
        screen.page.wait_for_timeout(1500)
    median = statistics.median(times)
    found = f"{median:.0f} ms (first {times[0]:.0f}, worst {max(times):.0f})"
    return Row(f"Run → first new point (median of {RUNS})", found, "≤ 300 ms", median <= 300)


def pauses(screen: Screen) -> Row:
    """Pause, from the press to the word on the page; from here on the run has no end."""
    field = screen.page.get_by_label("Stop at", exact=False).first
    field.fill("100000")
    field.press("Enter")
    screen.until(lambda: "100,000" in screen.text("status"))
    times = []
    for turn in range(PRESSES):
        screen.press("Continue")
        screen.until(lambda: screen.text("status").startswith("Running"))
        screen.page.wait_for_timeout(400 + 37 * turn)
        times.append(screen.page.evaluate(UNTIL, "paused"))
    found = f"{quantile(times, 0.95):.0f} ms (median {statistics.median(times):.0f})"
    return Row(f"Pause acknowledged, p95 of {PRESSES}", found, "≤ 150 ms", quantile(times, 0.95) <= 150)


def hover(screen: Screen, words: str) -> Row:
    """The pointer moves over the map 30 times a second; milliseconds from its event to the decoded picture on the card."""
    for move in range(MOVES):
        screen.hover("c", 0.25 + 0.4 * (move % 40) / 40, 0.3 + 0.3 * (move % 17) / 17)
        screen.page.wait_for_timeout(33)
    times = screen.counters()["hoverMs"]
    screen.page.mouse.move(640, 700)
    p50, p95 = statistics.median(times), quantile(times, 0.95)
    return Row(f"pointer → decoded picture, {words}, p50 / p95", f"{p50:.0f} / {p95:.0f} ms", "≤ 50 ms", p95 <= 50)


def seeks(screen: Screen) -> Row:
    """The slider of replay jumps about in the run; milliseconds until panels C and D show the step."""
    screen.page.evaluate(SEEK, 0.5)  # the first one makes the copy that replay draws from
    times = []
    for turn in range(SEEKS):
        screen.page.wait_for_timeout(200)
        times.append(screen.page.evaluate(SEEK, (0.37 * (turn + 1)) % 0.95))
    median, p95 = statistics.median(times), quantile(times, 0.95)
    return Row(
        f"replay: slider → picture, p50 / p95 of {SEEKS}", f"{median:.0f} / {p95:.0f} ms", "≤ 100 ms", p95 <= 100
    )


def first_steps(browser: Browser, address: str) -> list[Row]:
    """The scripted newcomer: open, Run, read the ratio, change the estimator, see panel B change."""
    page, begun = browser.new_context(viewport={"width": 1280, "height": 720}).new_page(), time.monotonic()
    page.goto(address)
    found = newcomer.walk(Screen(page, wait_until), begun)
    page.context.close()
    return [
        Row("newcomer: new estimator → its point in panel B", f"{found.change:.2f} s", "≤ 2 s", found.change <= 2),
        Row("newcomer: open, Run, ratio, estimator, panel B", f"{found.whole:.1f} s", "≤ 30 s", found.whole <= 30),
    ]


def measurements() -> list[Row]:
    """Panel B in the first scene, as its worker measures it during training; `bench measuring` has all scenes."""
    found = measuring.measured("digits")
    first, count = found.times[0] if found.times else float("inf"), len(found.times)
    return [
        Row("Run → first variance, at step 0", f"{first:.2f} s", "≤ 1 s", first <= 1 and found.first_step == 0),
        Row(f"variances of panel B in {found.steps:,} steps", f"{count}", "≥ 30", count >= 30),
        Row("memory of the measuring process alone", f"{found.private:.0f} MB", "≤ 60 MB", found.private <= 60),
    ]


def alone() -> tuple[float, float]:
    """The same run without a page: steps a second, and a second of CPU."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.benchmarks._headless", str(HEADLESS)]
    rates = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    return float(rates[0]), float(rates[1])


def look(screen: Screen, session: Any, worker: psutil.Process) -> dict[str, float]:
    """Counters of the page, its heap after a collection, the worker's CPU seconds and the step on the page."""
    session.send("HeapProfiler.collectGarbage")
    heap = {item["name"]: item["value"] for item in session.send("Performance.getMetrics")["metrics"]}["JSHeapUsedSize"]
    used = worker.cpu_times()
    counters = {name: value for name, value in screen.counters().items() if name != "hoverMs"}
    return {**counters, "heap": heap, "cpu": used.user + used.system, "step": screen.step(), "time": time.monotonic()}


def minute(screen: Screen, worker: psutil.Process) -> list[Row]:
    """A minute of training with four charts, between two looks at the same run without them."""
    session = screen.page.context.new_cdp_session(screen.page)
    session.send("Performance.enable")
    before = alone()
    screen.press("Continue")
    screen.page.wait_for_timeout(5_000)
    first = look(screen, session, worker)
    screen.page.wait_for_timeout(1_000 * MINUTE)
    last = look(screen, session, worker)
    moving = hover(screen, "training")
    screen.page.evaluate(UNTIL, "paused")
    after = alone()
    change = {name: last[name] - first[name] for name in first}
    wall, cpu = ((one + two) / 2 for one, two in zip(before, after, strict=True))
    rate, heap = change["acks"] / change["time"], change["heap"] / 1e6
    pace, thrift = change["step"] / change["time"], change["step"] / change["cpu"]
    return [
        Row(f"updates of all four charts, over {change['time']:.0f} s", f"{rate:.1f} a second", "≥ 9", rate >= 9),
        Row("DOM rebuilds / resyncs", f"{change['rebuilds']:.0f} / {change['resyncs']:.0f}", "0",
            change["rebuilds"] + change["resyncs"] == 0),
        Row("browser heap growth", f"{heap:.1f} MB", "< 10 MB", heap < 10),
        Row("steps a second with the page / without", f"{pace:.0f} / {wall:.0f} = {pace / wall:.0%}", "≥ 90 %",
            pace >= 0.9 * wall),
        Row("… a CPU second of the worker", f"{thrift:.0f} / {cpu:.0f} = {thrift / cpu:.0%}", "≥ 90 %",
            thrift >= 0.9 * cpu),
        Row("… without the page, before and after", f"{before[0]:.0f}, {after[0]:.0f} steps/s"),
        Row("the worker's share of a core", f"{change['cpu'] / change['time']:.0%}"),
        moving,
    ]  # fmt: skip


def main() -> None:
    """Measure once and print the table."""
    prepare()
    flags = [*FLAGS, *(["--no-sandbox"] if browsers.is_root() else [])]
    print("load before: " + " ".join(f"{load:.1f}" for load in os.getloadavg()), flush=True)
    with (
        tempfile.TemporaryDirectory() as home,
        server("elbo_room.lab.serving.serve", Path(home)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=browsers.find(), headless=True, args=flags)
        rows = openings(browser, address)
        settles(lambda: processes(address, "ipykernel"), 1)
        rows += first_steps(browser, address)
        settles(lambda: processes(address, "ipykernel"), 1)
        screen, _ = opened(browser, address)
        worker = settles(lambda: processes(address, "elbo_room.widgets.worker"), 1)
        rows += [beginnings(screen), pauses(screen), hover(screen, "paused"), *minute(screen, worker), seeks(screen)]
        browser.close()
    rows += measurements()
    for row in rows:
        print(row.line())
    print("load after: " + " ".join(f"{load:.1f}" for load in os.getloadavg()))


if __name__ == "__main__":
    main()
