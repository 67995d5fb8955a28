// Examples as input tensors: without changes as the runtime's front ends make them, altered within
// the bounds of `augment`, all repeatable.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data_case.h"
#include "picture/picture_file.h"
#include "test_folder.h"
#include "test_random.h"

enum { SIDE = 21, RATE = 4000, CLIP = 2000, WINDOW = 3000, LONG = 10000, SEEDS = 40 };
static char root[TEST_PATH_BYTES];
static const char *const labels[] = {"a", "b", "other", NULL};

static const pk_manifest_tensor grey = {
    .dtype = MNW_DTYPE_U8, .rank = 4, .dims = {1, SIDE, SIDE, 1}, .scale = 1.0f};
static const pk_manifest_tensor colour = {
    .dtype = MNW_DTYPE_F32, .rank = 4, .dims = {1, SIDE, SIDE, 3}};
static const pk_manifest_tensor wave = {.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {1, WINDOW}};
static const pk_manifest_tensor mel = {.dtype = MNW_DTYPE_F32, .rank = 3, .dims = {1, 20, 16}};
static const pk_manifest_tensor mel_bytes = {
    .dtype = MNW_DTYPE_S8, .rank = 3, .dims = {1, 20, 16}, .scale = 0.1f, .zero_point = 60};
static const pk_manifest_tensor counts = {.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {1, 64}};
static const pk_manifest_tensor ids = {.dtype = MNW_DTYPE_S64, .rank = 2, .dims = {1, 31}};

#define IMAGE "{'inputs':[{'image':{}}]}"
#define WAVE "{'inputs':[{'audio':{'sampleRate':4000,'features':'waveform','frames':3000}}]}"
#define MEL                                                                                 \
  "{'inputs':[{'audio':{'sampleRate':4000,'features':'log-mel','frames':20,"                \
  "'frameLength':120,'frameStep':80,'fftLength':128,'window':'hann-periodic','melBins':16," \
  "'lowerHz':50,'upperHz':2000,'log':'ln','logOffset':1e-5}}]}"
#define COUNTS \
  "{'text':{'tokenizer':'hash','role':'counts','maxTokens':31,'buckets':64,'ngrams':[1,2]}}"
#define IDS "{'text':{'tokenizer':'hash','role':'ids','maxTokens':31,'buckets':64,'ngrams':[1,1]}}"

static const char *path_of(const char *name) {
  static char path[2 * TEST_PATH_BYTES];
  snprintf(path, sizeof path, "%s/%s", root, name);
  return path;
}

static void write_tone(const char *name, size_t count, size_t loud_from, int16_t offset) {
  int16_t samples[LONG];
  for (size_t i = 0; i < count; i++) {
    const double loudness = i >= loud_from ? 8000.0 : 400.0;
    samples[i] = (int16_t)(offset + loudness * sin((double)i * 0.7));
  }
  data_case_write_wav(path_of(name), samples, count, RATE, 1);
}

// dots/dot.png: a white dot in the middle of black; noise/: random colours; levels_a/: a grey of
// 100; tone/: a tone, and one that grows loud; long/: loud from 6000 on
static int make_files(void **state) {
  static const char *const folders[] = {"dots", "noise", "levels_a", "tone", "long"};
  uint8_t pixels[3 * 42 * 42] = {0};
  uint32_t seed = 5;
  if (test_folder_make(state) != 0) return -1;
  test_folder_path(root, "data");
  data_case_make_folder(root);
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    data_case_make_folder(path_of(folders[i]));
  }
  pixels[10 * SIDE + 10] = 255;
  data_case_write_png(path_of("dots/dot.png"), pixels, SIDE, SIDE, 1);
  random_bytes(&seed, pixels, sizeof pixels);
  data_case_write_png(path_of("noise/n1.png"), pixels, 42, 42, 3);
  data_case_write_png(path_of("noise/n2.png"), pixels + 42, 30, 42, 3);
  memset(pixels, 100, sizeof pixels);
  data_case_write_png(path_of("levels_a/l.png"), pixels, 42, 42, 3);
  write_tone("tone/t1.wav", CLIP, 0, 0);
  write_tone("tone/t2.wav", CLIP, 1000, 0);
  write_tone("long/l.wav", LONG, 6000, 0);
  data_case_write_text(path_of("texts.jsonl"),
                       "{\"text\":\"turn on the kitchen light\",\"label\":\"a\"}\n"
                       "{\"text\":\"what is the time\",\"label\":\"b\"}\n");
  return 0;
}

