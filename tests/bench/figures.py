# SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
# SPDX-License-Identifier: Apache-2.0
"""The figures, and the bars they are held against."""
import statistics


class Medians:
    """Medians over the runs of one measurement: medians["name"], None where it was not measured or failed. Names may
    lead into lists and objects: "wire.0.events_per_s"."""

    def __init__(self, found):
        self.found = {name: [r for r in rows if "error" not in r] for name, rows in found.items()}

    def get(self, measurement, name):
        values = [v for v in (self._walk(row, name) for row in self.found.get(measurement, [])) if v is not None]
        return statistics.median(values) if values else None

    @staticmethod
    def _walk(row, name):
        for word in name.split("."):
            try:
                row = row[int(word)] if isinstance(row, list) else row.get(word)
            except IndexError:
                return None
            if row is None:
                return None
        return row


def quotient(a, b):
    return None if a is None or not b else a / b


class Figure:
    """number, title; ours and theirs: functions of Medians; bar and stretch of what judged() gives; most: it must not
    be above them, else not below."""

    def __init__(self, number, title, ours, bar, stretch, unit="", theirs=None, most=False):
        self.number, self.title, self.ours, self.theirs = number, title, ours, theirs
        self.bar, self.stretch, self.unit, self.most = bar, stretch, unit, most

    def judged(self, m):
        """What is held against the bar: the ratio where there is a peer, else our figure."""
        return quotient(self.ours(m), self.theirs(m)) if self.theirs else self.ours(m)

    def met(self, m, limit):
        value = self.judged(m)
        return None if value is None else value <= limit if self.most else value >= limit


def of(measurement, name, factor=1.0):
    def value(m):
        found = m.get(measurement, name)
        return None if found is None else found * factor
    return value


def larger(*values):
    def value(m):
        found = [v(m) for v in values]
        return None if None in found else max(found)
    return value


A = of("stream", "events_per_s")
FIGURES = [
    Figure(1, "events/s acknowledged, against PostgreSQL (ingest and dedupe)", A, 1.5, 3, "/s",
           of("postgres", "events_per_s")),
    Figure(2, "against NATS JetStream (lazy sync)", A, 2, 4.5, "/s", of("jetstream", "events_per_s")),
    Figure(3, "against Redis Streams (appendfsync always)", A, 2.5, 6, "/s", of("redis", "events_per_s")),
    Figure(4, "sustained, everything keeping up, against PostgreSQL with second index and counters",
           of("sustained", "events_per_s"), 1, 3, "/s", of("postgres_full", "events_per_s")),
    Figure(4, "lag of the counters meanwhile, largest", of("sustained", "lag_max_s"), 1, 1, " s", most=True),
    Figure(5, "CPU s per million events, acknowledgement path", of("stream", "cpu_path"), 2.5, 1.2, " s", most=True),
    Figure(5, "CPU s per million events, everything", of("sustained", "cpu_all"), 6, 3, " s", most=True),
    Figure(6, "acknowledgement at 5,000/s, p50", of("steady", "p50_ms"), 0.3, 0.12, " ms", most=True),
    Figure(6, "acknowledgement at 5,000/s, p99", of("steady", "p99_ms"), 2, 0.3, " ms", most=True),
    Figure(7, "acknowledged to visible in the counter, p99", of("steady", "visible_p99_ms"), 250, 20, " ms",
           most=True),
    Figure(8, "proportional memory, placements at saturation", of("stream", "pss_mib"), 64, 32, " MiB", most=True),
    Figure(8, "proportional memory, an idle service", of("stream", "idle_pss_mib"), 8, 5, " MiB", most=True),
    Figure(9, "bytes on disk per event, all included", of("stream", "bytes_per_event"), 450, 330, "", most=True),
    Figure(10, "counters rebuilt from the logs, events/s", of("stream", "rebuild_per_s"), 150000, 500000, "/s"),
    Figure(11, "start to ready, after a clean stop and after kill -9", larger(
        of("stream", "start_stopped_s"), of("stream", "start_killed_s")), 1, 0.2, " s", most=True),
    Figure(12, "CURVE on, against off, at 100 events a message", of("curve", "events_per_s_on"), 0.85, 0.95, "/s",
           of("curve", "events_per_s_off")),
    Figure(13, "shape B, against shape A", of("many", "events_per_s"), 0.3, 0.3, "/s", A),
]

# What stands beside the figures: title, our value, the raw limit it is held against.
LIMITS = [
    ("ZeroMQ loopback with CURVE, 100 events a message", A, of("raw", "wire.0.events_per_s")),
    ("protobuf-c unpack with malloc, one core", A, of("raw", "unpack.0.events_per_cpu_s")),
    ("append and fdatasync of the same bytes, 100 KiB a commit", A, of("raw", "sync.0.events_per_s")),
]
BESIDE = [
    ("tables caught up after the last acknowledgement", of("stream", "tables_after_s"), " s"),
    ("counters caught up after reporting was started then", of("stream", "counted_after_s"), " s"),
    ("shape A: acknowledgement p50 / p99 with 8,000 outstanding", of("stream", "p50_ms"), " ms"),
    ("", of("stream", "p99_ms"), " ms"),
    ("the load program, CPU s per million events", lambda m: quotient(
        m.get("stream", "client_cpu_s"), (m.get("stream", "events") or 0) / 1e6), " s"),
    ("mean event as sent", of("stream", "event_bytes"), " bytes"),
    ("the same, with its share of a message", of("stream", "wire_bytes_per_event"), " bytes"),
    ("shape B: proportional memory of placements", of("many", "pss_mib"), " MiB"),
    ("shape B: CPU s per million events, acknowledgement path", of("many", "cpu_path"), " s"),
    ("sustained: proportional memory of placements", of("sustained", "pss_mib"), " MiB"),
    ("sustained: bytes on disk per event", of("sustained", "bytes_per_event"), ""),
    ("sustained: counters' lag, median", of("sustained", "lag_median_s"), " s"),
    ("sustained: CPU s per million events, placements", of("sustained", "cpu_placements"), " s"),
    ("sustained: CPU s per million events, of it the acknowledgement path", of("sustained", "cpu_path"), " s"),
    ("sustained: CPU s per million events, reporting", of("sustained", "cpu_reporting"), " s"),
    ("start after a clean stop", of("stream", "start_stopped_s"), " s"),
    ("start after kill -9 at saturation", of("stream", "start_killed_s"), " s"),
    ("PostgreSQL: bytes on disk per event", of("postgres", "bytes_per_event"), ""),
    ("PostgreSQL with second index and counters: bytes on disk per event", of("postgres_full", "bytes_per_event"), ""),
    ("JetStream: bytes on disk per event", of("jetstream", "bytes_per_event"), ""),
    ("Redis: bytes on disk per event", of("redis", "bytes_per_event"), ""),
    ("Redis always at 5,000/s: p50", of("redis_steady", "p50_ms"), " ms"),
    ("Redis always at 5,000/s: p99", of("redis_steady", "p99_ms"), " ms"),
    ("JetStream unflushed at 5,000/s: p50", of("jetstream_steady", "p50_ms"), " ms"),
    ("JetStream unflushed at 5,000/s: p99", of("jetstream_steady", "p99_ms"), " ms"),
]
