"""What a live tick costs: our bus against re-assigning `altair.JupyterChart`, same data, same kernel, one run.

`python -m tests.benchmarks.live_path` prints kernel CPU and bytes a tick, frames a second, browser CPU a frame, heap
growth and DOM rebuilds. Trust CPU, bytes and counts; frames a second depend on what else the machine does. The baseline
is treated kindly: its data are thinned beforehand, its validation of rows is off, and nothing of it is drawn.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import sync_playwright

from elbo_room.lab import browsers
from elbo_room.widgets.prepare import prepare
from tests.conftest import FLAGS, server, wait_until

SECONDS = 20.0
RATE = 10.0  # ticks a second
CELL = """
import json, threading, time
import ipywidgets as w
import numpy as np
from elbo_room.widgets.wire.bus import Bus
from elbo_room.widgets.wire.history import thin
from elbo_room.widgets.screen.live_chart import LiveChart

SECONDS, RATE, REPORT = %(seconds)r, %(rate)r, %(report)r
bus, rng = Bus(), np.random.default_rng(0)
charts = {name: LiveChart(name, bus) for name in ('elbo', 'variance', 'latent', 'kl')}
charts['elbo'].set(split=True)
z = rng.normal(size=(1800, 2))
bus.static(charts['latent'], 'cloud', label=np.arange(1800) %% 10)

def elbo(start, n):
    steps = np.arange(start, start + n)
    return [(steps, -100 - 10 * k + rng.normal(size=n), np.full(n, k)) for k in range(3)]

def variance(start, n):
    steps = np.arange(start, start + 100 * n, 100)
    return [(steps, 10.0 ** (2 - k + 0.1 * rng.normal(size=n)), np.full(n, k)) for k in range(5)]

