"""A small document with all that our reports have: the tests render it and look at it from every side."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import cache

from register.formats import pdf, svg

CREATED = datetime(2025, 11, 30, 1, 2, 3, tzinfo=UTC)
IDENTIFIER = bytes(range(32))
PROPERTIES = {"snapshot": "2025-2-001", "variant": "full", "dataSha256": "ab" * 32}
ATTACHMENTS = (
    pdf.Attachment("table.csv", "\ufeff区分,件数\r\n".encode(), "表のデータ", "text/csv"),
    pdf.Attachment("cases.json", b'{"cases":[]}', "案件のデータ（JSON）"),
)
CHART = svg.stacked_bars(
    "chart-stage",
    "利用者の範囲ごとに導入段階の件数を示す積み上げ棒グラフ。課室単位以下の常用段階が151件で最も多い。",
    "単一府省庁の課室単位以下が207件で最も多い。",
    ["単一府省庁のみ－課室単位以下", "単一府省庁のみ－部局単位（複数部局での利用を含む）", "外部（特定少数）"],
    [svg.Series("常用段階", [151, 19, 3]), svg.Series("検証段階", [56, 18, 3])],
    unit="件",
)
CROSS_TAB = """
<table id="cross"><caption>表1　利用類型と利用開始時期（単位：件）</caption>
<thead>
<tr><th scope="col" rowspan="2" colspan="2">利用類型</th><th scope="colgroup" colspan="2">開始済</th>
<th scope="colgroup" colspan="2">開始前</th><th scope="col" rowspan="2">計</th></tr>
<tr><th scope="col">常用</th><th scope="col">検証</th><th scope="col">常用</th><th scope="col">検証</th></tr>
</thead>
<tbody class="keep">
<tr><th scope="rowgroup" rowspan="2">汎用型</th><th scope="row">汎用型１</th><td class="num larger">210</td>
<td class="num">2</td><td class="num">4</td><td class="num">2</td><td class="num">218</td></tr>
<tr><th scope="row">汎用型２</th><td class="num">27</td><td class="num">1</td><td class="num">3</td>
<td class="num">1</td><td class="num">32</td></tr>
</tbody>
<tbody class="keep">
<tr><th scope="rowgroup" rowspan="2">特化型</th><th scope="row">特化型１</th><td class="num">23</td>
<td class="num">1</td><td class="num">8</td><td class="num">4</td><td class="num">36</td></tr>
<tr><th scope="row">特化型２</th><td class="num">2</td><td class="num">0</td><td class="num">1</td>
<td class="num">1</td><td class="num">4</td></tr>
</tbody>
</table>
"""
KANA = (
    "あいうえおかがきぎくぐけげこごさざしじすずせぜそぞただちぢつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽ"
    "まみむめもやゆよらりるれろわをんアイウエオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂツヅテデトドナニヌネノ"
    "ハバパヒビピフブプヘベペホボポマミムメモヤユヨラリルレロワヲンヴー"
)
ROWS = "".join(
    f'<tr><th scope="row">府省庁A-2025-{number:03d}</th><td>審査業務の効率化（<span lang="en">review</span>）</td>'
    f'<td class="num">{number:,}</td></tr>'
    for number in range(1, 61)
)
LONG_TABLE = (
    "<table><caption>表2　案件の一覧</caption><thead><tr>"
    '<th scope="col">番号</th><th scope="col">案件名</th><th scope="col">件数</th></tr></thead>'
    f"<tbody>{ROWS}</tbody></table>"
)


def page(body: str, *, head: str = "", lang: str = 'lang="ja"', title: str = "生成AIシステム定期報告") -> str:
    """Return a document around the body."""
    return (
        f'<!DOCTYPE html><html {lang}><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="author" content="事務局"><meta name="description" content="概要">'
        f'<meta name="keywords" content="生成AI, 定期報告"><meta name="generator" content="AI案件台帳">{head}</head>'
        '<body data-edition="2025年度第2回 定期報告" data-classification="機密性２" '
        f'data-imprint="AI案件台帳　2025年11月30日作成">{body}</body></html>'
    )


REPORT = page(
    '<section class="cover"><h1>生成AIシステム定期報告</h1><dl><dt>基準日</dt><dd>令和7年9月30日</dd></dl></section>'
    '<nav class="toc" aria-label="目次"><h2>目次</h2><ol><li><a href="#c1">第1章　集計</a><ol>'
    '<li><a href="#c11">1.1　利用類型</a></li></ol></li><li><a href="#c2">第2章　一覧</a></li></ol></nav>'
    '<section class="chapter"><h2 id="c1">第1章　集計</h2><h3 id="c11">1.1　利用類型</h3>'
    '<p>利用開始済の案件<span class="footnote">「未回答」の1件を含む。</span>は275件であり、全体の89.9％を占める。'
    '英語では<span lang="en">generative AI use case</span>という。𠮷、葛\U000e0100、①、㈱も読める。</p>'
    f"{CROSS_TAB}<figure><figcaption>図1　導入段階</figcaption>{CHART}</figure><p>{KANA}</p><p>0123456789</p></section>"
    '<section class="chapter"><h2 id="c2">第2章　一覧</h2>'
    f'<p>ここにも注<span class="footnote">注の二つ目。</span>がある。</p>{LONG_TABLE}</section>'
)


def sample(html: str = REPORT) -> bytes:
    """Return the document as PDF, always from the same data."""
    return pdf.render(html, identifier=IDENTIFIER, created=CREATED, attachments=ATTACHMENTS, properties=PROPERTIES)


@cache
def report() -> bytes:
    """Return the report, rendered once for all tests of a process."""
    return sample()


if __name__ == "__main__":
    sys.stdout.buffer.write(sample())
