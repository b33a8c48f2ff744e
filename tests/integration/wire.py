# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""One raw connection to a service: frames go out as the test made them, right or wrong.

    caller = Caller(platform.registry, key_file)
    answer = caller.call("directory.v1.Resolve", service="placements")
    answer.reason                     # "" where it was right
    answer.body.instances

Clients that mean well use tools/clients/python; tests of hostile input need this one.
"""
import importlib
import os
import pathlib
import sys

import zmq
from zmq.utils import z85

sys.path.insert(0, os.environ.get("MJ_PROTO_PY", "build/release/proto/python"))

common = importlib.import_module("missionjeunes.common.v1.common_pb2")
directory = importlib.import_module("missionjeunes.directory.v1.directory_pb2")
log = importlib.import_module("missionjeunes.log.v1.log_pb2")
placements = importlib.import_module("missionjeunes.placements.v1.placements_pb2")
placements_entries = importlib.import_module("missionjeunes.placements.v1.entries_pb2")
registry = importlib.import_module("missionjeunes.registry.v1.registry_pb2")
reporting = importlib.import_module("missionjeunes.reporting.v1.reporting_pb2")

MODULES = {"common": common, "directory": directory, "log": log, "placements": placements, "registry": registry,
           "reporting": reporting}
CODES = {value: name.removeprefix("CODE_") for name, value in common.Code.items()}
ANSWER_S = 10


def message(method, suffix):
    """The class of a method's request or answer: message("placements.v1.Ingest", "Request")."""
    package, _, name = method.split(".")
    return getattr(MODULES[package], name + suffix)


def all_methods():
    """Every method of every .proto, as its header names it."""
    return [f"{service.full_name.removeprefix('missionjeunes.').rsplit('.', 1)[0]}.{method.name}"
            for module in MODULES.values() for service in module.DESCRIPTOR.services_by_name.values()
            for method in service.methods]


class Key:
    """A CURVE key pair; text is what ZeroMQ wants, public_bytes what requests carry."""

    def __init__(self, public, secret):
        self.public, self.secret = public, secret
        self.public_bytes = z85.decode(public)

    @classmethod
    def new(cls):
        return cls(*zmq.curve_keypair())

    @classmethod
    def read(cls, key_file):
        words = pathlib.Path(key_file).read_text().split()
        return cls(*(z85.encode(bytes.fromhex(words[i])) for i in (1, 3)))

    def write(self, key_file):
        """The same pair as a file that our programs read."""
        lines = (f"{name} {z85.decode(text).hex()}\n"
                 for name, text in (("public", self.public), ("secret", self.secret)))
        with open(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(lines)
        return key_file


class Answer:
    """What came back. code is "" where it was right, else "INVALID_ARGUMENT" ...; body is None then."""

    def __init__(self, frames, method):
        assert len(frames) == 2, f"an answer of {len(frames)} frames"
        self.header = common.Header.FromString(frames[0])
        self.correlation = self.header.correlation
        self.code, self.reason, self.field, self.message, self.error, self.body = "", "", "", "", None, None
        if self.header.code == 0:
            self.body = message(method or self.header.method, "Response").FromString(frames[1])
            return
        self.error = common.Error.FromString(frames[1])
        self.code = CODES[self.header.code]
        self.reason, self.field, self.message = self.error.reason, self.error.field, self.error.message
        assert self.error.code == self.header.code, "an error's code is its header's"

    def __repr__(self):
        return f"<{self.code or 'ok'} {self.reason} {self.field} {self.message}>" if self.code else f"<ok {self.body}>"


class Silence(Exception):
    """No answer came in time."""


class Caller:
    """One connection. server: anything with an endpoint and a public_key in hex. connect=False leaves the connecting
    to the test; options: of the socket, by ZeroMQ's names."""

    context = zmq.Context()

    def __init__(self, server, key, curve=True, connect=True, **options):
        self.key = key if isinstance(key, Key) or key is None else Key.read(key)
        self.socket = self.context.socket(zmq.DEALER)
        settings = {"LINGER": 0, "IMMEDIATE": 1, "RECONNECT_IVL": 50, "RECONNECT_IVL_MAX": 500, "SNDHWM": 10000,
                    "RCVHWM": 10000} | options
        for name, value in settings.items():
            setattr(self.socket, name.lower(), value)
        if curve:
            self.socket.curve_serverkey = z85.encode(bytes.fromhex(server.public_key))
            self.socket.curve_publickey, self.socket.curve_secretkey = self.key.public, self.key.secret
        if connect:
            self.socket.connect(server.endpoint)
        self.last = 0

    def close(self):
        self.socket.close()

    __del__ = close

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def frames_out(self, frames, seconds=ANSWER_S):
        """Sends frames as they are."""
        if not self.socket.poll(seconds * 1000, zmq.POLLOUT):
            raise Silence("not connected")
        self.socket.send_multipart(frames)

    def send(self, method, body=b"", region="", key=None, seconds=ANSWER_S, **header):
        """Sends a request; its correlation. body: a message or bytes; key: the idempotency key."""
        self.last += 1
        head = common.Header(**{"version": 1, "method": method, "correlation": self.last, "region": region,
                                "idempotency_key": key or b"", **header})
        packed = body if isinstance(body, bytes) else body.SerializeToString(deterministic=True)
        self.frames_out([head.SerializeToString(deterministic=True), packed], seconds)
        return self.last

    def receive(self, seconds=ANSWER_S, method=None):
        """The next answer, whatever it is for."""
        if not self.socket.poll(seconds * 1000, zmq.POLLIN):
            raise Silence(f"no answer in {seconds} s")
        return Answer(self.socket.recv_multipart(), method)

    def answer_to(self, correlation, seconds=ANSWER_S):
        """The answer to one request; others that come before it are lost."""
        while True:
            answer = self.receive(seconds)
            if answer.correlation == correlation:
                return answer

    def answers_to(self, correlations, seconds=ANSWER_S):
        """The answers to many requests, in the order of the requests, whatever order they come in."""
        came = {answer.correlation: answer for answer in (self.receive(seconds) for _ in correlations)}
        return [came[correlation] for correlation in correlations]

    def call(self, method, body=None, region="", key=None, seconds=ANSWER_S, header=None, **fields):
        """Sends a request and waits for its answer. fields: of the request message, where body is not given."""
        if body is None:
            body = message(method, "Request")(**fields)
        return self.answer_to(self.send(method, body, region, key, seconds, **(header or {})), seconds)

    def command(self, method, body=None, region="FR", **fields):
        """The same with a fresh idempotency key; an error fails the test. Gives the answer's body."""
        answer = self.call(method, body, region, os.urandom(16), **fields)
        assert not answer.code, f"{method}: {answer}"
        return answer.body
