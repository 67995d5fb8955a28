#include "prune_arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_common.h"

// "60%" or "0.6".
static bool parse_share(double *share, const char *name, const char *text, pk_error *error) {
  char *end = NULL;
  *share = strtod(text, &end);
  const bool has_number = end != text, is_percent = has_number && *end == '%';
  if (is_percent) *share /= 100.0;
  return (has_number && end[is_percent] == '\0' && *share > 0.0 && *share < 1.0) ||
         pk_fail(error, PK_USAGE,
                 "--%s %s: a share above 0 and below 1 is needed, as in 60%% or 0.6", name, text);
}

static bool parse_rule(pk_prune_rule *rule, const char *text, pk_error *error) {
  static const char *const names[] = {"obs", "sensitivity", "magnitude", NULL};  // by rule
  size_t place;
  if (!pk_parse_name(&place, text, "prune-by", names, error)) return false;
  *rule = (pk_prune_rule)place;
  return true;
}

bool pk_parse_prune(pk_prune_options *options, const char *name, const char *text,
                    pk_error *error) {
  if (strcmp(name, "prune") == 0) return parse_share(&options->share, name, text, error);
  if (strcmp(name, "prune-by") == 0) return parse_rule(&options->rule, text, error);
  if (strcmp(name, "prune-block") == 0) {
    return pk_parse_size(&options->block, text, name, 2, PK_PRUNE_BLOCK_MAX, error);
  }
  return parse_share(&options->channel_share, name, text, error);
}

bool pk_prune_check(const pk_prune_options *options, bool has_samples, pk_error *error) {
  if (options->share == 0.0 && (options->rule != PK_PRUNE_OBS || options->block > 0)) {
    return pk_fail(error, PK_USAGE,
                   "--prune-by and --prune-block say how to prune: say how much with --prune");
  }
  return has_samples || (options->share == 0.0 && options->channel_share == 0.0) ||
         pk_fail(error, PK_USAGE,
                 "--prune and --prune-channels need samples to measure with: give a folder of them "
                 "with --calibrate");
}

static double percent(size_t part, size_t whole) {
  return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

void pk_prune_print(const pk_compress_report *report) {
  if (report->channels.total > 0) {
    printf("  channels %zu of %zu are removed: those of least damage\n", report->channels.removed,
           report->channels.total);
  }
  if (report->latency.after > 0.0) {
    printf("  latency  %.3g ms a run on this machine, one thread; %.3g ms before\n",
           report->latency.after, report->latency.before);
  }
  if (report->weights.total > 0) {
    printf("  pruned   %.1f %% of %zu weights; %.1f %% of all weights are 0\n",
           percent(report->weights.pruned, report->weights.total), report->weights.total,
           percent(report->zero_count, report->weight_count));
  }
}

json_t *pk_prune_json(const pk_compress_report *report) {
  if (report->channels.total == 0 && report->weights.total == 0 && report->latency.after == 0.0) {
    return NULL;
  }
  return json_pack("{s:I, s:I, s:I, s:I, s:f, s:f}", "weights", (json_int_t)report->weights.pruned,
                   "prunableWeights", (json_int_t)report->weights.total, "channels",
                   (json_int_t)report->channels.removed, "prunableChannels",
                   (json_int_t)report->channels.total, "ms", report->latency.after, "msBefore",
                   report->latency.before);
}
