/*
 * opened LIBRARY ROUNDS: loads libnuma_ext alone, uses it and unloads it, again and again. The
 * memory of the process must not grow.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <numa_ext.h>

int main(int argc, char **argv)
{
    unsigned long zero = 1, one = 2;
    struct bitmask from = {8 * sizeof zero, &zero}, to = {8 * sizeof one, &one};
    int rounds = argc > 2 ? atoi(argv[2]) : 0, i;
    size_t before = 0, after;

    for (i = 0; i < rounds; i++) {
        struct numa_ext_migrate_options options;
        struct numa_ext_migrate_node node;
        void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        int (*migrate)(pid_t, const struct bitmask *, const struct bitmask *,
                       const struct numa_ext_migrate_options *, struct numa_ext_migrate_node *, size_t);

        if (!library) {
            puts(dlerror());
            return 1;
        }
        *(void **)&migrate = dlsym(library, "numa_ext_migrate");
        memset(&options, 0, sizeof options);
        options.size = sizeof options;
        options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
        if (!migrate || migrate(0, &from, &to, &options, &node, 1) != 1 || node.moved == 0) {
            puts("numa_ext_migrate failed");
            return 1;
        }
        if (migrate(0, &from, NULL, &options, &node, 1) != -1)
            return 1;
        dlclose(library);
        if (dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD)) {
            puts("it stayed loaded");
            return 1;
        }
        if (i == rounds / 2)
            before = mallinfo2().uordblks;
    }
    after = mallinfo2().uordblks;
    if (after > before)
        printf("%lu bytes more after %d rounds\n", (unsigned long)(after - before), rounds / 2);
    return after > before;
}
