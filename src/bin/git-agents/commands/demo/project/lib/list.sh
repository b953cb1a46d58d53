# todo list: what is open, in the order in which it was added.
open_items | while read -r number text; do
  printf '%3d  %s\n' "$number" "$text"
done
