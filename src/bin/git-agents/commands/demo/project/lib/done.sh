# todo done NUMBER: tick an item off.
number=$1

awk -v number="$number" 'NR == number { $0 = "x " $0 } { print }' "$file" >"$file.new"
mv "$file.new" "$file"
