#include "data_load.h"

#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"
#include "../picture/picture_file.h"
#include "wav_file.h"

static bool load_picture(pk_data_item *item, const char *path, pk_error *error) {
  pk_picture picture;
  if (!pk_picture_read(&picture, path, error)) return false;
  item->content = picture.rgba;
  item->width = picture.width;
  item->height = picture.height;
  item->channels = 4;
  return true;
}

static bool add_piece(pk_data_set *set, size_t index, size_t at, size_t count, pk_error *error) {
  pk_data_item *piece = pk_data_add(set, error);
  if (!piece) return false;
  const pk_data_item *whole = &set->items[index];
  *piece = *whole;
  piece->count = count;
  piece->name = strdup(whole->name);
  piece->content = malloc(count * sizeof(float));
  if (!piece->name || !piece->content) {
    return pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory for its pieces", whole->name);
  }
  memcpy(piece->content, (const float *)whole->content + at, count * sizeof(float));
  return true;
}

static bool cut_sound(pk_data_set *set, size_t index, double seconds, pk_error *error) {
  const size_t piece = (size_t)(seconds * set->items[index].rate);
  const size_t whole = set->items[index].count;
  for (size_t at = piece; at < whole && whole - at >= piece / 2; at += piece) {
    const size_t count = whole - at < piece ? whole - at : piece;
    if (!add_piece(set, index, at, count, error)) return false;
  }
  if (whole > piece) set->items[index].count = piece;
  return true;
}

static bool load_sound(pk_data_set *set, size_t index, double seconds, const char *path,
                       pk_error *error) {
  pk_sound sound;
  if (!pk_wav_read(&sound, path, error)) return false;
  pk_data_item *item = &set->items[index];
  item->content = sound.samples;
  item->count = sound.count;
  item->rate = sound.rate;
  return seconds <= 0.0 || cut_sound(set, index, seconds, error);
}

bool pk_data_load(pk_data_set *set, size_t first, double seconds, pk_error *error) {
  const size_t end = set->item_count;
  bool ok = true;
  for (size_t i = first; ok && i < end; i++) {
    char *path = pk_data_path(set, set->items[i].name, error);
    ok = path && (set->kind == PK_DATA_SOUNDS ? load_sound(set, i, seconds, path, error)
                                              : load_picture(&set->items[i], path, error));
    free(path);
  }
  return ok;
}
