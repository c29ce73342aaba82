"""A bridge in memory: it loads a built policy through its one C symbol, and keeps for it what
plugins/bascule/policy.h promises: state, messages, cases, wakes, all of it per step.

Time is an argument: `Box.deliver` says when, and `Box.run_until` lets the wakes that have come be
inputs in their order. A step that fails keeps nothing.
"""
import bisect
import ctypes
import json

UP, DOWN = 0, 1
MESSAGE, RESOLUTION, WAKE, LINK = 0, 1, 2, 3
ABI = 1


class Bytes(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t)]


class Property(ctypes.Structure):
    _fields_ = [("name", Bytes), ("value", Bytes)]


class Input(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t), ("kind", ctypes.c_int32), ("direction", ctypes.c_int32),
        ("origin", Bytes), ("epoch", Bytes), ("lane", Bytes), ("sequence", ctypes.c_uint64),
        ("number", ctypes.c_uint64), ("topic", Bytes), ("payload", Bytes),
        ("qos", ctypes.c_int32), ("retain", ctypes.c_int32),
        ("properties", ctypes.POINTER(Property)), ("property_count", ctypes.c_size_t),
        ("content_type", Bytes), ("response_topic", Bytes), ("correlation_data", Bytes),
        ("wall_ms", ctypes.c_int64), ("boottime_ms", ctypes.c_int64), ("boot", ctypes.c_int64),
        ("clock_trusted", ctypes.c_int32), ("central_up", ctypes.c_int32),
        ("bridge_epoch", Bytes)]


class Output(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t), ("direction", ctypes.c_int32), ("qos", ctypes.c_int32),
        ("retain", ctypes.c_int32), ("lane", Bytes), ("topic", Bytes), ("payload", Bytes),
        ("properties", ctypes.POINTER(Property)), ("property_count", ctypes.c_size_t),
        ("content_type", Bytes), ("response_topic", Bytes), ("correlation_data", Bytes),
        ("expiry_s", ctypes.c_int64)]


EACH = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, Bytes, Bytes)
STEP = ctypes.c_void_p
FUNCTIONS = [
    ("get", ctypes.CFUNCTYPE(ctypes.c_int, STEP, Bytes, ctypes.POINTER(Bytes))),
    ("put", ctypes.CFUNCTYPE(ctypes.c_int, STEP, Bytes, Bytes)),
    ("erase", ctypes.CFUNCTYPE(ctypes.c_int, STEP, Bytes)),
    ("scan", ctypes.CFUNCTYPE(ctypes.c_int, STEP, Bytes, Bytes, ctypes.c_void_p, EACH)),
    ("emit", ctypes.CFUNCTYPE(ctypes.c_int, STEP, ctypes.POINTER(Output))),
    ("open_case", ctypes.CFUNCTYPE(ctypes.c_int64, STEP, Bytes, Bytes, Bytes)),
    ("close_case", ctypes.CFUNCTYPE(ctypes.c_int, STEP, ctypes.c_int64, Bytes)),
    ("wake_at", ctypes.CFUNCTYPE(ctypes.c_int, STEP, Bytes, ctypes.c_int64)),
    ("explain", ctypes.CFUNCTYPE(ctypes.c_int, STEP, Bytes)),
    ("log", ctypes.CFUNCTYPE(None, STEP, ctypes.c_int, Bytes)),
    ("fail", ctypes.CFUNCTYPE(None, STEP, Bytes))]


class Host(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("abi", ctypes.c_uint32)] + FUNCTIONS


PROBLEM = ctypes.CFUNCTYPE(None, ctypes.c_void_p, Bytes, Bytes)


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("json", Bytes), ("name", Bytes), ("bridge_id", Bytes),
                ("context", ctypes.c_void_p), ("problem", PROBLEM)]


class Policy(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t), ("abi", ctypes.c_uint32), ("type", ctypes.c_char_p),
        ("version", ctypes.c_char_p), ("summary", ctypes.c_char_p),
        ("create", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(Host),
                                    ctypes.POINTER(Options))),
        ("destroy", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("decide", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, STEP, ctypes.POINTER(Input)))]


def lend(value, kept):
    """Bytes that live as long as `kept` does."""
    if isinstance(value, str):
        value = value.encode()
    kept.append(value)
    return Bytes(ctypes.cast(ctypes.c_char_p(value), ctypes.c_void_p), len(value))


def taken(lent):
    return ctypes.string_at(lent.data, lent.size) if lent.size else b""


def text(lent):
    return taken(lent).decode(errors="backslashreplace")


