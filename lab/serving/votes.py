"""Votes from phones in predict mode: a web server of its own beside the page's, open to the local network while a ballot is.

The page's own server, behind which kernels run code, stays on this computer. This one has a page with a question, and counts: it starts no
kernel, reads no file that a request names, keeps no more than its limits allow, and answers nothing without a ballot's code. A vote must
come from the page itself: its Origin is ours, its body JSON, its cookie one that this server has signed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tornado.httpserver import HTTPServer
from tornado.ioloop import PeriodicCallback
from tornado.web import Application, RequestHandler

from elbo_room.lab import ports
from elbo_room.widgets.built_assets import STATIC
from elbo_room.widgets.sessions.ballot import FOLDER, LENGTH, PLACE, SILENCE, Paper, age, read_paper, write

FIRST_PORT = 8870
LOOK = 500  # ms between two looks at the folder
MOST_BALLOTS, MOST_VOTERS, MOST_ADDRESSES = 20, 2000, 4096
BODY, HEADERS = 256, 8192  # bytes of a request
EVERYONE, ONE_ADDRESS, ONE_VOTER = (400.0, 800), (80.0, 400), (2.0, 10)  # requests per second, and at once
COOKIE = "elbo_vote"
NO_NETWORK = "This computer is on no network that phones could reach. Count the hands with the buttons."
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FILES = {"page.js": ("vote_page.js", "text/javascript"), "page.css": ("vote_page.css", "text/css")}
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Vote · ELBO Room</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/vote/page.css">
<script type="module" src="/vote/page.js"></script>
</head>
<body><noscript>Voting needs JavaScript. Switch it on for this page and reload.</noscript><main></main></body>
</html>
"""


