# Before every agent's script: stop at the first thing that fails, and show a command before it runs.
set -eu

run() {
  line='$'
  for word; do
    case $word in *' '*) word="\"$word\"" ;; esac
    line="$line $word"
  done
  printf '%s\n' "$line"
  "$@"
}
