#include "search_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html_text.h"
#include "page_frame.h"
#include "scatter_chart.h"

static void append_chart(pk_bytes *page, const pk_search_result *result) {
  pk_scatter_point *points = calloc(result->count + 1, sizeof *points);
  if (!points) {
    page->failed = true;
    return;
  }
  for (size_t i = 0; i < result->count; i++) {
    const pk_search_trial *trial = &result->trials[i];
    points[i] = (pk_scatter_point){(double)trial->bytes / 1e3, trial->accuracy, trial->is_on_front,
                                   i == result->best};
  }
  const pk_scatter scatter = {
      .points = points,
      .count = result->count,
      .x_title = "package, kB",
      .y_title = "accuracy, %",
      .title = "Candidates",
      .description =
          "Bytes of the package against accuracy; the line joins those that no other "
          "beats in bytes, time and accuracy, the ring is the best within the limits.",
      .x_limit = result->byte_limit > 0.0 ? result->byte_limit / 1e3 : (double)NAN,
      .y_limit = (double)NAN};
  pk_scatter_append(page, &scatter);
  free(points);
}

static void append_genes(pk_bytes *page, const pk_search_result *result,
                         const pk_candidate *candidate) {
  for (size_t g = 0; g < result->space.count; g++) {
    const json_t *gene = json_array_get(result->space.genes, g);
    const json_t *values = json_object_get(gene, "values");
    char *text =
        json_dumps(json_array_get(values, candidate->choices[g]), JSON_COMPACT | JSON_ENCODE_ANY);
    pk_html(page, "<td>");
    if (text) pk_html_escaped(page, text, strlen(text));
    pk_html(page, "</td>");
    free(text);
  }
}

static void append_table(pk_bytes *page, const pk_search_result *result) {
  pk_html(page,
          "<h2>Candidates</h2><div class=\"wide\" tabindex=\"0\" role=\"region\" "
          "aria-label=\"Candidates\"><table><thead><tr><th scope=\"col\">number</th>"
          "<th scope=\"col\">accuracy</th><th scope=\"col\">bytes</th>"
          "<th scope=\"col\">time</th>");
  for (size_t g = 0; g < result->space.count; g++) {
    const char *at =
        json_string_value(json_object_get(json_array_get(result->space.genes, g), "at"));
    pk_html(page, "<th scope=\"col\">");
    if (at) pk_html_escaped(page, at, strlen(at));
    pk_html(page, "</th>");
  }
  pk_html(page, "</tr></thead><tbody>");
  for (size_t i = 0; i < result->count; i++) {
    const pk_search_trial *trial = &result->trials[i];
    pk_html(page, "<tr><td>%zu%s%s</td><td>%.2f %%</td><td>%llu</td><td>%.3f ms</td>", i + 1,
            trial->is_on_front ? ", front" : "", i == result->best ? ", best" : "", trial->accuracy,
            (unsigned long long)trial->bytes, trial->milliseconds);
    append_genes(page, result, &trial->candidate);
    pk_html(page, "</tr>");
  }
  pk_html(page, "</tbody></table></div>");
}

void pk_search_page(pk_bytes *page, const pk_search_result *result) {
  const char *name = json_string_value(json_object_get(result->recipe, "name"));
  pk_page_begin(page, name ? name : "search");
  pk_html(page, "<h1>");
  if (name) pk_html_escaped(page, name, strlen(name));
  pk_html(page, ": %zu candidates</h1>", result->count);
  append_chart(page, result);
  append_table(page, result);
  pk_page_end(page);
}
