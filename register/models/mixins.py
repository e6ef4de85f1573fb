"""What several tables share: ids for URLs, moments, the version of an edit, the duty of audit."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Uuid, event
from sqlalchemy.orm import ColumnProperty, InstrumentedAttribute, Mapped, declared_attr, mapped_column

from register.db import UtcDateTime

CONFIDENTIAL: dict[str, Any] = {"confidential": True}
SECRET: dict[str, Any] = {"secret": True}


class Audited:
    """Rows whose every change stands in the audit chain.

    A column with ``info=CONFIDENTIAL`` enters the chain as a salted digest with its clear value beside, one with
    ``info=SECRET`` only as the fact of the change. ``audit_label`` is what the log calls the row.
    """

    __tablename__: str
    id: Any

    @property
    def audit_label(self) -> str:
        """Name the row in the log without its confidential text."""
        return f"{self.__tablename__} {self.id}"


@event.listens_for(Audited, "attribute_instrument", propagate=True)
def _know_old_values(_model: type, _key: str, attribute: InstrumentedAttribute[Any]) -> None:
    """Have the value that a change replaces loaded first where it is not: the chain tells the old beside the new."""
    if isinstance(attribute.property, ColumnProperty):
        event.listen(attribute, "set", lambda *_: None, active_history=True)


class PublicId:
    """A random id that may stand in a URL: it tells nothing of how many rows there are."""

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[uuid.UUID] = mapped_column(Uuid, unique=True, default=uuid.uuid4)


class Versioned:
    """Optimistic locking: every edit raises ``version``, and a stale one is refused."""

    version: Mapped[int] = mapped_column(default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined]


class Stamped:
    """When the row was made and last changed; the service sets both from the session's clock."""

    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class OfMinistry:
    """A row that belongs to one ministry, and that other ministries may never learn of."""

    ministry_scoped: ClassVar[bool] = True

    @declared_attr
    def ministry_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("ministry.id"), index=True)
