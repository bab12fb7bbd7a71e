/*
 * Makes the table and the JSON file from what the programs of bench/run printed.
 *
 *   report [--json FILE] [--minima] [--markdown] [--title TEXT] <lines
 *
 * Lines, with tabs between the words, SIDE one of reference, ours, bound, or reference-copy and
 * ours-copy for the control:
 *   time SIDE ROW CALL BOUND            nanoseconds of a call in one process
 *   cold SIDE ROW call|bound NS         the same for the first call of a process
 *   count SIDE ROW INSTRUCTIONS         for a call
 *   load SIDE NAME VALUE                a row of the group "load"
 *
 * Exit status 0; 1 if a control is not 1.00 within 5 %.
 */
#include "rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum side { REFERENCE, OURS, REFERENCE_COPY, OURS_COPY, BOUND, SIDES };

static const char *const side_names[SIDES] = {"reference", "ours", "reference-copy", "ours-copy",
					      "bound"};

struct samples {
	double *values;
	int n, room;
};

/* What was measured for a row. The bounds of a side are those of its own processes. */
static struct {
	struct samples calls[SIDES], bounds[SIDES];
	double instructions[SIDES];
} *measured;

static int minima, markdown;

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

static double typical(const struct samples *s)
{
	return minima ? least(s) : median(s);
}

/* The median of the ratios of what was measured at the same time. */
static double paired(const struct samples *a, const struct samples *b)
{
	struct samples ratios = {0};
	double result;

	if (minima || a->n != b->n)
		return typical(a) / typical(b);
	for (int i = 0; i < a->n; i++)
		add(&ratios, a->values[i] / b->values[i]);
	result = median(&ratios);
	free(ratios.values);
	return result;
}

static double over_bound(int row, enum side side)
{
	const struct samples *bound = &measured[row].bounds[side];

	if (!bound->n)
		bound = &measured[row].calls[BOUND];
	return paired(&measured[row].calls[side], bound);
}

static double over(int row, enum side side, enum side other)
{
	if (rows[row].flags & BY_BOUND)
		return over_bound(row, side) / over_bound(row, other);
	return paired(&measured[row].calls[side], &measured[row].calls[other]);
}

static double bound_of(int row)
{
	struct samples all = {0};
	double result;

	for (int side = 0; side < SIDES; side++)
		for (int i = 0; i < measured[row].bounds[side].n; i++)
			add(&all, measured[row].bounds[side].values[i]);
	if (!all.n)
		return typical(&measured[row].calls[BOUND]);
	result = typical(&all);
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
		return over(row, OURS, REFERENCE);
	case ABSOLUTE:
		return typical(&measured[row].calls[OURS]);
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

static const char heading[] =
	"                                    reference      ours     bound    ours/    ours/      goal      "
	"instructions\n"
	"                                                                     bound      ref            "
	" reference    ours\n";

static void table(const char *title)
{
	const char *group = "";
	struct mean bound = {0}, reference = {0};
	int goals = 0, reached_goals = 0;

	if (markdown)
		printf("%s%s\n", title, minima ? " (minima)" : " (medians)");
	else
		printf("%s%s\n%s", title, minima ? " (minima)" : " (medians)", heading);
	for (int i = 0; i <= row_count; i++) {
		char text[9][32];
		const struct row *row = &rows[i];

		if (i < row_count && !measured[i].calls[OURS].n && !measured[i].calls[REFERENCE].n)
			continue;
		if (i == row_count || strcmp(group, row->group)) {
			if (bound.n + reference.n > 1) {
				show_ratio(text[0], geometric(&bound));
				show_ratio(text[1], geometric(&reference));
				printf(markdown ? "| *%s* | | | | %s | %s | | |\n" : "  %-63s %8s %8s\n", "geometric mean",
				       text[0], text[1]);
			}
			if (i == row_count)
				break;
			group = row->group;
			bound = reference = (struct mean){0};
			printf(markdown ? "\n| %s | reference | ours | bound | ours/bound | ours/ref | goal | |\n"
					  "| --- | --: | --: | --: | --: | --: | --: | --- |\n"
					: "%s\n",
			       group);
		}
		show_value(text[0], typical(&measured[i].calls[REFERENCE]), row->unit);
		show_value(text[1], typical(&measured[i].calls[OURS]), row->unit);
		show_value(text[2], bound_of(i), row->unit);
		show_ratio(text[3], over_bound(i, OURS));
		show_ratio(text[4], over(i, OURS, REFERENCE));
		show_goal(text[5], row);
		strcpy(text[6], "");
		if (row->kind != NO_GOAL && measured[i].calls[OURS].n && !isnan(reached(i))) {
			strcpy(text[6], met(i) ? "met" : "NOT");
			goals++;
			reached_goals += met(i);
		}
		show_count(text[7], measured[i].instructions[REFERENCE]);
		show_count(text[8], measured[i].instructions[OURS]);
		if (markdown)
			printf("| %s | %s | %s | %s | %s | %s | %s | %s |\n", row->name, text[0], text[1], text[2],
			       text[3], text[4], text[5], text[6]);
		else
			printf("  %-34s %9s %9s %9s %8s %8s %10s %-3s %7s %7s\n", row->name, text[0], text[1], text[2],
			       text[3], text[4], text[5], text[6], text[7], text[8]);
		add_ratio(&bound, over_bound(i, OURS));
		add_ratio(&reference, over(i, OURS, REFERENCE));
	}
	printf("%d of %d goals met\n", reached_goals, goals);
}

/* The same library twice: what differs is the noise. */
static int control(void)
{
	struct mean all = {0};
	int header = 0, good = 1;

	for (int i = 0; i < row_count; i++) {
		char text[2][32];
		double reference, ours;

		if (!measured[i].calls[REFERENCE_COPY].n && !measured[i].calls[OURS_COPY].n)
			continue;
		if (!header++)
			printf("control: a copy of each library against itself, must read 1.00\n");
		reference = over(i, REFERENCE_COPY, REFERENCE);
		ours = over(i, OURS_COPY, OURS);
		add_ratio(&all, reference);
		add_ratio(&all, ours);
		show_ratio(text[0], reference);
		show_ratio(text[1], ours);
		printf("  %-34s %9s %9s\n", rows[i].name, text[0], text[1]);
	}
	if (header) {
		char text[32];

		show_ratio(text, geometric(&all));
		printf("  %-34s %9s\n", "geometric mean", text);
		good = fabs(geometric(&all) - 1) <= 0.05;
	}
	return good;
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
			number(f, "over_bound", over_bound(i, side), ", ");
			number(f, "instructions", measured[i].instructions[side], ", ");
			fprintf(f, "\"processes\": %d}", calls->n);
		}
		fprintf(f, ",\n ");
		number(f, "bound", bound_of(i), ", ");
		number(f, "ours_over_bound", over_bound(i, OURS), ", ");
		number(f, "ours_over_reference", over(i, OURS, REFERENCE), ", ");
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

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--minima"))
			minima = 1;
		else if (!strcmp(argv[i], "--markdown"))
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
	return control() ? 0 : 1;
}
