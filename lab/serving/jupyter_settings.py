"""Every setting of the servers in one place: Voilà stand-alone, and JupyterLab (on Binder with Voilà as its extension).

Each line corrects a measured fault of the defaults: kernels that outlive their tab, stale frames replayed on reconnect,
style sheets and news fetched from the internet, and 40 ms of Nagle delay on every message.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SHARE = ROOT / "lab" / "share"  # a Jupyter data directory: holds the Voilà template `elbo_room`
TEMPLATE = "elbo_room"

# No `unsafe-eval`: Vega evaluates its expressions with its interpreter. `unsafe-inline` is needed by Voilà's inline
# scripts, `blob:` by anywidget modules and the chart bundle.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' blob: data:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'self'",
    )
)

# Bytes: an uploaded table is one message (`elbo_room.widgets.screen.own_table.MOST_BYTES`), and tornado allows 10 MB.
LARGEST_MESSAGE = 110_000_000

# Traffic that does not count as activity, in addition to Jupyter's list: otherwise unwatched training is never culled.
# A thread's messages carry the cell that started it as their parent, hence `execute_request`.
QUIET_MESSAGES = ["comm_open", "comm_msg", "comm_close", "execute_request", "execute_reply"]


def give_page_a_token(request: Any, **_: Any) -> None:
    """Set the XSRF cookie (by reading the property), so that closing the tab can shut down its kernel."""
    _ = request.xsrf_token


def share_our_templates() -> None:
    """Add `lab/share` to Jupyter's data path before anything reads it."""
    known = os.environ.get("JUPYTER_PATH", "").split(os.pathsep)
    if str(SHARE) not in known:
        os.environ["JUPYTER_PATH"] = os.pathsep.join([str(SHARE), *filter(None, known)])


def configure_kernels(c: Any, idle_seconds: int, cull: bool) -> None:
    """Kernels: no buffering of frames for closed tabs, no Nagle delay, and culling (where each tab has its own kernel)."""
    c.MappingKernelManager.buffer_offline_messages = False
    if cull:
        c.MappingKernelManager.untracked_message_types.extend(QUIET_MESSAGES)
        c.MappingKernelManager.cull_idle_timeout = idle_seconds
        c.MappingKernelManager.cull_interval = max(1, idle_seconds // 4)
        c.MappingKernelManager.cull_connected = False
        c.MappingKernelManager.cull_busy = True


def configure_voila(c: Any) -> None:
    """What a visitor of the Voilà page may and may not do."""
    c.VoilaConfiguration.template = TEMPLATE
    c.VoilaConfiguration.allow_template_override = "NO"
    c.VoilaConfiguration.allow_theme_override = "NO"
    c.VoilaConfiguration.strip_sources = True
    c.VoilaConfiguration.show_tracebacks = False
    c.VoilaConfiguration.file_allowlist = [r"lab/assets/.*\.(png|jpg|gif|svg)"]
    c.VoilaConfiguration.prelaunch_hook = give_page_a_token
    c.VoilaConfiguration.extension_denylist = ["jupyterlab_pygments", "@voila-dashboards/jupyterlab-preview"]


def configure_server(c: Any) -> None:
    """JupyterLab, offline and quiet; Voilà as its extension (Binder)."""
    share_our_templates()
    c.ServerApp.tornado_settings = {"websocket_max_message_size": LARGEST_MESSAGE}
    c.ServerApp.kernel_websocket_connection_class = "elbo_room.lab.serving.no_delay.NoDelayConnection"
    c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
    c.LabApp.news_url = None
    c.LabApp.extension_manager = "readonly"
    configure_kernels(c, idle_seconds=120, cull=False)
    configure_voila(c)
