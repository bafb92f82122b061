#!/bin/sh
# check_metrics.sh PROGRAM [ARGUMENT]: its output must pass `promtool check metrics`, lint included.
promtool=$(dirname "$0")/../../../scripts/promtool
text=$("$@") || exit
[ -n "$text" ] || exit 1
printf '%s\n' "$text" | "$promtool" check metrics
