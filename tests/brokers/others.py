"""The brokers as actors: each on free loopback ports, with its files in the folder of its stage,
ended by its pid. `start`, `stop` and `kill` are those of the stage's Broker, and mosquitto is one.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))

from stage.broker import Broker, free_port, listens  # noqa: E402
from stage.process import Process  # noqa: E402
from stage.waiting import wait_until  # noqa: E402

START_S = 90  # a Java or Erlang machine on a busy box takes its time


def credentials(broker):
    """As clients take them, and as a link does: of anyone."""
    login = getattr(broker, "login", {})
    return login, _link(broker, login)


def watched_link(broker):
    """The credentials of a link about which the broker's deny() is."""
    return _link(broker, broker.watched)


def _link(broker, login):
    """With what the documents advise there."""
    link = {key: getattr(broker, key) for key in ("protocol", "broker") if hasattr(broker, key)}
    if login:
        link["username"] = login["username"]
    if "password" in login:
        link["password_file"] = str(broker.secret)
    return link


class Mosquitto(Broker):
    """As the scenarios have it: it saves each second, and its queues have no limit."""

    watched = {"username": "bridge"}
    saves = persistence = True  # what it has, so often that one may wait for it
    options, door = (), ()

    def __init__(self, name, folder):
        super().__init__(name, folder, self.persistence, self.options, self.watched["username"],
                         self.door)


class MosquittoDefault(Mosquitto):
    """With the limits that nobody sets: it saves every half hour, and queues 1,000 messages."""

    saves = False
    options = "autosave_interval 1800", "max_queued_messages 1000"


class MosquittoMemory(Mosquitto):
    """It forgets everything when it ends."""

    saves = persistence = False


class MosquittoNarrow(Mosquitto):
    """It retains nothing, and takes one message at a time, at QoS 1. What a link does with QoS 2
    and retained messages is no question to it."""

    options = "retain_available false", "max_inflight_messages 1"
    door = "max_qos 1",
    retains = False
    broker = "mosquitto"  # without QoS 2 it would be taken for one whose sessions outlive the rest
    left_out = "links", "retained"


class Other(Process):
    """A broker that is told to start by command() and environment(). `watched` is the login that
    deny() is about; a broker without deny() has no access list here."""

    forgets = False  # it loses or reorders messages even while nothing goes wrong
    watched = {"username": "bridge", "password": "anything"}

    def __init__(self, name, folder):
        super().__init__(folder / f"{name}.log")
        self.name = name
        self.port = free_port()
        self.folder = folder / name
        self.folder.mkdir()
        self.secret = folder / f"{name}.secret"
        self.secret.write_text(self.watched["password"])
        self.prepare()
        self.start()

    def prepare(self):
        """Writes what it reads."""

    def environment(self):
        return {}

    def start(self):
        self.launch(self.command(), {**os.environ, "HOME": str(self.folder), **self.environment()})
        wait_until(lambda: listens(self.port) or not self.running, f"{self.name} listening",
                   START_S)
        assert self.running, f"{self.name} ended: {self.log()[-3000:]}"

    def stop(self):
        self.terminate(deadline_s=START_S)

    @property
    def url(self):
        return f"mqtt://127.0.0.1:{self.port}"


class Nats(Other):
    """nats-server with JetStream. What is not acknowledged comes again after ack_wait, which is
    30 s if nobody says otherwise, and not on reconnecting."""

    protocol, broker = "3.1.1", "nats"

    def prepare(self):
        self._own_port = free_port()
        self._write()

    def _write(self, denied=()):
        """In its terms a topic's levels are parted by dots, and > is all that is below."""
        subjects = json.dumps([one.replace("#", ">").replace("/", ".") for one in denied])
        (self.folder / "nats.conf").write_text(f"""
server_name: stage
listen: "127.0.0.1:{self._own_port}"
jetstream {{ store_dir: "{self.folder}" }}
authorization {{ users: [
  {{ user: anyone, password: anything }}
  {{ user: bridge, password: anything, permissions: {{
    publish: {{ deny: {subjects} }}, subscribe: {{ deny: {subjects} }} }} }}
] }}
mqtt {{
  listen: "127.0.0.1:{self.port}"
  no_auth_user: anyone
  ack_wait: "3s"
  max_ack_pending: 1000
}}
""")

    def deny(self, *patterns):
        self._write(patterns)
        os.kill(self.pid, signal.SIGHUP)

    def allow(self):
        self.deny()

    def command(self):
        return ["/usr/sbin/nats-server", "-c", str(self.folder / "nats.conf")]


