"""HTTP requests to a server's admin port, with the standard library's client."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)


def request(port, path, *, method="GET", body=None, headers=None, timeout=20):
    """One request on a connection of its own; any status is an answer."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", method=method, data=body, headers=headers or {}
    )
    try:
        with urllib.request.urlopen(asked, timeout=timeout) as answer:
            return Answer(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers), error.read())
