# The file: an item a line; one that is done begins with "x ".

items() {
  [ ! -f "$file" ] || awk '{ print NR, $0 }' "$file"
}

open_items() {
  items | awk '$2 != "x"'
}
