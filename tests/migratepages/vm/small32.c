/*
 * A process of 32 bits with 256 pages at a fixed place, without a C library, which is rarely there
 * for 32 bits. Prints as hold does. Built with -m32 -ffreestanding -nostdlib -static.
 */
#define START 0x10000000UL
#define PAGES 256

static long call(long number, long a, long b, long c, long d, long e)
{
    long result;

    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
    return result;
}

static void print(const char *text, long length)
{
    call(4, 1, (long)text, length, 0, 0);
}

void _start(void)
{
    static const char head[] = "region anon 10000000 256 4096\nready ";
    char digits[12];
    int at = sizeof(digits), i;
    long pid = call(20, 0, 0, 0, 0, 0);

    /* mmap2: private, anonymous, fixed; its last argument, in a register that is left alone, is not looked at */
    call(192, START, PAGES * 4096, 3, 0x32, -1);
    for (i = 0; i < PAGES; i++)
        *(volatile char *)(START + i * 4096UL) = 1;
    digits[--at] = '\n';
    for (; pid; pid /= 10)
        digits[--at] = '0' + pid % 10;
    print(head, sizeof(head) - 1);
    print(digits + at, sizeof(digits) - at);
    for (;;)
        call(29, 0, 0, 0, 0, 0);
}
