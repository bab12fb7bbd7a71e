complete -c numastat -l help -d 'Show this help'
