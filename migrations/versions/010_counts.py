"""Let the first page and the months count without reading the rows."""

from alembic import op

revision = "010"
down_revision = "008"
branch_labels = None
depends_on = None

DETECTED = "ix_incident_all_detected"
ORDER = ["detected_on", "id", "state", "kind", "grade", "notified_at"]


def upgrade() -> None:
    """Add an index of use cases by state, and the ministry to that of incidents by day."""
    op.create_index("ix_use_case_all_state", "use_case", ["lifecycle", "ministry_id"])
    op.drop_index(DETECTED, "incident")
    op.create_index(DETECTED, "incident", [*ORDER, "ministry_id"])


def downgrade() -> None:
    """Take both away."""
    op.drop_index(DETECTED, "incident")
    op.create_index(DETECTED, "incident", ORDER)
    op.drop_index("ix_use_case_all_state", "use_case")
