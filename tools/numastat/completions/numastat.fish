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

complete -c numastat -s p -d 'Show the memory of a process, or of all processes with this text in their command lines; may be repeated, and words that are no option mean the same' -r -f -a '(__fish_complete_pids)'
complete -c numastat -l tree -d 'Show the memory of a process and of all its descendants' -r -f -a '(__fish_complete_pids)'
complete -c numastat -l cgroup -d 'Show the memory of a control group (version 1 or 2) with those below it; PATH is a directory, or begins at the mount point' -r
complete -c numastat -l check -d 'Show what of the memory of a process lies outside of its own policies or of its cpuset; the exit status is 3 if anything does' -r -f -a '(__fish_complete_pids)'
complete -c numastat -l by -d 'With --by=kind, show for each process: anonymous memory, heap, stack, private files, shared memory, huge pages by their size' -r -f -a 'kind'
complete -c numastat -s s -d 'Show the largest rows first, by that node or by the total; NODE has to follow at once' -r
complete -c numastat -l interval -d 'After the first report, show what has changed since the last one, every so many seconds' -r
complete -c numastat -s m -d 'Show the memory of the system, as the kernel divides it up'
complete -c numastat -s n -d 'Show where memory was allocated since the system started, as without options, in megabytes'
complete -c numastat -l tiers -d 'Show how much was promoted to and demoted from the nodes of each memory tier since the system started, and what NUMA balancing has done'
complete -c numastat -s c -d 'Make columns as narrow as their contents, in whole megabytes'
complete -c numastat -s v -d 'Show a table for each process where there are several'
complete -c numastat -s z -d 'Leave out rows and columns of zeros'
complete -c numastat -l json -d 'Write the report as JSON, in bytes (numastat.schema.json)'
complete -c numastat -l help -d 'Show this help'
complete -c numastat -s V -l version -d 'Show the version'
complete -c numastat -f -a '(__fish_complete_pids)'
