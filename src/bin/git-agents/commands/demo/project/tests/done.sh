. tests/expect
todo add Buy milk >/dev/null
todo add Call Ben >/dev/null
todo done 1
expect "  2  Call Ben" "$(todo list)"