def tick(start, n=40):
    for steps, values, series in elbo(start, n):
        bus.append(charts['elbo'], 'lines', step=steps, value=values, series=series)
    for steps, values, series in variance(start, max(1, n // 100)):
        band = dict(low=values / 1.5, high=values * 1.5)
        bus.append(charts['variance'], 'lines', step=steps, value=values, **band, series=series)
    bus.replace(charts['latent'], 'cloud', x=z[:, 0] + start / 1e6, y=z[:, 1])
    bus.replace(charts['kl'], 'bars', dimension=np.arange(8), value=rng.random(8), state=np.ones(8))

def ours():
    start, bytes_before, frames = 10_000, bus.stats['bytes'], bus.stats['frames']
    cpu, end = time.process_time(), time.monotonic() + SECONDS
    ticks = 0
    while time.monotonic() < end:
        tick(start := start + 40)
        bus.flush()
        ticks += 1
        time.sleep(1 / RATE)
    sent = bus.stats['frames'] - frames
    return {'cpu_ms': 1e3 * (time.process_time() - cpu) / ticks, 'bytes': (bus.stats['bytes'] - bytes_before) / sent}

def altair_again():
    import altair as alt
    from altair.utils.schemapi import debug_mode
    def records(parts, names):
        rows = np.concatenate([thin(np.stack(part, 1), 0, 1, 360) for part in parts])
        return [dict(zip(names, row)) for row in rows.tolist()]
    lines = ('step', 'value', 'series')
    def make(data, **encodings):
        with debug_mode(False):
            held = alt.Data(values=data)
        return alt.Chart(held).mark_line().encode(**encodings)
    encodings = [dict(x='step:Q', y='value:Q', color='series:N')] * 2
    encodings += [dict(x='x:Q', y='y:Q', color='label:N'), dict(x='value:Q', y='dimension:O')]
    cloud = [dict(x=a, y=b, label=i %% 10) for i, (a, b) in enumerate(z.tolist())]
    def sets(start):
        bars = [dict(dimension=k, value=float(rng.random())) for k in range(8)]
        return [records(elbo(0, start), lines), records(variance(0, start // 100), lines), cloud, bars]
    shown = [alt.JupyterChart(make(data, **how)) for data, how in zip(sets(10_000), encodings)]
    cpu = size = ticks = 0
    end = time.monotonic() + SECONDS / 2
    while time.monotonic() < end:
        data = sets(10_000 + 40 * ticks)
        before = time.process_time()
        for chart, values, how in zip(shown, data, encodings):
            chart.chart = make(values, **how)
        cpu += time.process_time() - before
        size = sum(len(json.dumps(chart.spec)) for chart in shown)
        ticks += 1
        time.sleep(1 / RATE)
    return {'cpu_ms': 1e3 * cpu / ticks, 'bytes': size, 'ticks_per_s': ticks / (SECONDS / 2)}

def work():
    tick(0, 10_000)
    while not bus.flush():
        time.sleep(0.1)
    time.sleep(3)
    before = time.process_time()
    time.sleep(3)
    found = {'idle_cpu_ms_per_s': 1e3 * (time.process_time() - before) / 3}
    open(REPORT + '.started', 'w').close()
    found['bus'] = ours()
    open(REPORT + '.ours', 'w').close()
    found['altair'] = altair_again()
    with open(REPORT + '.partial', 'w') as file:
        json.dump(found, file)
    import os
    os.replace(REPORT + '.partial', REPORT)

threading.Thread(target=work, daemon=True).start()
sized = lambda name: w.Box([charts[name]], layout=w.Layout(width='600px', height='280px'))
w.GridBox([sized(name) for name in charts], layout=w.Layout(grid_template_columns='600px 600px'))
"""


def appears(path: Path, seconds: float) -> None:
    """Wait for a file that the kernel writes."""
    deadline = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > deadline:
            raise SystemExit(f"{path.name} did not appear within {seconds:.0f} s")
        time.sleep(0.05)


def look(page: Any, session: Any) -> dict[str, float]:
    """Counters of the page, its heap after a collection, and the CPU time of its main thread."""
    session.send("HeapProfiler.collectGarbage")
    metrics = {item["name"]: item["value"] for item in session.send("Performance.getMetrics")["metrics"]}
    room = page.evaluate("({...__elboRoom, hoverMs: 0})")
    return {**room, "heap": metrics["JSHeapUsedSize"], "cpu": metrics["TaskDuration"], "time": time.monotonic()}


def measure(home: Path) -> tuple[dict[str, Any], dict[str, float], dict[str, float]]:
    """Run the notebook in a page; returns the kernel's report and two looks at the browser."""
    report = home / "report.json"
    cell = nbformat.v4.new_code_cell(CELL % {"seconds": SECONDS, "rate": RATE, "report": str(report)})
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = home / "live_path.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=metadata), path)
    flags = [*FLAGS, *(["--no-sandbox"] if browsers.is_root() else [])]
    with (
        server("elbo_room.lab.serving.serve", home, "--notebook", str(path)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=browsers.find(), headless=True, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        session = page.context.new_cdp_session(page)
        page.goto(address)
        wait_until(page, "globalThis.__elboRoom?.views === 4", 60)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        appears(report.with_name("report.json.started"), 60)
        page.wait_for_timeout(2_000)
        first = look(page, session)
        page.wait_for_timeout(1_000 * (SECONDS - 4))
        second = look(page, session)
        appears(report, 120)
        browser.close()
    return json.loads(report.read_text()), first, second


def main() -> None:
    """Measure once and print what was found."""
    prepare()
    with tempfile.TemporaryDirectory() as folder:
        kernel, first, second = measure(Path(folder))
    bus, altair = kernel["bus"], kernel["altair"]
    change = {name: second[name] - first[name] for name in first}
    print(f"kernel CPU a tick   bus {bus['cpu_ms']:.1f} ms, altair.JupyterChart {altair['cpu_ms']:.0f} ms "
          f"(1 / {altair['cpu_ms'] / bus['cpu_ms']:.0f})")  # fmt: skip
    print(f"bytes a tick        bus {bus['bytes']:,.0f}, altair.JupyterChart {altair['bytes']:,.0f}")
    print(f"frames a second     {change['acks'] / change['time']:.1f} of {RATE:.0f} asked, 4 charts")
    print(f"browser CPU a frame {1e3 * change['cpu'] / max(1, change['acks']):.0f} ms on the main thread")
    print(f"heap growth         {change['heap'] / 1e6:.1f} MB in {change['time']:.0f} s")
    print(f"DOM rebuilds        {second['rebuilds']:.0f}, resyncs {second['resyncs']:.0f}")


if __name__ == "__main__":
    main()
