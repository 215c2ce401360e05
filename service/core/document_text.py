"""The OpenAPI document as YAML."""

from typing import Any

import yaml


def as_yaml(document: dict[str, Any]) -> str:
    """The document as it is committed and served."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    """Without anchors: what stands twice is written twice. Text of several paragraphs is folded, not quoted."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=">" if "\n" in text else None)


_Dumper.add_representer(str, _Dumper.represent_text)
