# Completes the last number of a comma list: those of directories that begin so, and words.
function __numa_rs_list
    set -l typed (commandline -ct | string replace -r '^-[^=]*=' '' | string replace -r '[^,]*$' '')
    for path in $argv[1]*
        set -l number (string replace $argv[1] '' $path)
        string match -qr '^[0-9]+$' $number; and echo "$typed$number"
    end
    for word in $argv[2..-1] all
        echo "$typed$word"
    end
end

complete -c numactl -s m -l membind -d 'Allocate memory on these nodes only' -r -f -a '(__numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl:)'
complete -c numactl -s p -l preferred -d 'Allocate on this node; on others when it is full' -r -f -a '(__numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl:)'
complete -c numactl -s P -l preferred-many -d 'Allocate on these nodes; on others when they are full (Linux 5.15)' -r -f -a '(__numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl:)'
complete -c numactl -s i -l interleave -d 'Allocate page by page over these nodes' -r -f -a '(__numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl:)'
complete -c numactl -s w -l weighted-interleave -d 'Allocate page by page, by the weights of the nodes (Linux 6.9)' -r -f -a '(__numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl:)'
complete -c numactl -s N -l cpunodebind -d 'Run on the CPUs of these nodes' -r -f -a '(__numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl:)'
complete -c numactl -s C -l physcpubind -d 'Run on these CPUs' -r -f -a '(__numa_rs_list /sys/devices/system/cpu/cpu)'
complete -c numactl -l matrix -d 'Show latency and bandwidth from each node to the memory of each, as the firmware tells them; root sees more' -r -f -a 'latency bandwidth'
complete -c numactl -l weights -d 'Show the weights of interleaving; with WEIGHTS, such as 0:3,2:1, or auto, set them for the whole system (root)' -r -f -a 'auto'
complete -c numactl -s S -l shm -d 'Use the System V segment with the key of FILE' -r
complete -c numactl -s I -l shmid -d 'Use this number in that key; stands before --shm' -r
complete -c numactl -s f -l file -d 'Use a file of tmpfs or hugetlbfs' -r
complete -c numactl -s L -l length -d 'Length in bytes, or with k, m or g; stands before --shm or --file' -r
complete -c numactl -s o -l offset -d 'Begin at this byte of the file' -r
complete -c numactl -s M -l shmmode -d 'Permissions of a new segment or file, in octal' -r
complete -c numactl -s l -l localalloc -d 'Allocate on the node of the CPU that touches a page first'
complete -c numactl -s a -l all -d 'Let NODES and CPUS be outside of the cpuset; stands before them'
complete -c numactl -s b -l balancing -d 'Let NUMA balancing move pages within NODES (with -m: Linux 5.12, with -P: 6.12)'
complete -c numactl -l static -d 'Keep NODES the same when the cpuset changes'
complete -c numactl -l relative -d 'Count NODES within the cpuset, also when it changes'
complete -c numactl -l best-effort -d 'Where the kernel, a filter or the cpuset refuses something, do the nearest thing that is permitted, and say so'
complete -c numactl -s s -l show -d 'Show the policy that COMMAND would have'
complete -c numactl -s H -l hardware -d 'Show the nodes, their CPUs, memory and distances'
complete -c numactl -l cpu-compress -d 'Show CPUs as ranges, with -H'
complete -c numactl -l explain -d 'Do nothing; show what would happen, and each reason why it would not; status 1 if it would not work'
complete -c numactl -l dry-run -d 'Do the same as --explain'
complete -c numactl -l json -d 'Write what is shown as one JSON document'
complete -c numactl -l version -d 'Show the version'
complete -c numactl -l help -d 'Show this help'
complete -c numactl -l measure -d 'Measure what --matrix shows: reads from the CPUs of each node, a fifth of a second for each pair, a minute at most for all, with up to 256 MB of memory'
complete -c numactl -l tiers -d 'Show the memory tiers, demotion, caches in front of memory, and devices that access memory by themselves'
complete -c numactl -l suggest -d 'Print the command that sets the weights by the bandwidths of the nodes'
complete -c numactl -s u -l huge -d 'Make the segment of huge pages'
complete -c numactl -s t -l strict -d 'Fail if pages are on other nodes already'
complete -c numactl -s T -l touch -d 'Allocate all pages now'
complete -c numactl -s V -l verify -d 'Check that pages are where the policy says; status 1 if not'
complete -c numactl -s d -l dump -d 'Show the policies of the memory'
complete -c numactl -s D -l dump-nodes -d 'Show the nodes of the memory'
complete -c numactl -a '(__fish_complete_subcommand)'
