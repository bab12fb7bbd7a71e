/*
 * Makes the table and the JSON file from what the programs of bench/run printed.
 *
 *   report [--json FILE] [--markdown] [--title TEXT] <lines
 *
 * Lines, with tabs between the words, SIDE one of reference, ours, bound, or control, which is a copy
 * of the reference:
 *   time SIDE ROW CALL BOUND            nanoseconds of a call in one process
 *   cold SIDE ROW call|bound NS         the same for the first call of a process
 *   count SIDE ROW INSTRUCTIONS         for a call
 *   load SIDE NAME VALUE                a row of the group "load"
 *
 * Exit status 0; 1 if the control is not 1.00 within 5 %.
 */
#include "rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum side { REFERENCE, OURS, CONTROL, BOUND, SIDES };

static const char *const side_names[SIDES] = {"reference", "ours", "control", "bound"};

struct samples {
	double *values;
	int n, room;
};

/* What was measured for a row. The bounds of a side are those of its own processes. */
static struct {
	struct samples calls[SIDES], bounds[SIDES];
	double instructions[SIDES];
} *measured;

static int markdown;

static void add(struct samples *s, double value)
{
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 16;
		s->values = realloc(s->values, (size_t)s->room * sizeof(double));
		if (!s->values)
			exit(2);
	}
	s->values[s->n++] = value;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double least(const struct samples *s)
{
	double best = NAN;

	for (int i = 0; i < s->n; i++)
		if (!(s->values[i] >= best))
			best = s->values[i];
	return best;
}

/* NAN without samples. */
static double median(const struct samples *s)
{
	double *sorted, middle;

	if (!s->n)
		return NAN;
	sorted = malloc((size_t)s->n * sizeof(double));
	memcpy(sorted, s->values, (size_t)s->n * sizeof(double));
	qsort(sorted, (size_t)s->n, sizeof(double), by_value);
	middle = s->n % 2 ? sorted[s->n / 2] : (sorted[s->n / 2 - 1] + sorted[s->n / 2]) / 2;
	free(sorted);
	return middle;
}

static const struct samples *bounds(int row, enum side side)
{
	const struct samples *own = &measured[row].bounds[side];

	return own->n ? own : &measured[row].calls[BOUND];
}

/* A median, and the interval that has the true one with a probability of 95 %. */
struct estimate {
	double middle, low, high;
};

static const struct estimate unknown = {NAN, NAN, NAN};

static struct estimate estimate(struct samples *s)
{
	/* The ranks of the ends: binomial, by the normal distribution. */
	int rank = (int)fmax(0, floor((s->n - 1.96 * sqrt(s->n)) / 2));
	struct estimate result = unknown;

	if (s->n) {
		result.middle = median(s);
		qsort(s->values, (size_t)s->n, sizeof(double), by_value);
		result.low = s->values[rank];
		result.high = s->values[s->n - 1 - rank];
	}
	free(s->values);
	return result;
}

/* The ratio of what was measured in the same process. */
static double over_bound(int row, enum side side)
{
	const struct samples *calls = &measured[row].calls[side], *least = bounds(row, side);
	struct samples ratios = {0};

	for (int i = 0; i < calls->n && i < least->n; i++)
		add(&ratios, calls->values[i] / least->values[i]);
	return estimate(&ratios).middle;
}

/* The ratio of two sides in the same round. */
static struct estimate over(int row, enum side side, enum side other)
{
	const struct samples *a = &measured[row].calls[side], *b = &measured[row].calls[other];
	struct samples ratios = {0};

	for (int i = 0; i < a->n && i < b->n; i++) {
		double ratio = a->values[i] / b->values[i];

		if (rows[row].flags & BY_BOUND)
			ratio /= bounds(row, side)->values[i] / bounds(row, other)->values[i];
		/* Nothing beside nothing is the same. */
		add(&ratios, isnan(ratio) ? 1 : ratio);
	}
	return estimate(&ratios);
}

static double bound_of(int row)
{
	struct samples all = {0};
	double result;

	for (int side = 0; side < SIDES; side++)
		for (int i = 0; i < measured[row].bounds[side].n; i++)
			add(&all, measured[row].bounds[side].values[i]);
	if (!all.n)
		return median(&measured[row].calls[BOUND]);
	result = median(&all);
	free(all.values);
	return result;
}

