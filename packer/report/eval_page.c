#include "eval_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "html_text.h"
#include "page_frame.h"
#include "share_interval.h"
#include "tensor_picture.h"
#include "thumbnail.h"

static void append_share(pk_bytes *page, double share) {
  if (isnan(share)) {
    pk_html(page, "<td>–</td>");
  } else {
    pk_html(page, "<td>%.1f %%</td>", 100.0 * share);
  }
}

static void append_summary(pk_bytes *page, const pk_eval_subject *subject) {
  const pk_judgement *j = &subject->evaluation->judgement;
  const double accuracy = (double)j->right / (double)j->examples;
  const pk_interval range = pk_share_interval(accuracy, j->examples);
  char remark[80];
  pk_html(page, "<h1>");
  pk_page_text(page, subject->name);
  pk_html(page, ", judged</h1><p class=\"soft\">");
  pk_page_text(page, subject->data);
  pk_html(page, "</p><dl>");
  snprintf(remark, sizeof remark, "95 %% interval %.1f to %.1f %%", 100.0 * range.low,
           100.0 * range.high);
  pk_page_fact(page, "Accuracy", "%.1f %%", 100.0 * accuracy, remark);
  pk_page_fact(page, "Examples", "%.0f", (double)j->examples, "each counted once");
  pk_page_fact(page, "Mistakes", "%.0f", (double)(j->examples - j->right), "another class first");
  pk_page_fact(page, "Macro F1", "%.3f", pk_judgement_macro_f1(j), "mean over classes");
  pk_html(page, "</dl>");
}

// --- classes ---

static void append_classes(pk_bytes *page, const pk_eval_subject *subject) {
  const pk_judgement *j = &subject->evaluation->judgement;
  pk_html(page,
          "<h2>Classes</h2><p class=\"soft\">Precision: how many of the answers are right. Recall: "
          "how many of the examples are found.</p><div class=\"wide\" tabindex=\"0\" "
          "role=\"region\" aria-label=\"Classes\"><table><thead><tr><th scope=\"col\">class</th>"
          "<th scope=\"col\">examples</th><th scope=\"col\">answers</th><th scope=\"col\">"
          "precision</th><th scope=\"col\">recall</th><th scope=\"col\">F1</th></tr></thead>"
          "<tbody>");
  for (size_t i = 0; i < j->classes; i++) {
    const pk_class_judgement c = pk_judgement_of_class(j, i);
    if (c.examples + c.answers == 0) continue;
    pk_html(page, "<tr><td>");
    pk_page_text(page, subject->labels[i]);
    pk_html(page, "</td><td>%zu</td><td>%zu</td>", c.examples, c.answers);
    append_share(page, c.precision);
    append_share(page, c.recall);
    pk_html(page, "<td>%.3f</td></tr>", c.f1);
  }
  pk_html(page, "</tbody></table></div>");
}

// --- what is taken for what ---

static void append_matrix(pk_bytes *page, const pk_eval_subject *subject) {
  const pk_judgement *j = &subject->evaluation->judgement;
  pk_html(page,
          "<h2>Taken for</h2><p class=\"soft\">A row for each true class, a column for each "
          "answer.</p><div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Confusion "
          "matrix\"><table><thead><tr><th scope=\"col\"></th>");
  for (size_t i = 0; i < j->classes; i++) {
    pk_html(page, "<th scope=\"col\">");
    pk_page_text(page, subject->labels[i]);
    pk_html(page, "</th>");
  }
  pk_html(page, "</tr></thead><tbody>");
  for (size_t i = 0; i < j->classes; i++) {
    const pk_class_judgement c = pk_judgement_of_class(j, i);
    pk_html(page, "<tr><th scope=\"row\">");
    pk_page_text(page, subject->labels[i]);
    pk_html(page, "</th>");
    for (size_t k = 0; k < j->classes; k++) {
      const size_t count = pk_judgement_count(j, i, k);
      const double share = c.examples > 0 ? (double)count / (double)c.examples : 0.0;
      pk_html(page,
              "<td style=\"background:color-mix(in srgb,var(--mark) %.0f%%,transparent)\">%zu</td>",
              70.0 * share, count);
    }
    pk_html(page, "</tr>");
  }
  pk_html(page, "</tbody></table></div>");
}

typedef struct mistaken_pair {
  size_t label, answer, count;
} mistaken_pair;

static int compare_pairs(const void *a, const void *b) {
  const mistaken_pair *x = a, *y = b;
  if (x->count != y->count) return x->count < y->count ? 1 : -1;
  if (x->label != y->label) return x->label < y->label ? -1 : 1;
  return x->answer < y->answer ? -1 : x->answer > y->answer;
}

static bool append_pairs(pk_bytes *page, const pk_eval_subject *subject, pk_error *error) {
  const pk_judgement *j = &subject->evaluation->judgement;
  const size_t mistakes = j->examples - j->right;
  size_t count = 0;
  mistaken_pair *pairs = calloc(mistakes + 1, sizeof *pairs);
  if (!pairs) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %zu mistakes", mistakes);
  for (size_t i = 0; i < j->classes; i++) {
    for (size_t k = 0; k < j->classes; k++) {
      const size_t times = pk_judgement_count(j, i, k);
      if (i != k && times > 0) pairs[count++] = (mistaken_pair){i, k, times};
    }
  }
  qsort(pairs, count, sizeof *pairs, compare_pairs);
  pk_html(page,
          "<h2>Taken for</h2><p class=\"soft\">The most frequent mistakes.</p><table><thead><tr>"
          "<th scope=\"col\">class</th><th scope=\"col\">answer</th><th scope=\"col\">times</th>"
          "</tr></thead><tbody>");
  for (size_t i = 0; i < count && i < PK_EVAL_PAGE_MATRIX; i++) {
    pk_html(page, "<tr><td>");
    pk_page_text(page, subject->labels[pairs[i].label]);
    pk_html(page, "</td><td>");
    pk_page_text(page, subject->labels[pairs[i].answer]);
    pk_html(page, "</td><td>%zu</td></tr>", pairs[i].count);
  }
  pk_html(page, "</tbody></table>");
  free(pairs);
  return true;
}

