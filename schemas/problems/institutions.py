"""Institutions and pages."""

from schemas.problems.shape import Kind, refusal

REGION_NOT_FOUND = refusal("region_not_found", Kind.absent, "Регион не найден", "The region is not found")
INSTITUTION_NOT_FOUND = refusal(
    "institution_not_found", Kind.absent, "Учреждение не найдено", "The institution is not found"
)
PAGE_TAKEN = refusal(
    "page_taken",
    Kind.conflict,
    "Эта страница уже подключена в другом регионе",
    "This page is already connected in another region",
)
PAGE_CLAIMED = refusal(
    "page_claimed",
    Kind.conflict,
    "Эта страница уже подключена к другому учреждению: обратитесь в региональный центр",
    "This page is already connected to another institution: ask the regional centre",
)
PAGE_ADMINISTRATOR_NEEDED = refusal(
    "page_administrator_needed",
    Kind.forbidden,
    "Подключить страницу может только её администратор: откройте мини-приложение с этой страницы",
    "Only an administrator of the page can connect it: open the mini-app from that page",
)
PAGE_INVITATION_NOT_FOUND = refusal(
    "page_invitation_not_found", Kind.absent, "Приглашение не найдено", "The invitation is not found"
)
PAGE_INVITATION_USED = refusal(
    "page_invitation_used",
    Kind.conflict,
    "По этому приглашению страница уже подключена: отключите саму страницу",
    "A page was connected by this invitation already: disconnect the page itself",
)
ROWS_WRONG = refusal(
    "rows_wrong",
    Kind.invalid,
    "В файле есть ошибки: исправьте указанные строки, пока ничего не сделано",
    "The file has errors: correct the lines that are named, nothing was done",
)
ROWS_TOO_MANY = refusal(
    "rows_too_many",
    Kind.too_large,
    "В файле больше 5000 строк: разделите его",
    "The file has over 5,000 rows: split it",
)
