complete -c numactl -s m -l membind -d 'On these nodes only' -r
complete -c numactl -s p -l preferred -d 'On this node; on others when it is full' -r
complete -c numactl -s P -l preferred-many -d 'On these nodes; on others when they are full (Linux 5.15)' -r
complete -c numactl -s i -l interleave -d 'Page by page over these nodes' -r
complete -c numactl -s w -l weighted-interleave -d 'Page by page, by the weights of the nodes (Linux 6.9)' -r
complete -c numactl -s N -l cpunodebind -d 'On the CPUs of these nodes' -r
complete -c numactl -s C -l physcpubind -d 'On these CPUs' -r
complete -c numactl -s S -l shm -d 'The System V segment with the key of FILE' -r
complete -c numactl -s I -l shmid -d 'The number in that key; before --shm' -r
complete -c numactl -s f -l file -d 'A file of tmpfs or hugetlbfs' -r
complete -c numactl -s L -l length -d 'Bytes, or with k, m or g; before --shm or --file' -r
complete -c numactl -s o -l offset -d 'Where in the file the bytes begin' -r
complete -c numactl -s M -l shmmode -d 'Permissions of a new segment or file, in octal' -r
complete -c numactl -s l -l localalloc -d 'On the node of the CPU that touches a page first'
complete -c numactl -s a -l all -d 'NODES and CPUS may be outside of the cpuset; before them'
complete -c numactl -s b -l balancing -d 'NUMA balancing may move pages within NODES (with -m: Linux 5.12, with -P: 6.12)'
complete -c numactl -l static -d 'NODES stay the same when the cpuset changes'
complete -c numactl -l relative -d 'NODES count within the cpuset, also when it changes'
complete -c numactl -l best-effort -d 'Where the kernel, a filter or the cpuset refuses something, say so and do the nearest thing that is permitted'
complete -c numactl -s s -l show -d 'The policy that COMMAND would have'
complete -c numactl -s H -l hardware -d 'The nodes, their CPUs, memory and distances'
complete -c numactl -l cpu-compress -d 'CPUs as ranges, with -H'
complete -c numactl -l explain -d 'What would happen, and each reason why it would not; status 1 if it would not work. Nothing is done'
complete -c numactl -l dry-run -d 'The same'
complete -c numactl -l json -d 'As one JSON document'
complete -c numactl -l version -d 'The version'
complete -c numactl -l help -d 'This help'
complete -c numactl -s u -l huge -d 'Make the segment of huge pages'
complete -c numactl -s t -l strict -d 'Fail if pages are on other nodes already'
complete -c numactl -s T -l touch -d 'Allocate all pages now'
complete -c numactl -s V -l verify -d 'Check that pages are where the policy says; status 1 if not'
complete -c numactl -s d -l dump -d 'The policies of the memory'
complete -c numactl -s D -l dump-nodes -d 'The nodes of the memory'
