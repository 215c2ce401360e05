"""What a certificate does not pay for."""

from schemas.problems.shape import Kind, refusal

CERTIFICATE_OF_ANOTHER_YEAR = refusal(
    "certificate_of_another_year",
    Kind.conflict,
    "Сертификат другого года: нужен сертификат года, в котором начинаются занятия",
    "The certificate is for another year than that in which the lessons begin",
)
