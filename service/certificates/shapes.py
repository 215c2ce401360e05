"""Rows of certificates as the schemas that show them, and the other way round."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from schemas.certificates import Certificate, CertificateBody, CertificateUse, UsedCertificate
from service.core.database import Record
from service.core.ids import new_id
from service.core.sealing import Sealer
from service.people.usecases import identity_of_snils

_SHOWN_DIGITS = 4
_SAME = ("id", "municipality", "year", "unit", "nominal", "most_programmes", "status")


def sealed_row(sealer: Sealer, region_id: int, item: CertificateBody) -> dict[str, Any]:
    """The columns of a new certificate. Its number is found by its hash."""
    certificate_id = new_id()
    return {
        **item.model_dump(exclude={"number", "snils"}),
        "id": certificate_id,
        "number_hash": sealer.hash("certificate", item.number),
        "number_sealed": sealer.seal(item.number, _row_name(region_id, certificate_id)),
        "identity": identity_of_snils(sealer, item.snils),
    }


def certificate_of(sealer: Sealer, row: Record) -> Certificate:
    """With what it is used for, as JSON."""
    uses = [CertificateUse.model_validate(use, strict=False) for use in orjson.loads(row["uses"])]
    return Certificate(
        **{name: row[name] for name in _SAME},
        number_masked=masked_number(sealer, row),
        ends_on=date(row["year"], 12, 31),
        left=row["nominal"] - row["reserved"] - row["spent"],
        programmes_left=row["most_programmes"] - row["programmes"],
        uses=uses,
    )


def used_certificate_of(sealer: Sealer, row: Record) -> UsedCertificate:
    use: Mapping[str, Any] = orjson.loads(row["use"])
    fields = {**use, "number_masked": masked_number(sealer, row)} | {
        name: row[name] for name in ("year", "unit", "status")
    }
    return UsedCertificate.model_validate(fields, strict=False)


def masked_number(sealer: Sealer, row: Record) -> str:
    """Of the number, only the last digits."""
    number = sealer.open(row["number_sealed"], _row_name(row["region_id"], row["id"]))
    return "*" * (len(number) - _SHOWN_DIGITS) + number[-_SHOWN_DIGITS:]


def _row_name(region_id: int, certificate_id: UUID) -> str:
    return f"certificates:{region_id}:{certificate_id}:number"
