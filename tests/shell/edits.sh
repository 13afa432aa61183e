#!/bin/bash
# Edits of every example's runbook, each caught by `cutc verify` (edits.py).
cd "$(dirname "$0")/../.." || exit 2
exec /usr/bin/python3 tests/shell/edits.py "${CUTC:-build/cutc}" examples/*/*.cut