class Failed(Exception):
    """A step failed: decide() gave what is not 0, or the host refused what was asked for."""


class Message:
    """What a policy sent."""
    __slots__ = ("direction", "topic", "payload", "properties", "retain", "lane", "response",
                 "correlation")

    def __init__(self, output):
        self.direction = output.direction
        self.topic = text(output.topic)
        self.payload = taken(output.payload)
        self.properties = {text(output.properties[i].name): text(output.properties[i].value)
                           for i in range(output.property_count)}
        self.retain = bool(output.retain)
        self.lane = text(output.lane)
        self.response = text(output.response_topic)
        self.correlation = taken(output.correlation_data)

    def json(self):
        return json.loads(self.payload) if self.payload else None

    def __repr__(self):
        arrow = "up" if self.direction == UP else "down"
        return f"{arrow} {self.topic} {self.payload.decode()} {self.properties}"


class Plugin:
    """A built policy. Its file is loaded once; any number of boxes share it."""

    def __init__(self, path):
        library = ctypes.CDLL(str(path))
        symbol = library.bascule_policy_plugin
        symbol.restype = ctypes.POINTER(Policy)
        symbol.argtypes = [ctypes.c_uint32]
        found = symbol(ABI)
        if not found:
            raise SystemExit(f"{path} needs another version of the interface than {ABI}")
        self.policy = found.contents


