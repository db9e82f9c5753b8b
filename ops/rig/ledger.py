"""The end of a run: lets everything drain, says what still waits, and holds what we have against what the marketplaces
say is true."""

import json
import sys
import time


def say(text):
    print(text, file=sys.stderr, flush=True)


class Ledger:
    """The phases, one after the other, each with a limit after which it says what is still open."""

    #: Seconds that the draining may take.
    limit = 300

    def __init__(self, world, options):
        self.world = world
        self.options = options

    def close(self):
        """Everything that was found, as one object."""
        world = self.world
        world.simulator("POST", "control/faults", {"level": "none"})
        say("the end: no more faults; waiting for what people and marketplaces have under way")
        stopped = world.traffic.stop()
        world.simulator("POST", "control/stop")
        undelivered = self._wait_for_webhooks()
        say("reading every listing once more")
        self._read_everything()
        say("waiting until all is worked off")
        result = self._drain()
        audit = self._audit()
        findings = {
            "traffic": [] if stopped else ["a top-up or reconciliation did not end"],
            "webhooks": undelivered + self._lost_webhooks(),
            "topups": self._topups(),
            "history": self._history(),
            "dead_letters": self._letters_without_reason(),
        }
        queues = audit.get("queues", [])
        result["lost"] = sum(queue["missing"] for queue in queues) + len(findings["webhooks"])
        result["doubled"] = sum(queue["doubled"] for queue in queues)
        result["findings"] = {name: lines for name, lines in findings.items() if lines}
        result["balanced"] = bool(audit.get("balanced"))
        result["topups"], result["webhooks"] = len(world.traffic.booked), len(self.delivered)
        result["reconciliations"] = world.traffic.reconciled
        for name, lines in result["findings"].items():
            for line in lines[:20]:
                say(f"{name}: {line}")
        return result

    # ---------------------------------------------------------------- draining

    def _drain(self):
        """Compares again and again until nothing differs or the time is over; the last comparison."""
        deadline, result = time.monotonic() + self.limit, {"mismatches": None}
        while True:
            try:
                result, lines = self._compare()
                if not lines and result["mismatches"] == 0:
                    return result
                say(f"{len(lines)} differences, {result.get('published')} published, "
                    f"{result.get('effected')} effected")
                for line in lines[:10]:
                    say("  " + line)
                self._say_what_waits()
            except RuntimeError as late:
                say(f"  {late}")
            if time.monotonic() > deadline:
                say(f"given up after {self.limit} s")
                return result

    def _compare(self):
        """One comparison with its differences, after what a deleted queue lost was published again."""
        if self.world.deleted_queues:
            self._repair()
        began = time.monotonic()
        status, out, err = self.world.crossdock(
            "simulator", "compare", "--url", self.world.url, "--limit", "20s", "--seconds",
            str(round(self.options.minutes * 60)), check=False, seconds=180)
        if status == 0:
            say(f"nothing differs after {time.monotonic() - began:.0f} s")
        found = json.loads(out.strip().splitlines()[-1]) if out.strip() else {"mismatches": None}
        return found, err.strip().splitlines() if status != 0 else []

    def _repair(self):
        """What a deleted queue lost is published again (Rule 22)."""
        if any(queue["missing"] for queue in self._audit(quietly=True).get("queues", [])):
            _, _, err = self.world.crossdock("audit", "--repair", check=False, seconds=180)
            say("deleted queues: " + err.strip())

    def _say_what_waits(self):
        world = self.world
        _, out, _ = world.crossdock("queues", "--format", "json", check=False, seconds=60)
        try:
            table = json.loads(out)
            for queue in table if isinstance(table, list) else table.get("queues", []):
                if queue.get("ready") or queue.get("unacked") or queue.get("dead"):
                    say("  queue " + json.dumps(queue))
        except ValueError:
            say("  the queues can't be read")
        for title, query in {
            "packets not published": "SELECT count(*) FROM outbox WHERE published_at IS NULL",
            "feeds not polled lately": """
                SELECT c.name || ' ' || f.feed || ' ' || f.status || ' ' || coalesce(f.last_error, '')
                  FROM feeds f JOIN platform_connections c ON c.id = f.connection_id
                 WHERE f.status IN ('active', 'failing') AND f.feed <> 'listings'
                   AND f.last_polled_at < clock_timestamp() - interval '10 s'""",
            "breakers": """
                SELECT c.name || ' ' || b.error_class || ' open until ' || b.open_until || ', probe until '
                       || coalesce(b.probe_until::text, 'none')
                  FROM breakers b JOIN platform_connections c ON c.id = b.connection_id WHERE b.open_until IS NOT NULL""",
            "reconciliations under way": "SELECT count(*) FROM reconciliations WHERE finished_at IS NULL",
        }.items():
            rows = [row for row in world.servers.sql(query) if row != "0"]
            if rows:
                say(f"  {title}: " + "; ".join(rows[:5]))

    def _read_everything(self):
        """Every listing once more: goods that were booked by hand at a marketplace that we don't write to are in its
        own figure from then on."""
        waiting = list(self.world.marketplaces)
        for marketplace in 3 * waiting:
            if marketplace not in waiting:
                continue
            status, _, err = self.world.crossdock(
                "reconcile", "--marketplace", marketplace, "--limit", "60s", check=False, seconds=90)
            if status == 0:
                waiting.remove(marketplace)
            else:
                say(f"marketplace {marketplace} was not read: {err.strip()[-200:]}")

    # ---------------------------------------------------------------- what must be so

    def _audit(self, quietly=False):
        status, out, err = self.world.crossdock("audit", "--format", "json", check=False, seconds=180)
        if status != 0 and not quietly:
            say(err.strip())
        return json.loads(out) if out.strip() else {}

    def _wait_for_webhooks(self, seconds=150):
        """A marketplace offers a webhook again and again until it is taken or it gives up; what it gave up is lost for
        nobody, since the polls tell the same."""
        deadline = time.monotonic() + seconds
        while True:
            webhooks = self.world.simulator("GET", "truth/webhooks")
            waiting = [each for each in webhooks if each["state"] == "waiting"]
            self.delivered = [each for each in webhooks if each["state"] == "delivered"]
            if not waiting or time.monotonic() > deadline:
                say(f"{len(self.delivered)} webhooks delivered, {len(webhooks) - len(self.delivered)} not")
                return [f"{each['account']} {each['id']} is still being delivered" for each in waiting[:20]]
            time.sleep(1)

    def _lost_webhooks(self):
        """What the gateway answered with 200 stands in the database."""
        stored = {tuple(row.split("|", 1)) for row in self.world.servers.sql(
            "SELECT connection_id || '|' || event_id FROM webhook_events")}
        return [f"{each['account']} {each['id']} was taken and is not there" for each in self.delivered
                if (self.world.connections[each["account"]], each["id"]) not in stored]

    def _topups(self):
        """Each one that was accepted is booked once."""
        booked = {}
        for row in self.world.servers.sql(
                "SELECT notes || '|' || count(*) FROM stock_history WHERE change_type = 'topup' GROUP BY notes"):
            notes, _, count = row.partition("|")
            booked[notes] = int(count)
        traffic = self.world.traffic
        return ([f"{notes} is booked {booked.get(notes, 0)} times" for notes in traffic.booked
                 if booked.get(notes) != 1]
                + [f"{notes} is booked and was never answered with 2xx" for notes in booked
                   if notes not in traffic.booked]
                + traffic.refused)

    def _history(self):
        """Every row's history adds up to what it has, and a buyer is told everything once."""
        return self.world.servers.sql(
            """
            SELECT 'stock ' || s.id || ' has ' || s.on_hand || ', its history ' || sum(h.quantity_change)
              FROM marketplace_stock s JOIN stock_history h ON h.marketplace_stock_id = s.id
             GROUP BY s.id HAVING sum(h.quantity_change) <> s.on_hand
            UNION ALL
            SELECT 'conversation ' || conversation_id || ' has ' || count(*) || ' of ' || kind
              FROM order_messages GROUP BY conversation_id, kind HAVING count(*) > 1
            """)

    def _letters_without_reason(self):
        """A dead letter says why it is one."""
        _, out, _ = self.world.crossdock("dlq", "groups", "--format", "json", check=False, seconds=60)
        groups = json.loads(out) if out.strip() else []
        groups = groups if isinstance(groups, list) else groups.get("groups", [])
        for group in groups:
            say("dead letters: " + json.dumps(group)[:300])
        return [json.dumps(group)[:200] for group in groups if not (group.get("error") or group.get("class"))]
