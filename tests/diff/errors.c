/* numa_error and numa_warn, the two exit flags, and "once per number".
 *
 * Ours is better, and so not asked here: numa_exit_on_warn (the reference does
 * not look at it), numbers outside of 0..31, and masks of no bits. */
#include "common.h"

int main(void)
{
	look_at_machine();
	RUN("error", errno = ENOENT; numa_error("where"); printf(" %s", error_name(errno)));
	RUN("error, no errno", errno = 0; numa_error("where"); printf(" %s", error_name(errno)));
	RUN("error, strange errno", errno = 100000; numa_error("where"); printf(" %d", errno));
	RUN("error, empty", errno = EIO; numa_error((char[]){""}); printf(" %s", error_name(errno)));
	RUN("error, per cent", errno = EIO; numa_error((char[]){"100%s"}); printf(" %s", error_name(errno)));
	RUN("error, thrice", for (int i = 0; i < 3; i++) { errno = EPERM; numa_error("again"); });
	RUN("error, exit", errno = EPERM; numa_exit_on_error = 1; numa_error("fatal"); printf("alive"));
	RUN("error, exit, any number", errno = EPERM; numa_exit_on_error = -7; numa_error("fatal"); printf("alive"));
	RUN("error, no exit after all", errno = EPERM; numa_exit_on_error = 1; numa_exit_on_error = 0; numa_error("fine"); printf(" alive"));

	RUN("warn", numa_warn(5, "plain"); printf(" %s", error_name(errno)));
	RUN("warn, errno", errno = EIO; numa_warn(5, "plain"); printf(" %s", error_name(errno)));
	RUN("warn, twice", numa_warn(5, "first"); numa_warn(5, "second"); numa_warn(6, "other"); numa_warn(5, "third"));
	RUN("warn, all", for (int i = 0; i < 32; i++) { numa_warn(i, "number %d", i); numa_warn(i, "again %d", i); });
	RUN("warn, formats", numa_warn(1, "%d %ld %lld %u %x %c %s %5.2f %e %% %p", -1, -2L, -3LL, 4U, 0xabcU, 'c', "text", 2.5, 1e10, NULL));
	RUN("warn, many", numa_warn(1, "%d %d %d %d %d %d %d %d %d %d %d %d", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
	RUN("warn, doubles", numa_warn(1, "%g %g %g %g %g %g %g %g %g %g", .5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5));
	RUN("warn, mixed", numa_warn(1, "%s %g %s %g %lld %.3Lf %*d", "a", .25, "b", .125, 1LL << 40, 3.25L, 6, 7));
	RUN("warn, newline", numa_warn(1, "line\n"));
	RUN("warn, empty", numa_warn(1, "%s", ""));
	RUN("warn, %m", errno = ENOMEM; numa_warn(1, "%m"));
	RUN("warn, long", char text[3000]; memset(text, 'x', sizeof(text)); text[2999] = 0; numa_warn(1, "%s", text));

	/* what the library itself says, on the real stderr, and how often */
	RUN("node strings", for (int i = 0; i < 3; i++) { numa_parse_nodestring("99999"); numa_parse_nodestring("x"); numa_parse_nodestring("0-99999"); });
	RUN("node strings, other order", numa_parse_nodestring("x"); numa_parse_nodestring("99999"));
	RUN("node strings, all", numa_parse_nodestring_all("0-99999"); numa_parse_nodestring_all("x"); numa_parse_nodestring("x"));
	RUN("cpu strings", for (int i = 0; i < 3; i++) { numa_parse_cpustring("99999"); numa_parse_cpustring("x"); numa_parse_cpustring_all("0-99999"); });
	RUN("cpu strings, other order", numa_parse_cpustring_all("x"); numa_parse_cpustring("99999"));
	RUN("node and cpu", numa_parse_nodestring("x"); numa_parse_cpustring("y"); numa_parse_nodestring("z"));
	RUN("devices", numa_parse_nodestring("file:/nonexistent"); numa_parse_nodestring("block:nonexistent"); numa_parse_nodestring("netdev:nonexistent");
	    numa_parse_nodestring("pci:junk"); numa_parse_nodestring("ip:127.0.0.1"); numa_parse_nodestring("x"));
	RUN("devices, again", for (int i = 0; i < 2; i++) { numa_parse_nodestring("file:/nonexistent"); numa_parse_nodestring("netdev:nonexistent"); });
	RUN("missing", numa_parse_nodestring_all("0-"); numa_parse_cpustring_all("0-"));
	RUN("run_on_node", numa_run_on_node((int)machine.top + 1); numa_run_on_node((int)machine.top + 1); numa_run_on_node_mask(nodes(machine.top + 1)));
	RUN("run_on_node_mask", for (int i = 0; i < 2; i++) numa_run_on_node_mask(nodes(machine.top + 1)); numa_run_on_node((int)machine.top + 1));
	RUN("run_on_node_mask_all", for (int i = 0; i < 2; i++) numa_run_on_node_mask_all(nodes(machine.top + 1)));
	RUN("set_membind", for (int i = 0; i < 2; i++) numa_set_membind(numa_no_nodes_ptr));
	RUN("set_preferred", for (int i = 0; i < 2; i++) numa_set_preferred((int)machine.top + 1));
	RUN("mbind", char *at = fresh(1); for (int i = 0; i < 2; i++) numa_tonode_memory(at, page_size(), -1));
	RUN("order", setvbuf(stderr, NULL, _IONBF, 0); fprintf(stderr, "<"); numa_warn(1, "in between"); fprintf(stderr, ">"); errno = EIO; numa_error("last"));
	/* stdout is none of its business */
	RUN("stdout", dup2(2, 1); numa_warn(1, "to stderr only"); errno = EIO; numa_error("this too"));
	RUN("stderr closed", close(2); errno = EIO; numa_error("lost"); numa_warn(1, "lost"); printf(" alive"));
	return 0;
}
