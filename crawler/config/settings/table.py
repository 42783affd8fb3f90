"""The table of all settings, by label. It repeats no value that may be a secret.

The label is the name of the setting, outside `[crawl]` with the table in front: `limit`, `audit.fail_on`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from crawler.config.settings.audit_settings import AUDIT_SETTINGS
from crawler.config.settings.run_settings import RETENTION_SETTINGS, RUN_SETTINGS
from crawler.config.settings.setting import Setting
from crawler.config.settings.target_settings import TARGET_SETTINGS

SETTINGS: Final[Mapping[str, Setting]] = MappingProxyType(
    {setting.label: setting for setting in (*TARGET_SETTINGS, *RUN_SETTINGS, *AUDIT_SETTINGS, *RETENTION_SETTINGS)}
)
# The labels of the settings, by where they may stand: in each [[target]], in [crawl] alone, in [audit], in [retention].
TARGET_KEYS: Final = tuple(setting.label for setting in TARGET_SETTINGS)
RUN_KEYS: Final = tuple(setting.label for setting in RUN_SETTINGS)
AUDIT_KEYS: Final = tuple(setting.label for setting in AUDIT_SETTINGS)
RETENTION_KEYS: Final = tuple(setting.label for setting in RETENTION_SETTINGS)
