#include "picture_reader.h"

#include <stdlib.h>

#include "../picture/picture_file.h"
#include "augment_image.h"
#include "generate_image.h"

struct pk_picture_reader {
  const pk_data_set *set;
  const pk_manifest_tensor *input;
  pk_image_augment augment;
  pk_canvas canvas;
  uint32_t width, height;  // of the input
  bool is_drawing;         // the set's files are grey
};

bool pk_picture_reader_open(pk_picture_reader **reader, const pk_data_set *set,
                            const pk_manifest_tensor *input, const json_t *augment,
                            pk_error *error) {
  pk_picture_reader *r = *reader = calloc(1, sizeof *r);
  if (!r) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to read pictures");
  r->set = set;
  r->input = input;
  r->width = (uint32_t)input->dims[input->is_planar ? 3 : 2];
  r->height = (uint32_t)input->dims[input->is_planar ? 2 : 1];
  size_t pixels = (size_t)r->width * r->height, files = 0, grey_files = 0;
  for (size_t i = 0; i < set->item_count; i++) {
    const pk_data_item *item = &set->items[i];
    const size_t size = (size_t)item->width * item->height;
    if (size > pixels) pixels = size;
    files += item->origin == PK_DATA_FROM_FILE;
    grey_files += item->channels == 1;
  }
  r->is_drawing = files > 0 && grey_files == files;
  return pk_image_augment_read(&r->augment, augment, error) &&
         pk_canvas_open(&r->canvas, pixels, error);
}

void pk_picture_reader_close(pk_picture_reader *reader) {
  if (!reader) return;
  pk_canvas_close(&reader->canvas);
  free(reader);
}

// By which whole number a picture can shrink without falling below the input's size.
static uint32_t shrink_factor(const pk_picture_reader *r, const pk_data_item *item) {
  const uint32_t across = item->width / r->width, down = item->height / r->height;
  const uint32_t factor = across < down ? across : down;
  return factor < 1 ? 1 : factor > 256 ? 256 : factor;
}

static void load(pk_picture_reader *r, const pk_data_item *item, uint32_t factor) {
  pk_canvas_load(&r->canvas, item->content, item->width, item->height, item->channels, factor);
}

static void make(pk_picture_reader *r, const pk_data_item *item, pk_random *made) {
  if (item->origin == PK_DATA_NOISE) {
    r->canvas.width = r->width;
    r->canvas.height = r->height;
    pk_image_generate(&r->canvas, r->is_drawing, made);
  } else {
    const pk_data_pool *pool = &r->set->pools[item->pool];
    const size_t choice = pk_random_below(made, pool->counts[item->part]);
    const pk_data_item *source = &r->set->items[pool->items[item->part][choice]];
    load(r, source, shrink_factor(r, source));
    pk_image_cut(&r->canvas, made);
  }
}

bool pk_picture_reader_fill(pk_picture_reader *reader, const pk_data_item *item, pk_random *made,
                            pk_random *altered, void *tensor, pk_error *error) {
  const bool is_file = item->origin == PK_DATA_FROM_FILE;
  pk_image_change change = {0};
  bool is_changed = false;
  if (altered) {
    change = pk_image_change_draw(&reader->augment, altered);
    is_changed = !pk_image_change_is_none(&change);
  }
  if (is_file && !is_changed && item->channels == 4) {
    const pk_picture whole = {item->width, item->height, item->content};
    return pk_picture_to_input(tensor, reader->input, &whole, item->name, error);
  }
  if (is_file) load(reader, item, is_changed ? shrink_factor(reader, item) : 1);
  if (!is_file) make(reader, item, made);
  if (is_changed) pk_image_change_apply(&reader->canvas, &change, &reader->augment, altered);
  const pk_picture picture = {reader->canvas.width, reader->canvas.height, reader->canvas.rgba};
  return pk_picture_to_input(tensor, reader->input, &picture, item->name, error);
}
