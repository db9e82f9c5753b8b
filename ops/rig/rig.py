"""The fault rig: runs the whole product against private servers, hurts it on a schedule drawn from a seed, and proves at
the end that nothing was lost, doubled or left different from what the marketplaces say is true."""

import argparse
import json
import os
import random
import secrets
import signal
import statistics
import subprocess
import sys
import time
import urllib.request

from cluster import Cluster, free_port
from faults import Faults
from ledger import Ledger, say
from processes import Process
from proxy import Proxy, start_loop
from servers import ROOT, Servers
from traffic import Gateway, Traffic

BINARY = os.environ.get("CROSSDOCK_BINARY", os.path.join(ROOT, ".build/release/crossdock"))
#: A recovery that takes longer than this is given up on, and counts as one that did not come.
PATIENCE = 120


class World:
    """The servers, the proxies before them, the processes, and the marketplaces."""

    namespace = "crossdock"
    #: The queues whose consumers a recovery is measured by: orders reach all of them.
    event_queues = ["stock-ledger", "order-sync", "messaging"]

    def __init__(self, home, options):
        self.home = home
        self.options = options
        self.logs = os.path.join(home, "logs")
        os.makedirs(self.logs, exist_ok=True)
        self.servers = Cluster(home, os.environ["POSTGRES_PROGRAMS"]) if options.cluster else Servers(home)
        self.deleted_queues = set()
        self.processes = []
        self.gateway = Gateway(free_port())
        self.traffic = Traffic(self)

    def start(self):
        say("starting RabbitMQ and Postgres")
        self.servers.begin()
        loop = start_loop()
        brokers = [Proxy(loop, port) for port in self.servers.broker_ports()]
        databases = [Proxy(loop, port) for port in self.servers.database_ports()]
        self.proxies = {f"RabbitMQ {number}": proxy for number, proxy in enumerate(brokers, 1)}
        self.proxies.update({f"Postgres {number}": proxy for number, proxy in enumerate(databases, 1)})
        self._prepare_environment(brokers, databases)
        self.crossdock("migrate")
        self.crossdock("topology", "apply")
        self._start_simulator()
        lines = self.crossdock(
            "simulator", "connect", "--url", self.url, "--marketplaces", self.options.marketplaces).splitlines()
        #: The accounts' names with the keys of their connections.
        self.connections = {name: key for key, name in (line.split(" ", 1) for line in lines)}
        self.marketplaces = self.servers.sql("SELECT marketplace_id FROM platform_connections ORDER BY 1")
        self.gateway.token = self.crossdock("token", "--subject", "rig", "--role", "admin", "--ttl", "24h").strip()
        self._start_processes()
        self.traffic.begin()

    def _prepare_environment(self, brokers, databases):
        key = os.path.join(self.home, "secret.key")
        if not os.path.exists(key):
            with open(key, "w", opener=lambda path, flags: os.open(path, flags, 0o600), encoding="ascii") as file:
                file.write(subprocess.run(
                    ["bash", "-c", "head -c 32 /dev/urandom | base64"], stdout=subprocess.PIPE, text=True).stdout)
        with open(key, encoding="ascii") as file:
            secret = file.read().strip()
        self.direct = dict(
            self.servers.environment, CROSSDOCK_SECRET_KEY=secret, CROSSDOCK_POLL_SECONDS="2",
            CROSSDOCK_DELAYS="1s,3s,10s", CROSSDOCK_MAX_ATTEMPTS="30", ALLEGRO_CLIENT_ID="simulated",
            ALLEGRO_CLIENT_SECRET="simulated", CROSSDOCK_NAMESPACE=self.namespace, ENABLE_WEBHOOKS="true",
            WEBHOOK_RATE_LIMIT_PER_MINUTE="100000", BASE_URL=self.gateway.url,
            API_JWT_SECRET=secrets.token_urlsafe(48))
        self.direct["AMQP_URL"] = self.servers.amqp_url(self.servers.broker_ports())
        self.through = dict(
            self.direct, AMQP_URL=self.servers.amqp_url([proxy.port for proxy in brokers]),
            DATABASE_URL=self.servers.database_url([proxy.port for proxy in databases]))

    def _start_simulator(self):
        log = open(os.path.join(self.logs, "simulator.log"), "ab")
        self.market = subprocess.Popen(
            [BINARY, "simulator", "--port", "0", "--orders-per-second", str(self.options.rate), "--faults", "some",
             "--seed", str(self.options.seed)],
            cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        self.url = self.market.stdout.readline().strip()
        if not self.url:
            raise RuntimeError(f"the simulator did not start: see {self.logs}/simulator.log")

    def _start_processes(self):
        def process(name, *words):
            environment = dict(self.through, METRICS_PORT="0", API_GATEWAY_PORT=self.gateway.url.rsplit(":", 1)[1])
            kept = Process(name, [BINARY, *words], environment, self.logs)
            self.processes.append(kept)
            return kept

        work = [word for role in self.options.roles for word in ("--role", role)]
        process("scheduler", "scheduler")
        process("relay", "worker", "--role", "relay")
        process("gateway", "gateway")
        self.workers = [process(f"worker-{number}", "worker", *work) for number in (1, 2, 3)]

    def crossdock(self, *words, check=True, seconds=60):
        """A command of the product, straight to the servers; its standard output, or with `check` off status, output
        and errors."""
        command = "crossdock " + " ".join(words)
        try:
            done = subprocess.run(
                [BINARY, *words], env=self.direct, cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, timeout=seconds)
        except subprocess.TimeoutExpired as late:
            raise RuntimeError(f"{command} did not end within {seconds} s") from late
        if check and done.returncode != 0:
            raise RuntimeError(f"{command} answered {done.returncode}: {done.stderr.strip()[-500:]}")
        return done.stdout if check else (done.returncode, done.stdout, done.stderr)

    def simulator(self, method, path, body=None):
        request = urllib.request.Request(
            f"{self.url}/{path}", method=method, data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read())

    def has_recovered(self, since):
        """Every consumer has committed the effect of something that was polled after that moment, and the gateway
        answers."""
        wanted = "', '".join(self.event_queues)
        rows = self.servers.sql(
            f"""SELECT count(DISTINCT i.consumer) FROM webhook_events w JOIN inbox i ON i.message_id = w.message_id
                 WHERE w.created_at > '{since}' AND w.source = 'poll' AND i.processed_at > '{since}'
                   AND i.consumer IN ('{wanted}')""")
        return rows == [str(len(self.event_queues))] and self.gateway.is_live()

    def now(self):
        return self.servers.sql("SELECT clock_timestamp()")[0]

    def end(self):
        for process in self.processes:
            process.is_wanted = False
        for process in self.processes:
            process.end()
        market = getattr(self, "market", None)
        if market:
            market.kill()
            market.wait()
        self.servers.end()


def recovery(world):
    """Seconds until the system works again, or None when it does not within our patience."""
    started = time.monotonic()
    since = None
    while time.monotonic() - started < PATIENCE:
        try:
            since = since or world.now()
            if world.has_recovered(since):
                return round(time.monotonic() - started, 1)
        except RuntimeError:
            pass  # Postgres is on its way back
        time.sleep(0.1)
    return None


def hurt(world, options):
    """The schedule of faults, until the time is over: a list of what was done and how long it hurt."""
    dice = random.Random(options.seed)
    faults = Faults(world, dice)
    names, done, bag = [name for name in faults.names() if name not in options.without], [], []
    end = time.monotonic() + options.minutes * 60
    recovery(world)
    while time.monotonic() < end:
        if not bag:  # every fault comes once before any comes again
            bag = dice.sample(names, len(names))
        name = bag.pop()
        began = time.monotonic()
        words = faults.inject(name)
        seconds = recovery(world)
        done.append({"fault": name, "what": words, "recovered": seconds})
        say(f"{len(done):4}  {words:60} {'not recovered' if seconds is None else f'{seconds} s'}"
            f"   ({time.monotonic() - began:.0f} s in all)")
        time.sleep(dice.uniform(0, 1.5))
    return done


def sum_up(world, options, done, result):
    """The whole result, and whether it is good."""
    times = [each["recovered"] for each in done if each["recovered"] is not None]
    unwanted = {each.name: each.ended_by_itself for each in world.processes if each.ended_by_itself}
    result.update({
        "seed": options.seed, "faults": len(done), "not_recovered": len(done) - len(times),
        "recovery_median": statistics.median(times) if times else None, "recovery_worst": max(times, default=None),
        "ended_by_themselves": unwanted, "done": done})
    good = (
        result["mismatches"] == 0 and result["lost"] == 0 and result["doubled"] == 0 and result["balanced"]
        and not result["findings"] and bool(times) and len(times) == len(done)
        and result["recovery_worst"] <= options.recovery)
    return good, result


def table(result):
    by_fault = {}
    for each in result["done"]:
        by_fault.setdefault(each["fault"], []).append(each["recovered"])
    say(f"\n{'FAULT':24}{'TIMES':>6}{'MEDIAN':>9}{'WORST':>8}")
    for name, times in sorted(by_fault.items()):
        known = [each for each in times if each is not None]
        worst = "never" if len(known) < len(times) else f"{max(known)} s"
        middle = f"{statistics.median(known):.1f} s" if known else "–"
        say(f"{name:24}{len(times):6}{middle:>9}{worst:>8}")
    say(f"\n{result['faults']} faults, recovered within {result['recovery_median']} s (median) and "
        f"{result['recovery_worst']} s (worst)\n{result['lost']} lost, {result['doubled']} doubled, "
        f"{result['mismatches']} mismatches, {result.get('published')} published, {result.get('effected')} effected\n"
        f"{result['webhooks']} webhooks, {result['topups']} top-ups, {result['reconciliations']} reconciliations")


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(64, f"{self.prog}: {message}\n")


def main():
    parser = Parser(prog="ops/chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="how long it is hurt (5)")
    parser.add_argument("--seed", type=int, default=None, help="the same seed draws the same faults")
    parser.add_argument("--rate", type=float, default=5, help="orders a second over all accounts (5)")
    parser.add_argument("--marketplaces", default="all", help="platforms, separated by commas (all)")
    parser.add_argument("--recovery", type=float, default=30, help="the longest recovery that passes, in seconds (30)")
    parser.add_argument("--cluster", action="store_true", help="three RabbitMQ nodes, and a standby of Postgres")
    parser.add_argument("--without", default="", help="faults to leave out, separated by commas: queue_deleted,…")
    options = parser.parse_args()
    options.without = options.without.split(",")
    options.seed = random.SystemRandom().randint(1, 999_999) if options.seed is None else options.seed
    roles = subprocess.run([BINARY, "worker", "--help"], stdout=subprocess.PIPE, text=True).stdout
    known = roles.split("values:", 1)[1].split(")", 1)[0] if "values:" in roles else ""
    options.roles = [word.strip() for word in known.replace("\n", " ").split(",") if word.strip() not in ("", "relay")]
    say(f"ops/chaos: seed {options.seed}, {options.minutes:g} minutes")
    world = World(os.path.join(os.environ["CROSSDOCK_HOME"], "chaos"), options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        world.start()
        done = hurt(world, options)
        good, result = sum_up(world, options, done, Ledger(world, options).close())
    finally:
        world.end()
    table(result)
    print(json.dumps(result))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
