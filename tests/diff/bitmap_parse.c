/* numa_parse_bitmap, which no header declares, in both versions.
 *
 * Only lines as the kernel writes them: a first group of one to eight hex digits,
 * then groups of exactly eight, a newline, no longer than the mask; and clear
 * junk. On everything else ours differs on purpose, see docs/differences.md: the
 * reference joins the digits of short groups, takes empty ones, blanks, signs and
 * 0x, ignores what does not fit, and leaves the words of the mask above the line
 * as they were. */
#include "common.h"

extern int numa_parse_bitmap(char *line, struct bitmask *mask);
extern int old_parse_bitmap(char *line, unsigned long *mask, int cpus);
__asm__(".symver old_parse_bitmap, numa_parse_bitmap@libnuma_1.1");

static const char *const lines[] = {
	"0\n", "1\n", "3\n", "f\n", "ff\n", "FF\n", "aB\n", "123\n", "00000001\n", "ffffffff\n", "80000000\n", "deadbeef\n",
	"00000000,00000000\n", "00000000,00000001\n", "1,00000000\n", "1,00000001\n", "f,ffffffff\n", "80000001,00000001\n",
	"1,00000000,00000000\n", "80000000,00000000,00000000\n", "7,aaAAbbBB,CcDdEeFf\n",
	"1,00000000,00000000,00000000\n", "00000000,00000000,00000000,00000000\n",
	"ffffffff,ffffffff,ffffffff,ffffffff\n", "12345678,9abcdef0,0fedcba9,87654321\n",
	"00000000,00000000,00000000,00000000,00000000,00000000,00000000,00000003\n",
	"80000000,00000000,00000000,00000000,00000000,00000000,00000000,00000000\n",
};
#define LINES (sizeof(lines) / sizeof(lines[0]))

/* both say -1 */
static const char *const junk[] = {
	"g\n", "x\n", "1 \n", "1", "ff", "00000000,00000001", "", "1,0000000g\n", "g,00000001\n",
	"1;00000002\n", "1, 00000001\n", "00000001,x\n",
};
#define JUNK (sizeof(junk) / sizeof(junk[0]))

static void new_version(unsigned int bits, const char *line)
{
	struct bitmask *mask = numa_bitmask_alloc(bits);
	char *copy = strdup(line);
	int result;

	result = numa_parse_bitmap(copy, mask);
	printf("new %u ", bits);
	show_text(line);
	printf(" = %d", result);
	/* what is left in the mask after an error means nothing */
	if (!result) {
		putchar(' ');
		show_bits(mask->maskp, mask->size);
	}
	putchar('\n');
	numa_bitmask_free(mask);
	free(copy);
}

static void old_version(int bits, const char *line)
{
	unsigned long words[64];
	char *copy = strdup(line);
	int result;

	memset(words, 0, sizeof(words));
	result = old_parse_bitmap(copy, words, bits);
	printf("old %d ", bits);
	show_text(line);
	printf(" = %d", result);
	if (!result) {
		putchar(' ');
		show_bits(words, (unsigned long)bits);
	}
	putchar('\n');
	free(copy);
}

static uint64_t state = 0x2545f4914f6cdd1dULL;

static unsigned int rnd(unsigned int below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state >> 33) % below;
}

int main(void)
{
	static const unsigned int sizes[] = {32, 64, 96, 128, 256, 1024};

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		for (size_t i = 0; i < LINES; i++) {
			unsigned int groups = 1;

			for (const char *c = lines[i]; *c; c++)
				groups += *c == ',';
			if (groups * 32 > sizes[s])
				continue;
			new_version(sizes[s], lines[i]);
			old_version((int)sizes[s], lines[i]);
		}
		for (size_t i = 0; i < JUNK; i++) {
			new_version(sizes[s], junk[i]);
			old_version((int)sizes[s], junk[i]);
		}
	}
	/* as the kernel writes it: whole words, the first one maybe short */
	for (int i = 0; i < 300; i++) {
		unsigned int words = 1 + rnd(8);
		char line[256] = "";

		for (unsigned int w = 0; w < words; w++)
			sprintf(line + strlen(line), w ? ",%08x" : rnd(2) ? "%x" : "%08x", rnd(3) ? rnd(0x7fffffff) : 0);
		strcat(line, "\n");
		new_version(256, line);
		old_version(256, line);
	}
	return 0;
}