class Box:
    """One instance with its journal: what it keeps survives `restart`, and `copy` and `restore`
    put an older journal back, under another epoch.
    """

    def __init__(self, plugin, bridge, options, epoch="0000000000000001"):
        self.plugin, self.bridge, self.options, self.epoch = plugin, bridge, options, epoch
        self.state, self.keys = {}, []
        self.wakes, self.cases, self.case_count = {}, {}, 0
        self.number = {UP: 0, DOWN: 0}
        self.own_sequence = 0
        self.central_up, self.boot, self.trusted = True, 1, True
        self.skew_ms = 0  # how far the wall clock is ahead of the time that the caller gives
        self.logged, self.explained = [], None
        self._undo, self._sent, self._kept, self._refused = [], [], [], None
        self._instance = None
        self._callbacks = [kind(getattr(self, "_" + name)) for name, kind in FUNCTIONS]
        self._host = Host(ctypes.sizeof(Host), ABI, *self._callbacks)
        self._create()

    def _create(self):
        kept, problems = [], []

        def problem(_context, pointer, text):
            problems.append(f"{taken(pointer).decode()} {taken(text).decode()}")

        callback = PROBLEM(problem)
        options = Options(ctypes.sizeof(Options), lend(json.dumps(self.options), kept),
                          lend("policy", kept), lend(self.bridge, kept), None, callback)
        self._instance = self.plugin.policy.create(ctypes.byref(self._host),
                                                   ctypes.byref(options))
        if not self._instance:
            raise SystemExit(f"options refused: {problems} of {json.dumps(self.options)}")

    def close(self):
        if self._instance:
            self.plugin.policy.destroy(self._instance)
            self._instance = None

    def restart(self):
        """The process ends and another begins: only what was put is left."""
        self.close()
        self._create()

    def copy(self):
        return (dict(self.state), list(self.keys), dict(self.wakes), dict(self.cases),
                self.case_count, dict(self.number), self.own_sequence)

    def restore(self, copied, epoch):
        """The journal of the copy, under another epoch, as the bridge gives it one."""
        state, keys, wakes, cases, self.case_count, number, self.own_sequence = copied
        self.state, self.keys, self.wakes = dict(state), list(keys), dict(wakes)
        self.cases, self.number, self.epoch = dict(cases), dict(number), epoch
        self.restart()

    # What the policy calls.
    def _get(self, _step, key, value):
        found = self.state.get(taken(key))
        if found is None:
            return 0
        self._kept.append(found)
        value[0].data = ctypes.cast(ctypes.c_char_p(found), ctypes.c_void_p)
        value[0].size = len(found)
        return 1

    def _put(self, _step, key, value):
        key, value = taken(key), taken(value)
        if not 1 <= len(key) <= 1024 or len(value) > 16 << 20:
            self._refused = f"put of a key of {len(key)} bytes"
            return -1
        before = self.state.get(key)
        self._undo.append((key, before))
        if before is None:
            bisect.insort(self.keys, key)
        self.state[key] = value
        return 0

    def _erase(self, _step, key):
        key = taken(key)
        before = self.state.pop(key, None)
        if before is not None:
            self._undo.append((key, before))
            del self.keys[bisect.bisect_left(self.keys, key)]
        return 0

    def _scan(self, _step, prefix, first, context, each):
        prefix, first = taken(prefix), taken(first)
        shown = []
        for at in range(bisect.bisect_left(self.keys, max(prefix, first)), len(self.keys)):
            if not self.keys[at].startswith(prefix):
                break
            shown.append(self.keys[at])
        for key in shown:
            value = self.state.get(key)
            if value is not None and each(context, lend(key, self._kept),
                                          lend(value, self._kept)) != 0:
                break
        return 0

    def _emit(self, _step, output):
        message = Message(output.contents)
        if not message.topic or "+" in message.topic or "#" in message.topic:
            self._refused = f"emit to the topic '{message.topic}'"
            return -1
        self._sent.append(message)
        return 0

    def _open_case(self, _step, kind, subject, data):
        self.case_count += 1
        self.cases[self.case_count] = {"kind": taken(kind).decode(),
                                       "subject": taken(subject).decode(),
                                       "data": json.loads(taken(data)), "outcome": None}
        return self.case_count

    def _close_case(self, _step, number, outcome):
        if number not in self.cases:
            self._refused = f"close_case of {number}, which is not there"
            return -1
        self.cases[number] = {**self.cases[number], "outcome": json.loads(taken(outcome))}
        return 0

    def _wake_at(self, _step, name, wall_ms):
        name = taken(name).decode()
        if wall_ms:
            self.wakes[name] = wall_ms
        else:
            self.wakes.pop(name, None)
        return 0

    def _explain(self, _step, verdict):
        self.explained = json.loads(taken(verdict))
        return 0

    def _log(self, _step, level, text):
        self.logged.append((level, taken(text).decode()))

    def _fail(self, _step, reason):
        self._refused = taken(reason).decode()

    def _rollback(self, before):
        for key, value in reversed(self._undo):
            if value is None:
                if self.state.pop(key, None) is not None:
                    del self.keys[bisect.bisect_left(self.keys, key)]
            else:
                if key not in self.state:
                    bisect.insort(self.keys, key)
                self.state[key] = value
        self.wakes, self.cases, self.case_count = before

    def _decide(self, kind, now_ms, direction=DOWN, topic="", payload=b"", stamp=None,
                properties=(), response="", correlation=b"", retain=0):
        kept = []
        if kind in (WAKE, LINK):
            stamp = (self.bridge, self.epoch, "inputs", self.number[direction] + 1)
        elif stamp is None:
            self.own_sequence += 1
            stamp = (self.bridge, self.epoch, "default", self.own_sequence)
        self.number[direction] += 1
        given = (Property * max(1, len(properties)))()
        for at, (name, value) in enumerate(properties):
            given[at] = Property(lend(name, kept), lend(value, kept))
        step = Input(
            ctypes.sizeof(Input), kind, direction, lend(stamp[0], kept), lend(stamp[1], kept),
            lend(stamp[2], kept), stamp[3], self.number[direction], lend(topic, kept),
            lend(payload, kept), 1, retain, given, len(properties), lend("", kept),
            lend(response, kept), lend(correlation, kept), now_ms + self.skew_ms,
            now_ms, self.boot, int(self.trusted), int(self.central_up),
            lend(self.epoch, kept))
        before = (dict(self.wakes), dict(self.cases), self.case_count)
        self._undo, self._sent, self._refused, self.explained = [], [], None, None
        gave = self.plugin.policy.decide(self._instance, 1, ctypes.byref(step))
        self._kept = []
        if gave != 0 or self._refused is not None:
            self._rollback(before)
            raise Failed(self._refused or f"decide() gave {gave}")
        return self._sent

    # What the world does.
    def deliver(self, now_ms, direction, topic, payload, stamp=None, properties=(), **more):
        """A message; gives what was sent because of it."""
        return self._decide(MESSAGE, now_ms, direction, topic, payload, stamp, properties, **more)

    def resolve(self, now_ms, number, decision):
        return self._decide(RESOLUTION, now_ms, topic=str(number), payload=json.dumps(decision))

    def link(self, now_ms, up):
        self.central_up = up
        return self._decide(LINK, now_ms, payload="up" if up else "down")

    def next_wake(self):
        """(when, by the caller's time; name) of the first."""
        return min(((at - self.skew_ms, name) for name, at in self.wakes.items()), default=None)

    def wake(self, now_ms):
        """The wake that comes next is an input now."""
        at, name = self.next_wake()
        asked = self.wakes.pop(name)
        return self._decide(WAKE, max(now_ms, at), topic=name, payload=str(asked))
