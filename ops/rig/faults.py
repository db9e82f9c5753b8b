"""What is done to the system, one after the other, as the seed says."""

import signal
import time
import urllib.error
import urllib.parse

#: The roles that run, each of which is hurt in each of these ways.
ROLES = ("scheduler", "relay", "gateway", "worker")
#: What the marketplaces do for a while instead of what was asked, by the simulator's own words.
LEVELS = {"storm": "fail in all ways", "slow": "answer late", "flapping": "are there every other second",
          "limiting": "refuse with 429", "pages": "answer with HTML", "idle": "answer 200 and do nothing"}
#: What only one Postgres, or only a cluster, can be hurt by.
SINGLE = {"disk_full", "postgres_restart", "postgres_kill"}
CLUSTER = {"postgres_promoted", "leaders_moved"}


class Faults:
    """The faults by name: each injects, holds, and ends what it did. `world` is what they are done to."""

    def __init__(self, world, dice):
        self.world = world
        self.dice = dice

    def names(self):
        names = {name[6:] for name in dir(self) if name.startswith("fault_")}
        names |= {f"{way}_{role}" for way in ("kill", "freeze", "terminate") for role in ROLES}
        names |= {f"marketplaces_{level}" for level in LEVELS}
        if not self.world.servers.filler:
            names.discard("disk_full")
        return sorted(names - (SINGLE if self.world.options.cluster else CLUSTER))

    def inject(self, name):
        """Answers in words what was done."""
        way, _, rest = name.partition("_")
        if rest in ROLES:
            return getattr(self, way)(rest)
        if way == "marketplaces":
            return self.spoil_marketplaces(rest)
        return getattr(self, "fault_" + name)()

    def _seconds(self, least, most):
        return round(self.dice.uniform(least, most), 1)

    def _process(self, role):
        return self.dice.choice([each for each in self.world.processes if each.name.startswith(role)])

    def _proxy(self):
        return self.dice.choice(list(self.world.proxies.items()))

    # ---------------------------------------------------------------- processes

    def kill(self, role):
        process = self._process(role)
        process.signal(signal.SIGKILL)
        return f"kill -9 {process.name}"

    def terminate(self, role):
        process = self._process(role)
        process.signal(signal.SIGTERM)
        return f"SIGTERM to {process.name}"

    def freeze(self, role):
        process, seconds = self._process(role), self._seconds(1, 12)
        process.signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.signal(signal.SIGCONT)
        return f"{process.name} frozen for {seconds} s"

    def fault_terminate_in_batch(self):
        """While the workers are at work on a burst of orders."""
        since = self.world.now()
        self.world.simulator("POST", "control/orders", {"count": 20})
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if self.world.servers.sql(f"SELECT 1 FROM inbox WHERE processed_at > '{since}' LIMIT 1"):
                break
        for process in self.world.workers[:2]:
            process.signal(signal.SIGTERM)
        return "SIGTERM to two workers in mid-batch"

    def fault_kill_all_workers(self):
        for process in self.world.workers:
            process.signal(signal.SIGKILL)
        return "kill -9 of all workers"

    # ---------------------------------------------------------------- RabbitMQ

    def fault_broker_restart(self):
        seconds = self._seconds(0, 4)
        self._end_broker(signal.SIGTERM, seconds)
        return f"RabbitMQ stopped for {seconds} s"

    def fault_broker_kill(self):
        seconds = self._seconds(0, 4)
        self._end_broker(signal.SIGKILL, seconds)
        return f"RabbitMQ killed, away for {seconds} s"

    def _node(self):
        return self.dice.choice(self.world.servers.nodes)

    def _end_broker(self, number, seconds):
        node = self._node()
        node.signal(number)
        node.wait_for_end()
        time.sleep(seconds)
        node.start()

    def fault_broker_freeze(self):
        seconds = self._seconds(1, 8)
        node = self._node()
        node.signal(signal.SIGSTOP)
        time.sleep(seconds)
        node.signal(signal.SIGCONT)
        return f"RabbitMQ frozen for {seconds} s"

    def fault_broker_closes(self):
        servers = self.world.servers
        for connection in servers.manage("GET", "connections"):
            try:
                servers.manage("DELETE", "connections/" + urllib.parse.quote(connection["name"], safe=""))
            except urllib.error.HTTPError:
                pass  # it has gone by itself
        return "all connections closed by RabbitMQ"

    def fault_channels_closed(self):
        """As RabbitMQ does it to a client that breaks a rule: each channel gets an ack that fits nothing."""
        self._node().evaluate(
            "[rabbit_channel:do(P, {'basic.ack', 987654321, false}) || P <- rabbit_channel:list_local()]")
        return "all channels closed by RabbitMQ"

    def fault_queue_deleted(self):
        queue = self.dice.choice(self.world.event_queues)
        self.world.servers.manage("DELETE", f"queues/%2f/{self.world.namespace}.{queue}")
        time.sleep(self._seconds(0, 2))
        self.world.crossdock("topology", "apply")
        self.world.deleted_queues.add(queue)
        return f"queue {queue} deleted and declared again"

    def fault_memory_alarm(self):
        seconds = self._seconds(2, 8)
        node = self._node()
        node.evaluate('vm_memory_monitor:set_vm_memory_high_watermark({absolute, "1MB"})')
        time.sleep(seconds)
        node.evaluate('vm_memory_monitor:set_vm_memory_high_watermark({absolute, "1GB"})')
        return f"memory alarm of {seconds} s"

    def fault_disk_alarm(self):
        seconds = self._seconds(2, 8)
        node = self._node()
        node.evaluate('rabbit_disk_monitor:set_disk_free_limit("100000GB")')
        time.sleep(seconds)
        node.evaluate('rabbit_disk_monitor:set_disk_free_limit("200MB")')
        return f"disk alarm of {seconds} s"

    def fault_leaders_moved(self):
        self._node().evaluate('rabbit_amqqueue:rebalance(quorum, <<".*">>, <<".*">>)')
        return "leaders of the queues moved"

    # ---------------------------------------------------------------- Postgres

    def fault_postgres_restart(self):
        return self._end_postgres("stopped", lambda servers: servers.signal_postgres(signal.SIGINT))

    def fault_postgres_kill(self):
        return self._end_postgres("killed", lambda servers: servers.kill_postgres())

    def _end_postgres(self, word, end):
        seconds, servers = self._seconds(0, 4), self.world.servers
        end(servers)
        servers.wait_for_end("postgres.mark")
        time.sleep(seconds)
        servers.start()
        return f"Postgres {word}, away for {seconds} s"

    def fault_postgres_terminates(self):
        rows = self.world.servers.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'crossdock%'")
        return f"{len(rows)} connections ended by Postgres"

    def fault_postgres_promoted(self):
        self.world.servers.promote()
        return "Postgres killed, its standby promoted"

    def fault_disk_full(self):
        servers, seconds = self.world.servers, self._seconds(2, 6)
        servers.fill_disk()
        time.sleep(seconds)
        servers.free_disk()
        servers.start()
        return f"disk of Postgres full for {seconds} s"

    # ---------------------------------------------------------------- the network

    def fault_network_cut(self):
        (name, proxy), seconds = self._proxy(), self._seconds(1, 8)
        proxy.cut()
        time.sleep(seconds)
        proxy.mend()
        return f"network to {name} cut for {seconds} s"

    def fault_network_half_open(self):
        (name, proxy), seconds = self._proxy(), self._seconds(2, 20)
        proxy.hold()
        time.sleep(seconds)
        proxy.mend()
        return f"network to {name} half open for {seconds} s"

    def fault_network_slow(self):
        (name, proxy), seconds = self._proxy(), self._seconds(3, 8)
        proxy.slow(0.1)
        time.sleep(seconds)
        proxy.mend()
        return f"network to {name} slower by 0.1 s for {seconds} s"

    # ---------------------------------------------------------------- marketplaces

    def spoil_marketplaces(self, level):
        seconds = self._seconds(3, 10)
        self.world.simulator("POST", "control/faults", {"level": level})
        time.sleep(seconds)
        self.world.simulator("POST", "control/faults", {"level": "some"})
        return f"marketplaces {LEVELS[level]} for {seconds} s"

    def fault_clock_jump(self):
        seconds = self.dice.randint(1, 20)
        self.world.simulator("POST", "control/clock", {"ahead": seconds})
        return f"the marketplaces' clocks jump ahead by {seconds} s"

    def fault_orders_burst(self):
        placed = self.world.simulator("POST", "control/orders", {"count": 50})["placed"]
        return f"{placed} orders at once"
