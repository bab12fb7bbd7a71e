# What a sweep of our library says beside one of the reference. Prints each line that is a crash of ours,
# or an answer that differs for no row of the table.
#
#   awk -v world=NAME -v used=FILE -f compare.awk differences.tsv THEIRS OURS
#
# Lines of the table: row of docs/differences.md, patterns for world, call, our answer and theirs.
# Rows that explain something are added to the file `used`.
BEGIN { FS = "\t" }
function call(line) { return substr(line, 1, match(line, /\)( at [0-9]+)?: |^load:/) ? RSTART + RLENGTH - 1 : 0) }
function explained(name, ours, theirs,    i) {
    for (i = 1; i <= rows; i++)
        if (world ~ on[i] && name ~ of[i] && ours ~ our[i] && theirs ~ their[i]) {
            print row[i] "\t" of[i] >>used
            return 1
        }
    return 0
}
FILENAME ~ /differences\.tsv$/ {
    if ($0 !~ /^(#|$)/) { rows++; row[rows] = $1; on[rows] = $2; of[rows] = $3; our[rows] = $4; their[rows] = $5 }
    next
}
FILENAME ~ /theirs$/ { name = call($0); theirs[name] = substr($0, length(name) + 1); next }
{
    lines++
    name = call($0)
    ours = substr($0, length(name) + 1)
    if (ours ~ /killed by signal/ && ours == theirs[name] && explained(name, ours, theirs[name])) next
    if (name == "" || ours ~ /(^| )(killed by signal [0-9]+|hangs|exit [0-9]+)$/ || name ~ /^load/ && ours !~ /^ numbers/ ) {
        print
        next
    }
    # What does not survive there is no answer.
    if (!(name in theirs) || theirs[name] ~ /(^| )(killed by signal [0-9]+|hangs|exit [0-9]+)$/ || ours == theirs[name]) next
    if (!explained(name, ours, theirs[name])) print name "\n    ours:   " ours "\n    theirs: " theirs[name]
}
END { if (!lines) print "no calls" }