class Allowance:
    """So many requests a second, and a few more at once (a token bucket)."""

    def __init__(self, rate: float, most: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.most, self.clock = rate, most, clock
        self.left, self.at = float(most), clock()

    def take(self) -> bool:
        """Whether one more is allowed now."""
        now = self.clock()
        self.left, self.at = min(self.most, self.left + self.rate * (now - self.at)), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass
class Poll:
    """A ballot as the server holds it: what is asked, and who voted for what."""

    paper: Paper
    votes: dict[str, int] = field(default_factory=dict)  # by voter
    pace: dict[str, Allowance] = field(default_factory=dict)
    written: list[int] | None = None

    def ask(self, paper: Paper) -> None:
        """The kernel's newest word; another question begins without a vote."""
        if paper.number != self.paper.number:
            self.votes.clear()
            self.pace.clear()
            self.written = None
        self.paper = paper

    def vote(self, voter: str, choice: int) -> int:
        """Count a vote, or change it; an HTTP status."""
        if not self.paper.open:
            return 409
        if not 0 <= choice < len(self.paper.choices):
            return 400
        if voter not in self.votes and len(self.votes) >= MOST_VOTERS:
            return 503
        if not self.pace.setdefault(voter, Allowance(*ONE_VOTER)).take():
            return 429
        self.votes[voter] = choice
        return 200

    @property
    def counts(self) -> list[int]:
        """Votes by choice."""
        given = list(self.votes.values())
        return [given.count(place) for place in range(len(self.paper.choices))]


class Polls:
    """All ballots, as they are in the folder; what came from outside is held in memory only."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.secret = folder, secrets.token_bytes(32)
        self.by_code: dict[str, Poll] = {}
        self.everyone = Allowance(*EVERYONE)
        self.addresses: dict[str, Allowance] = {}

    def look(self) -> None:
        """Take what the kernels ask, forget the ballots of those that have ended, and write the counts for them."""
        found: dict[str, Paper] = {}
        for path in sorted(self.folder.glob("*.ask"))[:MOST_BALLOTS]:
            paper = read_paper(path)
            if paper is not None and age(path) < SILENCE:
                found[path.stem] = paper
            else:
                path.unlink(missing_ok=True)
        self.by_code = {code: self.by_code.get(code, Poll(paper)) for code, paper in found.items()}
        for code, poll in self.by_code.items():
            poll.ask(found[code])
            counts = poll.counts
            about = {"number": poll.paper.number, "counts": counts}
            if counts != poll.written and write(self.folder / f"{code}.count", about):
                poll.written = counts

    def allowed(self, address: str) -> bool:
        """Whether another request is, of this address and of all."""
        if len(self.addresses) >= MOST_ADDRESSES:
            self.addresses.clear()
        return self.addresses.setdefault(address, Allowance(*ONE_ADDRESS)).take() and self.everyone.take()

    def new_voter(self) -> str:
        """A name for a browser, signed."""
        name = secrets.token_hex(8)
        return f"{name}.{self._signature(name)}"

    def voter(self, cookie: str) -> str | None:
        """The name in a cookie that was signed here."""
        name, _, signature = cookie.partition(".")
        return name if hmac.compare_digest(signature.encode(), self._signature(name).encode()) else None

    def _signature(self, name: str) -> str:
        return hmac.new(self.secret, name.encode(), hashlib.sha256).hexdigest()[:32]


class Guarded(RequestHandler):
    """What every answer has in common: few requests, our own address, no caching, nothing from elsewhere."""

    polls: Polls
    hosts: frozenset[str]
    sentences: ClassVar[dict[int, str]] = {
        400: "This vote is for none of the choices. Reload the page.",
        403: "This vote did not come from the page. Open the page again by its code.",
        404: "There is no question here. Scan the code on the screen again.",
        409: "The vote is closed: the answer is on the screen.",
        429: "Too many votes at once. Wait a moment.",
        503: "The room is full: no more votes are counted.",
    }

    def initialize(self, polls: Polls, hosts: frozenset[str]) -> None:
        """What the server has."""
        self.polls, self.hosts = polls, hosts

    def set_default_headers(self) -> None:
        """For every answer, refusals too."""
        self.clear_header("Server")
        self.set_header("Content-Security-Policy", POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        """Refuse too many requests, and those to another name: a page elsewhere whose name leads here."""
        if not self.polls.allowed(self.request.remote_ip or ""):
            self.refuse(429)
        elif self.request.host not in self.hosts:
            self.refuse(403)

    def refuse(self, status: int) -> None:
        """A sentence instead of an answer."""
        self.set_status(status)
        self.finish({"sentence": self.sentences[status]})

    def write_error(self, status_code: int, **_: Any) -> None:
        """No inside of the server in an answer."""
        self.finish({"sentence": self.sentences.get(status_code, "The server could not do this.")})

    def poll(self, code: str) -> Poll | None:
        """The ballot with this code; otherwise the request is refused."""
        found = self.polls.by_code.get(code)
        if found is None:
            self.refuse(404)
        return found

    @property
    def voter(self) -> str | None:
        """The browser, by its cookie."""
        return self.polls.voter(self.get_cookie(COOKIE) or "")


class VotePage(Guarded):
    """The page: opened once, it gives the browser its cookie."""

    def get(self, code: str) -> None:
        """The same page for every question; its script asks for the rest."""
        if self.poll(code) is None:
            return
        if self.voter is None:
            self.set_cookie(
                COOKIE, self.polls.new_voter(), path="/vote", httponly=True, samesite="Strict", max_age=86400
            )
        self.finish(PAGE)


class VoteFile(Guarded):
    """The page's script and style."""

    def get(self, name: str) -> None:
        """One of the two."""
        file, kind = FILES[name]
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.finish((STATIC / file).read_bytes())


class VoteState(Guarded):
    """What is asked, and this browser's own vote; never the others'."""

    def get(self, code: str) -> None:
        """The state of a ballot as JSON."""
        if (poll := self.poll(code)) is None:
            return
        paper, yours = poll.paper, poll.votes.get(self.voter or "")
        self.finish(
            {
                "ask": paper.ask,
                "choices": list(paper.choices),
                "open": paper.open,
                "yours": yours,
                "right": paper.right,
                "says": paper.says,
            }
        )

    def post(self, code: str) -> None:
        """A vote: {"choice": n}."""
        if (poll := self.poll(code)) is None:
            return
        voter, own = self.voter, self.request.headers.get("Origin") == f"http://{self.request.host}"
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip()
        if voter is None or not own or kind != "application/json":
            self.refuse(403)
            return
        try:
            choice = json.loads(self.request.body)["choice"]
        except (ValueError, TypeError, KeyError):
            choice = None
        status = poll.vote(voter, choice) if type(choice) is int else 400
        if status != 200:
            self.refuse(status)
        else:
            self.finish({"yours": choice})


class Nothing(Guarded):
    """Any other address."""

    def prepare(self) -> None:
        """There is nothing here, however it is asked for."""
        super().prepare()
        if not self._finished:
            self.refuse(404)


def application(polls: Polls, hosts: frozenset[str]) -> Application:
    """The pages, for requests to these hosts."""
    shared = {"polls": polls, "hosts": hosts}
    code = f"([a-z0-9]{{{LENGTH}}})"
    return Application(
        [
            (rf"/vote/({'|'.join(FILES)})", VoteFile, shared),
            (rf"/vote/{code}", VotePage, shared),
            (rf"/vote/{code}/state", VoteState, shared),
            (r".*", Nothing, shared),
        ]
    )


def network_address() -> str | None:
    """This computer's address in its network; no packet is sent. None if it is on none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documentation, which is nobody's
            found = str(probe.getsockname()[0])
        except OSError:
            return None
    return None if found.startswith(("127.", "0.")) else found


class VoteServer:
    """Looks for ballots, and listens to the network as long as there is one."""

    def __init__(self, host: str | None = None) -> None:
        self.host = host  # where it listens, if not at this computer's address in its network
        self.folder = Path(tempfile.mkdtemp(prefix="elbo-room-votes-"))  # readable by its owner alone
        self.polls = Polls(self.folder)
        self.server: HTTPServer | None = None
        os.environ[FOLDER] = str(self.folder)  # for the pages' kernels
        self.watch = PeriodicCallback(self.look, LOOK)

    def start(self) -> None:
        """Look from now on."""
        self.watch.start()

    def look(self) -> None:
        """Take what the kernels ask; listen while they ask anything."""
        self.polls.look()
        if self.polls.by_code and self.server is None:
            self.listen()
        elif not self.polls.by_code and self.server is not None:
            self.server.stop()
            self.server = None
            (self.folder / PLACE).unlink(missing_ok=True)

    def listen(self) -> None:
        """Open a port at one address of this computer, and say where; or why not."""
        host = self.host or network_address()
        if host is None:
            write(self.folder / PLACE, {"reason": NO_NETWORK})
            return
        port = next((each for each in range(FIRST_PORT, FIRST_PORT + ports.TRIES) if ports.is_free(each, host)), None)
        if port is None:
            write(self.folder / PLACE, {"reason": "No port for phones is free. Count the hands with the buttons."})
            return
        address = f"{host}:{port}"
        server = HTTPServer(
            application(self.polls, frozenset({address})),
            max_body_size=BODY,
            max_header_size=HEADERS,
            max_buffer_size=4 * HEADERS,
            idle_connection_timeout=30,
            body_timeout=5,
        )
        server.listen(port, host)
        self.server = server
        write(self.folder / PLACE, {"address": f"http://{address}"})

    def stop(self) -> None:
        """No more votes; the ballots' files go."""
        self.watch.stop()
        if self.server is not None:
            self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
