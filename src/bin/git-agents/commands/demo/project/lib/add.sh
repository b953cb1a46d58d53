# todo add TEXT: one more item.
text=$*

printf '%s\n' "$text" >>"$file"
echo "added: $text"
