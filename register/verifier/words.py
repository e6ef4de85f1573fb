"""What the verifier says: each check in words, when it is OK and when it is not, in both languages."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str, str, str]] = {
    "opened": (
        "証拠資料一式として開けました。",
        "It opens as an evidence pack.",
        "検証できる証拠資料一式ではありません。中のファイルは読みませんでした。",
        "This is no evidence pack that can be checked. None of its files was read.",
    ),
    "manifest": (
        "目録（manifest.json）は決まった形のJSONで、壊れていません。",
        "The manifest (manifest.json) is JSON in its one form, and intact.",
        "目録（manifest.json）が決まった形のJSONでないか、書き換えられています。",
        "The manifest (manifest.json) is not JSON in its one form, or was changed.",
    ),
    "complete": (
        "目録にある%(n)d個のファイルが過不足なくそろっています。",
        "The %(n)d files that the manifest names are here, and no others.",
        "目録とファイルが合いません。足りないか、余分です。",
        "Files and manifest disagree: some are missing, or there are others.",
    ),
    "digests": (
        "%(n)d個のファイルの大きさとSHA-256が目録と一致します。",
        "Size and SHA-256 of %(n)d files are those of the manifest.",
        "大きさかSHA-256が目録と違うファイルがあります。",
        "Size or SHA-256 of some files are not those of the manifest.",
    ),
    "places": (
        "どのファイルも種類どおりの場所にあり、必要なファイルがあります。",
        "Every file lies where its kind belongs, and those that a pack needs are here.",
        "種類と場所が合わないファイルがあるか、必要なファイルがありません。",
        "Some files do not lie where their kind belongs, or one that a pack needs is missing.",
    ),
    "readable": (
        "%(n)d個のPDFから、添付データと文書情報（XMP）を取り出せました。",
        "Attachments and metadata (XMP) could be read from %(n)d PDFs.",
        "読めないPDFがあります。",
        "Some PDFs cannot be read.",
    ),
    "prefix": (
        "%(n)d個のPDFの先頭の部分は、作成したときのままです。",
        "The first part of %(n)d PDFs is as it was made.",
        "作成したときと違うPDFがあります。",
        "Some PDFs are not as they were made.",
    ),
    "attached": (
        "%(n)d個のPDFに添付されたデータのSHA-256が、目録と一致します。",
        "The data attached to %(n)d PDFs have the SHA-256 of the manifest.",
        "添付されたデータのSHA-256が目録と違うPDFがあります。",
        "The data attached to some PDFs do not have the SHA-256 of the manifest.",
    ),
    "metadata": (
        "%(n)d個のPDFの文書情報は、データのSHA-256、番号、言語、監査記録の末尾を目録のとおりに示しています。",
        "The metadata of %(n)d PDFs name digest, number, language and head of the audit chain as they should.",
        "文書情報（XMP）が目録と違うPDFがあります。",
        "The metadata (XMP) of some PDFs are not those of the manifest.",
    ),
    "data": (
        "data フォルダーの%(n)d個のファイルは、PDFに添付されたものと同じです。",
        "The %(n)d files in the folder data are those attached to the PDFs.",
        "data フォルダーに、PDFに添付されたものと違うファイルがあります。",
        "Some files in the folder data are not those attached to the PDFs.",
    ),
    "canonical": (
        "%(n)d個のJSONは、どれも決まった形（RFC 8785）です。",
        "Each of %(n)d JSON files is in its one form (RFC 8785).",
        "決まった形（RFC 8785）でないJSONがあります。",
        "Some JSON files are not in their one form (RFC 8785).",
    ),
    "figures": (
        "CSVの表の%(n)d個の数字が、すべてJSONの数字と一致します。",
        "All %(n)d figures of the CSV tables are those of the JSON.",
        "JSONと違う数字がCSVにあります。",
        "Some figures of the CSV are not those of the JSON.",
    ),
    "tables": (
        "%(n)d個の表の行と列が、表の定義（tables/definitions.json）と合います。",
        "Rows and columns of %(n)d tables are those of their definitions (tables/definitions.json).",
        "表の定義（tables/definitions.json）と合わない表があります。",
        "Some tables do not fit their definitions (tables/definitions.json).",
    ),
    "forms": (
        "回答の様式%(n)d個が、報告書・控え・対応表の示すSHA-256のとおりに入っています。",
        "The %(n)d forms are those that reports, receipts and the crosswalk name by their SHA-256.",
        "様式のファイルが、報告書・控え・対応表の示すSHA-256と合いません。",
        "The form files are not those that reports, receipts and the crosswalk name by their SHA-256.",
    ),
    "bodies": (
        "監査記録%(n)d件の本文が、それぞれのハッシュ値と一致します。",
        "The bodies of %(n)d audit entries have their hashes.",
        "監査記録の本文が書き換えられています。",
        "Bodies of audit entries were changed.",
    ),
    "links": (
        "監査記録は、回の作成から番号が続き、それぞれ前の記録につながっています。",
        "The audit entries are numbered on from the creation of the round, each linked to the one before.",
        "監査記録が抜けているか、前の記録につながっていません。",
        "Audit entries are missing, or not linked to the one before.",
    ),
    "leaves": (
        "監査記録の全%(n)d件のハッシュ値の一覧が、記録の本文と矛盾しません。",
        "The list of the hashes of all %(n)d audit entries agrees with their bodies.",
        "監査記録のハッシュ値の一覧（audit/leaves.txt）が、記録の本文と矛盾します。",
        "The list of the hashes of the audit entries (audit/leaves.txt) contradicts their bodies.",
    ),
    "head": (
        "監査記録の件数と末尾のハッシュ値が目録と一致します。",
        "Length and head of the audit chain are those of the manifest.",
        "監査記録の件数か末尾のハッシュ値が目録と違います。",
        "Length or head of the audit chain are not those of the manifest.",
    ),
    "root": (
        "監査記録のMerkle root（RFC 6962）を計算し直した値が目録と一致します。",
        "The Merkle root of the audit chain (RFC 6962), computed anew, is that of the manifest.",
        "監査記録のMerkle root（RFC 6962）が目録と違います。",
        "The Merkle root of the audit chain (RFC 6962) is not that of the manifest.",
    ),
    "anchors": (
        "%(n)d個のPDFに印刷された監査記録の件数、ハッシュ値、Merkle rootが、一覧と一致します。",
        "Length, hash and Merkle root of the audit chain as printed in %(n)d PDFs agree with the list.",
        "監査記録が、PDFに印刷された件数、ハッシュ値、Merkle rootと合いません。",
        "The audit chain does not agree with the length, hash or Merkle root that is printed in PDFs.",
    ),
    "issued": (
        "発行された%(n)d個のPDFは、監査記録にある発行の記録とSHA-256が一致します。",
        "The %(n)d PDFs that were issued have the SHA-256 that the audit chain names.",
        "監査記録に発行の記録がないか、SHA-256が記録と違うPDFがあります。",
        "Some PDFs are not named by the audit chain, or not with their SHA-256.",
    ),
    "newest": (
        "この回の発行された文書%(n)d種は、どれも最新のものが入っています。",
        "Of the %(n)d kinds of document issued of the round, the newest is here.",
        "監査記録にある最新の文書が入っていません。",
        "The newest document that the audit chain knows is missing.",
    ),
    "made": (
        "この一式のために作成した%(n)d個のPDFは、この一式の番号とIDを持っています。",
        "The %(n)d PDFs that were made for this pack carry its number and its id.",
        "この一式のために作成したものではないPDFがあります。",
        "Some PDFs were not made for this pack.",
    ),
    "approved": (
        "%(n)d個の提出の控えの内容は、監査記録にある承認された内容です。",
        "The contents of %(n)d receipts are those whose approval stands in the audit chain.",
        "監査記録に承認の記録がない控えか、府省庁の合わない控えがあります。",
        "Some receipts have contents without an approval in the audit chain, or are of another ministry.",
    ),
    "edition": (
        "報告書%(n)d個の内容は、監査記録にある点検された版です。",
        "The contents of %(n)d reports are of an edition whose check stands in the audit chain.",
        "監査記録に点検の記録がない報告書があります。",
        "Some reports are of no edition whose check stands in the audit chain.",
    ),
    "given": (
        "渡されたSHA-256と一致します。",
        "It has the SHA-256 that was given.",
        "渡されたSHA-256と一致しません。",
        "It does not have the SHA-256 that was given.",
    ),
    "given_anchor": (
        "渡された監査記録の件数とハッシュ値が、一覧の上にあります。",
        "The length and hash of the audit chain that were given lie on the list.",
        "渡された監査記録の件数とハッシュ値が、一覧と合いません。",
        "The length and hash of the audit chain that were given do not lie on the list.",
    ),
    "signatures": (
        "%(n)d個の電子署名とタイムスタンプを、渡された証明書までたどって確かめました。",
        "%(n)d signatures and their time stamps were checked up to the certificates that were given.",
        "確かめられない電子署名があります。",
        "Some signatures cannot be confirmed.",
    ),
    "own_data": (
        "添付されたデータのSHA-256が、文書情報（XMP）の値と一致します。",
        "The attached data have the SHA-256 that the metadata (XMP) name.",
        "添付されたデータのSHA-256が、文書情報（XMP）の値と一致しません。",
        "The attached data do not have the SHA-256 that the metadata (XMP) name.",
    ),
    "unexpected": (
        "予期しない形のデータはありませんでした。",
        "Nothing was of an unexpected form.",
        "予期しない形のデータがあり、確かめられませんでした。",
        "Something has an unexpected form and could not be checked.",
    ),
}
# What is said without a verdict.
NOTES: dict[str, tuple[str, str]] = {
    "of": ("対象：%(what)s", "Checked: %(what)s"),
    "zip": ("ZIPのSHA-256：%(what)s", "SHA-256 of the ZIP: %(what)s"),
    "manifest": ("目録のSHA-256：%(what)s", "SHA-256 of the manifest: %(what)s"),
    "file": ("ファイルのSHA-256：%(what)s", "SHA-256 of the file: %(what)s"),
    "compare": (
        "このSHA-256を、台帳の「写しを確かめる」の画面の値と比べてください（--sha256 で渡すと、ここで比べます）。",
        "Compare this SHA-256 with the one on the register's page (given as --sha256, it is compared here).",
    ),
    "appended": (
        "作成の後に%(what)sバイトが加わっています。署名でなければ表示を変えられるので、署名も確かめてください。",
        "%(what)s bytes stand behind the file as it was made. Unless a signature, they may change what it shows.",
    ),
    "told": ("文書情報：%(what)s", "Metadata: %(what)s"),
    "unissued": (
        "%(what)s個のPDFは、この一式のために作成されたものです。本物であることは、目録の署名か上のSHA-256だけが示します。",
        "%(what)s PDFs were made for this pack: that they are genuine is shown by the signature or the SHA-256 alone.",
    ),
    "unsigned": ("電子署名はありません。", "There is no signature."),
    "no_root": (
        "電子署名（%(what)s個）は確かめていません。信頼する証明書を --root で渡すと確かめます（別の方法はREADME）。",
        "Signatures (%(what)s) were not looked at: name the trusted certificate by --root, or see README.txt.",
    ),
    "no_pyhanko": (
        "電子署名を確かめるには、Pythonのパッケージ pyHanko が要ります（pip install pyHanko）。",
        "To check signatures, the Python package pyHanko is needed (pip install pyHanko).",
    ),
    "more": ("ほか%(what)s件", "and %(what)s more"),
    "good": (
        "結果：OK　%(what)s項目を確かめ、誤りはありませんでした。",
        "Result: OK. Checks made: %(what)s; nothing is wrong.",
    ),
    "bad": ("結果：NG　%(what)s項目に誤りがあります。", "Result: NG. Checks that found something wrong: %(what)s."),
}
