complete -c migspeed -l help -d 'Show this help'
