"""Rules over incidents (リスクケース), by themselves and together with their cases."""

from __future__ import annotations

from register.errors import say
from register.sentinel.facts import IncidentFacts, TiedFacts
from register.sentinel.limits import Moment
from register.sentinel.rule import Rule
from register.vocab import About, IncidentKind, Need, Weight

LEAKS = frozenset({"RC02", "RC03"})


def grave_and_running(tied: TiedFacts, _at: Moment) -> bool:
    """While a grave risk case is open, the use would be expected to stand still."""
    incident = tied.incident
    return incident.open and incident.counted and incident.grade == "L3" and tied.case.running


def overdue(incident: IncidentFacts, at: Moment) -> bool:
    """A clock that has run out is kept as a fact; somebody must still take the step."""
    return incident.clock is not None and incident.clock < at.today


def leak_of_nothing(tied: TiedFacts, _at: Moment) -> bool:
    """What leaked was confidential, so the case handles such information."""
    return tied.incident.stands and bool(tied.incident.codes & LEAKS) and tied.confidentiality == "1"


def suspended_yet_running(tied: TiedFacts, _at: Moment) -> bool:
    """A case that runs again after it was stopped has a day of its restart."""
    stopped = tied.incident.suspended_from
    ends = tied.incident.suspended_to is None and tied.incident.stands
    return stopped is not None and ends and tied.case.running and tied.since >= stopped


def measures_late(incident: IncidentFacts, _at: Moment) -> bool:
    """A measure that is past its day is done or gets a new one."""
    return incident.open and incident.late_measures > 0


def still_unregistered(incident: IncidentFacts, at: Moment) -> bool:
    """A use that goes on is registered."""
    return incident.open and not incident.cases and incident.detected_on < at.ago(at.limits.unregistered)


def near_miss_with_victims(incident: IncidentFacts, _at: Moment) -> bool:
    """What affected people did happen."""
    return incident.stands and incident.kind is IncidentKind.NEAR_MISS and bool(incident.affected_count)


def own_tied(tied: TiedFacts) -> bool:
    """Tell whether the secretariat was not told of the incident."""
    return not tied.incident.told


def own(incident: IncidentFacts) -> bool:
    """Tell whether the secretariat was not told of it."""
    return not incident.told


_LOG = frozenset({Need.INCIDENTS})
INCIDENT_RULES: tuple[Rule, ...] = (
    Rule(
        "I01", About.TIED, Weight.HIGH,
        say("重大なリスクケースへの対応が終わらないまま、案件の利用が続いている。"),
        say("%(incident_no)s（%(grade)s）への対応が続いていますが、案件は「%(lifecycle)s」です。止める必要はありませんか。"),
        ("incident_no", "grade", "lifecycle"), grave_and_running, _LOG, own_tied,
    ),
    Rule(
        "I02", About.INCIDENT, Weight.HIGH,
        say("リスクケースの報告の期限が過ぎている。"),
        say("%(incident_no)sは「%(incident_state)s」のまま、期限（%(clock)s）を過ぎています。"),
        ("incident_no", "incident_state", "clock"), overdue, _LOG, own,
    ),
    Rule(
        "I03", About.TIED, Weight.HIGH,
        say("情報の漏えいや不適切な入力のあった案件が、機密性１情報のみを扱うとしている。"),
        say("%(incident_no)sは「%(categories)s」ですが、取扱情報の機密性は「%(confidentiality)s」です。"),
        ("incident_no", "categories", "confidentiality"), leak_of_nothing, _LOG, own_tied,
    ),
    Rule(
        "I04", About.TIED, Weight.NORMAL,
        say("リスクケースで停止した案件が利用中に戻ったのに、再開した日がない。"),
        say("%(incident_no)sで%(suspended_from)sに停止し、再開した日がありませんが、案件は「%(lifecycle)s」です。"),
        ("incident_no", "suspended_from", "lifecycle", "since"), suspended_yet_running, _LOG, own_tied,
    ),
    Rule(
        "I05", About.INCIDENT, Weight.NORMAL,
        say("リスクケースの恒久対策の期限が過ぎている。"),
        say("%(incident_no)sに、期限を過ぎた対策が%(late_measures)s件あります。実施しましたか。"),
        ("incident_no", "late_measures"), measures_late, _LOG, own,
    ),
    Rule(
        "I06", About.INCIDENT, Weight.NORMAL,
        say("登録外の利用のリスクケースが、案件を登録しないまま続いている。"),
        say("%(incident_no)sは台帳に登録されていない利用です。利用を続けるなら、案件を登録してください。"),
        ("incident_no", "detected_on"), still_unregistered, _LOG, own,
    ),
    Rule(
        "I07", About.INCIDENT, Weight.HIGH,
        say("影響を受けた人がいるのに、ヒヤリ・ハットとしている。"),
        say("%(incident_no)sはヒヤリ・ハットですが、影響を受けた人が%(affected_count)s人います。"),
        ("incident_no", "affected_count"), near_miss_with_victims, _LOG, own,
    ),
)  # fmt: skip
