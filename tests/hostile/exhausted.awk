# What a sweep prints where memory or descriptors run out, beside the same sweep where they do not: prints
# what is no proper failure.
#
#   awk -f exhausted.awk PLAIN EXHAUSTED
function call(line) { return substr(line, 1, match(line, /\)( at [0-9]+)?: /) ? RSTART : 0) }
FNR == NR { plain[call($0)] = substr($0, length(call($0)) + 1); next }
{
    name = call($0)
    rest = substr($0, length(name) + 1)
    if (rest ~ /^ at /) failures++
    sub(/^ at [0-9]+/, "", rest)
    calls++
    # As ever, or a value that says so with an errno that does.
    if (rest == plain[name]) next
    if (rest ~ /^: (NULL |-1 |0 )?(ENOMEM|errno 24)/ && rest !~ /(^| )(leaks -?[0-9]+|hangs|exit [0-9]+|killed by signal [0-9]+)$/) next
    print name ": " rest "\n    plain" plain[name]
}
END { print "# " calls " calls, " failures + 0 " failures" }
