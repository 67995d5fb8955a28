#include "train_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../package/file_io.h"
#include "../pk_clock.h"
#include "checkpoint.h"
#include "trained_file.h"

typedef struct train_run {
  pk_train_session *session;
  const pk_train_options *options;
  char *checkpoint, *trained, *log;
  double started_ms;
} train_run;

static double seconds_since(double started_ms) {
  return (pk_now_ms() - started_ms) / 1e3;
}

static double percent(const pk_train_score *score) {
  return score->count ? 100.0 * (double)score->right / (double)score->count : 0.0;
}

static bool open_folder(train_run *run, pk_error *error) {
  const char *folder = run->options->work_folder;
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
    return pk_fail(error, PK_IO, "%s: this folder cannot be made: %s", folder, strerror(errno));
  }
  run->checkpoint = pk_path_join(folder, PK_CHECKPOINT_FILE, error);
  run->trained = pk_path_join(folder, PK_TRAINED_FILE, error);
  run->log = pk_path_join(folder, PK_TRAINING_LOG, error);
  if (!run->checkpoint || !run->trained || !run->log) return false;
  if (run->options->restarts) {
    unlink(run->checkpoint);
    unlink(run->log);
  }
  return true;
}

static bool write_log(const train_run *run, size_t epoch, const pk_train_score *score,
                      const pk_train_score *validation, pk_error *error) {
  FILE *file = fopen(run->log, "a");
  if (!file) return pk_fail(error, PK_IO, "%s: cannot be written: %s", run->log, strerror(errno));
  fprintf(file, "{\"epoch\": %zu, \"loss\": %.4f, \"accuracy\": %.2f", epoch + 1,
          score->loss / (double)score->count, percent(score));
  if (validation) fprintf(file, ", \"validation\": %.2f", percent(validation));
  if (run->session->channels.total > 0) {
    fprintf(file, ", \"channelsGone\": %zu", pk_gradual_channels_gone(&run->session->channels));
  }
  fprintf(file, ", \"rate\": %.6f, \"seconds\": %.1f}\n",
          (double)pk_optimizer_rate(&run->session->optimizer), seconds_since(run->started_ms));
  return fclose(file) == 0 || pk_fail(error, PK_IO, "%s: cannot be written", run->log);
}

// "epoch 3 of 40, loss 0.412, 91.2 %, 4 min left"
static void show(const train_run *run, size_t epoch, size_t batch, size_t first_epoch,
                 const pk_train_score *score) {
  const pk_train_session *s = run->session;
  const size_t epochs = (size_t)s->recipe->training.epochs;
  const double done = (double)((epoch - first_epoch) * s->batches + batch);
  const double left = (double)((epochs - epoch) * s->batches - batch);
  const double seconds = done > 0.0 ? seconds_since(run->started_ms) / done * left : 0.0;
  char what[128];
  if (!run->options->progress) return;
  snprintf(what, sizeof what, "epoch %zu of %zu, loss %.3f, %.1f %%, %.0f %s left", epoch + 1,
           epochs, score->loss / (double)score->count, percent(score),
           seconds < 100.0 ? seconds : seconds / 60.0, seconds < 100.0 ? "s" : "min");
  run->options->progress(run->options->progress_user, what, batch, s->batches);
}

static bool run_epoch(train_run *run, size_t epoch, size_t first_epoch, pk_error *error) {
  pk_train_session *s = run->session;
  const size_t epochs = (size_t)s->recipe->training.epochs;
  const size_t every = (size_t)s->recipe->training.validate_every;
  pk_train_score score = {0}, validation = {0};
  pk_train_shuffle(s, epoch);
  for (size_t batch = 0; batch < s->batches; batch++) {
    if (!pk_train_batch(s, epoch, batch, &score, error)) return false;
    show(run, epoch, batch + 1, first_epoch, &score);
  }
  const bool judges = (epoch + 1) % every == 0 || epoch + 1 == epochs;
  const bool has_validation = judges && pk_data_set_count(s->data, PK_DATA_VALIDATION) > 0;
  return (!has_validation || pk_train_judge(s, PK_DATA_VALIDATION, &validation, error)) &&
         write_log(run, epoch, &score, has_validation ? &validation : NULL, error) &&
         pk_checkpoint_write(s, epoch + 1, run->checkpoint, error);
}

static bool finish(train_run *run, pk_train_result *result, pk_error *error) {
  pk_train_session *s = run->session;
  size_t size_bytes = 0;
  result->is_complete = true;
  uint8_t *bytes = pk_trained_bytes(s, &size_bytes, error);
  const bool ok = bytes && pk_file_write(run->trained, bytes, size_bytes, error) &&
                  pk_train_judge(s, PK_DATA_VALIDATION, &result->validation, error) &&
                  pk_train_judge(s, PK_DATA_TEST, &result->test, error);
  free(bytes);
  result->file = run->trained;
  run->trained = NULL;
  return ok;
}

bool pk_train_run(pk_train_result *result, pk_train_session *session,
                  const pk_train_options *options, pk_error *error) {
  train_run run = {.session = session, .options = options, .started_ms = pk_now_ms()};
  const size_t epochs = (size_t)session->recipe->training.epochs;
  *result = (pk_train_result){0};
  bool ok = open_folder(&run, error) &&
            pk_checkpoint_read(session, &result->epochs_done, run.checkpoint, error);
  const size_t first = result->epochs_done;
  const size_t last = options->most_epochs && first + options->most_epochs < epochs
                          ? first + options->most_epochs
                          : epochs;
  while (ok && result->epochs_done < last) {
    ok = run_epoch(&run, result->epochs_done, first, error);
    if (ok) result->epochs_done++;
  }
  result->channels = session->channels.total;
  result->channels_gone = pk_gradual_channels_gone(&session->channels);
  if (ok && result->epochs_done >= epochs) ok = finish(&run, result, error);
  free(run.checkpoint);
  free(run.trained);
  free(run.log);
  if (!ok) pk_train_result_free(result);
  return ok;
}

void pk_train_result_free(pk_train_result *result) {
  free(result->file);
  *result = (pk_train_result){0};
}
