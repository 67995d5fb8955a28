#include "pack_split.h"

#include <stdio.h>

#include "../package/package_folder.h"
#include "cli_common.h"
#include "part_table.h"

static void print_split(const pk_split_package *split, const pk_manifest *const *parts,
                        const pk_pack_split_options *options, const pk_calibration *calibration,
                        double seconds) {
  const pk_manifest *whole = &split->whole.manifest;
  const pk_cut_choice *choice = &split->choice;
  printf("%s: %s in %zu parts\n\n", options->folder, whole->name, whole->part_count);
  pk_part_table_print(whole, parts);
  printf("\n");
  for (size_t p = 1; p < choice->part_count; p++) {
    printf("  cut      in front of operator %zu of %zu: %s pass\n", choice->begins[p],
           choice->begins[choice->part_count], pk_format_size(choice->passing_bytes[p]).text);
  }
  printf("  cost     %s of imbalance and passing bytes, the least there is\n",
         pk_format_size((uint64_t)choice->cost).text);
  printf("  task     %s%s\n", pk_task_name(whole->task), whole->has_labels ? ", with labels" : "");
  pk_calibration_print(calibration);
  printf("  packed in %.1f s, checked by reading back\n", seconds);
}

static void print_json(const pk_split_package *split, const pk_manifest *const *parts,
                       const pk_pack_split_options *options, const pk_calibration *calibration,
                       double seconds) {
  const pk_manifest *whole = &split->whole.manifest;
  const pk_cut_choice *choice = &split->choice;
  json_t *rows = pk_part_table_json(whole, parts);
  for (size_t p = 0; p < whole->part_count; p++) {
    json_t *row = json_array_get(rows, p);
    json_object_set_new(row, "firstOperator", json_integer((json_int_t)choice->begins[p]));
    json_object_set_new(row, "codedBytes", json_integer((json_int_t)choice->coded_bytes[p]));
    json_object_set_new(row, "passing", json_integer((json_int_t)choice->passing_bytes[p]));
  }
  pk_print_json(json_pack(
      "{s:s, s:s, s:s, s:I, s:f, s:o, s:b, s:o*, s:o*, s:f}", "model", whole->name, "folder",
      options->folder, "task", pk_task_name(whole->task), "operators",
      (json_int_t)choice->begins[choice->part_count], "cost", choice->cost, "parts", rows, "labels",
      whole->has_labels, "calibration", pk_calibration_json(calibration), "rounded",
      pk_plain_json(&calibration->plain, calibration->weights.plain), "seconds", seconds));
}

bool pk_pack_split(pk_lowered_graph *graph, const pk_pack_split_options *options,
                   const pk_pack_options *pack, const pk_calibration *calibration,
                   pk_error *error) {
  pk_split_package split = {0};
  const pk_manifest *parts[PK_MAX_PARTS];
  // The folder is looked at first: nobody likes to wait for a refusal.
  const bool ok = pk_package_folder_prepare(options->folder, error) &&
                  pk_split_encode(&split, graph, options->part_count, pack, error) &&
                  pk_split_store(&split, options->folder, error);
  const double seconds = (pk_now_ms() - options->started_ms) / 1e3;
  pk_progress_end();
  for (size_t p = 0; p < PK_MAX_PARTS; p++) parts[p] = &split.parts[p].manifest;
  if (ok && options->as_json) {
    print_json(&split, parts, options, calibration, seconds);
  } else if (ok) {
    print_split(&split, parts, options, calibration, seconds);
  }
  pk_split_free(&split);
  return ok;
}