#define FOLDER(name) "{'folder':'" name "','class':'a','part':'train'}"
#define PICTURES(source) "{'format':'pictures','sources':[" source "]}"
#define SOUNDS(source) "{'format':'sounds','sources':[" source "]}"
#define TEXTS "{'format':'texts','sources':[{'file':'texts.jsonl','part':'train'}]}"

// --- what no change gives ---

// Fields that change nothing must leave the bytes of seed 0.
static void expect_unchanged(data_case *c) {
  uint8_t *plain = malloc(c->input_bytes), *altered = malloc(c->input_bytes);
  for (size_t i = 0; i < pk_data_set_count(c->set, PK_DATA_TRAIN); i++) {
    data_case_fill(c, PK_DATA_TRAIN, i, 0, plain);
    data_case_fill(c, PK_DATA_TRAIN, i, 77, altered);
    assert_memory_equal(plain, altered, c->input_bytes);
  }
  free(plain);
  free(altered);
}

static void fields_of_zero_change_nothing(void **state) {
  data_case c;
  (void)state;
  data_case_open(&c, PICTURES(FOLDER("noise")), root, labels);
  data_case_read(&c, &colour, 1, IMAGE,
                 "{'shift':0,'scale':[1,1],'rotate':0,'shear':0,'mirror':false,'brightness':0,"
                 "'contrast':0,'saturation':0,'gamma':0,'noise':0,'blur':0,'stroke':0,"
                 "'erase':{'share':0}}");
  expect_unchanged(&c);
  data_case_read(&c, &colour, 1, IMAGE, NULL);
  expect_unchanged(&c);
  data_case_close(&c);
  data_case_open(&c, SOUNDS(FOLDER("tone") "," FOLDER("long")), root, labels);
  data_case_read(&c, &mel, 1, MEL,
                 "{'shift':0,'gain':[0,0],'noise':{'share':0},'speed':[1,1],'filter':0,'reverb':0,"
                 "'spec':{'timeMasks':0,'frequencyMasks':0}}");
  expect_unchanged(&c);
  data_case_close(&c);
  data_case_open(&c, TEXTS, root, labels);
  data_case_read(&c, &counts, 1, "{'inputs':[" COUNTS "]}",
                 "{'dropout':0,'swap':0,'typos':0,'case':0}");
  expect_unchanged(&c);
  data_case_close(&c);
}

static void pictures_come_as_the_tool_reads_them(void **state) {
  float expected[SIDE * SIDE * 3], got[SIDE * SIDE * 3];
  pk_picture picture;
  pk_error error = {0};
  data_case c;
  (void)state;
  data_case_open(&c, PICTURES(FOLDER("noise")), root, labels);
  data_case_read(&c, &colour, 1, IMAGE, NULL);
  assert_true(pk_picture_read(&picture, path_of("noise/n2.png"), &error));
  assert_true(pk_picture_to_input(expected, &c.inputs.inputs[0], &picture, "n2", &error));
  data_case_fill(&c, PK_DATA_TRAIN, 1, 0, got);
  assert_memory_equal(expected, got, sizeof got);
  pk_picture_free(&picture);
  data_case_close(&c);
}