/* What the goal is held against. */
static double reached(int row)
{
	switch (rows[row].kind) {
	case OVER_BOUND:
		return over_bound(row, OURS);
	case OVER_REFERENCE:
		return over(row, OURS, REFERENCE).middle;
	case ABSOLUTE:
		return median(&measured[row].calls[OURS]);
	default:
		return NAN;
	}
}

/* As exact as the table shows it. */
static int met(int row)
{
	double value = reached(row);

	return rows[row].kind == ABSOLUTE ? value <= rows[row].goal
					  : round(value * 100) / 100 <= rows[row].goal + 1e-9;
}

static void show_value(char *text, double value, const char *unit)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	int step = 0;

	if (isnan(value)) {
		strcpy(text, "-");
		return;
	}
	if (unit) {
		sprintf(text, "%.0f%s", value, unit);
		return;
	}
	while (value >= 999.5 && step < 3) {
		value /= 1000;
		step++;
	}
	sprintf(text, "%.*f %s", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, units[step]);
}

static void show_ratio(char *text, double value)
{
	if (isnan(value) || isinf(value))
		strcpy(text, "-");
	else
		sprintf(text, "%.*f", value < 99.995 ? value < 0.0995 ? 3 : 2 : 0, value);
}

static void show_goal(char *text, const struct row *row)
{
	char value[32];

	switch (row->kind) {
	case OVER_BOUND:
		sprintf(text, "%g bound", row->goal);
		break;
	case OVER_REFERENCE:
		sprintf(text, "%g ref", row->goal);
		break;
	case ABSOLUTE:
		if (row->unit)
			sprintf(text, "%.0f%s", row->goal, row->unit);
		else {
			show_value(value, row->goal, NULL);
			strcpy(text, value);
		}
		break;
	default:
		strcpy(text, "-");
	}
}

static void show_count(char *text, double count)
{
	if (isnan(count))
		strcpy(text, "-");
	else if (count >= 1e7)
		sprintf(text, "%.1fM", count / 1e6);
	else
		sprintf(text, "%.0f", count);
}

struct mean {
	double sum;
	int n;
};

static void add_ratio(struct mean *mean, double ratio)
{
	if (isfinite(ratio) && ratio > 0) {
		mean->sum += log(ratio);
		mean->n++;
	}
}

static double geometric(const struct mean *mean)
{
	return mean->n ? exp(mean->sum / mean->n) : NAN;
}

static void show_interval(char *text, struct estimate e)
{
	if (isnan(e.middle) || isinf(e.middle) || e.low == e.high)
		strcpy(text, "");
	else
		sprintf(text, "%.*f-%.*f", e.low < 0.0995 ? 3 : 2, e.low, e.high < 0.0995 ? 3 : 2, e.high);
}

static const char heading[] =
	"                                            reference      ours     bound    ours/    ours/   95 % of      "
	"goal      instructions\n"
	"                                                                             bound      ref  ours/ref           "
	"     reference    ours\n";

static void table(const char *title)
{
	const char *group = "";
	struct mean bound = {0}, reference = {0};
	int goals = 0, reached_goals = 0;

	printf("%s (medians)\n%s", title, markdown ? "" : heading);
	for (int i = 0; i <= row_count; i++) {
		char text[10][64];
		const struct row *row = &rows[i];
		struct estimate ratio;

		if (i < row_count && !measured[i].calls[OURS].n && !measured[i].calls[REFERENCE].n)
			continue;
		if (i == row_count || strcmp(group, row->group)) {
			if (bound.n + reference.n > 1) {
				show_ratio(text[0], geometric(&bound));
				show_ratio(text[1], geometric(&reference));
				printf(markdown ? "| *%s* | | | | %s | %s | |\n" : "  %-71s %8s %8s\n",
				       "geometric mean", text[0], text[1]);
			}
			if (i == row_count)
				break;
			group = row->group;
			bound = reference = (struct mean){0};
			printf(markdown ? "\n| %s | reference | ours | bound | ours/bound | ours/ref | goal |\n"
					  "| --- | --: | --: | --: | --: | --: | --- |\n"
					: "%s\n",
			       group);
		}
		ratio = over(i, OURS, REFERENCE);
		show_value(text[0], median(&measured[i].calls[REFERENCE]), row->unit);
		show_value(text[1], median(&measured[i].calls[OURS]), row->unit);
		show_value(text[2], bound_of(i), row->unit);
		show_ratio(text[3], over_bound(i, OURS));
		show_ratio(text[4], ratio.middle);
		show_interval(text[5], ratio);
		show_goal(text[6], row);
		strcpy(text[7], "");
		if (row->kind != NO_GOAL && measured[i].calls[OURS].n && !isnan(reached(i))) {
			strcpy(text[7], met(i) ? "met" : markdown ? "**not met**" : "NOT");
			goals++;
			reached_goals += met(i);
		}
		show_count(text[8], measured[i].instructions[REFERENCE]);
		show_count(text[9], measured[i].instructions[OURS]);
		if (markdown)
			printf("| %s | %s | %s | %s | %s | %s | %s%s%s |\n", row->name, text[0], text[1], text[2],
			       text[3], text[4], text[6], *text[7] ? ", " : "", text[7]);
		else
			printf("  %-42s %9s %9s %9s %8s %8s %11s %10s %-3s %7s %7s\n", row->name, text[0], text[1],
			       text[2], text[3], text[4], text[5], text[6], text[7], text[8], text[9]);
		add_ratio(&bound, over_bound(i, OURS));
		add_ratio(&reference, ratio.middle);
	}
	printf("\n%d of %d goals met\n", reached_goals, goals);
}

