"""The empty signature field: one on the last page, tagged, labelled in the document's language."""

from __future__ import annotations

import pytest

from register.formats.signing import FIELD
from tests.support.pdf_tree import elements, opened
from tests.support.sample_document import page, report, sample


def test_one_empty_field_stands_on_the_last_page() -> None:
    with opened(report()) as file:
        (field,) = file.Root.AcroForm.Fields
        assert (str(field.FT), str(field.T)) == ("/Sig", FIELD)
        assert "/V" not in field
        assert [int(number) for number in field.Rect] == [0, 0, 0, 0]
        assert int(field.F) == 4
        last = file.pages[-1]
        assert field.P.objgen == last.obj.objgen
        assert [one.objgen for one in last.obj.Annots if one.get("/FT") == "/Sig"] == [field.objgen]
        assert str(last.obj.Tabs) == "/S"


def test_the_field_is_the_last_element_of_the_tree() -> None:
    with opened(report()) as file:
        field = file.Root.AcroForm.Fields[0]
        *_, form = elements(file)
        assert str(form.S) == "/Form"
        (content,) = form.K
        assert (str(content.Type), content.Obj.objgen) == ("/OBJR", field.objgen)
        numbers = list(file.Root.StructTreeRoot.ParentTree.Nums)
        parents = dict(zip(map(int, numbers[::2]), numbers[1::2], strict=True))
        assert parents[int(field.StructParent)].objgen == form.objgen


@pytest.mark.parametrize(("language", "label"), [("ja", "電子署名"), ("en", "Digital signature")])
def test_the_field_is_labelled(language: str, label: str) -> None:
    html = page("<h1>x</h1>", lang=f'lang="{language}"')
    with opened(sample(html)) as file:
        assert str(file.Root.AcroForm.Fields[0].TU) == label