static void short_clips_stand_in_the_middle(void **state) {
  float samples[WINDOW];
  data_case c;
  (void)state;
  data_case_open(&c, SOUNDS(FOLDER("tone")), root, labels);
  data_case_read(&c, &wave, 1, WAVE, NULL);
  data_case_fill(&c, PK_DATA_TRAIN, 0, 0, samples);
  for (int i = 0; i < WINDOW; i++) {
    const int at = i - (WINDOW - CLIP) / 2;
    const double loud = at >= 0 && at < CLIP ? 8000.0 / 32768.0 * sin(at * 0.7) : 0.0;
    assert_true(fabs((double)samples[i] - loud) < 1e-4);
  }
  data_case_close(&c);
}

static void long_clips_show_their_loudest_window(void **state) {
  float samples[WINDOW];
  data_case c;
  (void)state;
  data_case_open(&c, SOUNDS(FOLDER("long")), root, labels);
  data_case_read(&c, &wave, 1, WAVE, NULL);
  data_case_fill(&c, PK_DATA_TRAIN, 0, 0, samples);
  double sum = 0.0;
  for (int i = 0; i < WINDOW; i++) sum += (double)samples[i] * (double)samples[i];
  assert_true(sqrt(sum / WINDOW) > 0.16);  // 8000 / 32768 / √2 is 0.173
  data_case_close(&c);
}

// A clip of another rate than the model's, beside one of its rate.
static void rates_are_converted(void **state) {
  int16_t fast[2 * WINDOW];
  float samples[WINDOW];
  data_case c;
  (void)state;
  data_case_make_folder(path_of("rates"));
  for (int i = 0; i < 2 * WINDOW; i++) fast[i] = (int16_t)lrint(8000.0 * sin(i * 0.2));
  data_case_write_wav(path_of("rates/fast.wav"), fast, 2 * WINDOW, 2 * RATE, 1);
  data_case_open(&c, SOUNDS(FOLDER("tone") "," FOLDER("rates")), root, labels);
  data_case_read(&c, &wave, 1, WAVE, NULL);
  data_case_fill(&c, PK_DATA_TRAIN, 2, 0, samples);
  for (int i = 50; i < WINDOW - 50; i++) {
    assert_true(fabs((double)samples[i] - 8000.0 / 32768.0 * sin(i * 0.4)) < 1e-3);
  }
  data_case_fill(&c, PK_DATA_TRAIN, 0, 0, samples);
  assert_float_equal(samples[(WINDOW - CLIP) / 2 + 5], 8000.0 / 32768.0 * sin(5 * 0.7), 1e-4);
  data_case_close(&c);
}

static void element_types_hold_the_same(void **state) {
  float reals[20 * 16];
  int8_t bytes[20 * 16];
  data_case c;
  (void)state;
  data_case_open(&c, SOUNDS(FOLDER("tone")), root, labels);
  data_case_read(&c, &mel, 1, MEL, NULL);
  data_case_fill(&c, PK_DATA_TRAIN, 1, 0, reals);
  data_case_read(&c, &mel_bytes, 1, MEL, NULL);
  data_case_fill(&c, PK_DATA_TRAIN, 1, 0, bytes);
  for (int i = 0; i < 20 * 16; i++) {
    const float real = 0.1f * (float)(bytes[i] - 60);
    if (fabsf(real - reals[i]) > 0.051f) fail_msg("%g is %g", (double)reals[i], (double)real);
  }
  data_case_close(&c);
}

static void all_text_inputs_stand_behind_each_other(void **state) {
  const pk_manifest_tensor inputs[2] = {counts, ids};
  uint8_t bytes[64 * 4 + 31 * 8 + 1];
  float first[64];
  int64_t second[31];
  double hits = 0.0;
  int others = 0;
  data_case c;
  (void)state;
  data_case_open(&c, TEXTS, root, labels);
  data_case_read(&c, inputs, 2, "{'task':'tensors','inputs':[" COUNTS "," IDS "]}", NULL);
  data_case_fill(&c, PK_DATA_TRAIN, 1, 0, bytes + 1);  // of any alignment
  memcpy(first, bytes + 1, sizeof first);
  memcpy(second, bytes + 1 + sizeof first, sizeof second);
  for (int i = 0; i < 64; i++) hits += (double)first[i];
  // " what is the time ": 18 bytes and 17 pairs of them
  assert_true(hits == 35.0);
  for (int i = 0; i < 18; i++) assert_in_range(second[i], 0, 63);
  for (int i = 0; i < 18; i++) others += second[i] != second[0];
  assert_in_range(others, 10, 17);
  for (int i = 0; i < 18; i++) assert_true(first[second[i]] > 0.0f);
  for (int i = 18; i < 31; i++) assert_int_equal(second[i], 0);  // this input takes single bytes
  data_case_close(&c);
}

