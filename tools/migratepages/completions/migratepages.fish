complete -c migratepages -l cgroup -d 'All processes of this control group and of those below it' -r -f -a "(__fish_complete_directories)"
complete -c migratepages -l only -d 'Only memory of these kinds' -r -f -a "heap\t'What malloc takes from brk'
stack\t'The first thread\'s stack'
anon\t'Private memory without a file, with the stacks of other threads'
file\t'Programs, libraries and other files mapped privately'
shared\t'Shared memory and files mapped shared'"
complete -c migratepages -l range -d 'Only pages with these addresses, in hexadecimal, END not included' -r
complete -c migratepages -l max-pause -d 'How long a thread of the process may wait for pages that are being moved' -r
complete -c migratepages -l workers -d 'How many threads move pages at most; how many do so follows the measured rate [default: one for each CPU, up to 8]' -r
complete -c migratepages -l show -d 'Show where the pages are now, and move nothing'
complete -c migratepages -s n -l dry-run -d 'Say what would move where and what speaks against it, and move nothing'
complete -c migratepages -l children -d 'Also the children of the processes, and their children'
complete -c migratepages -l private -d 'Only pages that no other process maps; without CAP_SYS_NICE it is always so'
complete -c migratepages -l one-call -d 'Use the kernel\'s migrate_pages(2), which moves everything in one go and may stall the process meanwhile'
complete -c migratepages -l strict -d 'Exit with status 3 if a page stayed behind'
complete -c migratepages -l json -d 'Report everything as one JSON document on standard output'
complete -c migratepages -s q -l quiet -d 'No progress bar, and nothing about pages that stayed behind; errors are told'
complete -c migratepages -s v -l verbose -d 'Say what was done for each process; twice: how it goes on meanwhile'
complete -c migratepages -s h -l help -d 'Print help (see more with \'--help\')'
complete -c migratepages -s V -l version -d 'Print version'
