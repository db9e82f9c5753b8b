"""Three RabbitMQ nodes, and two Postgres of which one follows the other: what `ops/chaos --cluster` hurts."""

import base64
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from servers import evaluate


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, question, seconds=300):
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not come within {seconds} s")
        time.sleep(0.2)


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


class Node:
    """One node of the RabbitMQ cluster."""

    def __init__(self, cluster, number):
        self.cluster = cluster
        self.name = f"node{number}@localhost"
        self.folder = os.path.join(cluster.home, f"node{number}")
        self.port, self.management_port, self.distribution_port = free_port(), free_port(), free_port()
        self.child = None
        for part in ("home", "conf", "log", "mnesia"):
            os.makedirs(os.path.join(self.folder, part), exist_ok=True)

    def configure(self, names):
        cookie = os.path.join(self.folder, "home", ".erlang.cookie")
        with open(cookie, "w", opener=lambda path, flags: os.open(path, flags, 0o400), encoding="ascii") as file:
            file.write(self.cluster.cookie)
        peers = "".join(
            f"cluster_formation.classic_config.nodes.{i} = {name}\n" for i, name in enumerate(names, 1))
        self._write("rabbitmq.conf", (
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nmanagement.tcp.ip = 127.0.0.1\n"
            f"management.tcp.port = {self.management_port}\ndefault_user = crossdock\n"
            f"default_pass = {self.cluster.password}\nvm_memory_high_watermark.absolute = 1GB\n"
            "disk_free_limit.absolute = 200MB\nraft.wal_max_size_bytes = 67108864\nlog.file = rabbitmq.log\n"
            "cluster_formation.peer_discovery_backend = classic_config\n"
            f"cluster_partition_handling = pause_minority\n{peers}"))
        self._write("advanced.config", "[{kernel,[{inet_dist_use_interface,{127,0,0,1}}]}].\n")
        self._write("enabled_plugins", "[rabbitmq_management].\n")

    def _write(self, name, text):
        with open(os.path.join(self.folder, "conf", name), "w", encoding="ascii") as file:
            file.write(text)

    def _environment(self):
        conf = os.path.join(self.folder, "conf")
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8",
            "HOME": os.path.join(self.folder, "home"), "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_NODENAME": self.name, "RABBITMQ_MNESIA_BASE": os.path.join(self.folder, "mnesia"),
            "RABBITMQ_LOG_BASE": os.path.join(self.folder, "log"),
            "RABBITMQ_PID_FILE": os.path.join(self.folder, "node.pid"),
            "RABBITMQ_CONFIG_FILE": os.path.join(conf, "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": os.path.join(conf, "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": os.path.join(conf, "enabled_plugins"),
            "RABBITMQ_DIST_PORT": str(self.distribution_port), "ERL_EPMD_PORT": str(self.cluster.epmd_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
            "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_CRASH_DUMP": os.path.join(self.folder, "log", "dump"),
            "detached": "1"}

    def begin(self):
        with open(os.path.join(self.folder, "log", "start.log"), "ab") as log:
            self.child = subprocess.Popen(
                ["/usr/lib/rabbitmq/bin/rabbitmq-server"], env=self._environment(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)

    def start(self):
        if self.child is None or self.child.poll() is not None:
            self.begin()
        wait_until(self.name, lambda: answers(self.port) and answers(self.management_port))

    def signal(self, number):
        self.child.send_signal(number)

    def wait_for_end(self):
        self.child.wait(60)

    def evaluate(self, expression):
        evaluate(self.name, os.path.join(self.folder, "home"), self.cluster.epmd_port, expression)


class Database:
    """One Postgres; the first begins as the primary."""

    def __init__(self, cluster, number):
        self.cluster = cluster
        self.name = f"pg{number}"
        self.port = free_port()
        self.data = os.path.join(cluster.postgres_home, self.name)
        self.child = None

    def run(self, program, *words, check=True):
        command = [os.path.join(self.cluster.programs, program), *words]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
        return subprocess.run(
            command, cwd="/", check=check, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=dict(os.environ, PGPASSWORD=self.cluster.password))

    def create(self):
        secret = os.path.join(self.cluster.postgres_home, "password")
        self.run("initdb", "-D", self.data, "-U", "crossdock", "-A", "scram-sha-256", "--pwfile=" + secret, "-E",
                 "UTF8", "--locale=C.UTF-8", "--no-instructions")
        with open(os.path.join(self.data, "pg_hba.conf"), "a", encoding="ascii") as file:
            file.write("host replication crossdock 127.0.0.1/32 scram-sha-256\n")

    def follow(self, primary):
        """Copies the primary, and follows it from then on."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.run("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "-d",
                 f"host=127.0.0.1 port={primary.port} user=crossdock application_name={self.name}")

    def start(self):
        command = [os.path.join(self.cluster.programs, "postgres"), "-D", self.data, "-p", str(self.port),
                   "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200",
                   "-c", "synchronous_standby_names=ANY 1 (pg1, pg2)", "-c", "synchronous_commit=on", "-c", "jit=off",
                   "-c", f"cluster_name={self.name}", "-c", "timezone=UTC", "-c", "max_locks_per_transaction=1024",
                   "-c", "wal_sender_timeout=5s", "-c", "wal_receiver_timeout=5s"]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
        with open(os.path.join(self.cluster.home, self.name + ".log"), "ab") as log:
            self.child = subprocess.Popen(
                command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_until(self.name, lambda: self.run(
            "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), check=False).returncode == 0)

    def kill(self):
        children = subprocess.run(["pgrep", "-P", str(self.child.pid)], stdout=subprocess.PIPE, text=True).stdout
        for each in [self.child.pid, *map(int, children.split())]:
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.child.wait()


class Cluster:
    """What `Servers` is, of several machines."""

    filler = None

    def __init__(self, home, programs):
        self.home = home
        self.programs = programs
        self.cookie, self.password = secrets.token_hex(16), secrets.token_hex(16)
        self.epmd_port = free_port()
        self.postgres_home = home
        self.environment = dict(os.environ)

    def begin(self):
        os.makedirs(self.home, exist_ok=True)
        if os.geteuid() == 0:  # the user postgres must be able to enter it
            self.postgres_home = f"/var/tmp/crossdock-cluster-{os.getpid()}"
            os.makedirs(self.postgres_home, mode=0o700)
            shutil.chown(self.postgres_home, "postgres", "postgres")
        self._begin_databases()
        self.nodes = [Node(self, number) for number in (1, 2, 3)]
        names = [node.name for node in self.nodes]
        for node in self.nodes:
            node.configure(names)
        self.epmd = subprocess.Popen(
            ["epmd", "-port", str(self.epmd_port), "-address", "127.0.0.1"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for node in self.nodes:
            node.begin()
            time.sleep(1)
        for node in self.nodes:
            node.start()
        self.environment["AMQP_MANAGEMENT_URL"] = (
            f"http://crossdock:{self.password}@127.0.0.1:{self.nodes[0].management_port}")
        wait_until("the cluster", lambda: len([n for n in self.manage("GET", "nodes") if n["running"]]) == 3)

    def _begin_databases(self):
        secret = os.path.join(self.postgres_home, "password")
        with open(secret, "w", opener=lambda path, flags: os.open(path, flags, 0o600), encoding="ascii") as file:
            file.write(self.password)
        if os.geteuid() == 0:
            shutil.chown(secret, "postgres", "postgres")
        self.primary, self.standby = Database(self, 1), Database(self, 2)
        self.primary.create()
        self.primary.start()
        self.standby.follow(self.primary)
        self.standby.start()
        url = self.database_url(self.database_ports())
        self.environment["DATABASE_URL"] = url.replace("/crossdock?", "/postgres?")
        self.sql("CREATE DATABASE crossdock")
        self.environment["DATABASE_URL"] = url

    def end(self):
        for node in getattr(self, "nodes", []):
            if node.child is not None:
                node.child.kill()
                node.child.wait()
        for database in (getattr(self, "primary", None), getattr(self, "standby", None)):
            if database is not None and database.child is not None and database.child.poll() is None:
                database.kill()
        if hasattr(self, "epmd"):
            self.epmd.kill()
        if self.postgres_home != self.home:
            shutil.rmtree(self.postgres_home, ignore_errors=True)

    def promote(self):
        """The primary dies, the standby takes over, and what was the primary follows it."""
        self.primary.kill()
        self.standby.run("pg_ctl", "promote", "-D", self.standby.data, "-w")
        self.primary, self.standby = self.standby, self.primary
        self.standby.follow(self.primary)
        self.standby.start()

    def manage(self, method, path, body=None):
        """One request to the management of the first node that answers."""
        error = None
        for node in self.nodes:
            request = urllib.request.Request(
                f"http://127.0.0.1:{node.management_port}/api/{path}", method=method,
                data=None if body is None else json.dumps(body).encode())
            login = base64.b64encode(f"crossdock:{self.password}".encode()).decode()
            request.add_header("Authorization", "Basic " + login)
            request.add_header("Content-Type", "application/json")
            try:
                with urllib.request.urlopen(request, timeout=10) as response:
                    text = response.read()
                return json.loads(text) if text else None
            except urllib.error.HTTPError:
                raise
            except OSError as failure:
                error = failure
        raise RuntimeError(f"no node answers: {error}")

    def sql(self, text):
        done = subprocess.run(
            ["psql", self.environment["DATABASE_URL"], "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", text],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip()[-300:])
        return done.stdout.splitlines()

    def broker_ports(self):
        return [node.port for node in self.nodes]

    def database_ports(self):
        return [self.primary.port, self.standby.port]

    def amqp_url(self, ports):
        return ",".join(f"amqp://crossdock:{self.password}@127.0.0.1:{port}/%2f" for port in ports)

    def database_url(self, ports):
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        return (f"postgresql://crossdock:{self.password}@{hosts}/crossdock"
                "?target_session_attrs=read-write&connect_timeout=5")
