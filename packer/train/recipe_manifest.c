#include "recipe_manifest.h"

#include "../encode/manifest_build.h"
#include "../encode/package_writer.h"
#include "../import/graph_passes.h"
#include "../import/lower.h"
#include "../import/network/network_graph.h"

static const size_t graph_limit_bytes = (size_t)1 << 30;

bool pk_recipe_describe(pk_manifest *manifest, const pk_recipe *recipe, pk_error *error) {
  const pk_network_options build = {
      .network = json_object_get(recipe->json, "network"), .source = recipe->source, .batch = 1};
  const pk_image_view view = {.crop = 1.0, .low = -1.0, .high = 1.0};
  const pk_pack_options pack = {.frontend_file = recipe->frontend_file};
  pk_lowered_graph lowered = {0};
  pk_graph graph;
  pk_graph_init(&graph, graph_limit_bytes);
  const bool ok = pk_network_build(&graph, NULL, &build, error) &&
                  pk_network_add_scores(&graph, &build, error) &&
                  pk_graph_prepare(&graph, NULL, error) && pk_lower(&lowered, &graph, error) &&
                  pk_manifest_describe(manifest, &lowered, recipe->name, &view, error) &&
                  pk_manifest_apply_frontend(manifest, &pack, error);
  pk_lowered_graph_free(&lowered);
  pk_graph_deinit(&graph);
  return ok;
}
