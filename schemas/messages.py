"""Messages to the parents of a group."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import Instant, NextCursor, Schema, example

A_MESSAGE = "0199a1b2-0301-7000-8000-000000000301"
Addressed = Literal["enrolled", "approved", "waiting"]
MessageText = Annotated[
    str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$", examples=["Сбор в 9:00"])
]


class MessageBody(Schema):
    """What is said to the parents of a group."""

    model_config = example(text="Завтра занятие в актовом зале", statuses=["enrolled"])

    text: MessageText
    statuses: Annotated[
        list[Addressed], Field(min_length=1, max_length=3, description="Whose applications are addressed.")
    ] = Field(default_factory=lambda: ["enrolled"])


class Message(Schema):
    """What was said to the parents of a group."""

    model_config = example(
        id=A_MESSAGE,
        text="Завтра занятие в актовом зале",
        statuses=["enrolled"],
        addressed=12,
        sent_at="2026-10-05T10:00:00+07:00",
    )

    id: UUID
    text: str
    statuses: list[Addressed]
    addressed: int = Field(description="To how many applications.")
    sent_at: Instant


class MessageList(Schema):
    """A page of messages, the latest first."""

    items: list[Message]
    next_cursor: NextCursor


class ReceivedMessage(Schema):
    """What was said to a parent."""

    model_config = example(id=A_MESSAGE, text="Завтра занятие в актовом зале", sent_at="2026-10-05T10:00:00+07:00")

    id: UUID
    text: str
    sent_at: Instant


class ReceivedMessageList(Schema):
    """A page of messages, the latest first."""

    items: list[ReceivedMessage]
    next_cursor: NextCursor
