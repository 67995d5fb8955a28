#include "compress_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"
#include "html_text.h"
#include "page_frame.h"
#include "share_interval.h"
#include "thumbnail.h"
#include "trial_chart.h"

// --- summary ---

// A share of views in percent with its interval as the remark. Views of one file tell little apart,
// so the interval is that of as many samples as there are files.
static void append_share(pk_bytes *page, const char *name, double percent, size_t views,
                         size_t files) {
  char remark[80];
  if (views == 0 || files == 0) return;
  const pk_interval range = pk_share_interval(percent / 100.0, files);
  snprintf(remark, sizeof remark, "95 %% interval %.1f to %.1f %%, %zu views", 100.0 * range.low,
           100.0 * range.high, views);
  pk_page_fact(page, name, "%.1f %%", percent, remark);
}

static void append_summary(pk_bytes *page, const pk_page_subject *subject) {
  const pk_compress_report *report = subject->report;
  const pk_trial *taken = &report->trials.items[report->trials.chosen];
  const pk_quality *q = &taken->quality;
  char remark[80];
  pk_html(page, "<h1>");
  pk_page_text(page, subject->name);
  pk_html(page, ", compressed</h1><dl>");
  pk_page_fact(page, "Package before", "%.1f kB", (double)report->source_bytes / 1e3,
               "plain shards of the model as it came");
  const double after = (double)taken->package_bytes;
  snprintf(remark, sizeof remark, "plain; %.1f kB after brotli", (double)subject->br_bytes / 1e3);
  pk_page_fact(page, "Package after", "%.1f kB", after / 1e3,
               subject->br_bytes > 0 ? remark : "plain shards");
  pk_page_fact(page, "Smaller by", "%.2f×", (double)report->source_bytes / fmax(after, 1.0),
               "plain against plain");
  snprintf(remark, sizeof remark, "%zu weights", report->weight_count);
  pk_page_fact(page, "Bits a weight", "%.2f", taken->bits, remark);
  append_share(page, "Same best class", q->agreement, q->samples, report->files);
  append_share(page, "Top-1 before", q->reference_top1, q->labelled, report->files);
  append_share(page, "Top-1 after", q->top1, q->labelled, report->files);
  pk_page_fact(page, "Error of the outputs", "%.2f %%", q->range_error, "rms, of their range");
  if (report->removed_channels > 0) {
    pk_page_fact(page, "Channels removed", "%.0f", (double)report->removed_channels,
                 "they never change");
  }
  if (report->refinement.is_kept) {
    snprintf(remark, sizeof remark, "%.4g before; of samples that %zu steps did not learn from",
             report->refinement.held_before, report->refinement.steps);
    pk_page_fact(page, "Loss after refinement", "%.4g", report->refinement.held_after, remark);
  }
  if (report->latency.after > 0.0) {
    snprintf(remark, sizeof remark, "%.3g ms before; one thread of the machine that packed it",
             report->latency.before);
    pk_page_fact(page, "A run", "%.3g ms", report->latency.after, remark);
  }
  pk_html(page,
          "</dl><p class=\"soft\">Judged by the runtime itself on the calibration samples, %zu "
          "files. They are what the search saw: judge with other samples before you rely on "
          "it.</p>",
          report->files);
}

// --- layers ---

static void append_layer(pk_bytes *page, const pk_layer_report *layer, double largest) {
  const double after = layer->bits * (double)layer->weights / 8.0;
  char values[40] = "";
  if (layer->has_trellis) snprintf(values, sizeof values, " trellis");
  if (layer->shared > 0) snprintf(values, sizeof values, ", %zu values", layer->shared);
  pk_html(page, "<tr><td>");
  pk_page_text(page, layer->name);
  pk_html(page, "<br><small>%s</small></td>", layer->kind);
  pk_html(page, "<td>%zu</td><td>%zu</td><td>%.0f</td>", layer->weights, layer->bytes_before,
          after);
  pk_html(page,
          "<td><meter min=\"0\" max=\"%.0f\" value=\"%.0f\">%.0f bytes</meter></td>"
          "<td>%.2f</td><td>%.2f</td><td>%.1f %%</td><td>%.3g%s</td><td>%.2g</td>",
          largest, after, after, layer->bits, layer->entropy, 100.0 * layer->zeros,
          (double)layer->step, values, layer->cost);
  if (isnan(layer->relative_error)) {
    pk_html(page, "<td>–</td></tr>");
  } else {
    pk_html(page, "<td>%.2f %%</td></tr>", 100.0 * layer->relative_error);
  }
}

