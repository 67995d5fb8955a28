#include "min_cut.h"

#include <math.h>
#include <stdlib.h>

enum { FIRST_EDGE = 2, MIN_EDGES = 64 };  // edge 0 ends a node's list, and pairs begin at even ones
static const double nothing_left = 1e-12;  // of the largest finite cost

static bool out_of_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a cut");
}

bool pk_cut_init(pk_cut *cut, size_t node_count, pk_error *error) {
  *cut = (pk_cut){.node_count = node_count, .edge_count = FIRST_EDGE};
  cut->first = calloc(node_count + 1, sizeof *cut->first);
  return cut->first || out_of_memory(error);
}

void pk_cut_deinit(pk_cut *cut) {
  free(cut->edges);
  free(cut->first);
  *cut = (pk_cut){0};
}

static void add_half(pk_cut *cut, size_t from, size_t to, double cost) {
  cut->edges[cut->edge_count] =
      (pk_cut_edge){.to = (uint32_t)to, .next = cut->first[from], .left = cost};
  cut->first[from] = (uint32_t)cut->edge_count++;
}

bool pk_cut_add(pk_cut *cut, size_t from, size_t to, double cost, pk_error *error) {
  if (cut->edge_count + 2 > cut->edge_capacity) {
    const size_t capacity = cut->edge_capacity > 0 ? 2 * cut->edge_capacity : MIN_EDGES;
    pk_cut_edge *edges = realloc(cut->edges, capacity * sizeof *edges);
    if (!edges) return out_of_memory(error);
    cut->edges = edges;
    cut->edge_capacity = capacity;
  }
  add_half(cut, from, to, cost);
  add_half(cut, to, from, 0.0);
  return true;
}

static double smallest_flow(const pk_cut *cut) {
  double most = 0.0;
  for (size_t e = FIRST_EDGE; e < cut->edge_count; e++) {
    if (isfinite(cut->edges[e].left)) most = fmax(most, cut->edges[e].left);
  }
  return nothing_left * most;
}

// Breadth first over edges with something left: `by` [node_count] gets the edge by which each node
// is reached, 0 for those that are not and the source. Returns whether the sink is.
static bool reach(uint32_t *by, uint32_t *queue, const pk_cut *cut, double smallest) {
  size_t head = 0, tail = 0;
  for (size_t i = 0; i < cut->node_count; i++) by[i] = 0;
  queue[tail++] = PK_CUT_SOURCE;
  while (head < tail) {
    for (uint32_t e = cut->first[queue[head++]]; e != 0; e = cut->edges[e].next) {
      const uint32_t to = cut->edges[e].to;
      if (!(cut->edges[e].left > smallest) || by[to] != 0 || to == PK_CUT_SOURCE) continue;
      by[to] = e;
      queue[tail++] = to;
    }
  }
  return by[PK_CUT_SINK] != 0;
}

// As much as the path by which the sink was reached allows.
static void push(const pk_cut *cut, const uint32_t *by) {
  double flow = INFINITY;
  for (uint32_t at = PK_CUT_SINK; at != PK_CUT_SOURCE; at = cut->edges[by[at] ^ 1].to) {
    flow = fmin(flow, cut->edges[by[at]].left);
  }
  for (uint32_t at = PK_CUT_SINK; at != PK_CUT_SOURCE; at = cut->edges[by[at] ^ 1].to) {
    cut->edges[by[at]].left -= flow;
    cut->edges[by[at] ^ 1].left += flow;
  }
}

bool pk_cut_solve(bool *on_source_side, pk_cut *cut, pk_error *error) {
  uint32_t *by = calloc(2 * cut->node_count + 1, sizeof *by);
  const double smallest = smallest_flow(cut);
  if (!by) return out_of_memory(error);
  while (reach(by, by + cut->node_count, cut, smallest)) push(cut, by);
  for (size_t i = 0; i < cut->node_count; i++) on_source_side[i] = by[i] != 0;
  on_source_side[PK_CUT_SOURCE] = true;
  free(by);
  return true;
}
