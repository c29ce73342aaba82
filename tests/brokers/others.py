"""The brokers other than mosquitto, as actors: each on free loopback ports, with its files in the
folder of its stage, ended by its pid. `start`, `stop` and `kill` are those of the stage's Broker.
"""
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))

from stage.broker import Broker, free_port, listens  # noqa: E402
from stage.process import Process  # noqa: E402
from stage.waiting import wait_until  # noqa: E402

START_S = 90  # a Java or Erlang machine on a busy box takes its time


class Other(Process):
    """A broker that is told to start by command() and environment()."""

    forgets = False  # it loses or reorders messages even while nothing goes wrong

    def __init__(self, name, folder):
        super().__init__(folder / f"{name}.log")
        self.name = name
        self.port = free_port()
        self.folder = folder / name
        self.folder.mkdir()
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

    def prepare(self):
        (self.folder / "nats.conf").write_text(f"""
server_name: stage
listen: "127.0.0.1:{free_port()}"
jetstream {{ store_dir: "{self.folder}" }}
mqtt {{
  listen: "127.0.0.1:{self.port}"
  ack_wait: "3s"
  max_ack_pending: 1000
}}
""")

    def command(self):
        return ["/usr/sbin/nats-server", "-c", str(self.folder / "nats.conf")]


class Ejabberd(Other):
    """ejabberd's mod_mqtt; on a node without a name, so that it needs no epmd. It lets nobody in
    who has no name."""

    login = {"username": "anyone", "password": "anything"}

    def prepare(self):
        self.secret = self.folder / "secret"
        self.secret.write_text(self.login["password"])
        (self.folder / "ejabberd.yml").write_text(f"""
loglevel: warning
hosts: [localhost]
auth_method: anonymous
anonymous_protocol: both
allow_multiple_connections: true
listen:
  - port: {self.port}
    ip: "127.0.0.1"
    module: mod_mqtt
    max_payload_size: infinity
modules:
  mod_mqtt:
    session_expiry: 1 hour
    max_queue: unlimited
""")

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

    def leave(self):
        self.kill()
        self._epmd.kill()


class ActiveMq(Other):
    """ActiveMQ's MQTT connector, on KahaDB."""

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

    store = "memory"

    def environment(self):
        return {"NODE_PATH": os.environ.get("BASCULE_NODE_MODULES",
                                            str(ROOT / "build" / "brokers" / "node_modules"))}

    def command(self):
        return [shutil.which("node"), str(Path(__file__).with_name("aedes.js")), str(self.port),
                self.store, str(self.folder)]


class AedesLevel(Aedes):
    """Its store writes out of turn: now and then a message is lost, or overtaken."""

    store = "level"
    forgets = True


BROKERS = {"mosquitto": Broker, "rabbitmq": Rabbit, "ejabberd": Ejabberd, "nats": Nats,
           "activemq": ActiveMq, "aedes": Aedes, "aedes-level": AedesLevel}