static void append_layers(pk_bytes *page, const pk_compress_report *report) {
  double largest = 1.0;
  for (size_t i = 0; i < report->layer_count; i++) {
    const pk_layer_report *layer = &report->layers[i];
    largest = fmax(largest, layer->bits * (double)layer->weights / 8.0);
  }
  pk_html(page,
          "<h2>Layers</h2><p class=\"soft\">Bytes before are those of the source's weights, bytes "
          "after Huffman-coded. Damage is what the search expects of the rounding, in nats; the "
          "error is the layer's output against the source's, all layers in front rounded, root "
          "mean square over the first samples.</p><div class=\"wide\" tabindex=\"0\" "
          "role=\"region\" aria-label=\"Layers\"><table><thead><tr><th scope=\"col\">layer</th>"
          "<th scope=\"col\">weights</th><th scope=\"col\">bytes before</th><th scope=\"col\">"
          "after</th><th scope=\"col\"><small>share</small></th><th scope=\"col\">bits/w</th>"
          "<th scope=\"col\">entropy</th><th scope=\"col\">zeros</th><th scope=\"col\">step</th>"
          "<th scope=\"col\">damage</th><th scope=\"col\">error</th></tr></thead><tbody>");
  for (size_t i = 0; i < report->layer_count; i++) {
    append_layer(page, &report->layers[i], largest);
  }
  pk_html(page, "</tbody></table></div>");
}

// --- answers ---

// Line `index` of the labels, or "class <index>".
static void append_label(pk_bytes *page, const pk_bytes *labels, size_t index) {
  const bool has_labels = labels && labels->size > 0;
  const char *at = has_labels ? (const char *)labels->data : NULL;
  const char *end = has_labels ? at + labels->size : NULL;
  for (size_t i = 0; at && i < index; i++) {
    at = memchr(at, '\n', (size_t)(end - at));
    if (at) at++;
  }
  if (!at || at >= end) {
    pk_html(page, "class %zu", index);
    return;
  }
  const char *stop = memchr(at, '\n', (size_t)(end - at));
  pk_html_escaped(page, at, (size_t)((stop ? stop : end) - at));
}

static void append_change(pk_bytes *page, const pk_page_subject *subject,
                          const pk_changed_answer *change) {
  pk_error error = {0};
  pk_bytes picture = {0};
  char *path = pk_path_join(subject->options->folder, change->file, &error);
  pk_html(page, "<li>");
  if (path && pk_thumbnail_append(&picture, path, &error) && !picture.failed) {
    pk_html(page, "<img alt=\"\" src=\"");
    pk_bytes_append(page, picture.data, picture.size);
    pk_html(page, "\">");
  }
  pk_html(page, "<span>");
  append_label(page, subject->labels, change->before);
  pk_html(page, " <small>%.2f</small><br>→ ", (double)change->before_score);
  append_label(page, subject->labels, change->after);
  pk_html(page, " <small>%.2f</small><br><small>", (double)change->after_score);
  pk_page_text(page, change->file);
  if (change->label != PK_NO_CLASS) {
    const size_t label = (size_t)change->label;
    pk_html(page, label == change->before  ? ": was right"
                  : label == change->after ? ": is right now"
                                           : ": neither is right");
  }
  pk_html(page, "</small></span></li>");
  pk_bytes_free(&picture);
  free(path);
}

static void append_changes(pk_bytes *page, const pk_page_subject *subject) {
  const pk_compress_report *report = subject->report;
  if (!report->changes) return;
  pk_html(page,
          "<h2>Changed answers</h2><p class=\"soft\">%zu of %zu files have another best "
          "class than before.</p><ul>",
          report->change_count, report->files);
  for (size_t i = 0; i < report->change_count; i++) {
    append_change(page, subject, &report->changes[i]);
  }
  pk_html(page, "</ul>");
}

void pk_compress_page(pk_bytes *page, const pk_page_subject *subject) {
  const pk_compress_options *options = subject->options;
  const pk_chart_limits limits = {.max_drop = options->max_drop,
                                  .target_bytes = (double)options->target_bytes};
  pk_page_begin(page, subject->name);
  append_summary(page, subject);
  pk_html(page, "<h2>Trials</h2>");
  pk_chart_append(page, &subject->report->trials, limits);
  append_layers(page, subject->report);
  append_changes(page, subject);
  pk_page_end(page);
}
