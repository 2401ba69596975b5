#!/usr/bin/env bash
# Migrates copies of the three projects and shows what became of them.
#
#     examples/batch/migrate.sh [AWAITIFY]
#
# Needs python3 (3.11 or later), and awaitify on the PATH unless it is named. The `parcels` project has a function that
# reads, adds and writes back; once other tasks run in between, two parcels get one number and a test fails. The batch finds
# the group of changes that does it, leaves that one out, and applies the rest.
set -euo pipefail
awaitify=${1:-awaitify}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1

cp -r "$here/migration.toml" "$here/projects" "$work"
cd "$work"
code=0
"$awaitify" batch migration.toml -j 3 || code=$?

for project in projects/*; do
    echo
    echo "== $project"
    (cd "$project" && python3 -m unittest -q 2>&1 | tail -1)
    diff -ru --exclude=.awaitify "$here/$project" "$project" | grep '^[-+]' || true
done
exit "$code"
