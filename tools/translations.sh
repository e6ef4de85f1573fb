#!/usr/bin/env bash
# Writes the sentences of the code and the templates into the catalogues; a person then fills what is empty.
source "$(dirname "$0")/lib.sh"

template=$(mktemp)
trap 'rm -f "$template"' EXIT
keywords=(-k _ -k gettext -k ngettext:1,2 -k lazy_gettext -k _l -k say -k psay:1c,2 -k Note
    -k pgettext:1c,2 -k npgettext:1c,2,3 -k lazy_pgettext:1c,2)
"$BIN/pybabel" -q extract -F babel.cfg --no-default-keywords "${keywords[@]}" --no-location --sort-output -o "$template" .
[ -e translations/en/LC_MESSAGES/messages.po ] || "$BIN/pybabel" -q init -i "$template" -d translations -l en
"$BIN/pybabel" -q update -i "$template" -d translations --no-fuzzy-matching --ignore-obsolete --no-wrap
say "translations updated; fill every empty msgstr, then: make setup"