// --- seeds ---

static const char picture_changes[] =
    "{'shift':0.1,'scale':[0.8,1.2],'rotate':15,'shear':5,'mirror':true,'brightness':0.1,"
    "'contrast':0.2,'saturation':0.2,'gamma':0.2,'noise':0.05,'blur':1,"
    "'erase':{'share':0.5,'size':[0.1,0.3]}}";
static const char sound_changes[] =
    "{'shift':0.05,'gain':[-6,6],'noise':{'share':0.5,'snr':[3,20],'clips':'a'},"
    "'speed':[0.9,1.1],'filter':0.5,'reverb':0.5,"
    "'spec':{'timeMasks':1,'time':4,'frequencyMasks':1,'frequency':3}}";

// Equal seeds give equal bytes, in any order and from any reader; other seeds and examples others.
static void expect_repeatable(const char *description, const pk_manifest_tensor *input,
                              const char *front, const char *augment) {
  data_case c, other;
  data_case_open(&c, description, root, labels);
  data_case_open(&other, description, root, labels);
  data_case_read(&c, input, 1, front, augment);
  data_case_read(&other, input, 1, front, augment);
  const size_t count = pk_data_set_count(c.set, PK_DATA_TRAIN), bytes = c.input_bytes;
  uint8_t *first = malloc(SEEDS * bytes), *again = malloc(bytes);
  size_t equal = 0;
  for (size_t i = 0; i < SEEDS; i++) {
    data_case_fill(&c, PK_DATA_TRAIN, i % count, i + 1, first + i * bytes);
  }
  for (size_t i = SEEDS; i-- > 0;) {
    data_case_fill(&other, PK_DATA_TRAIN, i % count, i + 1, again);
    assert_memory_equal(first + i * bytes, again, bytes);
    for (size_t k = 0; k < i; k++) equal += memcmp(first + k * bytes, again, bytes) == 0;
  }
  assert_int_equal(equal, 0);
  free(first);
  free(again);
  data_case_close(&c);
  data_case_close(&other);
}

// Seed 0 shows examples as they are; one seed alters each example, and each repeat, in its own way.
static void seeds_are_those_of_one_example(void **state) {
  float plain[SIDE * SIDE * 3], first[SIDE * SIDE * 3], second[SIDE * SIDE * 3];
  data_case c;
  (void)state;
  data_case_open(&c, PICTURES("{'folder':'noise','class':'a','repeat':2,'part':'train'}"), root,
                 labels);
  data_case_read(&c, &colour, 1, IMAGE, NULL);
  data_case_fill(&c, PK_DATA_TRAIN, 0, 0, plain);
  data_case_read(&c, &colour, 1, IMAGE, picture_changes);
  data_case_fill(&c, PK_DATA_TRAIN, 0, 0, first);
  assert_memory_equal(plain, first, sizeof plain);
  data_case_fill(&c, PK_DATA_TRAIN, 0, 5, first);
  data_case_fill(&c, PK_DATA_TRAIN, 1, 5, second);
  assert_memory_not_equal(plain, first, sizeof plain);
  assert_memory_not_equal(first, second, sizeof first);
  data_case_close(&c);
}

static void seeds_tell_all_changes(void **state) {
  (void)state;
  expect_repeatable(PICTURES(FOLDER("noise")), &colour, IMAGE, picture_changes);
  expect_repeatable(SOUNDS(FOLDER("tone")), &mel, MEL, sound_changes);
  expect_repeatable(PICTURES("{'generate':'noise','count':9,'class':'other','part':'train'}"),
                    &colour, IMAGE, NULL);
  expect_repeatable(SOUNDS("{'folder':'tone','class':'a','part':'train'},"
                           "{'generate':'pieces','count':9,'class':'other','part':'train'}"),
                    &mel, MEL, sound_changes);
}

