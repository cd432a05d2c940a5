"""A server of one's own: started, used, taken down, and started again on what it keeps."""

import psutil
import pytest
import saddlepath as sp
from saddlepath import embedded


def test_a_local_server_is_started_used_and_taken_down(tmp_path):
    others = set(psutil.Process().children(recursive=True))
    with sp.local(tmp_path / "data") as client:
        family = set(psutil.Process().children(recursive=True)) - others
        assert len(family) >= 3  # supervisor, store, API, worker
        solution = client.solve("brock_mirman")
        assert solution.policy(a=0.0, k=0.2).i == pytest.approx(0.96 * 0.36 * 0.2**0.36, rel=1e-6)
        url = client.server.url
    assert not [process for process in family if process.is_running() and process.status() != "zombie"]
    with pytest.raises(sp.UnreachableError):
        sp.Client(url, retries=sp.Retries(1)).models()
    with sp.local(tmp_path / "data") as again:
        assert again.solution(solution.id).record == solution.record


def test_without_a_directory_nothing_stays(tmp_path):
    client = sp.local()
    data = client.data
    assert data.is_dir()
    client.close()
    client.close()  # once more is no harm
    assert not data.exists()


def test_a_server_that_does_not_come_up_says_why(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no directory")
    with pytest.raises(sp.LocalServerError, match=r"not ready before it ended; its last words:\n.*file"):
        sp.local(blocked)


def test_a_server_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(embedded, "COMMAND", "saddlepath-server-that-is-not-there")
    with pytest.raises(sp.LocalServerError, match=r"not installed .*pip install '\.\[cpu,embedded\]'"):
        sp.local()
