"""What people call each fact that a rule looks at, and how its value is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from register.errors import Say, say


class FactKind(Enum):
    """How a stored value becomes words."""

    PLAIN = "as it is"
    DAY = "a day"
    YES = "yes or no"
    OPTION = "a code of the form"
    GRADE = "a grade of incidents"
    CATEGORIES = "codes of categories of incidents"
    ROUND = "the code of a round"
    LIFECYCLE = "a state of a case"
    STATE = "a state of an incident"
    TIMING = "when a use starts"
    LEARNING = "whether there is additional training"
    STAGES = "several states of cases"
    OPTIONS = "several codes of the form"


@dataclass(frozen=True)
class Fact:
    """The name of a fact; ``field`` is the question of the form whose codes it has."""

    label: Say
    kind: FactKind = FactKind.PLAIN
    field: str = ""


_DAY, _OPTION = FactKind.DAY, FactKind.OPTION
FACTS: Mapping[str, Fact] = {
    "lifecycle": Fact(say("状態"), FactKind.LIFECYCLE),
    "since": Fact(say("状態になった日"), _DAY),
    "start_on": Fact(say("利用開始（予定）日"), _DAY),
    "title": Fact(say("案件名")),
    "twin": Fact(say("同じ案件名の案件番号")),
    "usage_type": Fact(say("利用類型"), _OPTION, "usage_type"),
    "user_scope": Fact(say("利用者の範囲"), _OPTION, "user_scope"),
    "confidentiality": Fact(say("取扱情報の機密性"), _OPTION, "confidentiality"),
    "goal_kind": Fact(say("成果目標"), _OPTION, "goal_kind"),
    "goal_text": Fact(say("成果目標の内容")),
    "model_usage": Fact(say("モデル利用状況")),
    "open_notices": Fact(say("この案件の回答がない注意喚起")),
    "round": Fact(say("定期報告の回"), FactKind.ROUND),
    "left_out": Fact(say("案件のない定期報告の回"), FactKind.ROUND),
    "said_usage": Fact(say("回答した利用類型"), _OPTION, "usage_type"),
    "said_usage_before": Fact(say("前回の利用類型"), _OPTION, "usage_type"),
    "said_stage": Fact(say("回答した導入段階"), _OPTION, "stage"),
    "said_stage_before": Fact(say("前回の導入段階"), _OPTION, "stage"),
    "said_confidentiality": Fact(say("回答した機密性"), _OPTION, "confidentiality"),
    "said_confidentiality_before": Fact(say("前回の機密性"), _OPTION, "confidentiality"),
    "said_timing": Fact(say("回答した利用開始時期"), FactKind.TIMING),
    "said_learning": Fact(say("回答した追加学習の有無"), FactKind.LEARNING),
    "said_start": Fact(say("回答した利用開始（予定）日"), _DAY),
    "said_count": Fact(say("回答したリスクケース件数")),
    "logged_count": Fact(say("台帳のリスクケース件数")),
    "incident_no": Fact(say("リスクケースの番号")),
    "incident_state": Fact(say("リスクケースの状態"), FactKind.STATE),
    "grade": Fact(say("重大度"), FactKind.GRADE),
    "categories": Fact(say("分類"), FactKind.CATEGORIES),
    "clock": Fact(say("期限"), _DAY),
    "detected_on": Fact(say("覚知した日"), _DAY),
    "affected_count": Fact(say("影響を受けた人の数")),
    "late_measures": Fact(say("期限を過ぎた対策の数")),
    "suspended_from": Fact(say("利用を停止した日"), _DAY),
    "decided_on": Fact(say("高リスク判定の日"), _DAY),
    "review_due": Fact(say("高リスク判定の見直しの期限"), _DAY),
    "viewpoint_a": Fact(say("観点Aの答え")),
    "viewpoint_c": Fact(say("観点Cの答え")),
    "judged": Fact(say("高リスク判定の有無"), FactKind.YES),
    "grave_numbers": Fact(say("重大なリスクケースの番号")),
    "system_shared": Fact(say("ほかの府省庁と共同で使う"), FactKind.YES),
    "system_model": Fact(say("AIシステムのモデル利用状況")),
    "vendor": Fact(say("事業者")),
    "shared_vendor": Fact(say("共同で使うAIシステムの事業者")),
    "own_confidentiality": Fact(say("取扱情報の機密性"), FactKind.OPTIONS, "confidentiality"),
    "own_stages": Fact(say("状態"), FactKind.STAGES),
}