/*
 * The noise: how far a copy of the reference is from the reference, in 95 of 100 rows; NAN without a
 * control. *mean is that of all rows.
 */
static double noise(double *mean)
{
	struct samples off = {0};
	struct mean all = {0};
	double result = NAN;

	for (int i = 0; i < row_count; i++) {
		struct estimate ratio = over(i, CONTROL, REFERENCE);

		if (isnan(ratio.middle))
			continue;
		add_ratio(&all, ratio.middle);
		add(&off, fabs(ratio.middle - 1));
	}
	*mean = geometric(&all);
	if (off.n) {
		qsort(off.values, (size_t)off.n, sizeof(double), by_value);
		result = off.values[(int)((off.n - 1) * 0.95)];
		printf("%snoise: a copy of the reference takes %.3f of its time in the mean of %d rows;\n"
		       "95 %% of the rows are off by at most %.3f, all by at most %.3f\n",
		       markdown ? "\n" : "", *mean, off.n, result, off.values[off.n - 1]);
	}
	free(off.values);
	return result;
}

/*
 * The rows that are slower than the reference: by more than the noise, and by 95 % of their own
 * samples. First calls stand apart, as some of them do what the reference does at load.
 */
static void slower_rows(double off)
{
	for (int first_calls = 0; first_calls < 2; first_calls++) {
		int compared = 0, slower = 0;

		for (int pass = 0; pass < 2; pass++) {
			for (int i = 0; i < row_count; i++) {
				struct estimate ratio = over(i, OURS, REFERENCE);

				/* What has another unit than time is no speed. */
				if (!(rows[i].flags & COLD) != !first_calls || rows[i].unit || isnan(ratio.middle))
					continue;
				compared += !pass;
				if (ratio.middle <= 1 + fmax(off, 0.005) || ratio.low <= 1)
					continue;
				slower += !pass;
				if (pass)
					printf("%s %s, %s: %.2f (%.2f to %.2f)\n", markdown ? "-" : " ",
					       rows[i].group, rows[i].name, ratio.middle, ratio.low, ratio.high);
			}
			if (!pass && compared)
				printf("%s%d of %d %s slower than the reference beyond noise%s\n%s",
				       markdown ? "\n" : "", slower, compared,
				       first_calls ? "first calls are" : "rows are", slower ? ":" : "",
				       markdown && slower ? "\n" : "");
		}
	}
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void number(FILE *f, const char *name, double value, const char *after)
{
	if (isfinite(value))
		fprintf(f, "\"%s\": %.6g%s", name, value, after);
	else
		fprintf(f, "\"%s\": null%s", name, after);
}

static void string(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', f);
		if ((unsigned char)*text >= ' ')
			fputc(*text, f);
	}
	fputc('"', f);
}

