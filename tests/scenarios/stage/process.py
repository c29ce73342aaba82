"""A process on stage: started with a log, ended by its pid, and never outliving the scenario."""
import ctypes
import signal
import subprocess

PR_SET_PDEATHSIG = 1


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    def __init__(self, log_path):
        self.log_path = log_path
        self._child = None

    def launch(self, command, environment=None):
        assert not self.running, f"{command[0]} runs already"
        with open(self.log_path, "ab") as log:
            self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                           stderr=log, env=environment,
                                           preexec_fn=_die_with_parent)

    @property
    def running(self):
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self):
        return self._child.pid

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait(self, deadline_s=60):
        """Waits for its own end; returns the exit code, negative for a signal."""
        return self._child.wait(deadline_s)

    def kill(self):
        """kill -9."""
        if self.running:
            self._child.send_signal(signal.SIGKILL)
            self._child.wait()

    def leave(self):
        """For good, with all that it has brought along."""
        self.kill()

    def terminate(self, deadline_s=60):
        """SIGTERM; returns the exit code."""
        if self.running:
            self._child.send_signal(signal.SIGTERM)
        return self.wait(deadline_s)

    def hang_up(self):
        """SIGHUP."""
        self._child.send_signal(signal.SIGHUP)

    def freeze(self):
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._child.send_signal(signal.SIGCONT)
