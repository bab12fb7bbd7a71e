#!/bin/sh
# A node without memory (1): pages cannot go there, and come from it without harm.
# shellcheck source=tests/migratepages/vm/lib.sh
. "${0%/*}/lib.sh"
hold some anon:0:256
# shellcheck disable=SC2086
set -- $region
"$move" "$pid" 0 1 2>some.err
check "memoryless: as target it is refused" [ $? = 1 ]
check "memoryless: the message says why" grep -q 'node 1 has no memory' some.err
"$move" "$pid" 0 1-2 2>some.err
check "memoryless: also within a list" [ $? = 1 ]
"$here/where" "$pid" "$1" 256 >some.1
check "memoryless: nothing was moved" [ "$(counts some.1)" = "0:256" ]
"$move" --strict "$pid" 0-1 all
check "memoryless: all means those with memory" [ $? = 0 ]
"$move" --strict "$pid" 0-1 2
check "memoryless: as source it is taken" [ $? = 0 ]
"$here/where" "$pid" "$1" 256 >some.2
check "memoryless: pages went to node 2" [ "$(counts some.2)" = "2:256" ]
check "memoryless: contents" intact some "$pid"
kill "$pid"
finish
