# Ann sorts the list by priority.
run git agents start

cat >lib/priority.sh <<'EOF'
# An item may begin with a priority: (A), (B) or (C).

by_priority() {
  awk '{ print ($2 ~ /^\([ABC]\)$/ ? $2 : "(D)"), $0 }' | sort -s -k 1,1 | cut -d ' ' -f 2-
}
EOF
cat >lib/list.sh <<'EOF'
# todo list: what is open, the most urgent first.
. "$lib/priority.sh"
open_items | by_priority | while read -r number text; do
  printf '%3d  %s\n' "$number" "$text"
done
EOF
cat >tests/priority.sh <<'EOF'
. tests/expect
todo add Buy milk >/dev/null
todo add "(A) Call Ben" >/dev/null
expect "  2  (A) Call Ben
  1  Buy milk" "$(todo list)"
EOF
cat >docs/usage.md <<'EOF'
# Using todo

## add

`todo add TEXT` adds an item. A text may begin with a priority: `todo add "(A) Call Ben"`.

## list

`todo list` shows what is open.

## done

`todo done NUMBER` ticks an item off.
EOF
sh tests/check
git add .
run git commit -q -m "list: the most urgent first"

run git agents findings add --severity medium --category bug --file lib/done.sh --line 4 "a number that is not there is taken without a word"
run git agents complete