// --- bounds ---

static void shifts_stay_within_their_share(void **state) {
  uint8_t pixels[SIDE * SIDE];
  double farthest = 0.0;
  data_case c;
  (void)state;
  data_case_open(&c, PICTURES(FOLDER("dots")), root, labels);
  data_case_read(&c, &grey, 1, IMAGE, "{'shift':0.2}");
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    double sum = 0.0, sum_x = 0.0, sum_y = 0.0;
    data_case_fill(&c, PK_DATA_TRAIN, 0, seed, pixels);
    for (int i = 0; i < SIDE * SIDE; i++) {
      sum += pixels[i];
      sum_x += pixels[i] * (double)(i % SIDE - 10);
      sum_y += pixels[i] * (double)(i / SIDE - 10);
    }
    assert_true(fabs(sum - 255.0) < 4.0);
    const double x = fabs(sum_x / sum), y = fabs(sum_y / sum);
    assert_true(x <= 0.2 * SIDE + 0.05 && y <= 0.2 * SIDE + 0.05);
    farthest = fmax(farthest, fmax(x, y));
  }
  assert_true(farthest > 0.15 * SIDE);
  data_case_close(&c);
}

static void mirrors_are_exact(void **state) {
  float plain[SIDE * SIDE * 3], altered[SIDE * SIDE * 3];
  int mirrored = 0;
  data_case c;
  (void)state;
  data_case_open(&c, PICTURES(FOLDER("noise")), root, labels);
  data_case_read(&c, &colour, 1, IMAGE, "{'mirror':true}");
  data_case_fill(&c, PK_DATA_TRAIN, 0, 0, plain);
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    data_case_fill(&c, PK_DATA_TRAIN, 0, seed, altered);
    const bool is_plain = memcmp(plain, altered, sizeof plain) == 0;
    mirrored += !is_plain;
    for (int i = 0; i < SIDE * SIDE * 3 && !is_plain; i++) {
      const int pixel = i / 3, x = SIDE - 1 - pixel % SIDE;
      const float turned = plain[(pixel / SIDE * SIDE + x) * 3 + i % 3];
      // 42 pixels are averaged to 21 before they are mirrored, with one rounding more.
      assert_true(fabsf(altered[i] - turned) < 2.0f / 255.0f);
    }
  }
  assert_in_range(mirrored, SEEDS / 4, SEEDS * 3 / 4);
  data_case_close(&c);
}

static void brightness_stays_within_its_share(void **state) {
  float pixels[SIDE * SIDE * 3], least = 1.0f, most = 0.0f;
  data_case c;
  (void)state;
  data_case_open(&c, PICTURES(FOLDER("levels_a")), root, labels);
  data_case_read(&c, &colour, 1, IMAGE, "{'brightness':0.2}");
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    data_case_fill(&c, PK_DATA_TRAIN, 0, seed, pixels);
    least = fminf(least, pixels[0]);
    most = fmaxf(most, pixels[0]);
  }
  assert_true(least >= 100.0f / 255.0f - 0.203f && least < 100.0f / 255.0f - 0.15f);
  assert_true(most <= 100.0f / 255.0f + 0.203f && most > 100.0f / 255.0f + 0.15f);
  data_case_close(&c);
}

static void gains_stay_within_their_decibels(void **state) {
  float samples[WINDOW];
  double least = 1e9, most = 0.0;
  data_case c;
  (void)state;
  data_case_open(&c, SOUNDS(FOLDER("tone")), root, labels);
  data_case_read(&c, &wave, 1, WAVE, "{'gain':[-12,6]}");
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    float peak = 0.0f;
    data_case_fill(&c, PK_DATA_TRAIN, 0, seed, samples);
    for (int i = 0; i < WINDOW; i++) peak = fmaxf(peak, fabsf(samples[i]));
    const double gain = 20.0 * log10((double)peak * 32768.0 / 8000.0);
    least = fmin(least, gain);
    most = fmax(most, gain);
  }
  assert_true(least >= -12.05 && least < -9.0);
  assert_true(most <= 6.05 && most > 3.0);
  data_case_close(&c);
}

