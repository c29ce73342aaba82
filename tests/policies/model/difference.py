"""What differs between a model and a plugin; it travels between processes."""


class Difference(Exception):
    """What differs: its kind, one word, and how."""

    def __init__(self, kind, text):
        super().__init__(kind, text)
        self.kind, self.text = kind, text

    def __str__(self):
        return f"{self.kind}: {self.text}"
