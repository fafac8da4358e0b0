"""The few small pages beside the lab's own: the entrance, the queue, and the pages of errors."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from tornado.escape import xhtml_escape

STYLE = """
  :root { color-scheme: light dark; }
  body { margin: 0; min-height: 100vh; display: flex;
         align-items: center; justify-content: center; font: 1.1rem/1.5 system-ui, sans-serif; }
  main { max-width: 32rem; padding: 2rem; }
  h1 { font-size: 1.5rem; margin: 0 0 1rem; }
  p { margin: 0 0 1rem; }
  label { display: block; margin-bottom: .25rem; }
  input, button, a.button { font: inherit;
                            padding: .4em .8em; box-sizing: border-box; border: 1px solid currentColor; border-radius: .25rem; }
  input { width: 100%; margin-bottom: 1rem; }
  a.button { display: inline-block; color: inherit; text-decoration: none; }
"""
WAIT = """
  const words = document.getElementById("words");
  const ask = async () => {
    const answer = await fetch("queue", { cache: "no-store" }).then((found) => found.json()).catch(() => null);
    if (answer?.open) return location.reload();
    if (answer && words.textContent !== answer.sentence) words.textContent = answer.sentence;
    setTimeout(ask, 2000);
  };
  setTimeout(ask, 2000);
"""
ERRORS: Mapping[int, str] = {
    400: "The server did not understand this request. Open the lab again from its first page.",
    401: "This is not the password of this class. Ask for it, and type it again.",
    403: "This request did not come from the lab's own page. Open the lab again from its first page.",
    404: "There is nothing here. Open the lab again from its first page.",
    405: "The server does not answer this kind of request.",
    429: "Too many wrong passwords from your network. Wait a minute, then try again.",
    500: "The server could not do this; its log says why. Reload the page.",
    503: "The server is full at the moment. Reload the page in a minute.",
}


def page(heading: str, body: str, script: str = "") -> tuple[str, str]:
    """A page's HTML, of a body that is HTML already, and the policy under which only its own style and script are used."""
    nonce = secrets.token_urlsafe(16)
    scripted = f'<script nonce="{nonce}">{script}</script>' if script else ""
    html = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{xhtml_escape(heading)} · ELBO Room</title>
<link rel="icon" href="data:,">
<style nonce="{nonce}">{STYLE}</style>
</head>
<body><main><h1>{xhtml_escape(heading)}</h1>{body}</main>{scripted}</body>
</html>
"""
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return html, policy


def door(address: str) -> tuple[str, str]:
    """For one who came by a link of another site: the lab opens when asked to here, not by what that site does."""
    return page(
        "ELBO Room",
        f'<p>A lab of variational inference.</p><a class="button" href="{xhtml_escape(address)}">Open the lab</a>',
    )


def entrance(address: str, fields: str, complaint: str = "") -> tuple[str, str]:
    """The form for the password; `address` is where it leads, `fields` are hidden ones."""
    alert = f'<p role="alert">{xhtml_escape(complaint)}</p>' if complaint else ""
    body = (
        f'{alert}<form method="post" action="{xhtml_escape(address)}">{fields}<label for="password">Password of the class</label>'
        '<input id="password" name="password" type="password" required autofocus autocomplete="current-password">'
        "<button>Open the lab</button></form>"
    )
    return page("ELBO Room", body)


def queue(sentence: str) -> tuple[str, str]:
    """The place in the queue; the page asks by itself, and opens the lab when there is room."""
    without = "<noscript><p>The lab needs JavaScript. Switch it on for this page and reload.</p></noscript>"
    return page("The lab is full", f'<p id="words" role="status">{xhtml_escape(sentence)}</p>{without}', WAIT)


def error(status: int) -> tuple[str, str]:
    """A sentence for a status; nothing of the server's inside."""
    sentence = ERRORS.get(status, ERRORS[500] if status >= 500 else ERRORS[400])
    return page("This did not work", f'<p>{xhtml_escape(sentence)}</p><a class="button" href="/">Open the lab</a>')
