#!/bin/sh
# Sixteen nodes, half of them without CPUs: 2-5 to 7,9,12-13, page by page.
# shellcheck source=tests/migratepages/vm/lib.sh
. "${0%/*}/lib.sh"
hold many anon:0,1,2,3,4,5,6,7:4096
# shellcheck disable=SC2086
set -- $region
"$here/where" "$pid" "$1" 4096 >many.0
"$move" --strict "$pid" 2-5 7,9,12-13
check "16 nodes: status" [ $? = 0 ]
"$here/where" "$pid" "$1" 4096 >many.1
check "16 nodes: 2-5 to 7,9,12-13" as_mapped many.0 many.1 "2:7 3:9 4:12 5:13"
"$move" --strict "$pid" '!0' +0
check "16 nodes: !0 to +0" [ $? = 0 ]
"$here/where" "$pid" "$1" 4096 >many.2
check "16 nodes: all on node 0" [ "$(counts many.2)" = "0:4096" ]
"$move" --strict "$pid" all 14
"$here/where" "$pid" "$1" 4096 >many.3
check "16 nodes: all to a node without CPUs" [ "$(counts many.3)" = "14:4096" ]
check "16 nodes: contents" intact many "$pid"
"$move" "$pid" 0 16 2>many.err
check "16 nodes: node 16 does not exist" [ $? = 2 ]
check "16 nodes: the message names the nodes" grep -q 'there is no node 16 on this machine, only 0-15' many.err
"$move" --show "$pid" >many.show
check "16 nodes: --show" grep -q '^  *14 .*MiB' many.show
kill "$pid"
finish
