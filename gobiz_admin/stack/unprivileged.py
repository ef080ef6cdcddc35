"""The user that PostgreSQL runs as when we are root, and its way to the files it needs.

PostgreSQL refuses to run as root. A checkout often lies in a folder that only root may enter
(/root, a `mktemp -d`). Opening such folders to everybody would expose what else is in them, so each
one gets an access control entry that lets this one user pass through, and nothing else.
"""

from __future__ import annotations

import errno
import os
import pwd
import struct
from dataclasses import dataclass
from pathlib import Path

ACL_XATTR = "system.posix_acl_access"
ACL_VERSION = 2
USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
ENTRY = struct.Struct("<HHI")
NO_ID = 0xFFFFFFFF
PASS = 0o1


@dataclass(frozen=True)
class Account:
    """An account of this machine that a server runs as."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """Whom to run PostgreSQL as: None means as ourselves, which is right unless we are root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise LookupError(
        "PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody: "
        "run this as an ordinary user, or set DATABASE_URL."
    )


def account_of(folder: Path) -> Account | None:
    """The account that a cluster already belongs to, so that it never changes hands."""
    uid = folder.stat().st_uid
    if os.geteuid() != 0 or uid == 0:
        return None
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def entries_of(folder: Path) -> dict[tuple[int, int], int]:
    """The folder's access control entries as {(tag, id): permission}; from its mode when it has none."""
    try:
        raw = os.getxattr(folder, ACL_XATTR)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        mode = folder.stat().st_mode
        return {
            (USER_OBJ, NO_ID): mode >> 6 & 7,
            (GROUP_OBJ, NO_ID): mode >> 3 & 7,
            (OTHER, NO_ID): mode & 7,
        }
    return {(tag, number): permission for tag, permission, number in ENTRY.iter_unpack(raw[4:])}


def may_pass(folder: Path, account: Account) -> bool:
    """Whether the account can go through the folder, by its mode or by an entry of its own."""
    info = folder.stat()
    if info.st_uid == account.uid:
        return bool(info.st_mode & 0o100)
    try:
        entries = entries_of(folder)
    except (OSError, AttributeError):
        entries = {}
    if (USER, account.uid) in entries:
        return bool(entries[USER, account.uid] & entries.get((MASK, NO_ID), 7) & PASS)
    if info.st_gid == account.gid:
        return bool(info.st_mode & 0o010)
    return bool(info.st_mode & 0o001)


def grant_passage(folder: Path, account: Account) -> None:
    """Let the account pass through this one folder, by an entry, or where none can be kept by its mode."""
    try:
        entries = entries_of(folder)
        entries[USER, account.uid] = entries.get((USER, account.uid), 0) | PASS
        others = [value for (tag, _), value in entries.items() if tag in (USER, GROUP_OBJ, GROUP)]
        mask = 0
        for value in others:
            mask |= value
        entries[MASK, NO_ID] = entries.get((MASK, NO_ID), mask) | PASS
        body = b"".join(ENTRY.pack(tag, value, number) for (tag, number), value in sorted(entries.items()))
        os.setxattr(folder, ACL_XATTR, struct.pack("<I", ACL_VERSION) + body)
    except (OSError, AttributeError):
        # No such entries on this file system or this system: passing through, not listing.
        folder.chmod(folder.stat().st_mode & 0o7777 | 0o011)


def open_the_way(target: Path, account: Account) -> list[Path]:
    """Let the account reach `target`; gives back the folders that had to be opened for it."""
    opened = []
    for folder in reversed(target.resolve().parents):
        if not may_pass(folder, account):
            grant_passage(folder, account)
            opened.append(folder)
    return opened
