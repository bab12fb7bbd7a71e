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

complete -c migspeed -s p -l pages -d 'Move N pages (1000)' -r
complete -c migspeed -l pid -d 'Move the first N pages that this process has on FROM, and move them back, instead of memory of its own' -r -f -a '(__fish_complete_pids)'
complete -c migspeed -l huge -d 'Use huge pages of the kernel\'s pool, of its default size or of SIZE, or ask for transparent ones (thp)' -r -f -a 'thp'
complete -c migspeed -s v -l verbose -d 'Say what is done before it is done'
complete -c migspeed -l json -d 'Report as one JSON document what moved, and how fast'
complete -c migspeed -s h -l help -d 'Show this help'
complete -c migspeed -l version -d 'Show the version'
complete -c migspeed -f -a '(__numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl:)'
