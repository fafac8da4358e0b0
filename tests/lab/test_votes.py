"""The page for votes from phones: one vote a browser, changeable, counted; and what a hostile network may not do."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from elbo_room.lab.serving import votes
from elbo_room.lab.serving.votes import Allowance, Polls, VoteServer, application
from elbo_room.widgets.sessions import ballot
from elbo_room.widgets.sessions.ballot import Ballot, Paper

PAPER = Paper(1, "How noisy?", ("up to 10×", "more"))


class Phones:
    """A server in a thread of its own, whose loop is not that of the browser tests, and browsers that keep their cookie."""

    def __init__(self, folder: Path) -> None:
        self.ballot = Ballot(folder)
        self.polls = Polls(folder)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result(30)

    async def _listen(self) -> HTTPServer:
        socket, *_ = bind_sockets(0, "127.0.0.1")
        self.host = f"127.0.0.1:{socket.getsockname()[1]}"
        self.own = f"http://{self.host}"
        server = HTTPServer(application(self.polls, frozenset({self.host})))
        server.add_socket(socket)
        return server

    def close(self) -> None:
        """End the server and its thread."""

        async def stop() -> None:
            self.server.stop()
            await self.server.close_all_connections()

        asyncio.run_coroutine_threadsafe(stop(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def ask(self, paper: Paper = PAPER) -> None:
        self.ballot.show(paper)
        self.polls.look()

    def fetch(self, path: str, method: str = "GET", body: str | None = None, **options: Any) -> Any:
        """The answer, whatever its code."""

        async def ask() -> Any:
            headers = {"Host": self.host, **options.get("headers", {})}
            request = HTTPRequest(f"{self.own}{path}", method, headers, body, follow_redirects=False)
            return await AsyncHTTPClient().fetch(request, raise_error=False)

        return asyncio.run_coroutine_threadsafe(ask(), self.loop).result(30)

    def cookie(self) -> str:
        """What a browser that opens the page is given."""
        answer = self.fetch(f"/vote/{self.ballot.code}")
        assert answer.code == 200
        return str(answer.headers["Set-Cookie"])

    def vote(self, choice: object, cookie: str, **headers: str) -> Any:
        sent = {
            "Cookie": cookie.split(";", maxsplit=1)[0],
            "Origin": self.own,
            "Content-Type": "application/json",
            **headers,
        }
        body = json.dumps({"choice": choice})
        return self.fetch(f"/vote/{self.ballot.code}/state", method="POST", body=body, headers=sent)

    def counts(self) -> list[int]:
        self.polls.look()
        return self.ballot.counts()


@pytest.fixture
def phones(tmp_path: Path) -> Iterator[Phones]:
    made = Phones(tmp_path)
    made.ask()
    yield made
    made.close()


def test_each_browser_has_one_vote_and_may_change_it(phones: Phones) -> None:
    one, other = phones.cookie(), phones.cookie()
    assert [phones.vote(1, one).code, phones.vote(0, other).code, phones.vote(0, one).code] == [200, 200, 200]
    assert phones.counts() == [2, 0]
    state = json.loads(phones.fetch(f"/vote/{phones.ballot.code}/state", headers={"Cookie": one.split(";")[0]}).body)
    assert state == {
        "ask": "How noisy?",
        "choices": ["up to 10×", "more"],
        "open": True,
        "yours": 0,
        "right": None,
        "says": "",
    }


def test_after_reveal_votes_are_closed_and_the_phone_is_told_what_the_run_says(phones: Phones) -> None:
    mine = phones.cookie()
    phones.vote(1, mine)
    phones.ask(Paper(1, PAPER.ask, PAPER.choices, open=False, right=1, says="500× at step 600"))
    refused = phones.vote(0, mine)
    assert (refused.code, json.loads(refused.body)["sentence"]) == (
        409,
        "The vote is closed: the answer is on the screen.",
    )
    state = json.loads(phones.fetch(f"/vote/{phones.ballot.code}/state", headers={"Cookie": mine.split(";")[0]}).body)
    assert (state["yours"], state["right"], state["says"]) == (1, 1, "500× at step 600")
    phones.ask(Paper(2, "Another?", ("yes", "no")))
    assert phones.counts() == [0, 0], "another question begins without a vote"


def test_a_vote_must_come_from_the_page_itself(phones: Phones) -> None:
    mine = phones.cookie()
    assert "HttpOnly" in mine
    assert "SameSite=Strict" in mine
    name = mine.split("=")[1].split(".")[0]
    refused = [
        phones.vote(1, mine, Origin="http://evil.example"),
        phones.vote(1, mine, Origin="null"),
        phones.vote(1, mine, **{"Content-Type": "text/plain"}),
        phones.vote(1, f"elbo_vote={name}.{'0' * 32}"),
        phones.vote(1, ""),
    ]
    assert [each.code for each in refused] == [403] * 5
    assert phones.counts() == [0, 0]


def test_a_name_that_was_made_to_lead_here_gets_nothing(phones: Phones) -> None:
    assert phones.fetch(f"/vote/{phones.ballot.code}", headers={"Host": "rebound.example"}).code == 403


@pytest.mark.parametrize("choice", [2, -1, "x", None, [], 1e999])
def test_a_vote_for_nothing_is_refused_in_a_sentence(phones: Phones, choice: object) -> None:
    refused = phones.vote(choice, phones.cookie())
    assert refused.code == 400
    assert json.loads(refused.body)["sentence"].endswith("Reload the page.")
    assert phones.counts() == [0, 0]


def test_without_the_code_there_is_nothing(phones: Phones) -> None:
    wrong = "2" * ballot.LENGTH
    found = [
        phones.fetch(path).code
        for path in ("/", "/vote/", f"/vote/{wrong}", f"/vote/{wrong}/state", "/vote/page.py", "/voila/x")
    ]
    assert found == [404] * 6
    page = phones.fetch(f"/vote/{phones.ballot.code}")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "Server" not in page.headers
    assert phones.fetch("/vote/page.js").body == (votes.STATIC / "vote_page.js").read_bytes()
    codes = {Ballot(phones.ballot.place).code for _ in range(50)}
    assert len(codes) == 50
    assert len(ballot.LETTERS) ** ballot.LENGTH > 2**48


def test_a_room_and_a_browser_have_limits(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = phones.cookie(), phones.cookie()
    monkeypatch.setattr(votes, "MOST_VOTERS", 1)
    assert [phones.vote(0, first).code, phones.vote(0, second).code] == [200, 503]
    codes = [phones.vote(k % 2, first).code for k in range(12)]
    assert codes.count(429) >= 1
    assert sum(phones.counts()) == 1


def test_an_allowance_is_used_up_and_comes_back_with_time() -> None:
    now = [0.0]
    some = Allowance(2.0, 3, lambda: now[0])
    assert [some.take() for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert [some.take(), some.take()] == [True, False]
    now[0] = 100.0
    assert [some.take() for _ in range(4)] == [True, True, True, False]


def test_one_address_that_asks_too_often_does_not_keep_the_others_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(votes, "ONE_ADDRESS", (0.001, 5))
    polls = Polls(tmp_path)
    assert [polls.allowed("10.0.0.1") for _ in range(6)] == [True] * 5 + [False]
    assert polls.allowed("10.0.0.2")


def test_a_ballot_ends_when_its_kernel_has_gone_and_is_there_again_when_the_computer_wakes(phones: Phones) -> None:
    os.utime(phones.ballot.asked, (0, 0))
    phones.polls.look()
    assert (phones.polls.by_code, phones.ballot.asked.exists()) == ({}, False)
    phones.ballot.keep()
    phones.polls.look()
    assert list(phones.polls.by_code) == [phones.ballot.code]
    phones.ballot.close()
    phones.polls.look()
    assert phones.polls.by_code == {}


def test_a_broken_file_is_no_ballot(phones: Phones) -> None:
    (phones.ballot.place / "abc.ask").write_text('{"number": 1, "choices": 3}')
    (phones.ballot.place / "abd.ask").write_text("[")
    phones.polls.look()
    assert list(phones.polls.by_code) == [phones.ballot.code]


def test_the_port_is_open_only_while_there_is_a_ballot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ballot.FOLDER, raising=False)
    monkeypatch.setattr(votes.VoteServer, "listen", _listened := _Listening())
    server = VoteServer("127.0.0.1")
    try:
        assert ballot.folder() == server.folder
        if os.name == "posix":
            assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
        server.look()
        assert _listened.times == 0, "nobody has asked for it"
        asked = Ballot(server.folder)
        asked.show(PAPER)
        server.look()
        assert _listened.times == 1
    finally:
        server.stop()
    assert ballot.folder() is None


class _Listening:
    times = 0

    def __call__(self) -> None:
        self.times += 1


def test_without_a_network_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ballot.FOLDER, raising=False)
    monkeypatch.setattr(votes, "network_address", lambda: None)
    server = VoteServer()
    try:
        asked = Ballot(server.folder)
        asked.show(PAPER)
        server.look()
        assert (asked.address(), asked.reason()) == ("", votes.NO_NETWORK)
    finally:
        server.stop()
