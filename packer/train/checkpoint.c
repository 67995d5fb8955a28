#include "checkpoint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../import/network/safetensors.h"
#include "../package/file_io.h"

static const char fingerprint_key[] = "minnow.training", epochs_key[] = "minnow.epochs";
static const size_t max_file_bytes = (size_t)1 << 30;

// Of all that the weights depend on.
static bool make_fingerprint(char hex[PK_SHA256_HEX_BYTES], const pk_train_session *s,
                             pk_error *error) {
  static const char *const fields[] = {"network", "data", "augment", "training"};
  pk_bytes all = {0};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    char *text =
        json_dumps(json_object_get(s->recipe->json, fields[i]), JSON_COMPACT | JSON_SORT_KEYS);
    if (text) pk_bytes_append(&all, text, strlen(text) + 1);
    free(text);
  }
  pk_bytes_append(&all, s->recipe->labels_text.data, s->recipe->labels_text.size);
  pk_bytes_append_u32(&all, (uint32_t)pk_data_set_count(s->data, PK_DATA_TRAIN));
  for (size_t i = 0; i < s->plan.count; i++) {
    pk_sha256_hex(hex, s->teachers[i].file.data, s->teachers[i].file.size);
    pk_bytes_append(&all, hex, PK_SHA256_HEX_BYTES);
    pk_bytes_append(&all, &s->plan.temperature, sizeof s->plan.temperature);
    pk_bytes_append(&all, &s->plan.share, sizeof s->plan.share);
  }
  if (s->plan.features) {
    char *text = json_dumps(s->plan.features, JSON_COMPACT | JSON_SORT_KEYS);
    if (text) pk_bytes_append(&all, text, strlen(text) + 1);
    free(text);
    pk_bytes_append(&all, &s->plan.feature_weight, sizeof s->plan.feature_weight);
  }
  const bool ok = !all.failed || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a checkpoint");
  if (ok) pk_sha256_hex(hex, all.data, all.size);
  pk_bytes_free(&all);
  return ok;
}

typedef struct state_row {
  const char *name;
  float *values;
  size_t count;
} state_row;

enum { MOST_ROWS = 5 };

// Returns their number.
static size_t list_rows(state_row rows[MOST_ROWS], const pk_train_session *s) {
  const pk_optimizer *o = &s->optimizer;
  const size_t total = s->parameters.total;
  rows[0] = (state_row){"values", o->values, total};
  rows[1] = (state_row){"momentum", o->momentum, total};
  rows[2] = (state_row){"squares", o->squares, total};
  rows[3] = (state_row){"averages", o->averages, total};
  rows[4] = (state_row){"channels", s->channels.importance, s->channels.total};
  return s->channels.total > 0 ? 5 : 4;
}

bool pk_checkpoint_write(const pk_train_session *session, size_t epochs_done, const char *file,
                         pk_error *error) {
  char fingerprint[PK_SHA256_HEX_BYTES], epochs[32];
  state_row rows[MOST_ROWS];
  pk_safetensors_writer writer = {0};
  size_t size_bytes = 0;
  if (!make_fingerprint(fingerprint, session, error)) return false;
  snprintf(epochs, sizeof epochs, "%zu", epochs_done);
  pk_safetensors_put_text(&writer, fingerprint_key, fingerprint);
  pk_safetensors_put_text(&writer, epochs_key, epochs);
  const size_t row_count = list_rows(rows, session);
  for (size_t i = 0; i < row_count; i++) {
    const int32_t count = (int32_t)rows[i].count;
    pk_safetensors_put(&writer, rows[i].name, rows[i].values, &count, 1);
  }
  uint8_t *bytes = pk_safetensors_finish(&writer, &size_bytes, error);
  const bool ok = bytes && pk_file_write(file, bytes, size_bytes, error);
  free(bytes);
  return ok;
}

static bool read_state(pk_train_session *s, size_t *epochs_done, const pk_safetensors *saved,
                       const char *file, pk_error *error) {
  char fingerprint[PK_SHA256_HEX_BYTES];
  state_row rows[MOST_ROWS];
  const char *known = pk_safetensors_text(saved, fingerprint_key);
  const char *epochs = pk_safetensors_text(saved, epochs_key);
  if (!make_fingerprint(fingerprint, s, error)) return false;
  if (!known || !epochs || strcmp(known, fingerprint) != 0) {
    return pk_fail(error, PK_USAGE,
                   "%s is the state of a training by another recipe or other data; begin anew with "
                   "--restart, or choose another folder with --work",
                   file);
  }
  const size_t row_count = list_rows(rows, s);
  for (size_t i = 0; i < row_count; i++) {
    if (!pk_safetensors_read(rows[i].values, saved, rows[i].name, rows[i].count, error)) {
      return false;
    }
  }
  *epochs_done = strtoul(epochs, NULL, 10);
  s->optimizer.step = *epochs_done * s->batches;
  pk_gradual_channels_restore(&s->channels);
  if (s->recipe->prune.share > 0.0f) pk_prune_find_mask(s->masked, &s->optimizer);
  return true;
}

bool pk_checkpoint_read(pk_train_session *session, size_t *epochs_done, const char *file,
                        pk_error *error) {
  pk_bytes bytes = {0};
  pk_safetensors saved;
  *epochs_done = 0;
  if (access(file, F_OK) != 0) return true;
  if (!pk_file_read(&bytes, file, max_file_bytes, error)) return false;
  bool ok = pk_safetensors_open(&saved, bytes.data, bytes.size, error);
  if (ok) {
    ok = read_state(session, epochs_done, &saved, file, error);
    pk_safetensors_close(&saved);
  }
  pk_bytes_free(&bytes);
  return ok;
}
