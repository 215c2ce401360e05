"""A request ends in one place alone: what a proxy may read otherwise is refused, and nothing is read after it.

Each message carries a second one, as whoever gets it past a proxy would: `/smuggled` must never be answered.
"""

import re
import socket

import pytest

from tests.live import Live

_SECOND = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
_LENGTH = len(_SECOND)
# Many times what an answer takes; and for how long afterwards nothing more may come.
_SECONDS, _QUIET_SECONDS = 20, 0.3
_STATUS = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3}) ")
POST, GET = b"POST /v1/sessions HTTP/1.1", b"GET /healthz HTTP/1.1"
HOST, JSON, CHUNKED = b"Host: a", b"Content-Type: application/json", b"Transfer-Encoding: chunked"
_AS_CHUNK = b"%x\r\n%b\r\n0\r\n\r\n" % (_LENGTH, _SECOND)
_LAST = b"0\r\n\r\n" + _SECOND


def message(*lines: bytes, body: bytes = _SECOND) -> bytes:
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def length(value: bytes) -> bytes:
    return message(POST, HOST, JSON, b"Content-Length: " + value)


def coding(value: bytes, *more: bytes) -> bytes:
    return message(POST, HOST, JSON, b"Transfer-Encoding:" + value, *more, body=_LAST)


def chunk(body: bytes) -> bytes:
    return message(POST, HOST, JSON, CHUNKED, body=body + _SECOND)


AMBIGUOUS = {
    "length, then chunks": message(POST, HOST, JSON, b"Content-Length: %d" % (_LENGTH + 5), CHUNKED, body=_LAST),
    "chunks, then length": message(POST, HOST, JSON, CHUNKED, b"Content-Length: 4", body=_AS_CHUNK),
    "two lengths": message(POST, HOST, JSON, b"Content-Length: 0", b"Content-Length: %d" % _LENGTH),
    "one length twice": message(POST, HOST, JSON, b"Content-Length: %d" % _LENGTH, b"Content-Length: %d" % _LENGTH),
    "a list of lengths": length(b"0, %d" % _LENGTH),
    "a length with a plus": length(b"+%d" % _LENGTH),
    "a length below nothing": length(b"-%d" % _LENGTH),
    "a length in hex": length(b"0x%x" % _LENGTH),
    "a length with an underscore": length(b"1_0"),
    "a length without end": length(b"9" * 40),
    "a space before the colon of a length": message(POST, HOST, JSON, b"Content-Length : %d" % _LENGTH),
    "a space before the colon of a coding": message(POST, HOST, b"Transfer-Encoding : chunked", b"Content-Length: 0"),
    "a coding on the next line": message(POST, HOST, JSON, b"Content-Length: 0", b"Transfer-Encoding:\r\n chunked"),
    "a coding in a folded line": message(POST, HOST, b"X-A: b\r\n " + CHUNKED, b"Content-Length: 0"),
    "chunked, identity": coding(b" chunked, identity"),
    "identity, chunked": coding(b" identity, chunked"),
    "chunked, chunked": coding(b" chunked, chunked"),
    "gzip, chunked": coding(b" gzip, chunked"),
    "chunked twice": coding(b" chunked", CHUNKED),
    "chunked and identity": coding(b" chunked", b"Transfer-Encoding: identity"),
    "xchunked": coding(b" xchunked"),
    "identity": coding(b" identity", b"Content-Length: 0"),
    "a coding in quotes": coding(b' "chunked"'),
    "a coding behind a vertical tab": coding(b" \x0bchunked"),
    "a coding without a value": coding(b"", b"Content-Length: 0"),
    "a coding of HTTP/1.0": message(
        b"POST /v1/sessions HTTP/1.0", HOST, JSON, b"Connection: keep-alive", CHUNKED, body=_LAST
    ),
    "a coding and a length of HTTP/1.0": message(
        b"POST /v1/sessions HTTP/1.0", HOST, b"Connection: keep-alive", CHUNKED, b"Content-Length: 0"
    ),
    "lines that end without a return": message(POST, HOST, JSON).replace(b"\r\n", b"\n"),
    "a line that does": message(POST, HOST, b"X-A: b\nContent-Length: %d" % _LENGTH),
    "a line that ends with a return alone": message(POST, HOST, b"X-A: b\rContent-Length: %d" % _LENGTH),
    "a zero byte": message(POST, HOST, b"X-A: b\x00", b"Content-Length: 0"),
    "a first header that is a continuation": message(GET, b" Content-Length: %d" % _LENGTH, HOST),
    "no name": message(GET, HOST, b": 1"),
    "an odd name": message(GET, HOST, b"Content-Length\x0c: %d" % _LENGTH),
    "two hosts": message(GET, HOST, b"Host: b"),
    "no host": message(GET),
    "HTTP/0.9": b"GET /healthz\r\n\r\n" + _SECOND,
    "HTTP/2 begun": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _SECOND,
    "a chunk that ends without a return": chunk(b"2\n{}\n0\n\n"),
    "an extension that hides a line": chunk(b"2;\n{}\r\n0\r\n\r\n"),
    "a chunk's size with a plus": chunk(b"+2\r\n{}\r\n0\r\n\r\n"),
    "a chunk's size with 0x": chunk(b"0x2\r\n{}\r\n0\r\n\r\n"),
    "a chunk's size and a space": chunk(b"2 \r\n{}\r\n0\r\n\r\n"),
    "a chunk's size without end": chunk(b"10000000000000002\r\n{}\r\n0\r\n\r\n"),
    "a chunk that is longer": chunk(b"1\r\n{}\r\n0\r\n\r\n"),
}
# What is one message, or two, for everybody.
PLAIN = {
    "two requests one after the other": (message(GET, HOST), 2),
    "a body with a length": (message(POST, HOST, JSON, b"Content-Length: %d" % _LENGTH), 1),
    "a body in chunks": (message(POST, HOST, JSON, CHUNKED, body=_AS_CHUNK), 1),
    "a body in chunks, and a second request": (chunk(b"2;ext=1\r\n{}\r\n0\r\n\r\n"), 2),
    "a body that a GET need not have": (message(GET, HOST, b"Content-Length: %d" % _LENGTH), 1),
    "in capitals": (message(POST, HOST, JSON, CHUNKED.upper(), body=_AS_CHUNK), 1),
}


def told(live: Live, sent: bytes, answers: int | None = None) -> tuple[list[bytes], bool]:
    """The statuses that come back, and whether the connection is closed then; who awaits so many waits no longer."""
    heard = b""
    with socket.create_connection(("127.0.0.1", int(live.base.rpartition(":")[2])), timeout=_SECONDS) as connection:
        connection.sendall(sent)
        try:
            while received := connection.recv(65536):
                heard += received
                if answers is not None and len(_STATUS.findall(heard)) >= answers:
                    connection.settimeout(_QUIET_SECONDS)
        except TimeoutError:
            return _STATUS.findall(heard), False
        except ConnectionError:
            pass
    return _STATUS.findall(heard), True


def test_what_may_be_read_in_two_ways_is_refused_and_the_connection_closed(live: Live) -> None:
    found = {name: told(live, sent) for name, sent in AMBIGUOUS.items()}
    assert {name: answer for name, answer in found.items() if answer != ([b"400"], True)} == {}


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_plain_is_answered_as_often_as_it_is_asked(live: Live, name: str) -> None:
    """The negative control of the test above: a second request, where there is one, is heard."""
    sent, answers = PLAIN[name]
    statuses, closed = told(live, sent, answers)
    assert (len(statuses), closed) == (answers, False)
    assert (statuses[-1] == b"404") == (answers == 2)
