# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""Calls to Mission Jeunes, written from proto/ and proto/PROTOCOL.md alone: copy it, or read it beside them.

    platform = Platform.from_environment()
    answer = platform.call("registry.v1.GetOrganisation", "FR", registry_pb2.GetOrganisationRequest(id="732829320"))

A call has three outcomes: its answer; Refused (nothing was written); Unknown (written or not: send the same again,
or ask). Events are streamed with missionjeunes_stream.py.
Needs python3-zmq, python3-protobuf, and the code that protoc makes of proto/ on PYTHONPATH (README.md).
"""
import importlib
import os
import random
import time

import zmq
from google.protobuf import message_factory
from google.protobuf.message import DecodeError

from missionjeunes.common.v1 import common_pb2
from missionjeunes.directory.v1 import directory_pb2

TIMEOUT_S, CONNECT_S = 5.0, 2.0
BACKOFF_FIRST_S, BACKOFF_MOST_S = 0.1, 5.0
TRY_AGAIN = ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED", "DEADLINE_EXCEEDED", "UNKNOWN")


class Refused(Exception):
    """The service said no; nothing was written. code and reason are for programs, the rest for people."""

    def __init__(self, code, reason, field="", message="", retry_after_s=0.0, moved_to=""):
        super().__init__(f"{code} {reason}{' ' + field if field else ''}: {message}")
        self.code, self.reason, self.field, self.message = code, reason, field, message
        self.retry_after_s, self.moved_to = retry_after_s, moved_to


class Unknown(Exception):
    """It may have been written or not. Numbers and keys make it safe to send the same again."""

    code, retry_after_s = "UNKNOWN", 0.0


class Keys:
    """A CURVE key pair as 2 x 32 bytes. A key file has two lines: "public HEX" and "secret HEX"."""

    def __init__(self, public, secret):
        self.public, self.secret = public, secret

    @classmethod
    def read(cls, path):
        with open(path, encoding="ascii") as file:
            words = dict(line.split() for line in file if line.strip())
        return cls(bytes.fromhex(words["public"]), bytes.fromhex(words["secret"]))


def new_key():
    """An idempotency key: one for each command, kept by the caller until the outcome is known."""
    return os.urandom(16)


def answer_class(method):
    """The class of a method's answer: "placements.v1.Ingest" stands in missionjeunes/placements/v1/placements.proto."""
    service, version, rpc = method.split(".")
    file = importlib.import_module(f"missionjeunes.{service}.{version}.{service}_pb2").DESCRIPTOR
    for described in file.services_by_name.values():
        if rpc in described.methods_by_name:
            output = described.methods_by_name[rpc].output_type
            if hasattr(message_factory, "GetMessageClass"):
                return message_factory.GetMessageClass(output)
            return message_factory.MessageFactory().GetPrototype(output)
    raise ValueError(f"no such method: {method}")


class Backoff:
    """Doubles from 100 ms to 5 s, with jitter (half to all of it), or what the service asked for where that is more."""

    def __init__(self):
        self.pause = BACKOFF_FIRST_S

    def next(self, at_least=0.0):
        pause, self.pause = self.pause * random.uniform(0.5, 1.0), min(self.pause * 2, BACKOFF_MOST_S)
        return max(pause, at_least)

    def reset(self):
        self.pause = BACKOFF_FIRST_S


