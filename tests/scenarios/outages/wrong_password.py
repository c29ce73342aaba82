"""The central broker does not take our password. The site works on and the journal fills; the
status says why. A new password in the file is used without a restart. The secret shows nowhere.

R1; fault: secrets
"""
from stage import SALE, Stage, wait_until

CANARY = "canary-7fd1c0ffee-secret"
RIGHT = "right-7fd1c0ffee-secret"

with Stage() as stage:
    site = stage.broker("site")
    central = stage.broker("central", options=stage.passwords({"store-42": RIGHT, "hq": "hq"}))
    secret = stage.folder / "central.password"
    secret.write_text(CANARY + "\n")
    headquarters = stage.receiver(central, "stores/#", username="hq", password="hq")
    bascule = stage.bascule(site, central, start=False, log={"level": "debug"},
                            central_link={"username": "store-42", "password_file": str(secret)})
    bascule.start(up=False)
    bascule.wait_link("site", "up")
    till = stage.publisher(site)

    till.publish_numbered(SALE, 1, 100)
    wait_until(lambda: bascule.backlog("up") >= 100, "100 sales in the journal")
    error = wait_until(lambda: bascule.link("central")["last_error"], "an error")
    assert any(word in error.lower() for word in ("password", "authori", "credential")), error

    secret.write_text(RIGHT + "\n")
    headquarters.expect(range(1, 101))
    bascule.wait_drained()

    printed = [bascule.log()]
    for command in ["status"], ["status", "--json"], ["check"], ["journal", "list"], ["doctor"]:
        answer = bascule.cli(*command)
        printed.append(answer.stdout + answer.stderr)
    bascule.check_books()
    bascule.terminate()
    kept = [path.read_bytes().decode(errors="replace") for path in bascule.data_dir.rglob("*")
            if path.is_file()]
    for text in printed + kept:
        assert CANARY not in text and RIGHT not in text, "the secret shows"
