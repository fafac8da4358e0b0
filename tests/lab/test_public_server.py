"""The server for a class: what a visitor gets, and what nobody gets who lacks that visitor's cookie. No browser is needed."""

from __future__ import annotations

import http.client
import json
import re
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import nbformat
import pytest

from tests.conftest import server

PASSWORD = "of the class"
SOURCE = "import os, ipywidgets\nipywidgets.Label(os.environ['ELBO_ROOM_HOME'] + ' local ' + os.environ.get('ELBO_ROOM_LOCAL', 'no'))"
FOREIGN = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
FRAME = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
SOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@dataclass
class Reply:
    """The status, the headers and the text of an answer."""

    status: int
    headers: http.client.HTTPMessage
    text: str


@dataclass
class Visitor:
    """A browser's cookies and nothing else."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> Reply:
        """One request, whose redirects are not followed."""
        place = urlsplit(self.address)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **headers}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        upgraded = answer.status == 101
        reply = Reply(answer.status, answer.headers, "" if upgraded else answer.read().decode())
        connection.close()
        return reply

    def log_in(self, password: str = PASSWORD) -> Reply:
        """Through the form, as a person does."""
        self.ask("/login?next=%2F")
        form = urlencode({"password": password, "_xsrf": self.cookies["_xsrf"]})
        return self.ask("/login?next=%2F", "POST", form, **{"Content-Type": "application/x-www-form-urlencoded"})

    def open(self) -> tuple[str, Path]:
        """The lab: its kernel, and the home it is in."""
        reply = self.ask("/")
        kernel, home = (
            re.search(r'"kernelId": ?"([-0-9a-f]+)"', reply.text),
            re.search(r"/[^\" ]*/homes/\w+", reply.text),
        )
        assert reply.status == 200, reply.text
        assert kernel
        assert home, reply.text
        assert "local no" in reply.text, "no visitor's kernel may read any file by its path"
        return kernel[1], Path(home[0])

    def close(self, kernel: str) -> int:
        """What a tab sends when it closes."""
        return self.ask(f"/voila/api/shutdown/{kernel}", "POST", "", **{"X-XSRFToken": self.cookies["_xsrf"]}).status


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("public")


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    path, password = place / "home.ipynb", place / "password"
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(SOURCE)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    password.write_text(PASSWORD)
    options = ["--public", "--host", "127.0.0.1", "--most", "2", "--homes", str(place / "homes")]
    quick = ["--notebook", str(path), "--warm-up", "import ipywidgets", "--password-file", str(password)]
    with server("elbo_room.lab.serving.public.serve", place, *options, *quick) as found:
        yield found


@pytest.fixture(scope="module")
def ada(address: str) -> Visitor:
    visitor = Visitor(address)
    assert visitor.log_in().status == 302
    return visitor


@pytest.fixture(scope="module")
def lab(ada: Visitor) -> tuple[str, Path]:
    return ada.open()


@pytest.fixture(scope="module")
def stranger(address: str) -> Visitor:
    """Another visitor of the class; the same in all tests, for a seat is kept for a while for the one who left it."""
    visitor = Visitor(address)
    assert visitor.log_in().status == 302
    return visitor


def test_nobody_gets_in_without_the_password(address):
    outside = Visitor(address)
    assert outside.ask("/").headers["Location"].startswith("/login")
    wrong = outside.log_in("of another class")
    assert wrong.status == 401
    assert "This is not the password of this class" in wrong.text
    assert outside.ask("/").status == 302
    assert outside.ask("/queue").status == 302


def test_a_cookie_is_for_this_site_alone_and_no_script_reads_it(address):
    outside = Visitor(address)
    outside.ask("/login")
    cookies = [c for c in outside.log_in().headers.get_all("Set-Cookie") if c.startswith("elbo_room_visitor")]
    assert len(cookies) == 1
    assert "HttpOnly" in cookies[0]
    assert "SameSite=Strict" in cookies[0]


def test_a_password_in_the_address_opens_the_lab_and_leaves_the_address(address):
    outside = Visitor(address)
    reply = outside.ask(f"/?{urlencode({'token': PASSWORD, 'run': 'x'})}")
    assert (reply.status, reply.headers["Location"]) == (302, "/?run=x")
    assert outside.ask("/queue").status == 200


def test_homes_are_for_their_owner_alone_and_disjoint(lab, stranger, place):
    kernel, other = stranger.open()
    assert lab[1] != other
    for home in (place / "homes", lab[1], other):
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / "homes" / ".cookie_secret").stat().st_mode) == 0o600
    assert stranger.close(kernel) == 204


def test_a_visitor_reaches_the_own_kernel(ada, lab):
    kernel = lab[0]
    assert json.loads(ada.ask(f"/api/kernels/{kernel}").text)["id"] == kernel
    assert ada.ask(f"/api/kernels/{kernel}/channels?session_id=a", **SOCKET).status == 101


@pytest.mark.parametrize("path", ["/api/kernels/{kernel}", "/api/kernels/{kernel}/channels?session_id=a"])
def test_another_visitor_gets_404_for_it(stranger, lab, path):
    kernel = lab[0]
    headers = SOCKET if "channels" in path else {}
    with_password = f"{'&' if '?' in path else '?'}{urlencode({'token': PASSWORD})}"
    assert stranger.ask(path.format(kernel=kernel), **headers).status == 404
    assert stranger.ask(path.format(kernel=kernel) + with_password, **headers).status == 404
    assert Visitor(stranger.address).ask(path.format(kernel=kernel), **headers).status == 403


def test_another_visitor_cannot_end_it(ada, stranger, lab):
    kernel = lab[0]
    assert stranger.ask("/login").status == 302  # has the form's cookie
    assert stranger.close(kernel) == 404
    ends = stranger.ask(f"/api/kernels/{kernel}", "DELETE", **{"X-XSRFToken": stranger.cookies["_xsrf"]})
    assert ends.status == 404
    assert ada.ask(f"/api/kernels/{kernel}").status == 200


def test_no_file_is_served_neither_the_others_nor_the_own(ada, stranger, lab, place):
    (lab[1] / "table.png").write_text("mine")
    for path in (
        "/voila/files/homes/{}/table.png",
        "/homes/{}/table.png",
        "/voila/files/../{}",
        "/voila/files/password",
    ):
        for visitor in (ada, stranger):
            reply = visitor.ask(path.format(lab[1].name))
            assert reply.status in {302, 403, 404}
            assert "mine" not in reply.text
    assert ada.ask("/voila/files/home.ipynb").status in {403, 404}


def test_another_site_starts_nothing(ada, stranger, lab):
    """With the cookie, as if SameSite were not there, and with the password; only a link gets an answer: the door."""
    for method, headers in (
        ("GET", FOREIGN),
        ("GET", FRAME),
        ("POST", FOREIGN),
        ("POST", {"Origin": "https://evil.example"}),
    ):
        for path in ("/", f"/?{urlencode({'token': PASSWORD})}", f"/api/kernels/{lab[0]}", "/queue"):
            reply = ada.ask(path, method, "" if method == "POST" else None, **headers)
            assert reply.status == 403, (method, headers, path)
    before = ada.cookies.copy()
    door = ada.ask("/?run=%22%3E%3Cscript%3E", **LINK)
    assert door.status == 200
    assert "kernelId" not in door.text
    assert 'href="/?run=%22%3E%3Cscript%3E"' in door.text
    assert ada.cookies == before
    kernel, _ = stranger.open()  # the second of two seats: nothing above has taken it
    assert stranger.close(kernel) == 204


def test_a_foreign_websocket_is_refused(ada, lab):
    path = f"/api/kernels/{lab[0]}/channels?session_id=a"
    assert ada.ask(path, **SOCKET, Origin="https://evil.example").status == 403


def test_above_the_limit_the_queue_answers_at_once_and_lets_in_by_itself(lab, stranger, address):
    """Two seats: the first visitor's and another's; the third waits until that one has gone."""
    kernel, _ = stranger.open()
    third = Visitor(address)
    assert third.log_in().status == 302
    asked = time.monotonic()
    reply = third.ask("/")
    assert time.monotonic() - asked < 2
    assert reply.status == 503
    assert "You are number 1 in the queue" in reply.text
    assert "kernelId" not in reply.text
    assert json.loads(third.ask("/queue").text)["open"] is False
    assert stranger.close(kernel) == 204
    again = stranger.ask("/")  # the seat of one who reloads is kept
    assert again.status == 200
    assert json.loads(third.ask("/queue").text)["open"] is False


def test_the_queue_answers_while_labs_open(lab, address):
    """Eight at once for what is left of two seats: those refused hear it within 2 s."""
    seconds: list[tuple[int, float]] = []

    def come() -> None:
        visitor = Visitor(address)
        visitor.log_in()
        asked = time.monotonic()
        seconds.append((visitor.ask("/").status, time.monotonic() - asked))

    together = [threading.Thread(target=come) for _ in range(8)]
    for each in together:
        each.start()
    for each in together:
        each.join()
    refused = [took for status, took in seconds if status == 503]
    assert len(refused) >= 7
    assert max(refused) < 2


@pytest.mark.parametrize(
    "path",
    ["/nothing/here", "/api/kernels/00000000-0000-0000-0000-000000000000", "/voila/static/../../../etc/passwd", "/voila/files/x.py",
     "/voila/templates/elbo_room/../../x", "/voila/api/shutdown/x", "/voila/labextensions/x", "/login?next=%2F&token=%00"],
)  # fmt: skip
def test_an_error_page_holds_no_path_and_no_traceback(ada, path):
    reply = ada.ask(path)
    assert reply.status in {302, 400, 403, 404, 405, 500}
    for inside in ("Traceback", "site-packages", "/home", "/work", "/tmp", ".py", "Error:", "voila", "tornado"):
        assert inside not in reply.text


def test_guesses_at_the_password_are_limited(place):
    options = ["--public", "--host", "127.0.0.1", "--homes", str(place / "other homes"), "--warm-up", ""]
    with server("elbo_room.lab.serving.public.serve", place, *options) as found:
        outside = Visitor(found)
        replies = [outside.log_in("a guess") for _ in range(70)]
    statuses = [reply.status for reply in replies]
    assert statuses[:60] == [401] * 60
    assert 429 in statuses[60:]
