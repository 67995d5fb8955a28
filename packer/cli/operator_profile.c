#include "operator_profile.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli_common.h"

pk_operator_profile *pk_operator_profile_make(const mnw_model *model) {
  const size_t count = mnw_model_operator_count(model);
  pk_operator_profile *rows = calloc(count + 1, sizeof *rows);
  for (size_t i = 0; rows && i < count; i++) {
    mnw_model_operator_info(&rows[i].info, model, i);
    rows[i].min_ms = DBL_MAX;
  }
  return rows;
}

mnw_status pk_operator_profile_run(pk_operator_profile *rows, mnw_session *session,
                                   const mnw_model *model, mnw_error *error) {
  const size_t count = mnw_model_operator_count(model);
  for (size_t done = 0; done < count; done++) {
    size_t op_index;
    const double start = pk_now_ms();
    const mnw_status status = mnw_session_step(session, &op_index, error);
    const double ms = pk_now_ms() - start;
    if (status != MNW_STATUS_OK) return status;
    rows[op_index].sum_ms += ms;
    if (ms < rows[op_index].min_ms) rows[op_index].min_ms = ms;
  }
  return MNW_STATUS_OK;
}

static double giga_per_second(uint64_t multiply_adds, double ms) {
  return ms > 0.0 ? (double)multiply_adds / ms / 1e6 : 0.0;
}

void pk_operator_profile_print(const pk_operator_profile *rows, size_t count, size_t runs) {
  double sum_min = 0.0, sum_mean = 0.0;
  printf("   #  %-20s  %-16s  %9s  %9s  %7s  %10s\n", "operator", "output", "min ms", "mean ms",
         "GMAC/s", "bytes");
  for (size_t i = 0; i < count; i++) {
    const mnw_operator_info *info = &rows[i].info;
    char shape[80] = "";
    int length = 0;
    for (uint32_t d = 0; d < info->rank; d++) {
      length += snprintf(shape + length, sizeof shape - (size_t)length, "%s%d", d ? "x" : "",
                         info->dims[d]);
    }
    printf("%4zu  %-20s  %-16s  %9.4f  %9.4f  %7.2f  %10" PRIu64 "\n", i, info->name, shape,
           rows[i].min_ms, rows[i].sum_ms / (double)runs,
           giga_per_second(info->multiply_adds, rows[i].min_ms),
           info->constant_bytes + info->activation_bytes);
    sum_min += rows[i].min_ms;
    sum_mean += rows[i].sum_ms / (double)runs;
  }
  printf("      %-20s  %-16s  %9.4f  %9.4f\n", "all", "", sum_min, sum_mean);
}

json_t *pk_operator_profile_json(const pk_operator_profile *rows, size_t count, size_t runs) {
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) {
    const mnw_operator_info *info = &rows[i].info;
    json_t *shape = json_array();
    for (uint32_t d = 0; d < info->rank; d++) {
      json_array_append_new(shape, json_integer(info->dims[d]));
    }
    json_array_append_new(
        list, json_pack("{s:s, s:o, s:f, s:f, s:f, s:I, s:I}", "operator", info->name, "output",
                        shape, "minMs", rows[i].min_ms, "meanMs", rows[i].sum_ms / (double)runs,
                        "gmacPerSecond", giga_per_second(info->multiply_adds, rows[i].min_ms),
                        "constantBytes", (json_int_t)info->constant_bytes, "activationBytes",
                        (json_int_t)info->activation_bytes));
  }
  return list;
}
