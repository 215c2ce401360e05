"""Campaigns, and wishes in them."""

from schemas.problems.shape import Kind, refusal

CAMPAIGN_NOT_FOUND = refusal("campaign_not_found", Kind.absent, "Такой кампании нет", "There is no such campaign")
CAMPAIGN_UNKNOWN = refusal(
    "campaign_unknown",
    Kind.conflict,
    "Такой кампании в регионе ещё нет",
    "The region has no such campaign yet",
)
CAMPAIGN_HELD = refusal(
    "campaign_held",
    Kind.conflict,
    "Приём пожеланий закончен: условия кампании уже не меняются",
    "Wishes are no longer taken: the campaign's terms do not change any more",
)
CAMPAIGN_NOT_MATCHED = refusal(
    "campaign_not_matched",
    Kind.absent,
    "Распределения ещё не было: его запись появится после него",
    "Nothing is matched yet: the record appears when it is",
)
WISHES_NOT_FOUND = refusal(
    "wishes_not_found",
    Kind.absent,
    "Пожеланий этого ребёнка в кампании нет",
    "The child has no wishes in the campaign",
)
WISHES_NOT_OPEN = refusal("wishes_not_open", Kind.conflict, "Пожелания ещё не принимают", "Wishes are not taken yet")
WISHES_CLOSED = refusal(
    "wishes_closed",
    Kind.conflict,
    "Приём пожеланий закончен",
    "Wishes are no longer taken or changed",
)
TOO_MANY_WISHES = refusal(
    "too_many_wishes",
    Kind.conflict,
    "Пожеланий больше, чем принимают в этой кампании",
    "There are more wishes than the campaign takes",
)
WISH_NOT_IN_CAMPAIGN = refusal(
    "wish_not_in_campaign",
    Kind.conflict,
    "В пожеланиях есть группа, которая в этой кампании не участвует",
    "One of the wishes is not a group of this campaign",
)
ALREADY_WISHING = refusal(
    "already_wishing",
    Kind.conflict,
    "Пожелания этого ребёнка уже подал другой родитель",
    "Another parent has given this child's wishes already",
)
