"""The rig's own RabbitMQ and Postgres, which it may stop, kill, fill and start again."""

import base64
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def evaluate(node, home, epmd_port, expression):
    """An Erlang expression at a node, by erl_call: rabbitmqctl takes seconds to start, and minutes on a busy machine.
    The cookie is that of `home`."""
    environment = dict(os.environ, HOME=home, ERL_EPMD_PORT=str(epmd_port), ERL_EPMD_ADDRESS="127.0.0.1")
    done = subprocess.run(
        ["erl_call", "-r", "-timeout", "60", "-name", node, "-e"], env=environment, input=expression + ".\n",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90)
    if done.returncode != 0 or not done.stdout.startswith("{ok,"):
        raise RuntimeError(f"{node} answered {done.stdout.strip()[-300:]} to {expression}")


class Servers:
    def __init__(self, home):
        self.home = home
        self.environment = dict(os.environ, CROSSDOCK_HOME=home)
        self.filler = None
        self.nodes = [self]

    # ---------------------------------------------------------------- start and end

    def begin(self):
        if os.geteuid() == 0:
            self._small_disk(4096)
        self.start()

    def start(self):
        """Starts what is not running; ports stay what they were as long as one of the two runs."""
        self._services("start")
        text = self._services("env")
        for word in text.split():
            name, _, value = word.partition("=")
            if name in ("AMQP_URL", "DATABASE_URL", "AMQP_MANAGEMENT_URL"):
                self.environment[name] = value
        self.amqp = urllib.parse.urlsplit(self.environment["AMQP_URL"])
        self.database = urllib.parse.urlsplit(self.environment["DATABASE_URL"])
        self.management = urllib.parse.urlsplit(self.environment["AMQP_MANAGEMENT_URL"])

    def end(self):
        try:
            self._services("stop")
        finally:
            if self.filler:
                subprocess.run(["umount", "-l", os.path.dirname(self.filler)], check=False)

    def broker_ports(self):
        return [self.amqp.port]

    def database_ports(self):
        return [self.database.port]

    def amqp_url(self, ports):
        """With the broker's ports replaced: those of the proxies."""
        return self.amqp._replace(
            netloc=f"{self.amqp.username}:{self.amqp.password}@127.0.0.1:{ports[0]}").geturl()

    def database_url(self, ports):
        return self.database._replace(
            netloc=f"{self.database.username}:{self.database.password}@127.0.0.1:{ports[0]}").geturl()

    def _services(self, word):
        done = subprocess.run(
            [os.path.join(ROOT, "ops", "services"), word], env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"ops/services {word} failed: {done.stderr.strip()[-500:]}")
        return done.stdout

    def _pid(self, mark):
        with open(os.path.join(self.home, mark), encoding="ascii") as file:
            return int(file.read().split()[0])

    def signal(self, number):
        """To the broker."""
        os.kill(self._pid("rabbitmq/broker.mark"), number)

    def signal_postgres(self, number):
        os.kill(self._pid("postgres.mark"), number)

    def kill_postgres(self):
        """All of its processes at once, as a machine that loses its power."""
        pid = self._pid("postgres.mark")
        children = subprocess.run(["pgrep", "-P", str(pid)], stdout=subprocess.PIPE, text=True).stdout.split()
        for each in [pid, *map(int, children)]:
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def wait_for_end(self, mark="rabbitmq/broker.mark", seconds=60):
        """The process is gone, and nobody's zombie: Postgres takes that for another one of the same data, and doesn't start."""
        pid, deadline = self._pid(mark), time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not os.path.exists(f"/proc/{pid}"):
                return
            time.sleep(0.05)
        raise RuntimeError(f"process {pid} of {mark} does not end")

    # ---------------------------------------------------------------- the broker's own switches

    def manage(self, method, path, body=None):
        """One request to the broker's management; the answer as JSON, or None when it has no body."""
        address = f"http://{self.management.hostname}:{self.management.port}/api/{path}"
        request = urllib.request.Request(
            address, method=method, data=None if body is None else json.dumps(body).encode())
        login = f"{self.management.username}:{self.management.password}".encode()
        request.add_header("Authorization", "Basic " + base64.b64encode(login).decode())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as response:
            text = response.read()
        return json.loads(text) if text else None

    def evaluate(self, expression):
        """Has the broker do something that its management can't."""
        with open(os.path.join(self.home, "servers.env"), encoding="ascii") as file:
            settings = dict(line.strip().split("=", 1) for line in file)
        evaluate("crossdock@localhost", os.path.join(self.home, "rabbitmq", "home"), settings["EPMD_PORT"], expression)

    # ---------------------------------------------------------------- Postgres

    def sql(self, text):
        """One statement over psql; its rows as lines. Only the rig's own words, never what a peer sent."""
        done = subprocess.run(
            ["psql", self.environment["DATABASE_URL"], "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", text],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, PGCONNECT_TIMEOUT="5"))
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip()[-300:])
        return done.stdout.splitlines()

    def _small_disk(self, megabytes):
        """Gives Postgres a small file system of its own; needs root. Before the first start."""
        place = os.path.join(self.home, "postgres")
        os.makedirs(place, exist_ok=True)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", place], check=True)
        self.filler = os.path.join(place, "filler")

    def fill_disk(self):
        space = shutil.disk_usage(os.path.dirname(self.filler)).free
        with open(self.filler, "wb") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, max(space - 65536, 4096))
            except OSError:
                pass

    def free_disk(self):
        if os.path.exists(self.filler):
            os.unlink(self.filler)
