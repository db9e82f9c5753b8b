"""What happens to the system besides the markets' own life: webhooks to the gateway, goods that come in, and
reconciliations."""

import json
import random
import threading
import time
import urllib.error
import urllib.request

#: The accounts whose simulated marketplace sends webhooks.
SENDERS = ("shopify", "square")


class Gateway:
    """How the rig calls the gateway: straight, as a marketplace or a person would."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"
        self.token = None

    def is_live(self):
        try:
            with urllib.request.urlopen(self.url + "/health/live", timeout=2) as response:
                return response.status == 200
        except OSError:
            return False

    def post(self, path, body, key):
        """The status; 0 when there is no answer."""
        request = urllib.request.Request(self.url + path, method="POST", data=json.dumps(body).encode())
        request.add_header("Authorization", "Bearer " + self.token)
        request.add_header("Content-Type", "application/json")
        request.add_header("Idempotency-Key", key)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                response.read()
                return response.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


class Traffic:
    """Two threads, until `stop`: one books goods that come in, one reconciles marketplace after marketplace."""

    def __init__(self, world):
        self.world = world
        self.is_over = threading.Event()
        self.dice = random.Random(world.options.seed)
        #: The notes of the top-ups that were answered with 2xx, and how many requests that took.
        self.booked, self.requests, self.refused = [], 0, []
        self.reconciled, self.not_reconciled = 0, []
        self.threads = [
            threading.Thread(target=each, daemon=True) for each in (self._book_goods, self._reconcile)]

    def begin(self):
        for account, key in self.world.connections.items():
            if account in SENDERS:
                self.world.simulator("POST", f"control/webhooks?account={account}", {
                    "url": f"{self.world.gateway.url}/webhook/{account}/{key}"})
        for thread in self.threads:
            thread.start()

    def stop(self, seconds=120):
        """What is under way is done to its end, since nobody knows what became of a request without an answer."""
        self.is_over.set()
        deadline = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self.threads)

    def _book_goods(self):
        number = 0
        while not self.is_over.wait(1.5):
            sku, connection = f"SKU-{self.dice.randint(1, 200):04}", self.dice.choice(
                sorted(self.world.connections.values()))
            if not self._is_listed(sku, connection):
                continue
            number += 1
            notes = f"rig {number}"
            body = {"sku": sku, "quantity": self.dice.randint(1, 9), "connectionId": connection, "notes": notes}
            status = 0
            while not 200 <= status < 300:
                status = self.world.gateway.post("/api/v1/stock/topup", body, f"topup-{number}")
                self.requests += 1
                if 400 <= status < 500 and status not in (409, 429):
                    self.refused.append(f"{notes}: {status}")
                    break
                if not 200 <= status < 300:
                    time.sleep(0.5)
            else:
                self.booked.append(notes)

    def _is_listed(self, sku, connection):
        """Whether a reading of it is known, which will contain from then on what is booked."""
        try:
            return bool(self.world.servers.sql(
                f"""SELECT 1 FROM listings l JOIN stock_bases b ON b.listing_ref = l.id
                     WHERE l.connection_id = '{connection}' AND l.sku = '{sku}' LIMIT 1"""))
        except RuntimeError:
            return False  # Postgres is away

    def _reconcile(self):
        while not self.is_over.wait(8):
            marketplace = self.dice.choice(self.world.marketplaces)
            try:
                status, _, error = self.world.crossdock(
                    "reconcile", "--marketplace", marketplace, "--limit", "90s", check=False, seconds=120)
            except RuntimeError as failure:
                status, error = 1, str(failure)
            if status == 0:
                self.reconciled += 1
            else:
                self.not_reconciled.append(f"{marketplace}: {error.strip()[-120:]}")
