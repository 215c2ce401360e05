"""What a certificate does not pay for."""

from schemas.problems.shape import Kind, refusal

CERTIFICATE_OF_ANOTHER_YEAR = refusal(
    "certificate_of_another_year",
    Kind.conflict,
    "Сертификат другого года: нужен сертификат года, в котором начинаются занятия",
    "The certificate is for another year than that in which the lessons begin",
)
CERTIFICATE_AGE = refusal(
    "certificate_age",
    Kind.conflict,
    "Сертификат оплачивает занятия детей от 5 до 18 лет",
    "A certificate pays for children from 5 to 18 years of age",
)
