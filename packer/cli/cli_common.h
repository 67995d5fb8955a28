// What the commands share: options, errors, progress, clock.
#ifndef MINNOW_PACKER_CLI_COMMON_H_
#define MINNOW_PACKER_CLI_COMMON_H_

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>

#include "../package/manifest.h"
#include "../pk_clock.h"
#include "../pk_error.h"

// A command: argv[0] is its name. Returns the exit status, having told its error.
typedef int pk_command(int argc, char **argv);
pk_command pk_command_pack, pk_command_inspect, pk_command_run, pk_command_eval, pk_command_bench,
    pk_command_check, pk_command_train, pk_command_distill, pk_command_search, pk_command_keygen,
    pk_command_sign, pk_command_verify;

// One option: getopt_long()'s next with messages of our own. `letters` begin with ':', long options
// without a letter have values above UCHAR_MAX. Returns the option's value, -1 at the end, or '?'
// with the error filled. Call pk_options_start() before the first.
void pk_options_start(void);
int pk_options_next(int argc, char **argv, const char *letters, const struct option *options,
                    pk_error *error);

// What stands behind the options: one package's folder, valid as long as `argv`.
bool pk_parse_folder(const char **folder, int argc, char **argv, pk_error *error);

// The value of option `--name` as a number in range. Sizes may end in k or M (KiB, MiB).
bool pk_parse_size(size_t *value, const char *text, const char *name, size_t minimum,
                   size_t maximum, pk_error *error);
// The place of `text` among `names`, which end with NULL.
bool pk_parse_name(size_t *place, const char *text, const char *name, const char *const *names,
                   pk_error *error);
bool pk_parse_fraction(double *value, const char *text, const char *name, pk_error *error);
// The number of a release, 0 … PK_MAX_RELEASE, digits alone.
bool pk_parse_release(int64_t *value, const char *text, const char *name, pk_error *error);
// A size as people say it: "1.2M", "900k", "650000", powers of 1000.
bool pk_parse_bytes(size_t *value, const char *text, const char *name, pk_error *error);
bool pk_parse_milliseconds(double *value, const char *text, const char *name, pk_error *error);
// Points of accuracy, above 0 and at most 100.
bool pk_parse_points(double *value, const char *text, const char *name, pk_error *error);
// "LO,HI", two different numbers.
bool pk_parse_range(double *low, double *high, const char *text, const char *name, pk_error *error);

// Tells the error on stderr, and as JSON on stdout where machines read. Returns the exit status.
int pk_tell_error(const pk_error *error, const char *command, bool as_json);

// Tells, where `was_signed`, that the signature of the package that stood in the folder is gone.
void pk_tell_signature_gone(bool was_signed, const char *command, const char *folder);

// Prints the object as indented JSON with a newline and drops it. False when out of memory.
bool pk_print_json(json_t *object);

// A progress bar on stderr; silent where stderr is no terminal. pk_progress_end() wipes it off.
void pk_progress_show(void *unused, const char *what, size_t done, size_t total);
void pk_progress_end(void);

// "1.23 MB", "45.6 kB", "789 B" (powers of 1000).
typedef struct pk_size_text {
  char text[32];
} pk_size_text;
pk_size_text pk_format_size(uint64_t bytes);

#endif  // MINNOW_PACKER_CLI_COMMON_H_
