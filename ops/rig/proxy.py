"""A TCP proxy whose line can be cut, held or made slow: the network between the processes and their servers."""

import asyncio
import threading


class Proxy:
    """Passes a free loopback port on to `target_port`. Its methods may be called from any thread."""

    def __init__(self, loop, target_port):
        self.loop = loop
        self.target_port = target_port
        self.delay = 0.0
        self.refuses = False
        self.flows = asyncio.Event()
        self.flows.set()
        self.pairs = set()
        started = asyncio.run_coroutine_threadsafe(self._start(), loop)
        self.port = started.result(10)

    async def _start(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 16)
        return server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        if self.refuses:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer.transport, far_writer.transport)
        self.pairs.add(pair)
        ways = (self._pass(reader, far_writer), self._pass(far_reader, writer))
        try:
            await asyncio.gather(*ways)
        finally:
            self.pairs.discard(pair)
            for transport in pair:
                transport.abort()

    async def _pass(self, reader, writer):
        try:
            while data := await reader.read(1 << 16):
                await self.flows.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
            writer.close()
        except OSError:
            writer.transport.abort()

    def _call(self, action):
        self.loop.call_soon_threadsafe(action)

    def cut(self):
        """Ends every connection and refuses new ones until `mend`."""

        def action():
            self.refuses = True
            for pair in list(self.pairs):
                for transport in pair:
                    transport.abort()

        self._call(action)

    def hold(self):
        """Half-open: the connections stay, and nothing comes through."""
        self._call(self.flows.clear)

    def slow(self, seconds):
        """Every piece of data comes later by so many seconds."""

        def action():
            self.delay = seconds

        self._call(action)

    def mend(self):
        def action():
            self.refuses = False
            self.delay = 0.0
            self.flows.set()

        self._call(action)


def start_loop():
    """An event loop in a thread of its own, for the proxies of a run."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop
