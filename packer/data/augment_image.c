#include "augment_image.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

#define NUMBER(name, member, minimum, maximum) \
  { name, PK_FIELD_NUMBER, false, offsetof(pk_image_augment, member), minimum, maximum, NULL }
static const pk_field_rule rules[] = {
    NUMBER("shift", shift, 0, 1),
    NUMBER("rotate", rotate, 0, 180),
    NUMBER("shear", shear, 0, 60),
    {"mirror", PK_FIELD_BOOLEAN, false, offsetof(pk_image_augment, mirror), 0, 1, NULL},
    NUMBER("brightness", brightness, 0, 1),
    NUMBER("contrast", contrast, 0, 1),
    NUMBER("saturation", saturation, 0, 1),
    NUMBER("gamma", gamma, 0, 4),
    NUMBER("noise", noise, 0, 1),
    NUMBER("blur", blur, 0, 8),
    NUMBER("stroke", stroke, 0, 1),
};
static const pk_field_rule erase_rules[] = {NUMBER("share", erase_share, 0, 1)};
#undef NUMBER
enum { RULES = sizeof rules / sizeof *rules };
static const char *const other_fields[] = {"scale", "erase", "background", NULL};
static const char *const erase_others[] = {"size", NULL};

// "edge", or a list of three bytes.
static bool read_background(pk_image_augment *augment, const pk_field_reader *r,
                            const json_t *json) {
  if (!json || (json_is_string(json) && strcmp(json_string_value(json), "edge") == 0)) return true;
  bool ok = json_array_size(json) == 3;
  for (size_t c = 0; ok && c < 3; c++) {
    const json_t *value = json_array_get(json, c);
    ok = json_is_integer(value) && json_integer_value(value) >= 0 &&
         json_integer_value(value) <= 255;
    augment->background[c] = (uint8_t)(ok ? json_integer_value(value) : 0);
  }
  augment->background[3] = 255;
  augment->has_background = ok;
  return ok ||
         pk_field_bad(r, "", "background", "\"edge\" or a colour [red, green, blue] of bytes");
}

bool pk_image_augment_read(pk_image_augment *augment, const json_t *json, pk_error *error) {
  const pk_field_reader r = pk_augment_reader(error);
  const json_t *erase = json_object_get(json, "erase");
  *augment = (pk_image_augment){.scale = {1.0f, 1.0f}, .erase_size = {0.1f, 0.3f}};
  if (!json) return true;
  return pk_field_read_rules(augment, rules, RULES, other_fields, &r, json, "") &&
         pk_range_read(&augment->scale, &r, json, "", "scale", 0.1, 10) &&
         read_background(augment, &r, json_object_get(json, "background")) &&
         (!erase ||
          (pk_field_read_rules(augment, erase_rules, 1, erase_others, &r, erase, "erase") &&
           pk_range_read(&augment->erase_size, &r, erase, "erase", "size", 0, 1)));
}

// A factor between 1 / (1 + spread) and 1 + spread, as likely above as below 1.
static double draw_factor(float spread, pk_random *random) {
  return exp(pk_spread_draw(log1pf(spread), random));
}

pk_image_change pk_image_change_draw(const pk_image_augment *augment, pk_random *random) {
  pk_image_change change = {0};
  change.shift_x = pk_spread_draw(augment->shift, random);
  change.shift_y = pk_spread_draw(augment->shift, random);
  change.scale = pk_range_draw(&augment->scale, random);
  change.rotate = pk_spread_draw(augment->rotate, random);
  change.shear = pk_spread_draw(augment->shear, random);
  change.is_mirrored = pk_random_chance(random, augment->mirror ? 0.5 : 0.0);
  change.brightness = pk_spread_draw(augment->brightness, random);
  change.contrast = draw_factor(augment->contrast, random);
  change.saturation = draw_factor(augment->saturation, random);
  change.gamma = draw_factor(augment->gamma, random);
  change.noise = pk_random_between(random, 0.0, (double)augment->noise);
  change.blur = pk_random_between(random, 0.0, (double)augment->blur);
  change.stroke = pk_spread_draw(augment->stroke, random);
  change.is_erased = pk_random_chance(random, (double)augment->erase_share);
  change.erase_width = pk_range_draw(&augment->erase_size, random);
  change.erase_height = pk_range_draw(&augment->erase_size, random);
  change.erase_x = pk_random_between(random, 0.0, 1.0 - change.erase_width);
  change.erase_y = pk_random_between(random, 0.0, 1.0 - change.erase_height);
  return change;
}

static bool is_warped(const pk_image_change *c) {
  return c->shift_x != 0.0 || c->shift_y != 0.0 || c->scale != 1.0 || c->rotate != 0.0 ||
         c->shear != 0.0 || c->is_mirrored;
}

