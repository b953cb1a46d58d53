# todo help: what there is.
echo "todo add TEXT       one more item"
echo "todo list           what is open"
echo "todo done NUMBER    tick an item off"
