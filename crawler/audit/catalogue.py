"""All audit rules, in the order of their ids (pure): each is declared in the module that has its check."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from crawler.audit import comparison_rules, manifest_rules, record_rules, suppressions
from crawler.audit.rule import DECLARED, Rule

FAMILIES: Final = (manifest_rules, record_rules, comparison_rules, suppressions)  # importing one declares its rules
RULES: Final[Mapping[str, Rule]] = MappingProxyType(dict(sorted(DECLARED.items())))
