"""Pages that open dead after the server has been idle: `python -m tests.benchmarks.openings [--openings 50] [--servers 10]`.

Each server rests for 130 to 200 s, longer than an idle kernel lives, is asked for its page once, and the page's kernel is watched for a
minute in which no browser connects, as on a slow machine. Then a websocket connects and asks the kernel a question. A page is dead
when its kernel has gone by then, or does not answer. The servers rest at the same time: 50 openings take half an hour.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import tempfile
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from tests.conftest import server

RESTS, WATCHED = (130.0, 200.0), 60.0  # seconds
KERNEL = re.compile(r'"kernelId": ?"([-0-9a-f]+)"')


@dataclass(frozen=True)
class Opening:
    """One page: after how long a rest, how long its request took, and what was wrong with it, if anything."""

    rest: float
    seconds: float
    fault: str | None

    def line(self) -> str:
        """One line of the table."""
        return f"rest {self.rest:5.0f} s   page in {self.seconds:4.1f} s   {self.fault or 'alive'}"


async def open_after(address: str, rest: float) -> Opening:
    """Let the server rest, request its page, and see whether the page's kernel is there when the browser comes."""
    await asyncio.sleep(rest)
    began = time.monotonic()
    page = await AsyncHTTPClient().fetch(address, request_timeout=120)
    seconds, found = time.monotonic() - began, KERNEL.search(page.body.decode())
    if found is None:
        return Opening(rest, seconds, "no kernel in the page")
    kernel = f"{address}/api/kernels/{found[1]}"
    fault = await watch(kernel) or await question(kernel)
    await end(kernel, page.headers.get("Set-Cookie", ""))
    return Opening(rest, seconds, fault)


async def watch(kernel: str) -> str | None:
    """Poll the kernel while nobody is connected to it: when it had gone, or None."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < WATCHED:
        try:
            await AsyncHTTPClient().fetch(kernel)
        except HTTPClientError as error:
            return f"DEAD: {error.code} after {passed:.0f} s"
        await asyncio.sleep(1)
    return None


async def question(kernel: str) -> str | None:
    """Connect as a page does and ask for the kernel's information: why no answer came, or None."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "kernel_info_request",
        "session": uuid.uuid4().hex,
        "username": "",
    }
    message = {
        "channel": "shell",
        "header": header | {"version": "5.3"},
        "parent_header": {},
        "metadata": {},
        "content": {},
    }
    try:
        socket = await websocket_connect(kernel.replace("http", "ws", 1) + "/channels", connect_timeout=30)
        await socket.write_message(json.dumps(message))
        async with asyncio.timeout(30):
            while (answer := await socket.read_message()) is not None:
                if isinstance(answer, str) and json.loads(answer)["header"]["msg_type"] == "kernel_info_reply":
                    socket.close()
                    return None
    except (HTTPClientError, OSError, TimeoutError) as error:
        return f"DEAD: no answer, {type(error).__name__}"
    return "DEAD: the connection was closed"


async def end(kernel: str, cookie: str) -> None:
    """Shut the kernel down, as a page does that is closed."""
    token = re.search(r"_xsrf=([^;]+)", cookie)
    headers = {"Cookie": f"_xsrf={token[1]}", "X-XSRFToken": token[1]} if token else {}
    try:
        await AsyncHTTPClient().fetch(HTTPRequest(kernel, "DELETE", headers=headers))
    except HTTPClientError as error:
        if error.code != 404:
            print(f"a kernel could not be ended: {error}", flush=True)


async def openings(address: str, count: int, rests: random.Random) -> list[Opening]:
    """Open one server's page so many times."""
    found = []
    for _ in range(count):
        found.append(await open_after(address, rests.uniform(*RESTS)))
        print(found[-1].line(), flush=True)
    return found


async def everywhere(addresses: list[str], count: int) -> list[Opening]:
    """Distribute the openings among the servers."""
    AsyncHTTPClient.configure(None, max_clients=4 * len(addresses))
    shares = [count // len(addresses) + (place < count % len(addresses)) for place in range(len(addresses))]
    jobs = [
        openings(each, share, random.Random(place))
        for place, (each, share) in enumerate(zip(addresses, shares, strict=True))
    ]
    return [opening for part in await asyncio.gather(*jobs) for opening in part]


def main() -> None:
    """Open all pages and print how many were dead."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.openings")
    parser.add_argument("--openings", type=int, default=50)
    parser.add_argument("--servers", type=int, default=10, help="about 600 MB of memory each")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, ExitStack() as opened:
        addresses = [
            opened.enter_context(server("elbo_room.lab.serving.serve", Path(home))) for _ in range(chosen.servers)
        ]
        found = asyncio.run(everywhere(addresses, chosen.openings))
    dead = [opening for opening in found if opening.fault]
    rests = f"{RESTS[0]:.0f} to {RESTS[1]:.0f} s"
    print(f"dead: {len(dead)} of {len(found)} pages opened after rests of {rests} (goal 0)")
    print(f"slowest page: {max(opening.seconds for opening in found):.1f} s")


if __name__ == "__main__":
    main()
