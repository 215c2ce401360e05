from pathlib import Path

import pytest

import service
from service.core.queries import Queries, beside

DOMAINS = sorted(path.parent for path in Path(service.__file__).parent.glob("*/queries.sql"))


def test_each_query_goes_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "queries.sql").write_text(
        "-- What is above the first head is a remark.\n"
        "-- name: one\nSELECT 1;\n\n"
        "-- name: two\n-- A remark.\nSELECT 'Ж',\n       2;\n",
        encoding="utf-8",
    )
    found = beside(str(tmp_path / "store.py"))
    assert found.one == "SELECT 1"
    assert found.two == "-- A remark.\nSELECT 'Ж',\n       2"
    with pytest.raises(AttributeError, match="three"):
        _ = found.three


def test_one_name_twice_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "queries.sql"
    path.write_text("-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;\n", encoding="utf-8")
    with pytest.raises(ValueError, match="two queries of one name"):
        Queries(path)


@pytest.mark.parametrize("folder", DOMAINS, ids=lambda folder: folder.name)
def test_every_query_of_a_domain_is_one_statement_and_is_used(folder: Path) -> None:
    used = (folder / "store.py").read_text(encoding="utf-8")
    queries = Queries(folder / "queries.sql").by_name
    assert queries
    for name, statement in queries.items():
        assert ";" not in statement, name
        assert f"SQL.{name}" in used, name
