"""Campaigns: groups of a region that are filled by matching children's ranked wishes, and the record of it."""

from schemas import problems as p
from service.campaigns import usecases
from service.core.operations import ANYONE, CITIZEN, Operation, Transaction, operator

_WISHES = "/v1/campaigns/{campaign_id}/persons/{person_id}/wishes"
_OPEN = (p.CAMPAIGN_NOT_FOUND, p.PERSON_NOT_FOUND, p.WISHES_NOT_OPEN, p.WISHES_CLOSED)

OPERATIONS = (
    Operation(
        "PUT", "/v1/campaigns/{campaign_id}", "putCampaign", usecases.put_campaign,
        operator("institutions:write"), Transaction.WRITE, "Publish a campaign",
        refusals=(p.DATES_CROSSED, p.CAMPAIGN_HELD),
    ),
    Operation(
        "GET", "/v1/campaigns", "listCampaigns", usecases.list_campaigns, ANYONE, Transaction.READ, "List campaigns",
    ),
    Operation(
        "GET", "/v1/campaigns/{campaign_id}", "getCampaign", usecases.get_campaign, ANYONE, Transaction.READ,
        "Get a campaign", refusals=(p.CAMPAIGN_NOT_FOUND,),
    ),
    Operation(
        "GET", "/v1/campaigns/{campaign_id}/record", "getCampaignRecord", usecases.get_campaign_record,
        ANYONE, Transaction.READ, "Get the record of a campaign's matching",
        refusals=(p.CAMPAIGN_NOT_FOUND, p.CAMPAIGN_NOT_MATCHED),
    ),
    Operation(
        "PUT", _WISHES, "putWishes", usecases.put_wishes, CITIZEN, Transaction.STATEMENT,
        "Rank what a child wishes for",
        refusals=(
            *_OPEN, p.TOO_MANY_WISHES, p.WISH_NOT_IN_CAMPAIGN, p.ALREADY_WISHING, p.GROUP_LOCKED, p.TOO_YOUNG,
            p.TOO_OLD, p.ALREADY_APPLIED, p.TOO_MANY_APPLICATIONS, p.TOO_MANY_GROUPS, p.BENEFIT_UNKNOWN,
            p.CONSENT_MISSING,
        ),
    ),
    Operation(
        "GET", _WISHES, "getWishes", usecases.get_wishes, CITIZEN, Transaction.READ, "Get what a child wishes for",
        refusals=(p.CAMPAIGN_NOT_FOUND, p.PERSON_NOT_FOUND, p.WISHES_NOT_FOUND),
    ),
    Operation(
        "POST", _WISHES + "/withdraw", "withdrawWishes", usecases.withdraw_wishes, CITIZEN, Transaction.STATEMENT,
        "Withdraw a child's wishes", status=204, refusals=_OPEN,
    ),
)  # fmt: skip
