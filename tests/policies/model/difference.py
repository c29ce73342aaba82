"""What differs between a model and a plugin; it travels between processes."""


class Difference(Exception):
    """What differs: its kind, one word, and how. `facts` are for exclusions."""

    def __init__(self, kind, text, **facts):
        super().__init__(kind, text)
        self.kind, self.text, self.facts = kind, text, facts

    def __str__(self):
        return f"{self.kind}: {self.text}"

    def __reduce__(self):
        return rebuilt, (self.kind, self.text, self.facts)


def rebuilt(kind, text, facts):
    return Difference(kind, text, **facts)
