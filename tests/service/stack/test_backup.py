"""A backup has everything that the store had acknowledged; what is none is refused, and leaves nothing behind."""

import random
import resource
import signal
import stat
import subprocess
import sys
import threading

import pytest
from typer.testing import CliRunner

from service.cli import cli
from service.stack.backup import back_up, restore
from service.stack.embedded import embedded_store, running
from service.stack.errors import StackError
from service.stack.store import prepare_store
from worker.data_format import FORMAT, FORMAT_KEY
from worker.store import connect


@pytest.fixture
def data(tmp_path):
    """A data directory whose store has been given something, and stopped."""
    with embedded_store(tmp_path / "data", is_made=True) as url, connect(url) as client:
        client.mset({f"number:{number}": number for number in range(100)})
        client.xadd("log", {"status": "queued"})
    return tmp_path / "data"


def everything(data):
    """All that a store holds, as it serialises it."""
    with embedded_store(data) as url, connect(url) as client:
        return {key: client.dump(key) for key in client.scan_iter()}


def test_what_is_restored_is_what_was_there(data, tmp_path):
    size = back_up(data, tmp_path / "backup")
    assert size == (tmp_path / "backup").stat().st_size > 0
    restore(tmp_path / "backup", tmp_path / "again")
    found = everything(data)
    assert len(found) == 102  # the numbers, the log, and the mark of the form
    assert everything(tmp_path / "again") == found


def test_only_its_owner_may_read_it_and_no_snapshot_stays_behind(data, tmp_path):
    back_up(data, tmp_path / "backup")
    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "data"]
    restore(tmp_path / "backup", tmp_path / "again")
    assert not list(data.rglob("*.rdb.part")) and not (data / "store" / "dump.rdb").exists()
    assert not (tmp_path / "again" / "store" / "dump.rdb").exists()


def test_a_restored_store_keeps_what_it_is_told_from_then_on(data, tmp_path):
    back_up(data, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "again")
    store = prepare_store(tmp_path / "again" / "store")
    with running(store, tmp_path / "log"), connect(store.url) as client:
        client.set("later", "1")
        kept = {name: client.config_get(name)[name] for name in ("appendonly", "appendfsync", "save")}
    assert kept == {"appendonly": "yes", "appendfsync": "always", "save": ""}
    assert b"later" in everything(tmp_path / "again")


def test_what_is_acknowledged_before_is_in_it_however_much_is_written_meanwhile(data, tmp_path):
    """Every backup of a store under writes holds all numbers up to the last one acknowledged before it, and no gap."""
    acknowledged, is_over = [0], threading.Event()

    def write(url):
        with connect(url) as client:
            while not is_over.is_set():
                client.set(f"written:{acknowledged[0] + 1}", "x" * 1000)
                acknowledged[0] += 1

    with embedded_store(data) as url:
        writer = threading.Thread(target=write, args=(url,))
        writer.start()
        try:
            before = []
            for turn in range(3):
                before.append(acknowledged[0])
                back_up(data, tmp_path / f"backup-{turn}")
        finally:
            is_over.set()
            writer.join()
    assert acknowledged[0] > before[-1] > before[0]
    for turn, count in enumerate(before):
        restore(tmp_path / f"backup-{turn}", tmp_path / f"again-{turn}")
        found = {key for key in everything(tmp_path / f"again-{turn}") if key.startswith(b"written:")}
        assert found == {b"written:%d" % number for number in range(1, len(found) + 1)}
        assert len(found) >= count


def test_two_at_once_are_both_whole(data, tmp_path):
    found = everything(data)
    with embedded_store(data):
        backups = [tmp_path / f"backup-{turn}" for turn in range(4)]
        threads = [threading.Thread(target=back_up, args=(data, backup)) for backup in backups]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for turn, backup in enumerate(backups):
        restore(backup, tmp_path / f"again-{turn}")
        assert everything(tmp_path / f"again-{turn}") == found


@pytest.mark.parametrize("begin", ["bgsave", "bgrewriteaof"])
def test_it_waits_for_what_the_store_is_at_already(data, tmp_path, begin):
    found = everything(data)
    with embedded_store(data) as url, connect(url) as client:
        client.config_set("rdb-key-save-delay", 10_000)  # microseconds, which slows both down to a second
        getattr(client, begin)()
        client.set("later", "1")  # not in that one, but in the backup
        back_up(data, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "again")
    assert everything(tmp_path / "again").keys() == found.keys() | {b"later"}


def test_a_snapshot_that_fails_is_told_and_the_store_goes_on(data, tmp_path):
    (data / "store" / "dump.rdb").mkdir()
    with embedded_store(data) as url, connect(url) as client:
        with pytest.raises(StackError, match="cannot write its snapshot"):
            back_up(data, tmp_path / "backup")
        client.set("later", "1")
    assert not (tmp_path / "backup").exists()


def test_nothing_is_overwritten(data, tmp_path):
    back_up(data, tmp_path / "backup")
    with pytest.raises(StackError, match="is there already: give the backup another name"):
        back_up(data, tmp_path / "backup")
    found = everything(data)
    with pytest.raises(StackError, match=r"holds a server's data already: .*--data"):
        restore(tmp_path / "backup", data)
    assert everything(data) == found


