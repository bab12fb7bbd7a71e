/*
 * A preloaded library that shows another /sys than the machine's, as umockdev and fakechroot do:
 * paths in /sys lead into the directory MADE_UP, and listings leave out the name MADE_UP_HIDES.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *elsewhere(const char *path, char *room, size_t size)
{
	const char *root = getenv("MADE_UP");

	if (!root || !path || strncmp(path, "/sys", 4) || (path[4] && path[4] != '/'))
		return path;
	if ((size_t)snprintf(room, size, "%s%s", root, path) >= size)
		abort();
	return room;
}

#define ROOM char room[4096]
#define THERE elsewhere(path, room, sizeof(room))
#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))

static mode_t mode_of(int flags, va_list arguments)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                        \
	int name(const char *path, int flags, ...)                                        \
	{                                                                                 \
		ROOM;                                                                     \
		va_list arguments;                                                        \
		mode_t mode;                                                              \
                                                                                          \
		va_start(arguments, flags);                                               \
		mode = mode_of(flags, arguments);                                         \
		va_end(arguments);                                                        \
		return REAL(int (*)(const char *, int, ...), #name)(THERE, flags, mode);  \
	}

#define OPENAT(name)                                                                      \
	int name(int dir, const char *path, int flags, ...)                               \
	{                                                                                 \
		ROOM;                                                                     \
		va_list arguments;                                                        \
		mode_t mode;                                                              \
                                                                                          \
		va_start(arguments, flags);                                               \
		mode = mode_of(flags, arguments);                                         \
		va_end(arguments);                                                        \
		return REAL(int (*)(int, const char *, int, ...), #name)(dir, THERE, flags, mode); \
	}

/* What the compiler makes of the same calls with _FORTIFY_SOURCE. */
#define OPEN_2(name)                                                                      \
	int name(const char *path, int flags);                                            \
	int name(const char *path, int flags)                                             \
	{                                                                                 \
		ROOM;                                                                     \
		return REAL(int (*)(const char *, int), #name)(THERE, flags);             \
	}

#define OPENAT_2(name)                                                                    \
	int name(int dir, const char *path, int flags);                                   \
	int name(int dir, const char *path, int flags)                                    \
	{                                                                                 \
		ROOM;                                                                     \
		return REAL(int (*)(int, const char *, int), #name)(dir, THERE, flags);   \
	}

#define FOPEN(name)                                                                       \
	FILE *name(const char *path, const char *mode)                                    \
	{                                                                                 \
		ROOM;                                                                     \
		return REAL(FILE *(*)(const char *, const char *), #name)(THERE, mode);   \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
OPEN_2(__open_2)
OPEN_2(__open64_2)
OPENAT_2(__openat_2)
OPENAT_2(__openat64_2)
FOPEN(fopen)
FOPEN(fopen64)

DIR *opendir(const char *path)
{
	ROOM;
	return REAL(DIR *(*)(const char *), "opendir")(THERE);
}

ssize_t readlink(const char *path, char *buffer, size_t size)
{
	ROOM;
	return REAL(ssize_t (*)(const char *, char *, size_t), "readlink")(THERE, buffer, size);
}

ssize_t readlinkat(int dir, const char *path, char *buffer, size_t size)
{
	ROOM;
	return REAL(ssize_t (*)(int, const char *, char *, size_t), "readlinkat")(dir, THERE, buffer, size);
}

#define READDIR(type, name)                                                               \
	struct type *name(DIR *dir)                                                       \
	{                                                                                 \
		const char *hidden = getenv("MADE_UP_HIDES");                             \
		struct type *entry;                                                       \
                                                                                          \
		do                                                                        \
			entry = REAL(struct type *(*)(DIR *), #name)(dir);                \
		while (entry && hidden && !strcmp(entry->d_name, hidden));                \
		return entry;                                                             \
	}

READDIR(dirent, readdir)
READDIR(dirent64, readdir64)
