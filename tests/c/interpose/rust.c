/* A program with two Rust static libraries: libnuma.a, and one with std (rust_user.rs). */
#include "machine.h"

unsigned rust_user_sum(unsigned n);

TEST(two_rust_libraries_in_one_program)
{
	struct bitmask *mask;

	capture(); /* the panic's message */
	EQUAL(rust_user_sum(10), 286);
	captured();
	look();
	EQUAL(numa_num_configured_nodes(), count(&machine.nodes));
	mask = numa_parse_nodestring("all");
	CHECK(holds(mask, &machine.allowed), "%s", text_of(mask));
	numa_bitmask_free(mask);
	capture();
	EQUAL(rust_user_sum(4), 15);
	captured();
}
