"""The types of value that are lists: of any kind, of regions, and of namespaces."""

from crawler.config.settings.kinds import InvalidValueError, Kind

DISCOVER = "discover"
EVERY = "*"  # the pattern that every name matches


class ListOf(Kind):
    """A tuple of values of one kind in the order written, without repetitions.

    `nonempty` when the list may not be empty. `last_word` is a value that can only be the last one.
    """

    def __init__(self, item: Kind, *, nonempty: bool = False, last_word: str | None = None) -> None:
        super().__init__(
            f"list of {item.type_name} values",
            ("one or more, " if nonempty else "") + f"each {item.range}",
            form=("a list of one or more" if nonempty else "a list") + f", each {item.accepts}",
            metavar=item.metavar,
        )
        self.item, self.nonempty, self.last_word = item, nonempty, last_word

    def parse(self, text: str) -> object:
        """Return the values that the commas of `text` separate, without the spaces around them."""
        return [self.item.parse(part.strip()) for part in text.split(",")]

    def to_text(self, value: object) -> str:
        """Return the values, separated by commas."""
        return ",".join(map(self.item.to_text, value)) if isinstance(value, tuple) and value else "not set"

    def _normal(self, value: object) -> object:
        if not isinstance(value, list | tuple) or len(value) < self.nonempty:
            return None
        normal = tuple(dict.fromkeys(map(self.item.normalize, value)))
        if self.last_word in normal[:-1]:
            raise InvalidValueError(f'"{self.last_word}" is not last: nothing after it would be tried')
        return normal


class Regions(ListOf):
    """Names of regions. A single name needs no list around it, and an empty text is an empty list."""

    def __init__(self, item: Kind) -> None:
        super().__init__(item)
        self.type_name = f"{item.type_name} or {self.type_name}"

    def parse(self, text: str) -> object:
        """Return the names that the commas of `text` separate."""
        return super().parse(text) if text else []

    def to_text(self, value: object) -> str:
        """Return the names, separated by commas. The value of a target is one name instead of a tuple."""
        return value if isinstance(value, str) else super().to_text(value)

    def _normal(self, value: object) -> object:
        return super()._normal(([value] if value else []) if isinstance(value, str) else value)


class Namespaces(ListOf):
    """Namespaces and patterns of namespaces. The word `discover` in place of the list is the pattern of all."""

    def __init__(self, item: Kind) -> None:
        super().__init__(item)
        self.values, self.form = (f'"{DISCOVER}", or a list, each {words}' for words in (item.range, item.accepts))

    def _normal(self, value: object) -> object:
        return (EVERY,) if value == DISCOVER else super()._normal(value)
