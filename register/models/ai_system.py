"""AI systems: what runs. One system may carry many use cases, also of other ministries when it is shared."""

from __future__ import annotations

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base
from register.models.ministry import Ministry
from register.models.mixins import CONFIDENTIAL, Audited, OfMinistry, PublicId, Stamped, Versioned


class AISystem(Audited, PublicId, OfMinistry, Stamped, Versioned, Base):
    """A generative-AI system of a ministry; ``shared`` lets other ministries tie their use cases to it."""

    __tablename__ = "ai_system"

    name: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)
    vendor: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    model_usage: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    note: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    shared: Mapped[bool] = mapped_column(default=False)

    ministry: Mapped[Ministry] = relationship()

    @property
    def audit_label(self) -> str:
        # Its name is confidential; the id of its page tells it from the ministry's others.
        return f"{self.ministry.name} {str(self.public_id)[:8]}"