static void clips_move_by_at_most_the_shift(void **state) {
  float samples[WINDOW];
  int earliest = WINDOW, latest = 0;
  data_case c;
  (void)state;
  data_case_open(&c, SOUNDS(FOLDER("tone")), root, labels);
  data_case_read(&c, &wave, 1, WAVE, "{'shift':0.1}");
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    int first = 0;
    data_case_fill(&c, PK_DATA_TRAIN, 0, seed, samples);
    while (first < WINDOW && samples[first] == 0.0f) first++;
    earliest = first < earliest ? first : earliest;
    latest = first > latest ? first : latest;
  }
  const int usual = (WINDOW - CLIP) / 2 + 1, most = RATE / 10;  // sin 0 is silent
  assert_in_range(earliest, usual - most, usual - most / 2);
  assert_in_range(latest, usual + most / 2, usual + most);
  data_case_close(&c);
}

static void speed_keeps_the_middle(void **state) {
  float samples[WINDOW];
  int first = 0, last = WINDOW - 1;
  data_case c;
  (void)state;
  data_case_open(&c, SOUNDS(FOLDER("tone")), root, labels);
  data_case_read(&c, &wave, 1, WAVE, "{'speed':[2,2]}");
  data_case_fill(&c, PK_DATA_TRAIN, 0, 1, samples);
  while (first < WINDOW && samples[first] == 0.0f) first++;
  while (last > 0 && samples[last] == 0.0f) last--;
  assert_in_range(first, WINDOW / 2 - CLIP / 4 - 2, WINDOW / 2 - CLIP / 4 + 2);
  assert_in_range(last, WINDOW / 2 + CLIP / 4 - 2, WINDOW / 2 + CLIP / 4 + 2);
  data_case_close(&c);
}

static void edges_are_never_silent(void **state) {
  float samples[WINDOW];
  data_case c;
  (void)state;
  data_case_open(&c, SOUNDS(FOLDER("tone")), root, labels);
  data_case_read(&c, &wave, 1, WAVE, "{'edges':1,'shift':0.1}");
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    double before = 0.0, after = 0.0;
    data_case_fill(&c, PK_DATA_TRAIN, 0, seed, samples);
    for (int i = 0; i < 50; i++) {
      before += fabs((double)samples[i]);
      after += fabs((double)samples[WINDOW - 1 - i]);
    }
    assert_true(before > 1.0 && after > 1.0);
  }
  data_case_close(&c);
}

static void masks_are_as_large_as_they_may_be(void **state) {
  float plain[20 * 16], altered[20 * 16];
  int masked_rows = 0;
  data_case c;
  (void)state;
  data_case_open(&c, SOUNDS(FOLDER("tone")), root, labels);
  data_case_read(&c, &mel, 1, MEL, "{'spec':{'timeMasks':2,'time':3}}");
  data_case_fill(&c, PK_DATA_TRAIN, 1, 0, plain);
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    int rows = 0;
    data_case_fill(&c, PK_DATA_TRAIN, 1, seed, altered);
    for (int row = 0; row < 20; row++) {
      bool is_masked = memcmp(plain + row * 16, altered + row * 16, 16 * sizeof(float)) != 0;
      for (int bin = 1; bin < 16 && is_masked; bin++) {
        assert_true(altered[row * 16 + bin] == altered[row * 16]);
      }
      rows += is_masked;
    }
    assert_in_range(rows, 0, 6);
    masked_rows += rows;
  }
  assert_in_range(masked_rows, SEEDS * 2, SEEDS * 4);  // 3 on average, less what overlaps
  data_case_close(&c);
}

// --- errors ---

