#include "search_journal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../package/file_io.h"

enum { MAX_JOURNAL_BYTES = 1 << 22 };

// {"minnowSearch": 1, "fingerprint": …, "trials": […]}, a new one where there is no file; NULL with
// the error filled where it is of no use.
static json_t *open_journal(const char *file, const char *fingerprint, pk_error *error) {
  struct stat status;
  pk_bytes text = {0};
  const char *made_for = NULL;
  int version = 0;
  json_t *trials = NULL;
  if (stat(file, &status) != 0) {
    return json_pack("{s:i, s:s, s:[]}", "minnowSearch", 1, "fingerprint", fingerprint, "trials");
  }
  if (!pk_file_read(&text, file, MAX_JOURNAL_BYTES, error)) return NULL;
  json_t *journal = json_loadb((const char *)text.data, text.size, 0, NULL);
  pk_bytes_free(&text);
  if (json_unpack(journal, "{s:i, s:s, s:o}", "minnowSearch", &version, "fingerprint", &made_for,
                  "trials", &trials) != 0 ||
      version != 1 || !json_is_array(trials)) {
    pk_fail(error, PK_USAGE, "%s is no journal of a search: name another file for --resume", file);
  } else if (strcmp(made_for, fingerprint) != 0) {
    pk_fail(error, PK_USAGE,
            "%s is the journal of another model, other samples or other options: remove it or name "
            "another file for --resume",
            file);
  } else {
    return journal;
  }
  json_decref(journal);
  return NULL;
}

// Rates are compared as text: a real number written with 17 digits reads back the same.
static void format_rate(char text[32], double lambda) {
  snprintf(text, 32, "%.17g", lambda);
}

static bool read_trial(pk_trial *trial, json_t *item, const char *rate) {
  const char *found = NULL;
  json_int_t bytes = 0, samples = 0, labelled = 0;
  pk_quality *q = &trial->quality;
  *trial = (pk_trial){0};
  if (json_unpack(item, "{s:s, s:F, s:I, s:I, s:I, s:F, s:F, s:F, s:F, s:F}", "lambda", &found,
                  "bits", &trial->bits, "bytes", &bytes, "samples", &samples, "labelled", &labelled,
                  "agreement", &q->agreement, "top1", &q->top1, "top1Before", &q->reference_top1,
                  "rangeError", &q->range_error, "drop", &q->drop) != 0 ||
      strcmp(found, rate) != 0) {
    return false;
  }
  trial->lambda = strtod(found, NULL);
  trial->package_bytes = (size_t)bytes;
  q->samples = (size_t)samples;
  q->labelled = (size_t)labelled;
  return true;
}

bool pk_journal_find(pk_trial *trial, const char *file, const char *fingerprint, double lambda,
                     pk_error *error) {
  char rate[32];
  size_t i;
  json_t *item;
  bool is_found = false;
  if (!file) return false;
  json_t *journal = open_journal(file, fingerprint, error);
  format_rate(rate, lambda);
  json_array_foreach(json_object_get(journal, "trials"), i, item) {
    is_found = is_found || read_trial(trial, item, rate);
  }
  json_decref(journal);
  return is_found;
}

bool pk_journal_add(const char *file, const char *fingerprint, const pk_trial *trial,
                    pk_error *error) {
  const pk_quality *q = &trial->quality;
  char rate[32];
  if (!file) return true;
  json_t *journal = open_journal(file, fingerprint, error);
  if (!journal) return false;
  format_rate(rate, trial->lambda);
  json_t *item = json_pack("{s:s, s:f, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f}", "lambda", rate,
                           "bits", trial->bits, "bytes", (json_int_t)trial->package_bytes,
                           "samples", (json_int_t)q->samples, "labelled", (json_int_t)q->labelled,
                           "agreement", q->agreement, "top1", q->top1, "top1Before",
                           q->reference_top1, "rangeError", q->range_error, "drop", q->drop);
  json_array_append_new(json_object_get(journal, "trials"), item);
  char *text = json_dumps(journal, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
  json_decref(journal);
  if (!text) return pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory to write it", file);
  const bool ok = pk_file_write(file, text, strlen(text), error);
  free(text);
  return ok;
}
