# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""A whole platform for one test: Redis and the services on free ports, in a folder of their own.

    class Counters(harness.PlatformCase):
        regions = ("52", "75")

        def test_counters_move(self):
            self.platform.placements.kill()
            self.platform.placements.start()

MJ_BIN names the folder of the binaries. MJ_TEST_KEEP=1 keeps the folder, with the services' logs, and says where.
Nothing outlives the test: processes die with it, whatever way it ends.
"""
import ctypes
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

BIN = pathlib.Path(os.environ.get("MJ_BIN", "build/release/bin")).resolve()
START_S = 20
STOP_S = 15
SERVICES = ("registry", "placements", "reporting")


def wait_until(true, what, seconds=START_S):
    """Asks true() again and again; its first true value, or AssertionError after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = true()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.02)


def free_port():
    """A free port below the range that outgoing connections take theirs from: it is still free at a restart."""
    while True:
        port = random.randint(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def clean_environment(**more):
    """The environment without the developer's own MJ_ settings; values of None are left out."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MJ_")}
    return kept | {k: str(v) for k, v in more.items() if v is not None}


def _die_with_the_test():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Process:
    """One program that can be started, killed and started again. Its output is appended to FOLDER/NAME.log."""

    def __init__(self, name, folder, command):
        self.name = name
        self.command = [str(word) for word in command]
        self.log_path = pathlib.Path(folder, f"{name}.log")
        self.log_path.touch()
        self.process = None

    def start(self, wait=True, **environment):
        """environment: variables of this one run, e.g. MJ_FAILPOINTS="log.before_commit=kill@100"."""
        assert not self.running(), f"{self.name} runs already"
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=clean_environment(**environment), preexec_fn=_die_with_the_test)
        if wait:
            self.wait_ready()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def ready(self):
        raise NotImplementedError

    def wait_ready(self, seconds=START_S):
        wait_until(lambda: self._alive() and self.ready(), f"{self.name} is ready\n{self.tail()}", seconds)

    def _alive(self):
        if not self.running():
            raise AssertionError(f"{self.name} ended with status {self.process.returncode}\n{self.tail()}")
        return True

    def kill(self):
        """kill -9, and gone when this returns."""
        self.process.kill()
        self.process.wait()

    def wait_killed(self, seconds=START_S):
        """Waits until a fail point has killed it."""
        status = self.process.wait(seconds)
        assert status == -signal.SIGKILL, f"{self.name}: status {status}, expected a kill\n{self.tail()}"

    def wait_refused(self, seconds=START_S):
        """Waits until it has ended because it cannot start; its last words."""
        status = self.process.wait(seconds)
        assert status > 0, f"{self.name}: status {status}, expected a refusal\n{self.tail()}"
        return self.tail()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        """SIGTERM; the program must end by itself, with status 0."""
        if not self.running():
            return
        self.resume()
        self.process.terminate()
        try:
            status = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop in {STOP_S} s\n{self.tail()}") from None
        assert status == 0, f"{self.name} ended with status {status}\n{self.tail()}"

    def restart(self, **environment):
        self.stop()
        self.start(**environment)

    def tail(self, lines=20):
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])


class Redis(Process):
    """A Redis on a Unix socket; it saves only when told to: save(), then snapshot and put_back."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder, "redis")
        self.folder.mkdir()
        self.socket = self.folder / "redis.sock"
        super().__init__("redis", folder, [
            "redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.folder, "--save", "",
            "--appendonly", "no", "--maxmemory-policy", "noeviction", "--daemonize", "no"])

    def cli(self, *words):
        """One command, through redis-cli; its output as text."""
        return subprocess.run(["redis-cli", "-s", self.socket, *map(str, words)], check=True, text=True,
                              capture_output=True).stdout.strip()

    def ready(self):
        probe = subprocess.run(["redis-cli", "-s", self.socket, "ping"], text=True, capture_output=True)
        return probe.stdout.strip() == "PONG"

    def snapshot(self):
        """What Redis holds now, as bytes for put_back."""
        self.cli("save")
        return (self.folder / "dump.rdb").read_bytes()

    def put_back(self, snapshot):
        """Replaces all that Redis holds by an older snapshot; it is started again."""
        self.kill()
        (self.folder / "dump.rdb").write_bytes(snapshot)
        self.start()


class Service(Process):
    """One of ours. Positions, counts and readiness are read from its own probes. regions, data: where they are not the
    platform's; label: of its log file, where the platform has a service of that name already."""

    def __init__(self, name, platform, *flags, regions=None, data=None, label=None):
        regions = regions or (*(["FR"] if name in ("registry", "reporting") else []), *platform.regions)
        self.port, self.http_port = free_port(), free_port()
        self.endpoint = f"tcp://127.0.0.1:{self.port}"
        self.key_file = platform.key(name)
        self.public_key = public_key(self.key_file)
        super().__init__(label or name, platform.folder, [
            BIN / f"mj-{name}", "--listen", f"127.0.0.1:{self.port}", "--http", f"127.0.0.1:{self.http_port}",
            "--data", data or platform.data, "--key-file", self.key_file, "--bootstrap", platform.keys / "bootstrap",
            "--region", ",".join(regions), *flags])

    def get(self, path):
        """(status, text) of GET path; (0, "") where nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def ready(self):
        return self.get("/readyz")[0] == 200

    def metrics(self):
        """{'mj_entries_total{region="52"}': 12.0, ...}"""
        lines = self.get("/metrics")[1].splitlines()
        return {name: float(value) for name, value in
                (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))}

    def logs(self, event=None):
        """Its log lines, of one event or of all. A line that is no JSON fails the test: a crash, a sanitizer."""
        text = self.log_path.read_text()
        lines = [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]
        return [line for line in lines if event in (None, line["event"])]


def public_key(key_file):
    """The public half of a key file, in hex."""
    return pathlib.Path(key_file).read_text().split()[1]


class Platform:
    """Redis and the three services. services: which of them to start, in order; flags: {service: [flag, ...]};
    demo: also a key "demo", of the role that sees all."""

    def __init__(self, regions=("52",), services=SERVICES, flags=None, demo=False):
        flags = flags or {}
        self.regions = regions
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mj-test-"))
        self.keys, self.data = self.folder / "keys", self.folder / "data"
        self.mj("keys", "init", self.keys, *(["--demo"] if demo else []))
        self.redis = Redis(self.folder)
        self.registry = Service("registry", self, *flags.get("registry", []))
        self.registry_address = f"{self.registry.endpoint}/{self.registry.public_key}"
        known = ("--registry", self.registry_address)
        self.placements = Service("placements", self, *known, *flags.get("placements", []))
        self.reporting = Service("reporting", self, *known, "--redis", f"unix:{self.redis.socket}",
                                 *flags.get("reporting", []))
        self.processes = [self.redis, *(getattr(self, name) for name in services)]

    def key(self, name):
        """Path of a key file that "mj keys init" made: registry, placements, reporting, operator."""
        return self.keys / f"{name}.key"

    def new_key(self, name):
        """Makes one more key file; its path."""
        self.mj("keys", "new", self.key(name))
        return self.key(name)

    def mj(self, *words, key="operator", check=True):
        """Runs the command line with a key; the CompletedProcess. check: it must end with status 0."""
        environment = clean_environment(MJ_REGISTRY=getattr(self, "registry_address", None),
                                        MJ_KEY_FILE=self.key(key) if self.key(key).exists() else None)
        done = subprocess.run([BIN / "mj", *map(str, words)], env=environment, text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"{done.args}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def start(self):
        for process in self.processes:
            process.start(wait=False)
        for process in self.processes:
            process.wait_ready()

    def stop(self):
        """Stops what still runs, the last started first; every one must end cleanly."""
        for process in reversed(self.processes):
            process.stop()

    def remove(self):
        """Kills what still runs and removes the folder."""
        for process in self.processes:
            if process.running():
                process.kill()
        if os.environ.get("MJ_TEST_KEEP"):
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder)


class PlatformCase(unittest.TestCase):
    """One platform for all tests of a class, at self.platform; it must stop cleanly at the end."""

    regions = ("52",)
    services = SERVICES
    flags = None
    demo = False

    @classmethod
    def setUpClass(cls):
        cls.platform = Platform(cls.regions, cls.services, cls.flags, cls.demo)
        cls.addClassCleanup(cls.platform.remove)
        cls.platform.start()

    @classmethod
    def tearDownClass(cls):
        cls.platform.stop()