static void json(FILE *f, const char *title)
{
	static const char *const kinds[] = {"none", "over_bound", "over_reference", "absolute"};
	int first = 1;

	fprintf(f, "{\n\"title\": ");
	string(f, title);
	fprintf(f, ",\n\"rows\": [");
	for (int i = 0; i < row_count; i++) {
		const struct row *row = &rows[i];
		struct estimate ratio = over(i, OURS, REFERENCE);

		if (!measured[i].calls[OURS].n && !measured[i].calls[REFERENCE].n)
			continue;
		fprintf(f, "%s\n{\"group\": \"%s\", \"name\": ", first ? "" : ",", row->group);
		string(f, row->name);
		fprintf(f, ", \"unit\": ");
		string(f, !row->unit ? "ns" : *row->unit ? row->unit + 1 : "");
		first = 0;
		for (int side = 0; side < BOUND; side++) {
			const struct samples *calls = &measured[i].calls[side];

			if (!calls->n)
				continue;
			fprintf(f, ",\n \"%s\": {", side_names[side]);
			number(f, "median", median(calls), ", ");
			number(f, "min", least(calls), ", ");
			number(f, "bound_median", median(&measured[i].bounds[side]), ", ");
			number(f, "bound_min", least(&measured[i].bounds[side]), ", ");
			number(f, "over_bound", over_bound(i, (enum side)side), ", ");
			number(f, "instructions", measured[i].instructions[side], ", ");
			fprintf(f, "\"processes\": %d}", calls->n);
		}
		fprintf(f, ",\n ");
		number(f, "bound", bound_of(i), ", ");
		number(f, "ours_over_bound", over_bound(i, OURS), ", ");
		number(f, "ours_over_reference", ratio.middle, ", ");
		number(f, "low", ratio.low, ", ");
		number(f, "high", ratio.high, ", ");
		number(f, "control_over_reference", over(i, CONTROL, REFERENCE).middle, ", ");
		fprintf(f, "\"goal\": {\"kind\": \"%s\", ", kinds[row->kind]);
		number(f, "value", row->kind == NO_GOAL ? NAN : row->goal, "}, ");
		fprintf(f, "\"met\": %s}", row->kind == NO_GOAL || isnan(reached(i)) ? "null" : met(i) ? "true" : "false");
	}
	fprintf(f, "\n]\n}\n");
}

/* --- input ------------------------------------------------------------------------------------ */

static int side_of(const char *name)
{
	for (int i = 0; i < SIDES; i++)
		if (!strcmp(name, side_names[i]))
			return i;
	fprintf(stderr, "report: no side %s\n", name);
	exit(2);
}

static int row_of(const char *word)
{
	char *end;
	long row = strtol(word, &end, 10);

	if (!*end && row >= 0 && row < row_count)
		return (int)row;
	for (int i = 0; i < row_count; i++)
		if (!strcmp(rows[i].group, "load") && !strcmp(rows[i].name, word))
			return i;
	fprintf(stderr, "report: no row %s\n", word);
	exit(2);
}

static void take(char **word, int n)
{
	int side, row;

	if (n < 4)
		return;
	side = side_of(word[1]);
	row = row_of(word[2]);
	if (!strcmp(word[0], "time") && n == 5) {
		add(&measured[row].calls[side], atof(word[3]));
		if (rows[row].bound)
			add(&measured[row].bounds[side], atof(word[4]));
	} else if (!strcmp(word[0], "cold") && n == 5) {
		add(strcmp(word[3], "bound") ? &measured[row].calls[side] : &measured[row].bounds[side],
		    atof(word[4]));
	} else if (!strcmp(word[0], "count") && n == 4) {
		measured[row].instructions[side] = atof(word[3]);
	} else if (!strcmp(word[0], "load") && n == 4) {
		add(&measured[row].calls[side], atof(word[3]));
	}
}

int main(int argc, char **argv)
{
	const char *file = NULL, *title = "libnuma";
	char line[512];
	double mean = 1;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--markdown"))
			markdown = 1;
		else if (!strcmp(argv[i], "--json") && i + 1 < argc)
			file = argv[++i];
		else if (!strcmp(argv[i], "--title") && i + 1 < argc)
			title = argv[++i];
		else {
			fprintf(stderr, "report: unknown word %s\n", argv[i]);
			return 2;
		}
	}
	measured = calloc((size_t)row_count, sizeof(*measured));
	if (!measured)
		return 2;
	for (int i = 0; i < row_count; i++)
		for (int side = 0; side < SIDES; side++)
			measured[i].instructions[side] = NAN;
	while (fgets(line, sizeof(line), stdin)) {
		char *words[8];
		int n = 0;

		for (char *word = strtok(line, "\t\n"); word && n < 8; word = strtok(NULL, "\t\n"))
			words[n++] = word;
		take(words, n);
	}
	table(title);
	if (file) {
		FILE *f = fopen(file, "w");

		if (!f) {
			perror(file);
			return 2;
		}
		json(f, title);
		fclose(f);
	}
	slower_rows(noise(&mean));
	return fabs(mean - 1) > 0.05;
}