class Ejabberd(Other):
    """ejabberd's mod_mqtt; on a node without a name, so that it needs no epmd. It lets nobody in
    who has no name."""

    login = {"username": "anyone", "password": "anything"}
    # It allows what any filter allows: all that may be denied here, by name.
    roots = ("up/denied/#", "up/allowed/#", "down/denied/#", "down/allowed/#", "shop/#",
             "bascule/#")

    def prepare(self):
        self._door = free_port()
        self._write()

    def _write(self, denied=()):
        filters = {one: "all" for one in self.roots if one not in denied}
        filters["#"] = "not_the_bridge" if denied else "all"
        rules = "\n".join(f'      "{one}": {rule}' for one, rule in filters.items())
        (self.folder / "ejabberd.yml").write_text(f"""
loglevel: warning
hosts: [localhost]
auth_method: anonymous
anonymous_protocol: both
allow_multiple_connections: true
acl: {{the_bridge: {{user: {self.watched["username"]}}}}}
access_rules:
  not_the_bridge: [deny: the_bridge, allow: all]
api_permissions:
  from_here: {{who: {{ip: 127.0.0.1}}, what: [reload_config]}}
listen:
  - port: {self._door}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers: {{/api: mod_http_api}}
  - port: {self.port}
    ip: "127.0.0.1"
    module: mod_mqtt
    max_payload_size: infinity
modules:
  mod_mqtt:
    session_expiry: 1 hour
    max_queue: unlimited
    access_publish:
{rules}
    access_subscribe:
{rules}
""")

    def deny(self, *patterns):
        self._write(patterns)
        if self.running:
            order = urllib.request.Request(f"http://127.0.0.1:{self._door}/api/reload_config",
                                           data=b"{}", method="POST")
            urllib.request.urlopen(order, timeout=START_S).close()

    def allow(self):
        self.deny()

    def environment(self):
        return {"EJABBERD_CONFIG_PATH": str(self.folder / "ejabberd.yml"),
                "EJABBERD_LOG_PATH": str(self.folder / "ejabberd.log"),
                "SPOOL_DIR": str(self.folder / "mnesia")}

    def command(self):
        code = next(Path("/usr/lib").glob("*/ejabberd-*-*/ebin"))
        return ["/usr/bin/erl", "-noinput", "-pa", str(code), "-mnesia", "dir",
                f'"{self.folder}/mnesia"', "-ejabberd", "log_path",
                f'"{self.folder}/ejabberd.log"', "-s", "ejabberd"]


class Rabbit(Other):
    """RabbitMQ with its MQTT plugin, and an epmd of its own."""

    protocol, broker = "3.1.1", "rabbitmq"

    def __init__(self, name, folder):
        self._epmd = Process(folder / f"{name}.epmd.log")
        self._epmd_port, self._amqp_port = free_port(), free_port()
        super().__init__(name, folder)

    def prepare(self):
        (self.folder / "enabled_plugins").write_text("[rabbitmq_mqtt].\n")
        (self.folder / "rabbitmq.conf").write_text(f"""
listeners.tcp.1 = 127.0.0.1:{self._amqp_port}
mqtt.listeners.tcp.1 = 127.0.0.1:{self.port}
mqtt.allow_anonymous = true
mqtt.subscription_ttl = undefined
mqtt.prefetch = 1000
""")

    def environment(self):
        here = str(self.folder)
        return {"RABBITMQ_NODENAME": "stage@localhost", "RABBITMQ_MNESIA_BASE": f"{here}/mnesia",
                "RABBITMQ_LOG_BASE": f"{here}/log", "RABBITMQ_LOGS": "-",
                "RABBITMQ_CONFIG_FILE": f"{here}/rabbitmq.conf",
                "RABBITMQ_CONF_ENV_FILE": f"{here}/none",
                "RABBITMQ_ENABLED_PLUGINS_FILE": f"{here}/enabled_plugins",
                "RABBITMQ_GENERATED_CONFIG_DIR": f"{here}/generated",
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                    "-kernel inet_dist_use_interface {127,0,0,1}",
                "RABBITMQ_DIST_PORT": str(free_port()), "ERL_EPMD_PORT": str(self._epmd_port),
                "RUNNING_UNDER_SYSTEMD": "1"}

    def command(self):
        return ["/usr/lib/rabbitmq/bin/rabbitmq-server"]

    def start(self):
        if not self._epmd.running:
            self._epmd.launch(["/usr/bin/epmd", "-address", "127.0.0.1", "-port",
                               str(self._epmd_port)])
            wait_until(lambda: listens(self._epmd_port), "epmd listening")
        super().start()

    def _control(self, *arguments):
        subprocess.run(["/usr/lib/rabbitmq/bin/rabbitmqctl", "--quiet", *arguments], check=True,
                       capture_output=True, timeout=START_S,
                       env={**os.environ, "HOME": str(self.folder), **self.environment()})

    def deny(self, *patterns):
        """In its terms a topic's levels are parted by dots; what it allows is a pattern."""
        user, password = self.watched.values()
        try:
            self._control("add_user", user, password)
        except subprocess.CalledProcessError:
            pass  # since the last time
        self._control("set_permissions", user, ".*", ".*", ".*")
        starts = "|".join(one.removesuffix("/#").replace("/", "[.]") for one in patterns)
        allowed = f"^(?!({starts})([.]|$)).*" if patterns else ".*"
        self._control("set_topic_permissions", user, "amq.topic", allowed, allowed)

    def allow(self):
        self.deny()

    def leave(self):
        self.kill()
        self._epmd.kill()


