#include "run_frontend.h"

#include <stdlib.h>
#include <string.h>

#include "../data/wav_file.h"

static mnw_tensor_info info_of(const pk_chain *chain, size_t input) {
  return pk_manifest_tensor_info(&chain->whole.manifest.inputs[input]);
}

// --- sound ---

typedef struct listener {
  pk_chain *chain;
  mnw_audio *audio;
  pk_inputs_ready_fn *ready;
  void *user;
} listener;

static bool hear(const listener *l, pk_error *error) {
  const mnw_tensor_info info = info_of(l->chain, 0);
  mnw_error cause = {0};
  if (mnw_audio_write(l->audio, pk_chain_input(l->chain, 0), &info, &cause) != MNW_STATUS_OK) {
    return pk_core_fail(error, &cause, l->chain->folder);
  }
  return l->ready(l->user, error);
}

static bool hear_all(const listener *l, const pk_sound *sound, pk_error *error) {
  bool ok = true;
  for (size_t done = 0, taken = 0; ok && done < sound->count; done += taken) {
    if (mnw_audio_push(l->audio, &taken, sound->samples + done, sound->count - done)) {
      ok = hear(l, error);
    }
  }
  return ok && (!mnw_audio_finish(l->audio) || hear(l, error));
}

bool pk_run_sound(pk_chain *chain, const char *path, pk_inputs_ready_fn *ready, void *user,
                  pk_error *error) {
  const pk_manifest *manifest = &chain->whole.manifest;
  listener l = {.chain = chain, .ready = ready, .user = user};
  pk_sound sound = {0};
  mnw_error cause = {0};
  if (manifest->input_count != 1 || !manifest->inputs[0].is_audio) {
    return pk_fail(error, PK_USAGE, "%s does not take sounds", manifest->name);
  }
  if (!pk_wav_read(&sound, path, error)) return false;
  mnw_audio_options options = manifest->inputs[0].audio;
  options.source_rate = sound.rate;
  options.channels = 1;
  const size_t bytes = mnw_audio_bytes(&options);
  void *memory = pk_aligned_alloc(bytes > 0 ? bytes : 1);
  bool ok = memory || pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory to listen", path);
  if (ok && mnw_audio_init(&l.audio, memory, bytes, &options, &cause) != MNW_STATUS_OK) {
    ok = pk_core_fail(error, &cause, chain->folder);
  }
  ok = ok && hear_all(&l, &sound, error);
  free(memory);
  pk_sound_free(&sound);
  return ok;
}

// --- text ---

bool pk_text_frontend_open(pk_text_frontend *frontend, const pk_chain *chain, pk_error *error) {
  const pk_manifest *manifest = &chain->whole.manifest;
  mnw_error cause = {0};
  *frontend = (pk_text_frontend){0};
  for (size_t i = 0; i < manifest->input_count; i++) {
    if (manifest->inputs[i].is_text) continue;
    return pk_fail(error, PK_USAGE, "%s does not take texts: its input \"%s\" is none",
                   manifest->name, manifest->inputs[i].name);
  }
  if (manifest->input_count == 0) {
    return pk_fail(error, PK_USAGE, "%s takes no inputs", manifest->name);
  }
  if (manifest->has_vocabulary &&
      !pk_package_read_vocabulary(&frontend->vocabulary, &chain->whole, chain->folder, error)) {
    return false;
  }
  const mnw_text_options *options = &manifest->inputs[0].text.options;
  const void *vocabulary = manifest->has_vocabulary ? frontend->vocabulary.data : NULL;
  const size_t bytes = mnw_text_bytes(options, vocabulary, frontend->vocabulary.size);
  frontend->memory = pk_aligned_alloc(bytes > 0 ? bytes : 1);
  if (!frontend->memory) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to read texts");
  if (mnw_text_init(&frontend->text, frontend->memory, bytes, options, vocabulary,
                    frontend->vocabulary.size, &cause) != MNW_STATUS_OK) {
    return pk_core_fail(error, &cause, chain->folder);
  }
  return true;
}

void pk_text_frontend_close(pk_text_frontend *frontend) {
  free(frontend->memory);
  pk_bytes_free(&frontend->vocabulary);
  *frontend = (pk_text_frontend){0};
}

bool pk_text_frontend_fill(pk_text_frontend *frontend, pk_chain *chain, const char *utf8,
                           pk_error *error) {
  const pk_manifest *manifest = &chain->whole.manifest;
  mnw_error cause = {0};
  mnw_text_encode(frontend->text, utf8, strlen(utf8));
  for (size_t i = 0; i < manifest->input_count; i++) {
    const mnw_tensor_info info = info_of(chain, i);
    if (mnw_text_write(frontend->text, manifest->inputs[i].text.role, pk_chain_input(chain, i),
                       &info, &cause) != MNW_STATUS_OK) {
      return pk_core_fail(error, &cause, chain->folder);
    }
  }
  return true;
}
