# Cam takes what is ready now.
run git agents next

cat >CHANGELOG.md <<'EOF'
# Changes

## 0.2

- `list` shows the most urgent first
- `find`

## 0.1

- `add`, `list` and `done`
EOF
run git commit -q -a -m "Changes in 0.2"
run git agents complete