class Connection:
    """One DEALER to one instance. Requests are pipelined; answers come in any order, matched by correlation."""

    def __init__(self, context, endpoint, server_key, keys):
        self.socket = context.socket(zmq.DEALER)
        self.correlation = random.getrandbits(32)
        for option, value in ((zmq.CURVE_SERVERKEY, server_key), (zmq.CURVE_PUBLICKEY, keys.public),
                              (zmq.CURVE_SECRETKEY, keys.secret), (zmq.IMMEDIATE, 1), (zmq.LINGER, 0),
                              (zmq.HEARTBEAT_IVL, 1000), (zmq.HEARTBEAT_TIMEOUT, 5000),
                              (zmq.RECONNECT_IVL, 200), (zmq.RECONNECT_IVL_MAX, 30000)):
            self.socket.setsockopt(option, value)
        self.socket.connect(endpoint)

    def send(self, method, region, body, key=b"", timeout=TIMEOUT_S):
        """Sends a request; its correlation. Refused NOT_CONNECTED: nothing was sent."""
        self.correlation += 1
        header = common_pb2.Header(version=1, method=method, correlation=self.correlation, idempotency_key=key,
                                   timeout_ms=int(timeout * 1000), region=region)
        wait = min(timeout, CONNECT_S)
        try:
            if not self.socket.poll(int(wait * 1000), zmq.POLLOUT):
                raise zmq.Again
            self.socket.send_multipart([header.SerializeToString(), body], zmq.DONTWAIT)
        except zmq.Again:
            raise Refused("UNAVAILABLE", "NOT_CONNECTED", message=f"no connection in {wait:g} s; if others get one, "
                          "check that your key is declared") from None
        return self.correlation

    def receive(self, timeout):
        """The next answer as (correlation, body, Refused or Unknown or None), or None when the time has passed."""
        if not self.socket.poll(max(0, int(timeout * 1000)), zmq.POLLIN):
            return None
        frames = self.socket.recv_multipart()
        header, error = common_pb2.Header(), common_pb2.Error()
        try:
            header.ParseFromString(frames[0])
            if header.code:
                error.ParseFromString(frames[1])
        except (DecodeError, IndexError):
            raise Unknown("an answer that cannot be read") from None
        if header.code == common_pb2.CODE_UNKNOWN:
            return header.correlation, b"", Unknown(f"{error.reason}: {error.message}")
        if header.code:
            name = common_pb2.Code.Name(header.code) if header.code in common_pb2.Code.values() else "CODE_INTERNAL"
            return header.correlation, b"", Refused(name[len("CODE_"):], error.reason, error.field, error.message,
                                                    error.retry_after_ms / 1000, error.moved_to)
        return header.correlation, frames[1], None

    def call(self, method, region, message, key=b"", timeout=TIMEOUT_S):
        """One request and its answer. Answers to earlier calls that came too late are passed over."""
        deadline = time.monotonic() + timeout
        asked = self.send(method, region, message.SerializeToString(), key, timeout)
        while True:
            answer = self.receive(deadline - time.monotonic())
            if answer is None:
                raise Unknown(f"{method}: no answer in {timeout:g} s")
            correlation, body, error = answer
            if correlation != asked:
                continue
            if error is not None:
                raise error
            return answer_class(method).FromString(body)

    def close(self):
        self.socket.close()


class Platform:
    """registries: "tcp://host:port/KEY-IN-HEX", several separated by commas. All else comes from the directory."""

    def __init__(self, registries, keys):
        self.keys = keys
        self.context = zmq.Context()
        self.registries = [address.strip().rsplit("/", 1) for address in registries.split(",")]
        self.connections = {}           # (endpoint, server key) -> Connection
        self.epochs = {}                # lineage -> highest epoch seen: lower ones are a writer of yesterday

    @classmethod
    def from_environment(cls):
        """MJ_REGISTRY and MJ_KEY_FILE, as the command line has them."""
        return cls(os.environ["MJ_REGISTRY"], Keys.read(os.environ["MJ_KEY_FILE"]))

    def call(self, method, region, message, key=b"", timeout=TIMEOUT_S, service=None):
        """Asks the instance that serves (service, region). key: new_key() with commands."""
        deadline = time.monotonic() + timeout
        service = service or method.split(".")[0]
        connection, where = self._connected(service, region, timeout)
        try:
            return connection.call(method, region, message, key, max(0.001, deadline - time.monotonic()))
        except Unknown:
            self._drop(where)
            raise
        except Refused as refused:
            if refused.code == "UNAVAILABLE":
                self._drop(where)
            raise

    def resolve(self, service, region, timeout=TIMEOUT_S):
        """(endpoint, server key) of the instance; asks until one is there or the time has passed."""
        deadline, backoff = time.monotonic() + timeout, Backoff()
        ask = directory_pb2.ResolveRequest(service=service, region=region)
        error = Refused("UNAVAILABLE", "NO_INSTANCE", message=f"the directory names nobody for {service}/{region}")
        while True:
            for endpoint, key in self.registries:
                where = (endpoint, bytes.fromhex(key))
                try:
                    answer = self._connection(where).call("directory.v1.Resolve", region, ask,
                                                          timeout=max(0.001, min(2.0, deadline - time.monotonic())))
                except (Refused, Unknown) as failed:
                    self._drop(where)
                    error = failed
                    continue
                chosen = self._choose(answer.instances)
                if chosen is not None:
                    return chosen.endpoint, chosen.server_key
            pause = backoff.next()
            if time.monotonic() + pause > deadline:
                raise error
            time.sleep(pause)

    def _choose(self, instances):
        for row in instances:
            self.epochs[row.lineage] = max(row.epoch, self.epochs.get(row.lineage, 0))
        live = [row for row in instances if row.epoch == self.epochs[row.lineage]]
        random.shuffle(live)            # services without a log have epoch 0: any instance will do
        return max(live, key=lambda row: row.epoch, default=None)

    def _connected(self, service, region, timeout):
        if service in ("directory", "registry"):
            where = (self.registries[0][0], bytes.fromhex(self.registries[0][1]))
        else:
            where = self.resolve(service, region, timeout)
        return self._connection(where), where

    def _connection(self, where):
        if where not in self.connections:
            self.connections[where] = Connection(self.context, *where, self.keys)
        return self.connections[where]

    def _drop(self, where):
        if where in self.connections:
            self.connections.pop(where).close()

    def close(self):
        for where in list(self.connections):
            self._drop(where)
        self.context.term()
