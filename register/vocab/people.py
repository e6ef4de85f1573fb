"""Who works with the register."""

from __future__ import annotations

from register.vocab.terms import Term


class Role(Term):
    """What a person may do in the register (domain.md section 2); exactly one each."""

    REPORTER = "reporter", "府省庁担当者", "Reporter"
    APPROVER = "approver", "府省庁取りまとめ", "Approver"
    SECRETARIAT = "secretariat", "事務局", "Secretariat"
    AUDITOR = "auditor", "監査", "Auditor"
    ADMIN = "admin", "システム管理", "Administrator"


MINISTRY_ROLES = frozenset({Role.REPORTER, Role.APPROVER})
