"""Secrets from files, as Docker, Kubernetes, systemd and vaults hand them out: one for each setting, named as it is.

So they stand neither in the environment, which whatever is started inherits and /proc shows, nor in what starts the
service.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

FOLDER = "secrets_dir"


class SecretsWrong(ValueError):
    """The files can't be worked with; the message says which and why, and holds nothing of what is in them."""


class SecretFiles(PydanticBaseSettingsSource):
    """The settings of these names, each from the file of its name in the folder that the settings name, if they do.

    Raises SecretsWrong where the folder is not there, a file is named like a setting that is no secret or none at all,
    is empty or can't be read, or a secret was given in two places: after a replacement the old one would go on living.
    """

    def __init__(self, settings: type[BaseSettings], secret: Collection[str]) -> None:
        super().__init__(settings)
        self._secret = secret
        self._prefix = self.config.get("env_prefix", "").lower()
        self._files: dict[str, Path] = {}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """What its file says, of those that were found; the name under which it is known; it has been decoded."""
        return self._value(self._files[field_name], field), field_name, False

    def __call__(self) -> dict[str, Any]:
        folder = self.current_state.get(FOLDER)
        if folder is None:
            return {}
        try:
            paths = sorted(Path(folder).iterdir())
        except OSError as error:
            raise SecretsWrong(f"{self._said(FOLDER)}: {folder}: {error.strerror}") from None
        # Folders and files of others may lie there too: Kubernetes has its `..data`.
        ours = [path for path in paths if path.name.lower().startswith(self._prefix)]
        # All of them are looked at, so that none is passed over in silence.
        self._files = {self._named(path): path for path in ours}
        fields = self.settings_cls.model_fields
        return {name: self.get_field_value(fields[name], name)[0] for name in self._files}

    def _named(self, path: Path) -> str:
        name = path.name.lower().removeprefix(self._prefix)
        if name not in self._secret:
            raise SecretsWrong(f"{path}: there is no secret of that name")
        if name in self.current_state:
            raise SecretsWrong(f"{self._said(name)} is given twice: in the environment, and by {path}")
        return name

    def _value(self, path: Path, field: FieldInfo) -> Any:
        try:
            text = path.read_text(encoding="utf-8").strip()
            value = json.loads(text) if self.field_is_complex(field) else text
        except OSError as error:
            raise SecretsWrong(f"{path}: {error.strerror}") from None
        except ValueError:
            # Of an error in it, no word: it would quote what is there.
            raise SecretsWrong(f"{path} can't be read: text in UTF-8 is needed, of a map as JSON") from None
        if not value:
            raise SecretsWrong(f"{path} is empty")
        return value

    def _said(self, name: str) -> str:
        return f"{self._prefix}{name}".upper()
