"""The types of value that are lists: of any kind, of regions, and of namespaces."""

from crawler.config.settings.kinds import InvalidValueError, Kind

DISCOVER = "discover"
EVERY = "*"  # the pattern that every name matches


class ListOf(Kind, frozen=True, kw_only=True):
    """A tuple of values of one kind in the order written, without repetitions.

    `nonempty` when the list may not be empty. `last_word` is a value that can only be the last one.
    """

    item: Kind
    nonempty: bool = False
    last_word: str | None = None

    @property
    def type_name(self) -> str:
        """Return the type in words."""
        return f"list of {self.item.type_name} values"

    @property
    def values(self) -> str:
        """Return the accepted values in words."""
        return ("one or more, " if self.nonempty else "") + f"each {self.item.range}"

    @property
    def form(self) -> str:
        """Return type and accepted values in words."""
        return ("a list of one or more" if self.nonempty else "a list") + f", each {self.item.accepts}"

    def parse(self, text: str) -> object:
        """Return the values that the commas of `text` separate, without the spaces around them."""
        return [self.item.parse(part.strip()) for part in text.split(",")]

    def to_text(self, value: object) -> str:
        """Return the values, separated by commas."""
        return ",".join(map(self.item.to_text, value)) if isinstance(value, tuple) and value else "not set"

    def _normalize(self, value: object) -> tuple[object, ...]:
        if not isinstance(value, list | tuple) or len(value) < self.nonempty:
            raise self._invalid(value)
        normal = tuple(dict.fromkeys(map(self.item.normalize, value)))
        if self.last_word in normal[:-1]:
            raise InvalidValueError(f'"{self.last_word}" is not last: nothing after it would be tried')
        return normal


class Regions(ListOf, frozen=True, kw_only=True):
    """Names of regions. A single name needs no list around it, and an empty text is an empty list."""

    @property
    def type_name(self) -> str:
        """Return the type in words."""
        return f"{self.item.type_name} or list of {self.item.type_name} values"

    def parse(self, text: str) -> object:
        """Return the names that the commas of `text` separate."""
        return ListOf.parse(self, text) if text else []

    def to_text(self, value: object) -> str:
        """Return the names, separated by commas. The value of a target is one name instead of a tuple."""
        return value if isinstance(value, str) else ListOf.to_text(self, value)

    def normalize(self, value: object) -> object:
        """Return the names. Raise InvalidValueError for a value that is not a region."""
        if isinstance(value, str):
            return ListOf.normalize(self, [value] if value else [])
        return ListOf.normalize(self, value)


class Namespaces(ListOf, frozen=True, kw_only=True):
    """Namespaces and patterns of namespaces. The word `discover` in place of the list is the pattern of all."""

    @property
    def values(self) -> str:
        """Return the accepted values in words."""
        return f'"{DISCOVER}", or a list, each {self.item.range}'

    @property
    def form(self) -> str:
        """Return type and accepted values in words."""
        return f'"{DISCOVER}", or a list, each {self.item.accepts}'

    def normalize(self, value: object) -> object:
        """Return the names and patterns. Raise InvalidValueError for a value that is neither."""
        return (EVERY,) if value == DISCOVER else ListOf.normalize(self, value)
