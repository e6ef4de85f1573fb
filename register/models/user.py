"""The people who sign in.

The one place below the edges that knows flask-security: the extension asks its methods of the mapped class itself,
and a second class for the same row would double every load (docs/adr/003-identity.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_security import RoleMixin, UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, term
from register.models.ministry import Ministry
from register.models.mixins import SECRET, Audited, PublicId
from register.vocab import Role


@dataclass(frozen=True)
class RoleRecord(RoleMixin):
    """What flask-security calls a role; ours are a fixed vocabulary, not rows."""

    name: str

    def get_permissions(self) -> set[str]:
        """Return nothing: what a role may do stands in ``authz``."""
        return set()


class User(UserMixin, Audited, PublicId, Base):
    """A person with exactly one role; a reporter or approver belongs to a ministry, the others to none."""

    __tablename__ = "user"
    __table_args__ = (
        CheckConstraint(
            "(role IN ('reporter', 'approver')) = (ministry_id IS NOT NULL)", name="ministry_role_has_ministry"
        ),
    )

    email: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(term(Role, "role"))
    ministry_id: Mapped[int | None] = mapped_column(ForeignKey("ministry.id"), index=True)
    password: Mapped[str | None] = mapped_column(String(255), info=SECRET)
    # The language of what is sent to the person; that of the pages is the browser's choice.
    language: Mapped[str] = mapped_column(String(2), default="ja", server_default="ja")
    active: Mapped[bool] = mapped_column(default=True)
    # Replacing it ends every session of the person at their next request.
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True, info=SECRET)

    ministry: Mapped[Ministry | None] = relationship(lazy="joined")

    @property
    def roles(self) -> list[RoleMixin]:  # type: ignore[override]
        return [RoleRecord(self.role)]

    @property
    def audit_label(self) -> str:
        return self.email
