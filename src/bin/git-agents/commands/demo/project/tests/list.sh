. tests/expect
todo add Buy milk >/dev/null
todo add Call Ben >/dev/null
expect "  1  Buy milk
  2  Call Ben" "$(todo list)"
