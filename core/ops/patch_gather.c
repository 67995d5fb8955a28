// Most lines of a patch are short: a few overlapping moves of a fixed size beat any call.
#include "patch_gather.h"

#include <string.h>

static void copy_bytes(uint8_t *to, const uint8_t *from, size_t count) {
  if (count >= 16) {
    for (size_t i = 0; i + 16 < count; i += 16) memcpy(to + i, from + i, 16);
    memcpy(to + count - 16, from + count - 16, 16);
  } else if (count >= 8) {
    memcpy(to, from, 8);
    memcpy(to + count - 8, from + count - 8, 8);
  } else if (count >= 4) {
    memcpy(to, from, 4);
    memcpy(to + count - 4, from + count - 4, 4);
  } else {
    for (size_t i = 0; i < count; i++) to[i] = from[i];
  }
}

// A line of taps [first, end) inside the picture; `row` is the picture's line at x0, which may lie
// outside of it.
static void gather_line(uint8_t *line, const uint8_t *picture, ptrdiff_t row_at, int32_t first,
                        int32_t end, const mnw_patch_source *s) {
  const mnw_window *w = s->window;
  const size_t bytes = s->copied_bytes;
  memset(line, s->padding, (size_t)first * bytes);
  for (int32_t kx = first; kx < end; kx++) {
    const ptrdiff_t at = row_at + (ptrdiff_t)kx * w->dilation_w * (ptrdiff_t)s->pixel_bytes;
    copy_bytes(line + (size_t)kx * bytes, picture + at, bytes);
  }
  memset(line + (size_t)end * bytes, s->padding, (size_t)(w->kernel_w - end) * bytes);
}

static void gather_patch(uint8_t *patch, const mnw_patch_source *s, int32_t oy, int32_t ox) {
  const mnw_window *w = s->window;
  const uint8_t *picture = s->picture;
  const int32_t y0 = oy * w->stride_h - w->pad_top, x0 = ox * w->stride_w - w->pad_left;
  const size_t line_bytes = (size_t)w->kernel_w * s->copied_bytes;
  const ptrdiff_t row_bytes = (ptrdiff_t)w->in_w * (ptrdiff_t)s->pixel_bytes;
  int32_t first, end;
  mnw_taps_inside(&first, &end, x0, w->kernel_w, w->dilation_w, w->in_w);
  for (int32_t ky = 0; ky < w->kernel_h; ky++, patch += line_bytes) {
    const int32_t iy = y0 + ky * w->dilation_h;
    const ptrdiff_t row_at = (ptrdiff_t)iy * row_bytes + (ptrdiff_t)x0 * (ptrdiff_t)s->pixel_bytes;
    if (iy < 0 || iy >= w->in_h || first == end) {
      memset(patch, s->padding, line_bytes);
    } else {
      gather_line(patch, picture, row_at, first, end, s);
    }
  }
}

// `count` patches of one output row, all of whose columns lie inside, line by line: what does not
// change from pixel to pixel is worked out once.
static void gather_run(uint8_t *patches, size_t patch_stride, const mnw_patch_source *s, int32_t oy,
                       int32_t ox, size_t count) {
  const mnw_window *w = s->window;
  const size_t line_bytes = (size_t)w->kernel_w * s->copied_bytes;
  const size_t step = (size_t)w->stride_w * s->pixel_bytes;
  const size_t x0 = (size_t)(ox * w->stride_w - w->pad_left);
  for (int32_t ky = 0; ky < w->kernel_h; ky++, patches += line_bytes) {
    const int32_t iy = oy * w->stride_h - w->pad_top + ky * w->dilation_h;
    const uint8_t *from = (const uint8_t *)s->picture;
    if (iy < 0 || iy >= w->in_h) {
      for (size_t i = 0; i < count; i++) memset(patches + i * patch_stride, s->padding, line_bytes);
      continue;
    }
    from += ((size_t)iy * (size_t)w->in_w + x0) * s->pixel_bytes;
    if (line_bytes >= 8 && line_bytes <= 16) {
      for (size_t i = 0; i < count; i++) {
        memcpy(patches + i * patch_stride, from + i * step, 8);
        memcpy(patches + i * patch_stride + line_bytes - 8, from + i * step + line_bytes - 8, 8);
      }
      continue;
    }
    for (size_t i = 0; i < count; i++) {
      copy_bytes(patches + i * patch_stride, from + i * step, line_bytes);
    }
  }
}

// How many output pixels from `ox` on have all their columns inside the picture; 0 where lines of a
// patch are not contiguous in it.
static size_t run_length(const mnw_patch_source *s, int32_t ox) {
  const mnw_window *w = s->window;
  if (w->dilation_w != 1 || s->copied_bytes != s->pixel_bytes || ox * w->stride_w < w->pad_left ||
      w->in_w + w->pad_left < w->kernel_w) {
    return 0;
  }
  const int32_t end = (w->in_w + w->pad_left - w->kernel_w) / w->stride_w + 1;
  return end <= ox ? 0 : (size_t)((end < w->out_w ? end : w->out_w) - ox);
}

void mnw_patches_gather(void *patches, size_t patch_stride, const mnw_patch_source *source,
                        size_t first, size_t count) {
  const size_t out_w = (size_t)source->window->out_w;
  int32_t oy = (int32_t)(first / out_w), ox = (int32_t)(first % out_w);
  uint8_t *patch = patches;
  while (count > 0) {
    size_t run = run_length(source, ox);
    if (run > count) run = count;
    if (run > 0) {
      gather_run(patch, patch_stride, source, oy, ox, run);
    } else {
      gather_patch(patch, source, oy, ox);
      run = 1;
    }
    patch += run * patch_stride;
    count -= run;
    ox += (int32_t)run;
    if (ox == source->window->out_w) ox = 0, oy++;
  }
}
