"""Lists as files: the same rows as the page, as a workbook or as CSV."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from flask import Response
from flask_babel import gettext
from sqlalchemy import Row

from register.formats import csv, xlsx
from register.formspec.schema import FormSpec
from register.services.use_cases import CODES
from register.vocab import Term
from register.web.filters import language

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "pdf": "application/pdf",
    "zip": "application/zip",
}


def attachment(content: bytes, kind: str, name: str) -> Response:
    """Return ``content`` as a file to save, never to show inside the site."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(content, content_type=TYPES[kind], headers=headers)


def kept_file(chunks: Iterable[bytes], name: str, size: int) -> Response:
    """Return a stored file to save, sent piece by piece whatever its size."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
    return Response(chunks, content_type=TYPES[name.rpartition(".")[2]], headers=headers)


def plain_file(content: bytes, name: str) -> Response:
    """Return what a person attached, to be saved under its name: of no type, so that nothing opens it by itself."""
    given = _saved_under(name)
    return Response(content, content_type="application/octet-stream", headers={"Content-Disposition": given})


def _saved_under(name: str) -> str:
    # RFC 6266: a plain name for old programs, and the real one in any language.
    return f"attachment; filename=\"file\"; filename*=UTF-8''{quote(name, safe='')}"


def use_cases(rows: Iterable[Row[Any]], spec: FormSpec, kind: str, created: dt.datetime) -> tuple[bytes, int]:
    """Return the file of these use cases and how many they are."""
    lines = [_line(row, spec) for row in rows]
    header = _header()
    if kind == "csv":
        return csv.write(header, lines), len(lines)
    sheet = xlsx.Sheet(gettext("案件一覧"), header, lines)
    return xlsx.write([sheet], created=created, title=gettext("案件一覧")), len(lines)


def _header() -> list[str]:
    return [
        gettext("案件番号"),
        gettext("府省庁"),
        gettext("部局・課室"),
        gettext("案件名"),
        gettext("利用用途"),
        gettext("利用類型"),
        gettext("利用者の範囲"),
        gettext("取扱情報の機密性"),
        gettext("導入段階（予定を含む）"),
        gettext("利用開始（予定）日"),
        gettext("成果目標"),
        gettext("成果目標の内容"),
        gettext("出力データの種類"),
        gettext("モデル利用状況"),
        gettext("状態"),
        gettext("状態になった日"),
    ]


def _line(row: Row[Any], spec: FormSpec) -> list[Any]:
    cells = []
    for name, value in row._mapping.items():
        if isinstance(value, Term):
            cells.append(value.label(language()))
        elif name in CODES and value is not None:
            cells.append(spec.field(name).option(value).label(language()))
        else:
            cells.append("" if value is None else value)
    return cells
