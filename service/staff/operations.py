"""Staff: people of an institution, and the roles that it gives them itself."""

from schemas import problems as p
from service.core.operations import CITIZEN, Operation, Transaction, staff
from service.staff import usecases

_STAFF = "/v1/institutions/{institution_id}/staff"
_MEMBER = _STAFF + "/{staff_id}"
_GIVES = staff("staff:write")

OPERATIONS = (
    Operation(
        "PUT", _MEMBER, "putStaffMember", usecases.put_staff_member, _GIVES, Transaction.WRITE,
        "Write somebody of the institution down", refusals=(p.REFERENCE_UNKNOWN,),
    ),
    Operation(
        "DELETE", _MEMBER, "deleteStaffMember", usecases.delete_staff_member, _GIVES, Transaction.WRITE,
        "Take somebody's role away",
    ),
    Operation(
        "GET", _STAFF, "listStaff", usecases.list_staff, _GIVES, Transaction.READ, "List people of the institution",
    ),
    Operation(
        "POST", _MEMBER + "/invitations", "inviteStaffMember", usecases.invite_staff_member, _GIVES,
        Transaction.WRITE, "Make a code for somebody of the institution", status=201,
        refusals=(p.STAFF_MEMBER_NOT_FOUND,),
    ),
    Operation(
        "POST", "/v1/staff/join", "joinAsStaff", usecases.join_as_staff, CITIZEN, Transaction.STATEMENT,
        "Take a role by a code", refusals=(p.INVITATION_NOT_FOUND, p.TOO_MANY_ATTEMPTS),
    ),
)  # fmt: skip
