. tests/expect
expect "added: Buy milk" "$(todo add Buy milk)"
