"""A mistake in the YAML is found before anything starts: with file, line, column and a suggestion.

The contract's "The CLI"; fault: typo
"""
import subprocess

from stage import Stage
from stage.bascule import program

GOOD = """\
bridge: {{id: store-42, data_dir: {folder}/journal}}
site: {{url: "mqtt://localhost:1883"}}
central:
  url: "mqtt://localhost:1884"
journal:
  sync: full
lanes:
  sales: {{priority: 9}}
routes:
  - name: sales
    direction: up
    from: "pos/{{till}}/sale"
    to: "stores/{{till}}/sale"
    lane: sales
control: {{socket: {folder}/control.sock}}
"""

# What is wrong: the line as it should be, the line as it is, where, and what the message says.
MISTAKES = [
    ("unknown key", "sync: full", "synk: full", "6:3", "did you mean"),
    ("unknown section", "lanes:", "lane:", "7:1", "did you mean"),
    ("unknown value", "direction: up", "direction: upp", "11:16", "did you mean"),
    ("wrong type", "priority: 9", "priority: high", "8:21", "priority"),
    ("reserved lane", "sales: {{priority: 9}}", "events: {{priority: 9}}", "8:3", "bridge's own"),
    ("no such lane", "lane: sales", "lane: sale", "14:11", "did you mean"),
    ("impossible topic", "pos/{{till}}/sale", "pos/#/sale", "12:11", "#"),
    ("unknown capture", "stores/{{till}}", "stores/{{tool}}", "13:9", "tool"),
    ("bad url", "mqtt://localhost:1884", "http://localhost:1884", "4:8", "http"),
]

with Stage() as stage:
    config = stage.folder / "bascule.yaml"

    def run(*arguments):
        return subprocess.run([program(), *arguments, "-c", str(config)], text=True,
                              capture_output=True, timeout=20)

    config.write_text(GOOD.format(folder=stage.folder))
    good = run("check")
    assert good.returncode == 0, good

    for name, right, wrong, place, says in MISTAKES:
        assert GOOD.count(right) == 1, name
        config.write_text(GOOD.replace(right, wrong).format(folder=stage.folder))
        for command in "check", "run":
            answer = run(command)
            first = answer.stderr.splitlines()[0] if answer.stderr else ""
            assert answer.returncode == 1, f"{name}: {command} exits {answer.returncode}"
            assert first.startswith(f"{config}:{place}: error: "), f"{name}: {answer.stderr}"
            assert says in answer.stderr, f"{name}: {answer.stderr}"
    assert not (stage.folder / "journal").exists(), "a bad configuration touched the disk"

    config.unlink()
    missing = run("check")
    assert missing.returncode == 1 and str(config) in missing.stderr, missing
