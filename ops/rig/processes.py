"""The processes of the product, each started again when it ends, as systemd or Kubernetes would."""

import os
import signal
import subprocess
import threading
import time


class Process:
    """One role. `stopped` on purpose or not, it is started again half a second after its end."""

    def __init__(self, name, command, environment, logs):
        self.name = name
        self.command = command
        self.environment = environment
        self.log = os.path.join(logs, name + ".log")
        self.starts = 0
        self.ended_by_itself = []
        self.expected_ends = 0
        self.is_wanted = True
        self.child = None
        threading.Thread(target=self._keep, daemon=True).start()

    def _keep(self):
        while self.is_wanted:
            with open(self.log, "ab") as log:
                self.child = subprocess.Popen(
                    self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                    stderr=subprocess.STDOUT)
                self.starts += 1
            status = self.child.wait()
            if not self.is_wanted:
                return
            if self.expected_ends > 0:
                self.expected_ends -= 1
            else:
                self.ended_by_itself.append(status)
            time.sleep(0.5)

    def signal(self, number):
        child = self.child
        if child is None or child.poll() is not None:
            return
        if number in (signal.SIGKILL, signal.SIGTERM):
            self.expected_ends += 1
        child.send_signal(number)

    def end(self, seconds=40):
        self.is_wanted = False
        child = self.child
        if child is None or child.poll() is not None:
            return
        child.send_signal(signal.SIGCONT)
        child.terminate()
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
