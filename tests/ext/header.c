/*
 * All of numa_ext.h in plain C89 that is C++ as well: what it declares can be used, and calls
 * are linked with the right names. The header comes first, so that it has to bring its own.
 */
#include <numa_ext.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int progress(const struct numa_ext_migrate_progress *now, void *arg)
{
    *(unsigned long *)arg = now->examined + now->moved + now->present;
    return 0;
}

static int any_run(const struct numa_ext_run *run, void *arg)
{
    *(unsigned long *)arg += run->node >= 0 ? (unsigned long)(run->end - run->start) : 0;
    return 0;
}

int main(void)
{
    struct numa_ext_migrate_options options;
    struct numa_ext_migrate_progress now;
    struct numa_ext_migrate_node node;
    struct numa_ext_migration *migration;
    struct numa_ext_range range;
    struct numa_ext_weight weight;
    struct bitmask from, to;
    unsigned long zero = 1, one = 2, sum = 0, counts[2];
    int (*set_auto_weights)(int) = numa_ext_set_auto_weights;
    int bad = 0, where = -1;

    /* Masks may be the program's own: libnuma is not needed. */
    from.size = to.size = 8 * sizeof zero;
    from.maskp = &zero;
    to.maskp = &one;
    range.start = 0;
    range.end = (size_t)-1;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.flags = NUMA_EXT_MIGRATE_PRIVATE | NUMA_EXT_MIGRATE_DRY_RUN;
    options.kinds = NUMA_EXT_KIND_ANON | NUMA_EXT_KIND_HEAP | NUMA_EXT_KIND_STACK |
                    NUMA_EXT_KIND_FILE | NUMA_EXT_KIND_SHARED;
    options.max_pause_us = 1000;
    options.max_workers = 1;
    options.ranges = &range;
    options.nranges = 1;
    options.progress = progress;
    options.progress_arg = &sum;
    memset(&now, 0, sizeof now);
    bad |= numa_ext_migrate((pid_t)0, &from, &to, &options, &node, 1) != 1;
    bad |= node.from != 0 || node.to != 1 || sum == 0;
    bad |= node.moved + node.busy + node.shared + node.target_full + node.not_permitted + node.gone +
               node.hidden + node.replaced + node.reserved[1] == 0;
    migration = numa_ext_migrate_begin((pid_t)0, &from, &to, &options);
    bad |= migration == NULL || numa_ext_migrate_work(migration) != 0;
    numa_ext_migrate_stop(migration);
    numa_ext_migrate_query(migration, &now);
    bad |= now.moved == 0;
    bad |= numa_ext_migrate_counts(migration, &node, 1) != 1;
    numa_ext_migrate_end(migration);
    bad |= numa_ext_locate((pid_t)0, &bad, sizeof bad, (size_t)0, &where, (size_t)1) != 1;
    bad |= where < 0;
    sum = 0;
    bad |= numa_ext_locate_runs((pid_t)0, &bad, sizeof bad, (size_t)0, any_run, &sum) != 0;
    bad |= sum == 0;
    bad |= numa_ext_locate_counts((pid_t)0, &bad, sizeof bad, (size_t)0, counts, (size_t)2) != 1;
    /* What these answer is tested in nodes.c: here, that they can be called. */
    bad |= numa_ext_attribute(0, -1, NUMA_EXT_READ_LATENCY) != -1;
    bad |= numa_ext_best_attribute(-1, NUMA_EXT_ACCESS_ANY, NUMA_EXT_WRITE_LATENCY) != -1;
    bad |= numa_ext_best_attribute(-1, NUMA_EXT_ACCESS_CPUS, NUMA_EXT_READ_BANDWIDTH) != -1;
    bad |= numa_ext_best_attribute(-1, NUMA_EXT_ACCESS_CPUS, NUMA_EXT_WRITE_BANDWIDTH) != -1;
    bad |= numa_ext_best_initiators(-1, NUMA_EXT_ACCESS_ANY) != NULL;
    bad |= numa_ext_tier(-1) != -1 || numa_ext_tier_nodes(-1) != NULL || numa_ext_num_tiers() < -1;
    weight.node = weight.weight = -1;
    bad |= numa_ext_get_weight(-1) != -1 || numa_ext_get_weights(&weight, 1) < -1;
    weight.node = weight.weight = -1;
    /* Not called: it would do something. */
    bad |= set_auto_weights == NULL;
    bad |= numa_ext_set_weights(&weight, 1) != -1 || numa_ext_get_auto_weights() < -1;
    bad |= numa_ext_parse_nodes(NULL, NUMA_EXT_NODES_FOR_CPUS | NUMA_EXT_NODES_ALL) != NULL;
    bad |= numa_ext_set_policy(-1, &from) != -1 || numa_ext_set_range_policy(&bad, 1, -1, &from, 0) != -1;
    bad |= numa_ext_alloc(1, -1, &from, NUMA_EXT_ALLOC_TOUCH) != NULL || numa_ext_run_on(NULL) != -1;
    bad |= strcmp(numa_ext_reason(), "no nodes to run on") != 0;
    if (bad)
        printf("failed: %s\n", strerror(errno));
    return bad;
}
