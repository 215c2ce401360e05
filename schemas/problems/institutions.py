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