// --- mistakes, those first that the package is surest of ---

typedef struct mistake {
  size_t index;
  double score;
} mistake;

static int compare_mistakes(const void *a, const void *b) {
  const mistake *x = a, *y = b;
  if (x->score != y->score) return x->score < y->score ? 1 : -1;
  return x->index < y->index ? -1 : x->index > y->index;
}

static void append_thumbnail(pk_bytes *page, const pk_eval_subject *subject, const void *input) {
  pk_picture picture;
  pk_bytes small = {0};
  pk_error error = {0};
  if (!pk_tensor_picture(&picture, &subject->manifest->inputs[0], input)) return;
  if (pk_thumbnail_append_picture(&small, &picture, &error) && !small.failed) {
    pk_html(page, "<img alt=\"\" style=\"width:6rem;image-rendering:pixelated\" src=\"");
    pk_bytes_append(page, small.data, small.size);
    pk_html(page, "\">");
  }
  pk_bytes_free(&small);
  pk_picture_free(&picture);
}

static void append_mistake(pk_bytes *page, const pk_eval_subject *subject, size_t index,
                           const void *input) {
  const pk_example_answer *answer = &subject->evaluation->answers[index];
  pk_bytes text = {0};
  pk_html(page, "<li>");
  append_thumbnail(page, subject, input);
  pk_html(page, "<span>");
  pk_page_text(page, subject->labels[answer->label]);
  pk_html(page, " <small>%.2f</small><br>→ ", answer->label_score);
  pk_page_text(page, subject->labels[answer->answer]);
  pk_html(page, " <small>%.2f</small><br>", answer->score);
  if (subject->text_of && subject->text_of(subject->user, index, &text) && !text.failed) {
    pk_html_escaped(page, (const char *)text.data, text.size);
    pk_html(page, "<br>");
  }
  pk_html(page, "<small>");
  pk_page_text(page, pk_example_name(subject->set, subject->part, index));
  pk_html(page, "</small></span></li>");
  pk_bytes_free(&text);
}

static mistake *list_mistakes(const pk_evaluation *evaluation, size_t *count) {
  mistake *mistakes = calloc(evaluation->count + 1, sizeof *mistakes);
  *count = 0;
  for (size_t i = 0; mistakes && i < evaluation->count; i++) {
    const pk_example_answer *answer = &evaluation->answers[i];
    if (answer->label != answer->answer) mistakes[(*count)++] = (mistake){i, answer->score};
  }
  if (mistakes) qsort(mistakes, *count, sizeof *mistakes, compare_mistakes);
  return mistakes;
}

static size_t input_bytes(const pk_manifest *manifest) {
  size_t bytes = 0;
  for (size_t i = 0; i < manifest->input_count; i++) {
    const pk_manifest_tensor *tensor = &manifest->inputs[i];
    bytes += pk_manifest_tensor_bytes(tensor);
  }
  return bytes;
}

static bool append_mistakes(pk_bytes *page, const pk_eval_subject *subject, pk_error *error) {
  size_t count;
  mistake *mistakes = list_mistakes(subject->evaluation, &count);
  uint8_t *inputs = malloc(input_bytes(subject->manifest) + 1);
  pk_data_reader *reader = NULL;
  bool ok = mistakes && inputs;
  if (!ok) pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the mistakes");
  ok = ok && pk_data_reader_open(&reader, subject->set, subject->manifest, NULL, error);
  const size_t shown = count < PK_EVAL_PAGE_MISTAKES ? count : PK_EVAL_PAGE_MISTAKES;
  if (ok && count > 0) {
    pk_html(page,
            "<h2>Mistakes</h2><p class=\"soft\">%zu of %zu, those first that the package is surest "
            "of: the true class and its score, then the answer.</p><ul>",
            shown, count);
  }
  for (size_t i = 0; ok && i < shown; i++) {
    ok = pk_data_reader_fill(reader, subject->part, mistakes[i].index, 0, inputs, error);
    if (ok) append_mistake(page, subject, mistakes[i].index, inputs);
  }
  if (ok && count > 0) pk_html(page, "</ul>");
  pk_data_reader_close(reader);
  free(inputs);
  free(mistakes);
  return ok;
}

bool pk_eval_page(pk_bytes *page, const pk_eval_subject *subject, pk_error *error) {
  bool ok = true;
  pk_page_begin(page, subject->name);
  append_summary(page, subject);
  append_classes(page, subject);
  if (subject->evaluation->judgement.classes <= PK_EVAL_PAGE_MATRIX) {
    append_matrix(page, subject);
  } else {
    ok = append_pairs(page, subject, error);
  }
  ok = ok && append_mistakes(page, subject, error);
  pk_page_end(page);
  return ok;
}
