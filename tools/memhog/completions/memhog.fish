complete -c memhog -l help -d 'Show this help'
