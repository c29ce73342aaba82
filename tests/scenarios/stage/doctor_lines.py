"""What `bascule doctor` has printed."""
import re


def line(text, result, where, check):
    """The line of that check."""
    found = re.search(rf"^{result} +{where} +{check}: (.*)$", text, re.MULTILINE)
    assert found, f"no {result} of {where} {check} in:\n{text}"
    return found[1]


def errors(text):
    """Pairs of place and check."""
    return re.findall(r"^error +(\w+) +([^:]+):", text, re.MULTILINE)
