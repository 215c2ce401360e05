"""200 uploads at once in one worker."""

from pathlib import Path

import pytest

from benchmarks import uploads


@pytest.mark.soak
def test_many_uploads_at_once_take_little_memory(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert uploads.measure(tmp_path)["most"] <= uploads.MOST_MEGABYTES
