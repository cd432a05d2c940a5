"""What the store did: every change of every job, read from the store's own append-only file.

The file has what was written, in order, whoever wrote it; so it says what happened between two looks of any client, and
while no client could look.
"""

import hashlib
import json
from dataclasses import dataclass

JOB, ARTIFACT = "saddlepath:job:", "saddlepath:artifact:"


@dataclass(frozen=True)
class Change:
    """One change of one job.

    Attributes:
        solution_id: of what.
        kind: status, progress, policy, page (of a simulation's result) or deleted.
        status: that the job has after it.
        token: that the job carries after it.
        attempts: that it counts after it.
        told, found: of a policy: the hash that its manifest has, and that of its bytes.
    """

    solution_id: str
    kind: str
    status: str | None = None
    token: str | None = None
    attempts: int = 0
    told: str | None = None
    found: str | None = None


def read_ledger(directory):
    """Every change in the append-only file of a store that runs from ``directory``."""
    files = sorted(
        (directory / "appendonlydir").glob("*.incr.aof"), key=lambda path: int(path.name.split(".")[-3])
    )
    jobs, changes = {}, []
    for path in files:
        for command in _commands(path.read_bytes()):
            changes += _apply(jobs, command)
    return tuple(changes)


def _commands(content):
    """The commands of an append-only file; the last one may be half written."""
    place = 0

    def line():
        nonlocal place
        end = content.index(b"\r\n", place)
        found, place = content[place:end], end + 2
        return found

    try:
        while place < len(content):
            words = []
            for _ in range(int(line()[1:])):
                length = int(line()[1:])
                words.append(content[place : place + length])
                place += length + 2
            if place > len(content):
                return
            yield words
    except ValueError:
        return


def _apply(jobs, command):
    """The changes that a command makes; ``jobs`` follows them."""
    name, key = command[0].upper(), command[1].decode(errors="replace") if len(command) > 1 else ""
    if name in (b"DEL", b"UNLINK"):
        deleted = [word.decode() for word in command[1:] if word.startswith(JOB.encode())]
        return [
            Change(key.removeprefix(JOB), "deleted") for key in deleted if jobs.pop(key, None) is not None
        ]
    if key.startswith(ARTIFACT) and name == b"HSET":
        job_id = key.removeprefix(ARTIFACT)
        return [*_policy(job_id, command[2:]), *_pages(job_id, command[2:], jobs.get(JOB + job_id, {}))]
    if not key.startswith(JOB):
        return []
    job = jobs.setdefault(key, {})
    if name == b"HDEL":
        for field in command[2:]:
            job.pop(field.decode(), None)
    elif name == b"HINCRBY":
        field = command[2].decode()
        job[field] = str(int(job.get(field, 0)) + int(command[3]))
    elif name == b"HSET":
        fields = {field.decode(): value.decode() for field, value in _pairs(command[2:])}
        job |= fields
        kinds = [kind for kind in ("status", "progress") if kind in fields]
        return [_change(key.removeprefix(JOB), kind, job) for kind in kinds]
    return []


def _change(solution_id, kind, job):
    return Change(solution_id, kind, job.get("status"), job.get("token"), int(job.get("attempts", 0)))


def _policy(solution_id, words):
    fields = dict(_pairs(words))
    if b"arrays" not in fields:
        return []
    told = json.loads(fields[b"manifest"])["sha256"]
    found = hashlib.sha256(fields[b"arrays"]).hexdigest()
    return [Change(solution_id, "policy", told=told, found=found)]


def _pages(job_id, words, job):
    return [_change(job_id, "page", job) for name, _ in _pairs(words) if name.isdigit()]


def _pairs(words):
    return list(zip(words[::2], words[1::2], strict=True))
