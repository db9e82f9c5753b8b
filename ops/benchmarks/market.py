"""A simulated marketplace with a past: orders are made until there are enough of them, then it is quiet."""

import json
import os
import subprocess
import time
import urllib.request

from place import BINARY, sql

os.environ.setdefault("ALLEGRO_CLIENT_ID", "simulated")
os.environ.setdefault("ALLEGRO_CLIENT_SECRET", "simulated")


class Market:
    """One account of the simulator, connected, for the time of a `with`."""

    def __init__(self, orders, seed):
        self.orders, self.seed = orders, seed

    def __enter__(self):
        self.simulator = subprocess.Popen(
            [BINARY, "simulator", "--port", "0", "--orders-per-second", "4000", "--accounts", "allegro-live",
             "--requests-per-minute", "1000000000", "--seed", str(self.seed)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.simulator.stdout.readline().strip()
        while self.control("GET", "truth/summary")["accounts"][0]["orders"] < self.orders:
            time.sleep(0.2)
        self.control("POST", "control/stop")
        said = self.crossdock("simulator", "connect", "--url", self.url, "--marketplaces", "allegro")
        self.connection = said.split()[0]
        return self

    def poll(self, feed):
        """Asks a worker to read the whole feed, in pages of 100, by one job."""
        self.crossdock(
            "poll", feed, "--connection", self.connection, "--batch-size", "100", "--max-pages", "10000",
            "--lookback", "600")

    def control(self, method, path):
        request = urllib.request.Request(f"{self.url}/{path}", method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read())

    def crossdock(self, *words):
        return subprocess.run([BINARY, *words], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True).stdout

    def __exit__(self, *_):
        self.simulator.terminate()
        self.simulator.wait()
        sql("DELETE FROM platform_connections WHERE platform = 'allegro'")
