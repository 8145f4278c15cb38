"""Who kills and who moves the clock, as decided by the seed."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator

from bench.chaos.decisions import Blow, Jump, Kill
from bench.chaos.stage import Stage
from bench.processes import Parts, kill

FIND_SECONDS = 30.0
"""How long a part may be gone: the last kill may still be being mended."""


class Monkey(threading.Thread):
    """Deals the blows of a run, one after another, until it is told that it is enough."""

    def __init__(self, stage: Stage, blows: Iterator[Blow]) -> None:
        super().__init__(name="monkey", daemon=True)
        self.stage = stage
        self.enough = threading.Event()
        self.kills: Counter[str] = Counter()
        self.jumps = 0
        self.dealt: list[str] = []
        self.error: BaseException | None = None
        self._blows = blows
        self._started_at = time.monotonic()

    def run(self) -> None:
        """Until enough."""
        try:
            for blow in self._blows:
                if self.enough.wait(blow.pause_seconds):
                    return
                self._deal(blow)
        except BaseException as error:
            self.error = error

    def _deal(self, blow: Blow) -> None:
        spare = self.stage.spare
        if isinstance(blow, Jump):
            stuck = spare if blow.stuck_seconds else None
            if stuck is not None:
                stuck.send_signal(signal.SIGSTOP)
            try:
                self.stage.jump(blow.seconds, blow.skew_seconds)
                self.enough.wait(blow.stuck_seconds)
            finally:
                if stuck is not None:
                    stuck.send_signal(signal.SIGCONT)
            self.jumps += 1
            self._note(f"+{blow.seconds:.0f} s" + (", a worker stuck meanwhile" if stuck else ""))
        elif blow.part == "spare worker":
            assert spare is not None
            spare.kill()
            spare.wait()
            self.kills["spare worker"] += 1
            self._note("spare worker")
            self.stage.start_spare_worker()
        elif blow.part == "supervisor":
            self._kill_up_and_start_again()
        else:
            self._kill(blow)

    def _kill(self, blow: Kill) -> None:
        process = self.stage.mall.process
        assert process is not None
        parts = Parts(process.pid)
        end = time.monotonic() + FIND_SECONDS
        while time.monotonic() < end:
            assert process.poll() is None, f"`up` ended by itself:\n{self.stage.mall.tail()}"
            if found := parts.find(blow.part):
                kill(found[int(blow.pick * len(found))])
                self.kills[blow.part] += 1
                self._note(blow.part)
                return
            if self.enough.wait(0.2):
                return
        raise AssertionError(f"no {blow.part} runs:\n{self.stage.mall.tail()}")

    def _kill_up_and_start_again(self) -> None:
        mall = self.stage.mall
        assert mall.process is not None
        mall.process.send_signal(signal.SIGKILL)
        mall.process.wait()
        self.kills["supervisor"] += 1
        self._note("supervisor")
        mall.start()

    def _note(self, what: str) -> None:
        self.dealt.append(f"{time.monotonic() - self._started_at:7.1f} s {what}")
