/* See world.c. */
#ifndef WORLD_H
#define WORLD_H

/* From here on /sys and /proc are those of the machine in this directory. 77 if that is not allowed. */
int enter_machine(const char *machine);

/* Does one kind of damage to a file or directory; 2 if there is no such kind. */
int damage(const char *kind, const char *path);
void list_damages(void);

/* Makes this node go and node 6 come, or the other way. */
void prepare_changes(int node);
void change_nodes(int there);

#endif
