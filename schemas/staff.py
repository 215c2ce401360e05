"""People of an institution, and the roles that it gives them itself."""

from typing import Literal

from pydantic import Field

from schemas.common import ExternalId, Instant, NextCursor, OneTimeCode, Schema, example
from schemas.people import PartOfName

GivenRole = Literal["doctor", "registrar"]
_NAME = {"last_name": "Белова", "first_name": "Анна", "patronymic": None}


class StaffMemberBody(Schema):
    """Somebody of the institution: a doctor, where a practitioner is named, else a registrar."""

    model_config = example(**_NAME, practitioner_id="d1")

    last_name: PartOfName
    first_name: PartOfName
    patronymic: PartOfName | None = None
    practitioner_id: ExternalId | None = None


class StaffMember(Schema):
    """Somebody of the institution, with their role."""

    model_config = example(
        staff_id="belova", role="doctor", **_NAME, practitioner_id="d1", joined=True, invited_until=None
    )

    staff_id: str = Field(description="The institution's own id of the person.")
    role: GivenRole
    last_name: str
    first_name: str
    patronymic: str | None
    practitioner_id: str | None = Field(description="The institution's own id of the doctor whose tickets are theirs.")
    joined: bool = Field(description="An account has given the code.")
    invited_until: Instant | None = Field(description="While a code is out that nobody has given yet.")


class StaffList(Schema):
    """A page of an institution's people."""

    items: list[StaffMember]
    next_cursor: NextCursor


class StaffInvitation(Schema):
    """A code for somebody of the institution. It is shown this once, and gives the role."""

    model_config = example(staff_id="belova", code="7K2M9QXT", expires_at="2026-09-14T08:00:00+07:00")

    staff_id: str
    code: OneTimeCode
    expires_at: Instant


class StaffCodeBody(Schema):
    """The code that the institution gave."""

    model_config = example(code="7K2M9QXT")

    code: OneTimeCode
