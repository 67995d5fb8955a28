#include "onnx_names.h"

#include <string.h>

// Stands in slots of names that were taken back, so that searches go on behind them.
static const char released[] = "(released)";

bool pk_onnx_names_init(pk_onnx *o, size_t count) {
  o->name_slots = 64;
  while (o->name_slots < 2 * count + 2) o->name_slots *= 2;
  o->names = pk_arena_alloc(&o->graph->arena, o->name_slots, sizeof *o->names, o->error);
  o->added = pk_arena_alloc(&o->graph->arena, o->name_slots, sizeof *o->added, o->error);
  return o->names && o->added;
}

// FNV-1a. An attacker who makes all names collide costs himself a slow import, no more: the table
// holds as many names as the file has bytes at most.
static uint64_t hash(const char *text) {
  uint64_t value = 14695981039346656037u;
  for (; *text; text++) value = (value ^ (uint8_t)*text) * 1099511628211u;
  return value ^ value >> 29;
}

static pk_onnx_name *slot_of(pk_onnx *o, const char *name) {
  size_t i = (size_t)hash(name) & (o->name_slots - 1);
  while (o->names[i].name &&
         (o->names[i].name == released || strcmp(o->names[i].name, name) != 0)) {
    i = (i + 1) & (o->name_slots - 1);
  }
  return &o->names[i];
}

pk_onnx_name *pk_onnx_names_find(pk_onnx *o, const char *name) {
  pk_onnx_name *slot = slot_of(o, name);
  return slot->name ? slot : NULL;
}

bool pk_onnx_names_add(pk_onnx *o, const char *name, pk_value value) {
  pk_onnx_name *slot = slot_of(o, name);
  if (slot->name) {
    char clean[PK_NAME_MAX_BYTES + 1];
    pk_onnx_clean_name(clean, name);
    return pk_fail(o->error, PK_BAD_MODEL, "the value \"%s\" is given twice", clean);
  }
  *slot = (pk_onnx_name){name, value};
  o->added[o->added_count++] = (uint32_t)(slot - o->names);
  return true;
}

void pk_onnx_names_release(pk_onnx *o, size_t count) {
  while (o->added_count > count) o->names[o->added[--o->added_count]].name = released;
}

void pk_onnx_clean_name(char *clean, const char *name) {
  pk_text_clean(clean, (const uint8_t *)name, strlen(name));
}
