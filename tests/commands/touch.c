/* Touches 4 MiB, and prints what numa_maps says of them: where a command's memory really is. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

int main(void)
{
    enum { SIZE = 4 << 20, PAGE = 65536 };
    char line[4096], start[32];
    /* What nobody may access around it keeps it a mapping of its own. */
    char *memory = mmap(NULL, SIZE + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FILE *maps = fopen("/proc/self/numa_maps", "r");

    if (memory == MAP_FAILED || maps == NULL)
        return 1;
    memory += PAGE;
    if (mprotect(memory, SIZE, PROT_READ | PROT_WRITE))
        return 1;
    memset(memory, 1, SIZE);
    snprintf(start, sizeof start, "%lx ", (unsigned long)memory);
    while (fgets(line, sizeof line, maps) != NULL)
        if (strncmp(line, start, strlen(start)) == 0)
            fputs(line, stdout);
    return 0;
}