def test_a_directory_that_is_in_use_is_left_alone(data, tmp_path):
    back_up(data, tmp_path / "backup")
    with embedded_store(data), pytest.raises(StackError, match="in use by another saddlepath-server"):
        restore(tmp_path / "backup", data)


def test_there_must_be_something_to_back_up_and_a_place_for_it(data, tmp_path):
    with pytest.raises(StackError, match=r"holds no server's data: .*--data"):
        back_up(tmp_path / "nothing", tmp_path / "backup")
    with pytest.raises(StackError, match=r"cannot be written \(No such file or directory\)"):
        back_up(data, tmp_path / "nowhere" / "backup")
    with pytest.raises(StackError, match="there is no file"):
        restore(tmp_path / "nothing", tmp_path / "again")


def fill(url):
    """Gives a store 40 MB that cannot be compressed."""
    with connect(url) as client:
        for number in range(40):
            client.set(f"large:{number}", random.Random(number).randbytes(2**20))


def backing_up(data, file, prepare):
    """The command as a process, which calls ``prepare`` before it starts."""
    command = (sys.executable, "-m", "service.cli", "backup", str(file), "--data", str(data))
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=prepare)


def test_what_cannot_be_written_to_its_end_leaves_nothing_behind(data, tmp_path):
    with embedded_store(data) as url:
        fill(url)
        full = backing_up(
            data, tmp_path / "backup", lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**20,) * 2)
        )
        _, error = full.communicate(timeout=60)
        assert (
            full.returncode == 1 and "backup cannot be written (File too large): give another place" in error
        )
        assert [path.name for path in tmp_path.iterdir()] == ["data"]
        assert not (data / "store" / "dump.rdb").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_that_is_interrupted_leaves_nothing_behind(data, tmp_path, number):
    backup, part = tmp_path / "backup", tmp_path / "backup.part"
    with embedded_store(data) as url:
        fill(url)
        while True:
            with backing_up(data, backup, lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as process:
                while not part.exists() and process.poll() is None:
                    pass
                process.send_signal(number)
            assert [path.name for path in tmp_path.iterdir() if path != backup] == ["data"]
            assert not (data / "store" / "dump.rdb").exists()
            if process.returncode:
                break
            backup.unlink()  # it was faster than the signal
        assert not backup.exists()
        back_up(data, backup)  # which finds the store as it was


def spoilt(content, how):
    return {
        "empty": b"",
        "text": b"no backup at all\n" * 100,
        "cut": content[: len(content) // 2],
        "one bit": content[:300] + bytes([content[300] ^ 1]) + content[301:],
    }[how]


@pytest.mark.parametrize("how", ["empty", "text", "cut", "one bit"])
def test_what_is_no_backup_or_not_whole_is_refused_and_leaves_a_clean_place(data, tmp_path, how):
    back_up(data, tmp_path / "backup")
    content = (tmp_path / "backup").read_bytes()
    (tmp_path / "spoilt").write_bytes(spoilt(content, how))
    with pytest.raises(
        StackError, match=r"spoilt cannot be restored: the store dies at its start: .*store\.log says why"
    ):
        restore(tmp_path / "spoilt", tmp_path / "again")
    assert not (tmp_path / "again" / "store").exists()
    restore(tmp_path / "backup", tmp_path / "again")
    assert everything(tmp_path / "again") == everything(data)


def test_one_that_is_killed_leaves_no_store_that_has_less(data, tmp_path):
    with embedded_store(data) as url:
        fill(url)
    back_up(data, tmp_path / "backup")
    again = tmp_path / "again"
    command = ("-m", "service.cli", "restore", str(tmp_path / "backup"), "--data", str(again))
    process = subprocess.Popen((sys.executable, *command))
    while not list(again.rglob("dump.rdb")):
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.001)
    process.kill()
    process.wait()
    assert not (again / "store").exists()
    restore(tmp_path / "backup", again)
    assert everything(again) == everything(data)
    assert sorted(path.name for path in again.iterdir()) == ["lock", "logs", "store"]


def test_another_programs_snapshot_is_refused(data, tmp_path):
    with embedded_store(data) as url, connect(url) as client:
        client.delete(FORMAT_KEY)
        back_up(data, tmp_path / "other")
    with pytest.raises(StackError, match="is not a backup of a saddlepath-server"):
        restore(tmp_path / "other", tmp_path / "again")


def test_a_backup_of_a_later_release_is_refused(data, tmp_path):
    with embedded_store(data) as url, connect(url) as client:
        client.set(FORMAT_KEY, FORMAT + 1)
        back_up(data, tmp_path / "later")
    with pytest.raises(StackError, match="a later release has written the store's data, in form 2"):
        restore(tmp_path / "later", tmp_path / "again")
    assert not (tmp_path / "again" / "store").exists()


def test_the_commands_say_what_they_did_or_what_was_wrong(data, tmp_path):
    def run(*arguments):
        result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
        return result.exit_code, result.stdout, result.stderr

    code, said, _ = run("backup", tmp_path / "backup", "--data", data)
    assert code == 0 and said.startswith(f"{tmp_path / 'backup'}: ") and said.endswith(" bytes\n")
    assert run("restore", tmp_path / "backup", "--data", tmp_path / "again")[0] == 0
    code, said, error = run("backup", tmp_path / "backup", "--data", data)
    assert (code, said) == (1, "") and error.startswith("saddlepath-server: ") and error.count("\n") == 1