class ActiveMq(Other):
    """ActiveMQ's MQTT connector, on KahaDB."""

    protocol = "3.1.1"

    def prepare(self):
        (self.folder / "activemq.xml").write_text(f"""
<beans xmlns="http://www.springframework.org/schema/beans"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.springframework.org/schema/beans
    http://www.springframework.org/schema/beans/spring-beans-2.0.xsd
    http://activemq.apache.org/schema/core
    http://activemq.apache.org/schema/core/activemq-core.xsd">
  <broker xmlns="http://activemq.apache.org/schema/core" useJmx="false" brokerName="stage"
          dataDirectory="{self.folder}/data" schedulerSupport="false">
    <persistenceAdapter><kahaDB directory="{self.folder}/kahadb"/></persistenceAdapter>
    <systemUsage><systemUsage>
      <storeUsage><storeUsage limit="1 gb"/></storeUsage>
      <tempUsage><tempUsage limit="1 gb"/></tempUsage>
    </systemUsage></systemUsage>
    <transportConnectors>
      <transportConnector name="mqtt" uri="mqtt://127.0.0.1:{self.port}"/>
    </transportConnectors>
  </broker>
</beans>
""")

    def command(self):
        return ["/usr/bin/java", "-Xmx512m", f"-Dactivemq.base={self.folder}",
                "-Dactivemq.home=/usr/share/activemq", "-cp",
                "/usr/share/activemq/lib/*:/usr/share/activemq/lib/optional/*:/usr/share/java/*",
                "org.apache.activemq.console.Main", "start",
                f"xbean:file:{self.folder}/activemq.xml"]


class Aedes(Other):
    """aedes on Node, in memory or with its store on LevelDB."""

    protocol = "3.1.1"
    store = "memory"

    def environment(self):
        return {"NODE_PATH": os.environ.get("BASCULE_NODE_MODULES",
                                            str(ROOT / "build" / "brokers" / "node_modules"))}

    def command(self):
        return [shutil.which("node"), str(Path(__file__).with_name("aedes.js")), str(self.port),
                self.store, str(self.folder), str(self._denied), self.watched["username"]]

    @property
    def _denied(self):
        return self.folder.with_suffix(".denied")

    def prepare(self):
        self.allow()

    def deny(self, *patterns):
        self._denied.write_text("".join(one.removesuffix("#") + "\n" for one in patterns))

    def allow(self):
        self.deny()


class AedesLevel(Aedes):
    """Its store writes out of turn: now and then a message is lost, or overtaken. So a play that
    waits for one has no sense."""

    left_out = "subscriptions", "names", "retained", "refusals", "forgetting", "outage"
    store = "level"
    forgets = True


BROKERS = {"mosquitto": Mosquitto, "mosquitto-default": MosquittoDefault,
           "mosquitto-memory": MosquittoMemory, "mosquitto-narrow": MosquittoNarrow,
           "rabbitmq": Rabbit, "ejabberd": Ejabberd, "nats": Nats, "activemq": ActiveMq,
           "aedes": Aedes, "aedes-level": AedesLevel}
