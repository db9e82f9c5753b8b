"""Measures the product against a floor program that does the same with nothing of the framework, in turns, because the
machine drifts: only ratios within a run count."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

from market import Market
from place import BINARY, ROOT, Running, Usage, cpu, management, peak, prepare, reset, sql, vhost, wait_for

QUEUE = os.environ.get("CROSSDOCK_NAMESPACE", "crossdock") + ".stock-ledger"
ORDERS = os.environ.get("CROSSDOCK_NAMESPACE", "crossdock") + ".order-sync"


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.floor = os.path.join(folder, "floor")
        self.log = os.path.join(folder, "bench.log")
        sources = [os.path.join(ROOT, "ops/benchmarks", name) for name in ("floor.c", "broker.c", "arrays.c", "events.c")]
        include = subprocess.run(["pg_config", "--includedir"], stdout=subprocess.PIPE, text=True).stdout.strip()
        subprocess.run(
            ["cc", "-O2", "-D_GNU_SOURCE", '-DBENCH_CONNECTION="11111111-2222-4333-8444-555555555555"', "-I" + include,
             *sources, "-o", self.floor, "-lrabbitmq", "-lpq"], check=True)

    def publish(self, queue, count, batch=1000):
        began = time.monotonic()
        subprocess.run([self.floor, "publish", queue, str(count), str(batch)], check=True)
        return count / (time.monotonic() - began)

    # ---------------------------------------------------------------- draining a queue

    def drain(self, words, queue, count, consumer, expected, before=lambda: None):
        """Fills the queue, lets the program empty it, and says how fast it was and what it cost."""
        reset()
        before()
        self.publish(queue, count)
        usage = Usage()
        new = f"consumer = '{consumer}' AND event_time >= '2026-01-01'"
        with Running(words, self.log) as child:
            wait_for(f"SELECT count(*) FROM inbox WHERE {new}", expected)
            own = cpu(child.pid) if child.poll() is None else 0.0
            memory = peak(child.pid) if child.poll() is None else 0.0
            broker, postgres = usage.since()
        seconds = float(sql(f"SELECT extract(epoch FROM max(processed_at) - min(processed_at)) FROM inbox WHERE {new}"))
        return {
            "rate": expected / max(seconds, 0.001), "own": own / count * 1e6, "broker": broker / count * 1e6,
            "postgres": postgres / count * 1e6, "memory": memory}

    def check_ledger(self, count):
        """The exact sums: one of the first and two of the second listing of each order, once."""
        expected = -3 * (count - count // 100)
        held = sql("SELECT sum(on_hand) FROM marketplace_stock")
        booked = sql("SELECT sum(quantity_change) FROM stock_history")
        if held != str(expected) or booked != str(expected):
            raise RuntimeError(f"the ledger is wrong: {held} on hand, {booked} booked, {expected} expected")

    def ledger(self):
        count = self.options.messages
        expected = count - count // 100
        floor = [self.floor, "ledger", QUEUE, str(count)]
        ours = [BINARY, "worker", "--role", "stock-ledger", "--lanes", "1"]
        pairs = []
        for number in range(self.options.pairs):
            turn = [("floor", floor), ("crossdock", ours)]
            results = {}
            for name, words in turn if number % 2 == 0 else reversed(turn):
                # The floor ends by itself, and its figures with it: it is told to wait for one message more.
                words = words[:-1] + [str(count + 1)] if name == "floor" else words
                results[name] = self.drain(words, QUEUE, count, "stock-ledger", expected)
                self.check_ledger(count)
            pairs.append(results)
            say(f"  pair {number + 1}: floor {results['floor']['rate']:,.0f}/s, "
                f"crossdock {results['crossdock']['rate']:,.0f}/s")
        return self.summary("ledger", pairs)

    def orders(self):
        count = self.options.messages // 2
        expected = count - count // 100
        words = [BINARY, "worker", "--role", "order-sync", "--lanes", "1"]
        rounds = [{"crossdock": self.drain(words, ORDERS, count, "order-sync", expected)} for _ in range(self.options.pairs)]
        return self.summary("orders", rounds)

    def lanes(self):
        """The same queue with more lanes and more processes."""
        count, result = self.options.messages, {}
        for lanes in (1, 2, 4, 8):
            words = [BINARY, "worker", "--role", "stock-ledger", "--lanes", str(lanes)]
            result[f"{lanes} lanes"] = self.drain(words, QUEUE, count, "stock-ledger", count - count // 100)["rate"]
            self.check_ledger(count)
        return {"workload": "lanes", "rates": result}

    def growth(self):
        """The rate with many rows in the inbox, as a share of the rate with none."""
        count, rates = self.options.messages, {}
        words = [BINARY, "worker", "--role", "stock-ledger", "--lanes", "1"]
        for rows in (0, 1_000_000, 10_000_000):
            before = lambda rows=rows: sql(
                "INSERT INTO inbox (consumer, event_time, message_id) SELECT 'stock-ledger', "
                "'2025-12-01'::timestamptz + n * interval '0.2 s', 'shopify:bench:old-' || n "
                f"FROM generate_series(1, {rows}) n")
            rates[f"{rows:,} rows"] = self.drain(
                words, QUEUE, count, "stock-ledger", count - count // 100, before=before)["rate"]
            self.check_ledger(count)
        return {"workload": "growth", "rates": rates}

    def mixed(self):
        """The same orders for four consumers in one process: how far each has come when the first one is done, as a
        share of what waited for it. One that starves stands near 0."""
        consumers, count = ("stock-ledger", "order-sync", "messaging", "disputes"), self.options.messages // 4
        expected, shares = count - count // 100, []
        words = [BINARY, "worker", "--lanes", "1"] + [word for name in consumers for word in ("--role", name)]
        for _ in range(self.options.pairs):
            reset()
            for name in consumers:
                self.publish(QUEUE.replace("stock-ledger", name), count)
            with Running(words, self.log):
                wait_for("SELECT count(*) FROM inbox", len(consumers) * expected)
            self.check_ledger(count)
            ends = dict(row.split("|") for row in sql(
                "WITH first AS (SELECT min(last) AS moment FROM (SELECT max(processed_at) AS last FROM inbox "
                "GROUP BY consumer) AS ends) SELECT consumer, count(*) FILTER (WHERE processed_at <= moment) "
                "FROM inbox, first GROUP BY consumer").splitlines())
            shares.append({name: int(ends[name]) / expected for name in consumers})
        return {
            "workload": "mixed", "pairs": len(shares),
            "shares": {name: round(statistics.median(share[name] for share in shares), 2) for name in consumers}}

    def poll(self):
        """Pages of 100 orders from the simulator to published events: so many a second, from the job on."""
        count, rates = self.options.messages // 20, []
        for number in range(self.options.pairs):
            reset()
            with Market(count, seed=number + 1) as market:
                words = [BINARY, "worker", "--role", "poll", "--role", "relay", "--lanes", "1"]
                with Running(words, self.log):
                    market.poll("orders")
                    wait_for("SELECT count(*) FROM poll_runs WHERE finished_at IS NOT NULL", 1)
                    wait_for("SELECT count(*) FROM outbox WHERE published_at IS NULL", 0, pause=0.1)
                rates.append(float(sql(
                    "SELECT (SELECT sum(new_events) FROM poll_runs) / extract(epoch FROM (SELECT max(published_at) "
                    "FROM outbox) - (SELECT min(started_at) FROM poll_runs))")))
        return {"workload": "poll", "rates": {"events": statistics.median(rates)}}

    def backlog(self):
        """A million messages that wait: what it costs in memory."""
        count = 1_000_000
        words = [BINARY, "worker", "--role", "stock-ledger", "--lanes", "1"]
        result = self.drain(words, QUEUE, count, "stock-ledger", count - count // 100)
        self.check_ledger(count)
        return self.summary("backlog", [{"crossdock": result}])

    def latency(self):
        """Publish to commit at a given rate, in milliseconds."""
        result = {}
        for rate in (500, 1500, 5000):
            count = rate * 10
            for name, words in (
                ("floor", [self.floor, "ledger", QUEUE, str(count + 1)]),
                ("crossdock", [BINARY, "worker", "--role", "stock-ledger", "--lanes", "1"]),
            ):
                reset()
                with Running(words, self.log):
                    time.sleep(2)  # until it consumes
                    subprocess.run([self.floor, "publish", QUEUE, str(count), "1", str(rate)], check=True)
                    wait_for("SELECT count(*) FROM inbox", count, limit=120)
                middle, high, highest = sql(
                    "SELECT round((percentile_cont(ARRAY[0.5, 0.99, 0.999]) WITHIN GROUP (ORDER BY extract(epoch FROM "
                    "pg_xact_commit_timestamp(xmin) - event_time) * 1000))[i]::numeric, 1) FROM inbox, "
                    "generate_series(1, 3) i GROUP BY i ORDER BY i").splitlines()
                result[f"{rate}/s {name}"] = {"p50": float(middle), "p99": float(high), "p99.9": float(highest)}
        return {"workload": "latency", "milliseconds": result}

    def relay(self):
        """Outbox to confirmed, beside plain confirmed publishing in C at the same batch."""
        count, pairs = self.options.messages, []
        sink = "bench-sink"
        for _ in range(self.options.pairs):
            reset()
            management("PUT", f"queues/{vhost()}/{sink}", {"durable": True, "arguments": {"x-queue-type": "quorum"}})
            began = time.monotonic()
            self.publish(sink, count, 500)
            plain = count / (time.monotonic() - began)
            management("POST", f"bindings/{vhost()}/e/crossdock.events/q/{sink}", {"routing_key": "bench.#"})
            management("DELETE", f"queues/{vhost()}/{sink}/contents")
            subprocess.run([self.floor, "outbox", str(count)], check=True)
            usage = Usage()
            with Running([BINARY, "worker", "--role", "relay"], self.log) as child:
                wait_for("SELECT count(*) FROM outbox WHERE published_at IS NULL", 0, pause=0.1)
                own, memory = cpu(child.pid), peak(child.pid)
                broker, postgres = usage.since()
            seconds = float(sql("SELECT extract(epoch FROM max(published_at) - min(published_at)) FROM outbox"))
            management("DELETE", f"queues/{vhost()}/{sink}")
            pairs.append({
                "floor": {"rate": plain, "own": 0, "broker": 0, "postgres": 0, "memory": 0},
                "crossdock": {
                    "rate": count / max(seconds, 0.001), "own": own / count * 1e6, "broker": broker / count * 1e6,
                    "postgres": postgres / count * 1e6, "memory": memory}})
        return self.summary("relay", pairs)

    # ---------------------------------------------------------------- figures

    def summary(self, workload, pairs):
        result = {"workload": workload, "pairs": len(pairs)}
        for name in pairs[0]:
            result[name] = {
                key: round(statistics.median(pair[name][key] for pair in pairs), 1) for key in pairs[0][name]}
        if "floor" in pairs[0]:
            ratios = [pair["crossdock"]["rate"] / pair["floor"]["rate"] for pair in pairs]
            result["ratio"] = {
                "min": round(min(ratios), 3), "median": round(statistics.median(ratios), 3), "max": round(max(ratios), 3)}
        return result


def table(results):
    say(f"\n{'WORKLOAD':10}{'':12}{'MESSAGES/s':>12}{'OWN µs':>9}{'BROKER µs':>11}{'POSTGRES µs':>13}{'PEAK MB':>9}")
    for result in results:
        for name in ("floor", "crossdock"):
            if name in result:
                row = result[name]
                say(f"{result['workload']:10}{name:12}{row['rate']:12,.0f}{row['own']:9.1f}{row['broker']:11.1f}"
                    f"{row['postgres']:13.1f}{row['memory']:9.0f}")
        if "ratio" in result:
            ratio = result["ratio"]
            say(f"{'':10}ratio {ratio['median']} ({ratio['min']}–{ratio['max']})")
        for name, times in result.get("milliseconds", {}).items():
            say(f"{result['workload']:10}{name:18}" + "".join(f"  {key} {value:8.1f} ms" for key, value in times.items()))
        for name, rate in result.get("rates", {}).items():
            say(f"{result['workload']:10}{name:12}{rate:12,.0f}")
        for name, share in result.get("shares", {}).items():
            say(f"{result['workload']:10}{name:12}{share:12.0%} done when the first one was")


def main():
    known = ["ledger", "orders", "latency", "relay", "lanes", "growth", "mixed", "poll", "backlog"]
    parser = argparse.ArgumentParser(prog="ops/bench", description=__doc__)
    parser.add_argument("--workload", choices=known, action="append", help="only this one; may be given again")
    parser.add_argument("--messages", type=int, default=200_000, help="messages of one measurement (200,000)")
    parser.add_argument("--pairs", type=int, default=5, help="measurements of each side, in turns (5)")
    parser.add_argument("--json", action="store_true", help="print JSON on standard output")
    options = parser.parse_args()
    prepare()
    bench = Bench(options, os.environ["CROSSDOCK_HOME"])
    results = []
    for name in options.workload or known:
        say(f"{name}:")
        results.append(getattr(bench, name)())
    table(results)
    if options.json:
        print(json.dumps(results))


if __name__ == "__main__":
    main()
