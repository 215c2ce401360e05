"""What a citizen takes out, read."""

import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from icalendar import Calendar

from tests.live import Api


class Archive:
    """The export of that citizen, made now."""

    def __init__(self, api: Api) -> None:
        answer = api.post("/v1/account/export")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip"), answer.content
        assert "zapis.zip" in answer.headers["Content-Disposition"]
        assert answer.headers["Cache-Control"] == "no-store"
        with ZipFile(BytesIO(answer.content)) as opened:
            assert opened.testzip() is None
            assert sorted(opened.namelist()) == ["README.txt", "calendar.ics", "data.json"]
            self.text = opened.read("data.json").decode()
            self.calendar = opened.read("calendar.ics")
            self.readme = opened.read("README.txt").decode()

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.text)

    @property
    def events(self) -> list[Any]:
        calendar = Calendar.from_ical(self.calendar)
        assert calendar["VERSION"] == "2.0"
        return calendar.walk("VEVENT")
