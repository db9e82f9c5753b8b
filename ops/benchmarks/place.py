"""Where a benchmark runs: a database and a virtual host of its own on the private servers, with a catalogue in it."""

import base64
import json
import os
import subprocess
import time
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("CROSSDOCK_BINARY", os.path.join(ROOT, ".build/release/crossdock"))
CONNECTION = "11111111-2222-4333-8444-555555555555"
LISTINGS = 2000
TICKS = os.sysconf("SC_CLK_TCK")


def sql(text):
    done = subprocess.run(
        ["psql", os.environ["DATABASE_URL"], "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", text],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip()[-400:])
    return done.stdout.strip()


def vhost():
    return urllib.parse.quote(urllib.parse.urlsplit(os.environ["AMQP_URL"]).path[1:], safe="%")


def management(method, path, body=None):
    """One request to the broker's management."""
    url = urllib.parse.urlsplit(os.environ["AMQP_MANAGEMENT_URL"])
    request = urllib.request.Request(
        f"http://{url.hostname}:{url.port}/api/{path}", method=method,
        data=None if body is None else json.dumps(body).encode())
    login = base64.b64encode(f"{url.username}:{url.password}".encode()).decode()
    request.add_header("Authorization", "Basic " + login)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def remove_queues(namespace):
    """Deletes the queues and exchanges of a namespace; without AMQP_MANAGEMENT_URL they stay."""
    if not os.environ.get("AMQP_MANAGEMENT_URL"):
        return
    for kind in ("queues", "exchanges"):
        for one in json.loads(management("GET", kind)):
            if one["name"].startswith(namespace + "."):
                host, name = (urllib.parse.quote(one[key], safe="") for key in ("vhost", "name"))
                management("DELETE", f"{kind}/{host}/{name}")


def prepare():
    """Tables, queues, and 2,000 listings of one connection."""
    subprocess.run([BINARY, "migrate"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([BINARY, "topology", "apply"], check=True, stdout=subprocess.DEVNULL)
    sql(f"""
        INSERT INTO platform_connections (id, user_id, platform, name, base_url, dialect, mode, start_at, secrets,
          secrets_key_id)
        VALUES ('{CONNECTION}', 'bench', 'shopify', 'bench', 'http://127.0.0.1:1', 'live', 'live', 'latest', '', '');
        UPDATE platform_connections SET marketplace_id = 1;
        INSERT INTO variations (user_id, sku)
          SELECT 'bench', 'SKU-' || lpad(n::text, 4, '0') FROM generate_series(0, {LISTINGS - 1}) n;
        INSERT INTO listings (connection_id, external_id, variation_id, sku)
          SELECT '{CONNECTION}', 'listing-' || substr(sku, 5)::int, id, sku FROM variations;
        INSERT INTO marketplace_stock (variation_id, marketplace_id) SELECT id, 1 FROM variations""")


def reset():
    """Everything that a run leaves behind is gone; the catalogue stays."""
    sql("TRUNCATE inbox, outbox, stock_orders, stock_history, stock_bases, orders, order_entries, skipped_orders, "
        "webhook_events, poll_runs CASCADE")
    sql("UPDATE marketplace_stock SET on_hand = 0, listed_stock = 0, version = 0, base_at = '-infinity'")
    sql("VACUUM ANALYZE marketplace_stock")
    sql("CHECKPOINT")


def cpu(pid):
    """Seconds of processor time of a process and those of its children that have ended."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        words = file.read().rsplit(") ", 1)[1].split()
    return sum(map(int, words[11:15])) / TICKS


def family(pid):
    """The same with all of its living children: Postgres is a process per connection."""
    total = cpu(pid)
    for child in subprocess.run(["pgrep", "-P", str(pid)], stdout=subprocess.PIPE, text=True).stdout.split():
        try:
            total += cpu(int(child))
        except FileNotFoundError:
            pass
    return total


def peak(pid):
    """The most memory that a process ever held, in MB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0


def server(mark):
    with open(os.path.join(os.environ["CROSSDOCK_HOME"], mark), encoding="ascii") as file:
        return int(file.read().split()[0])


class Usage:
    """What broker and Postgres have used since it was made."""

    def __init__(self):
        self.broker, self.postgres = server("rabbitmq/broker.mark"), server("postgres.mark")
        self.before = (cpu(self.broker), family(self.postgres))

    def since(self):
        return cpu(self.broker) - self.before[0], family(self.postgres) - self.before[1]


class Running:
    """A process of the product for the time of a `with`."""

    def __init__(self, words, log, **environment):
        self.words, self.log, self.environment = words, log, environment

    def __enter__(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                self.words, env=dict(os.environ, METRICS_PORT="0", API_GATEWAY_PORT="0", **self.environment),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self.child

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()


def wait_for(question, answer, pause=0.25, limit=1800):
    """Asks Postgres until it answers that."""
    deadline = time.monotonic() + limit
    while sql(question) != str(answer):
        if time.monotonic() > deadline:
            raise RuntimeError(f"not done within {limit} s: {question}")
        time.sleep(pause)
