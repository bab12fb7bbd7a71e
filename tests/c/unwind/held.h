// What unwinding must give back: destructors that run, heap, mappings and descriptors.
#pragma once

#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct Held {
	long heap, pages, descriptors;
};

static Held held()
{
	Held now = {0, 0, 0};
	char text[64] = "";
	int fd = open("/proc/self/statm", O_RDONLY);

	if (fd < 0 || syscall(SYS_read, fd, text, sizeof(text) - 1) <= 0)
		abort();
	close(fd);
	now.pages = atol(text);
	for (fd = 0; fd < 256; fd++)
		now.descriptors += fcntl(fd, F_GETFD) >= 0;
	// What malloc has kept for later is the same after each round.
	now.heap = static_cast<long>(mallinfo2().uordblks);
	return now;
}

static int destroyed;

struct Guard {
	~Guard() { destroyed++; }
};
