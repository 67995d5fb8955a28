#include "part_table.h"

#include <stdio.h>

#include "cli_common.h"

typedef struct part_figures {
  uint64_t plain, br;  // of the shards
  uint64_t taken;      // of the tensors that other parts give it
} part_figures;

static part_figures add_up(const pk_manifest_part *entry, const pk_manifest *part) {
  const pk_shard_totals totals = pk_manifest_shard_totals(part);
  part_figures figures = {totals.plain, totals.br, 0};
  for (size_t i = 0; i < part->input_count; i++) {
    if (entry->inputs[i].part == PK_SOURCE_INPUT) continue;
    figures.taken += pk_manifest_tensor_bytes(&part->inputs[i]);
  }
  return figures;
}

void pk_part_table_print(const pk_manifest *whole, const pk_manifest *const *parts) {
  printf("%-10s  %10s  %11s  %10s  %10s  %s\n", "part", "weights", "activations", "shards", "br",
         "takes from others");
  for (size_t p = 0; p < whole->part_count; p++) {
    const part_figures figures = add_up(&whole->parts[p], parts[p]);
    printf("%-10s  %10s  %11s  %10s  %10s  %s\n", whole->parts[p].folder,
           pk_format_size(parts[p]->weight_bytes).text,
           pk_format_size(parts[p]->activation_bytes).text, pk_format_size(figures.plain).text,
           pk_format_size(figures.br).text, pk_format_size(figures.taken).text);
  }
}

json_t *pk_part_table_json(const pk_manifest *whole, const pk_manifest *const *parts) {
  json_t *rows = json_array();
  for (size_t p = 0; p < whole->part_count; p++) {
    const part_figures figures = add_up(&whole->parts[p], parts[p]);
    json_array_append_new(
        rows, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "folder", whole->parts[p].folder,
                        "weights", (json_int_t)parts[p]->weight_bytes, "activations",
                        (json_int_t)parts[p]->activation_bytes, "bytes", (json_int_t)figures.plain,
                        "br", (json_int_t)figures.br, "taken", (json_int_t)figures.taken));
  }
  return rows;
}
