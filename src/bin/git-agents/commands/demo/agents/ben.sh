# Ben marks what is overdue, and touches the lines that Ann touches too.
run git agents start

cat >lib/due.sh <<'EOF'
# An item may say when it is due: due:2026-01-31.
today=${TODO_TODAY:-$(date +%Y-%m-%d)}

mark_overdue() {
  awk -v today="$today" '{
    late = ""
    for (i = 1; i <= NF; i++) if ($i ~ /^due:/ && substr($i, 5) < today) late = " (overdue)"
    print $0 late
  }'
}
EOF
cat >lib/list.sh <<'EOF'
# todo list: what is open, and whether it is overdue.
. "$lib/due.sh"
open_items | mark_overdue | while read -r number text; do
  printf '%3d  %s\n' "$number" "$text"
done
EOF
cat >tests/due.sh <<'EOF'
. tests/expect
export TODO_TODAY=2026-02-01
todo add "Pay rent due:2026-01-31" >/dev/null
todo add "Buy milk due:2026-02-02" >/dev/null
expect "  1  Pay rent due:2026-01-31 (overdue)
  2  Buy milk due:2026-02-02" "$(todo list)"
EOF
sh tests/check
git add .
run git commit -q -m "list: say what is overdue"
run git agents complete
