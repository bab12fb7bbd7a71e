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

complete -c memhog -s r -l repeat -d 'Write all of the memory N times, each on a line of its own' -r
complete -c memhog -s f -l file -d 'Write to the first SIZE bytes of FILE, mapped as shared memory' -r
complete -c memhog -l huge -d 'Use huge pages of the kernel\'s pool, of its default size or of SIZE, or ask for transparent ones (thp)' -r -f -a 'thp'
complete -c memhog -l hold -d 'When all is written, keep the memory until a signal comes, or for SECONDS' -r
complete -c memhog -s H -l no-huge -d 'Ask the kernel not to use transparent huge pages'
complete -c memhog -l json -d 'Report as one JSON document where the memory is and how fast it was written, without dots'
complete -c memhog -s h -l help -d 'Show this help'
complete -c memhog -l version -d 'Show the version'
complete -c memhog -f -a 'default local membind preferred preferred-many interleave weighted-interleave'
complete -c memhog -f -a '(__numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl:)'
