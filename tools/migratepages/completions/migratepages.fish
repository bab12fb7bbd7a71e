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

complete -c migratepages -l cgroup -d 'Take all processes of this control group and of those below it' -r -f -a "(__fish_complete_directories)"
complete -c migratepages -l only -d 'Move only memory of these kinds' -r -f -a "heap\t'Memory that malloc gets with brk'
stack\t'The first thread\'s stack'
anon\t'Private memory without a file, including the stacks of other threads'
file\t'Programs, libraries and other files mapped privately'
shared\t'Shared memory and files mapped shared'"
complete -c migratepages -l range -d 'Move only pages at these addresses, in hexadecimal; END is not included' -r
complete -c migratepages -l max-pause -d 'Longest time that a thread of the process may wait for pages that are being moved' -r
complete -c migratepages -l workers -d 'Largest number of threads that move pages; fewer run if more would not be faster [default: one for each CPU, up to 8]' -r
complete -c migratepages -l show -d 'Show where the pages are, and move nothing'
complete -c migratepages -s n -l dry-run -d 'Show what would move where, with warnings, and move nothing'
complete -c migratepages -l children -d 'Include the children of the processes, and their children'
complete -c migratepages -l private -d 'Move only pages that no other process maps; always so without CAP_SYS_NICE'
complete -c migratepages -l one-call -d 'Use one migrate_pages(2) call, which moves everything at once and may stall the process'
complete -c migratepages -l strict -d 'Exit with status 3 if a page stayed behind or was not looked at'
complete -c migratepages -l json -d 'Write the report as one JSON document to standard output'
complete -c migratepages -s q -l quiet -d 'Print no progress bar and nothing about pages that stayed behind; errors are still printed'
complete -c migratepages -s v -l verbose -d 'Report what was done for each process; if given twice, also while pages move'
complete -c migratepages -s h -l help -d 'Print help (see more with \'--help\')'
complete -c migratepages -s V -l version -d 'Print version'
complete -c migratepages -f -a '(__fish_complete_pids)'
complete -c migratepages -f -a '(__numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl:)'
