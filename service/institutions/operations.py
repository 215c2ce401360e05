"""Regions, institutions, pages."""

from schemas import problems as p
from service.core.operations import ANYONE, PUBLIC, Operation, Transaction, Upload, operator
from service.institutions import bulk, invitations, usecases

OPERATIONS = (
    Operation(
        "GET", "/v1/regions", "listRegions", usecases.list_regions, PUBLIC, Transaction.READ,
        "List the regions", max_age_seconds=3600,
    ),
    Operation(
        "GET", "/v1/day-limits", "getDayLimits", usecases.get_day_limits, ANYONE, Transaction.READ,
        "Get what may be taken in a day",
    ),
    Operation(
        "PUT", "/v1/day-limits", "putDayLimits", usecases.put_day_limits, operator("institutions:write"),
        Transaction.WRITE, "Set what may be taken in a day",
    ),
    Operation(
        "GET", "/v1/institutions", "listInstitutions", usecases.list_institutions, ANYONE, Transaction.READ,
        "List institutions", shared=True,
    ),
    Operation(
        "GET", "/v1/institutions/{institution_id}", "getInstitution", usecases.get_institution,
        ANYONE, Transaction.READ, "Get an institution", refusals=(p.INSTITUTION_NOT_FOUND,),
    ),
    Operation(
        "PUT", "/v1/institutions/{institution_id}", "putInstitution", usecases.put_institution,
        operator("institutions:write"), Transaction.WRITE,
        "Bring in an institution",
    ),
    Operation(
        "PUT", "/v1/pages/{platform}/{page_id}", "putPage", usecases.put_page, operator("institutions:write"),
        Transaction.WRITE, "Connect a page", refusals=(p.INSTITUTION_NOT_FOUND, p.PAGE_TAKEN),
    ),
    Operation(
        "GET", "/v1/pages", "listPages", invitations.list_pages, operator("institutions:write"), Transaction.READ,
        "List connected pages",
    ),
    Operation(
        "DELETE", "/v1/pages/{platform}/{page_id}", "deletePage", invitations.delete_page,
        operator("institutions:write"), Transaction.WRITE, "Disconnect a page",
    ),
    Operation(
        "POST", "/v1/institutions/{institution_id}/page-invitations", "createPageInvitation",
        invitations.create_page_invitation, operator("institutions:write"), Transaction.WRITE,
        "Invite an institution to connect a page", status=201, refusals=(p.INSTITUTION_NOT_FOUND,),
    ),
    Operation(
        "POST", "/v1/page-invitations/bulk", "inviteInstitutions", bulk.invite_institutions,
        operator("institutions:write"), Transaction.WRITE, "Invite many institutions by a table", status=201,
        produces=bulk.CSV, upload=Upload((bulk.CSV,), bulk.admit_sheet, bulk.receive_sheet),
        refusals=(p.ROWS_WRONG, p.ROWS_TOO_MANY, p.TOO_LARGE),
    ),
    Operation(
        "GET", "/v1/page-invitations", "listPageInvitations", invitations.list_page_invitations,
        operator("institutions:write"), Transaction.READ, "List invitations to connect pages",
    ),
    Operation(
        "POST", "/v1/page-invitations/{invitation_id}/revoke", "revokePageInvitation",
        invitations.revoke_page_invitation, operator("institutions:write"), Transaction.WRITE,
        "Take an invitation back", refusals=(p.PAGE_INVITATION_NOT_FOUND, p.PAGE_INVITATION_USED),
    ),
)  # fmt: skip