static void wrong_fields_of_augment_are_named(void **state) {
  static const struct {
    const char *augment, *part;
  } pictures[] = {{"{'shift':2}", "shift"},
                  {"{'turn':1}", "turn"},
                  {"{'scale':[2,1]}", "scale"},
                  {"{'scale':1}", "scale"},
                  {"{'mirror':1}", "mirror"},
                  {"{'erase':{'size':[0,2]}}", "erase.size"},
                  {"{'erase':1}", "erase"},
                  {"{'background':'red'}", "background"},
                  {"{'background':[0,0,256]}", "background"}},
    sounds[] = {{"{'gain':[-100,0]}", "gain"},
                {"{'noise':{'clips':'cow'}}", "noise.clips"},
                {"{'noise':{'snr':3}}", "noise.snr"},
                {"{'noise':{'loud':3}}", "noise.loud"},
                {"{'spec':{'timeMasks':-1}}", "spec.timeMasks"},
                {"{'speed':[0,1]}", "speed"},
                {"{'spec':{'timeMasks':1,'time':3}}", "waveform"}};
  pk_error error;
  data_case c;
  (void)state;
  data_case_open(&c, PICTURES(FOLDER("dots")), root, labels);
  for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
    assert_false(data_case_try_read(&c, &grey, 1, IMAGE, pictures[i].augment, &error));
    assert_int_equal(error.code, PK_USAGE);
    if (!strstr(error.message, pictures[i].part)) fail_msg("%s", error.message);
  }
  assert_false(data_case_try_read(&c, &wave, 1, WAVE, NULL, &error));
  assert_int_equal(error.code, PK_USAGE);
  assert_non_null(strstr(error.message, "image front end"));
  data_case_close(&c);
  data_case_open(&c, SOUNDS(FOLDER("tone")), root, labels);
  for (size_t i = 0; i < sizeof sounds / sizeof *sounds; i++) {
    assert_false(data_case_try_read(&c, &wave, 1, WAVE, sounds[i].augment, &error));
    assert_int_equal(error.code, PK_USAGE);
    if (!strstr(error.message, sounds[i].part)) fail_msg("%s", error.message);
  }
  data_case_close(&c);
  data_case_open(&c, TEXTS, root, labels);
  assert_false(
      data_case_try_read(&c, &counts, 1, "{'inputs':[" COUNTS "]}", "{'typos':2}", &error));
  assert_int_equal(error.code, PK_USAGE);
  assert_false(data_case_try_read(&c, &ids, 1,
                                  "{'inputs':[{'text':{'tokenizer':'wordpiece','role':'ids',"
                                  "'maxTokens':31}}]}",
                                  NULL, &error));
  assert_int_equal(error.code, PK_USAGE);
  assert_non_null(strstr(error.message, "vocabulary"));
  data_case_close(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fields_of_zero_change_nothing),
      cmocka_unit_test(pictures_come_as_the_tool_reads_them),
      cmocka_unit_test(short_clips_stand_in_the_middle),
      cmocka_unit_test(long_clips_show_their_loudest_window),
      cmocka_unit_test(rates_are_converted),
      cmocka_unit_test(element_types_hold_the_same),
      cmocka_unit_test(all_text_inputs_stand_behind_each_other),
      cmocka_unit_test(seeds_are_those_of_one_example),
      cmocka_unit_test(seeds_tell_all_changes),
      cmocka_unit_test(shifts_stay_within_their_share),
      cmocka_unit_test(mirrors_are_exact),
      cmocka_unit_test(brightness_stays_within_its_share),
      cmocka_unit_test(gains_stay_within_their_decibels),
      cmocka_unit_test(clips_move_by_at_most_the_shift),
      cmocka_unit_test(speed_keeps_the_middle),
      cmocka_unit_test(edges_are_never_silent),
      cmocka_unit_test(masks_are_as_large_as_they_may_be),
      cmocka_unit_test(wrong_fields_of_augment_are_named),
  };
  return cmocka_run_group_tests(tests, make_files, test_folder_remove);
}
