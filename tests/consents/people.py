"""People who consent, and what is asked of them."""

from typing import Any

from tests.live import Answer, Api
from tests.world import World


def texts(world: World) -> dict[str, Any]:
    """The texts in force by purpose."""
    return {text["purpose"]: text for text in world.live.api().get("/v1/consent-texts").ok()["items"]}


def consent(world: World, parent: Api, person_id: str, purpose: str = "booking") -> Answer:
    """To the text in force."""
    text = texts(world)[purpose]
    body = {"person_id": person_id, "version": text["version"], "text_hash": text["text_hash"]}
    return parent.put(f"/v1/consents/{purpose}", body)


def withdraw(parent: Api, person_id: str, purpose: str = "booking", **query: Any) -> Answer:
    return parent.call("DELETE", f"/v1/consents/{purpose}", params={"person_id": person_id, **query})


def require(world: World, *, required: bool = True) -> None:
    world.put("/v1/consent-rules", {"required": required})


def new_text(world: World, purpose: str, version: int, *, requires_new: bool) -> None:
    """A version of a text that comes into force now."""
    for language in ("ru", "en"):
        text = f"{purpose} {version} {language}"
        world.live.sql(
            "INSERT INTO consent_texts VALUES "
            "($1, $2, $3, 't', $4, encode(sha256(convert_to($4, 'UTF8')), 'hex'), $5, $6)",
            purpose,
            version,
            language,
            text,
            requires_new,
            world.now,
        )