static bool is_toned(const pk_image_change *c) {
  return c->brightness != 0.0 || c->contrast != 1.0 || c->gamma != 1.0;
}

bool pk_image_change_is_none(const pk_image_change *change) {
  return !is_warped(change) && !is_toned(change) && change->saturation == 1.0 &&
         change->noise == 0.0 && change->blur == 0.0 && change->stroke == 0.0 && !change->is_erased;
}

// The inverse of: shear, scale and mirror about the centre, rotate, then shift.
static pk_affine inverse_of(const pk_image_change *c, double width, double height) {
  const double angle = c->rotate * pi / 180.0, slant = tan(c->shear * pi / 180.0);
  const double cosine = cos(angle) / c->scale, sine = sin(angle) / c->scale;
  const double flip = c->is_mirrored ? -1.0 : 1.0;
  pk_affine a;
  // Unrotate and unscale: (u, v) = R⁻¹ (x, y) / scale; then x' = flip (u - slant v), y' = v.
  a.xx = flip * (cosine + slant * sine);
  a.xy = flip * (sine - slant * cosine);
  a.yx = -sine;
  a.yy = cosine;
  const double centre_x = width * (0.5 + c->shift_x), centre_y = height * (0.5 + c->shift_y);
  a.x0 = width * 0.5 - a.xx * centre_x - a.xy * centre_y;
  a.y0 = height * 0.5 - a.yx * centre_x - a.yy * centre_y;
  return a;
}

static uint8_t to_byte(double value) {
  return (uint8_t)(value < 0.0 ? 0.0 : value > 255.0 ? 255.0 : value + 0.5);
}

static void tone(pk_canvas *canvas, const pk_image_change *c) {
  uint8_t table[256];
  const size_t pixels = (size_t)canvas->width * canvas->height;
  for (int i = 0; i < 256; i++) {
    const double lit = pow((double)i / 255.0, c->gamma);
    table[i] = to_byte(255.0 * ((lit - 0.5) * c->contrast + 0.5 + c->brightness));
  }
  for (size_t i = 0; i < 4 * pixels; i++) {
    if (i % 4 != 3) canvas->rgba[i] = table[canvas->rgba[i]];
  }
}

static void saturate(pk_canvas *canvas, double factor) {
  const size_t pixels = (size_t)canvas->width * canvas->height;
  const int32_t share = (int32_t)lrint(factor * 256.0);
  for (uint8_t *p = canvas->rgba; p < canvas->rgba + 4 * pixels; p += 4) {
    const int32_t grey = (77 * p[0] + 150 * p[1] + 29 * p[2]) / 256;
    for (int c = 0; c < 3; c++) {
      const int32_t value = grey + (p[c] - grey) * share / 256;
      p[c] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
  }
}

static void erase(pk_canvas *canvas, const pk_image_change *c, pk_random *random) {
  const double width = canvas->width, height = canvas->height;
  const uint32_t left = (uint32_t)(c->erase_x * width), top = (uint32_t)(c->erase_y * height);
  const uint32_t right = (uint32_t)((c->erase_x + c->erase_width) * width);
  const uint32_t bottom = (uint32_t)((c->erase_y + c->erase_height) * height);
  const uint64_t bits = pk_random_next(random);
  const uint8_t colour[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), 255};
  for (uint32_t y = top; y < bottom && y < canvas->height; y++) {
    for (uint32_t x = left; x < right && x < canvas->width; x++) {
      memcpy(canvas->rgba + ((size_t)y * canvas->width + x) * 4, colour, 4);
    }
  }
}

static void add_noise(pk_canvas *canvas, double deviation, pk_random *random) {
  const size_t pixels = (size_t)canvas->width * canvas->height;
  const float scale = (float)(deviation * 255.0);
  for (size_t i = 0; i < 4 * pixels; i++) {
    if (i % 4 == 3) continue;
    canvas->rgba[i] =
        to_byte((double)((float)canvas->rgba[i] + scale * pk_random_near_normal(random)));
  }
}

void pk_image_change_apply(pk_canvas *canvas, const pk_image_change *change,
                           const pk_image_augment *augment, pk_random *random) {
  if (is_warped(change)) {
    const pk_affine affine = inverse_of(change, canvas->width, canvas->height);
    pk_canvas_warp(canvas, &affine, augment->has_background ? augment->background : NULL);
  }
  if (change->stroke != 0.0) pk_canvas_stroke(canvas, (float)change->stroke);
  if (change->is_erased) erase(canvas, change, random);
  pk_canvas_blur(canvas, (float)change->blur);
  if (change->saturation != 1.0) saturate(canvas, change->saturation);
  if (is_toned(change)) tone(canvas, change);
  if (change->noise > 0.0) add_noise(canvas, change->noise, random);
}
