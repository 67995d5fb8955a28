// Genes of an architecture search: places, values, children.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/search/search_space.h"

static const char recipe_text[] =
    "{\"network\": {\"layers\": [{\"conv\": 20, \"kernel\": 3}, {\"dense\": 4}]},"
    "\"pack\": {\"maxDrop\": 0.5},"
    "\"search\": {\"genes\": ["
    "{\"at\": \"network.layers.0.conv\", \"values\": [8, 16, 24, 32]},"
    "{\"at\": \"network.layers.0.kernel\", \"values\": [1, 3, [5, 1]]},"
    "{\"at\": \"pack.maxDrop\", \"values\": [0.25, 0.5, 1]}]}}";

static void test_apply_and_original(void **state) {
  (void)state;
  json_t *recipe = json_loads(recipe_text, 0, NULL);
  pk_search_space space;
  pk_error error = {0};
  assert_true(pk_search_space_read(&space, recipe, "model.json", &error));
  assert_int_equal(space.count, 3);
  const pk_candidate original = pk_search_space_original(&space, recipe);
  assert_true(original.choices[0] == 1 || original.choices[0] == 2);  // 20 is as far from both
  assert_int_equal(original.choices[1], 1);
  assert_int_equal(original.choices[2], 1);
  const pk_candidate other = {{3, 2, 0}};
  json_t *applied = pk_search_space_apply(&space, recipe, &other, &error);
  const json_t *conv =
      json_array_get(json_object_get(json_object_get(applied, "network"), "layers"), 0);
  assert_int_equal(json_integer_value(json_object_get(conv, "conv")), 32);
  assert_int_equal(json_array_size(json_object_get(conv, "kernel")), 2);
  assert_true(json_number_value(json_object_get(json_object_get(applied, "pack"), "maxDrop")) ==
              0.25);
  // The recipe itself stays as it was.
  const json_t *kept =
      json_array_get(json_object_get(json_object_get(recipe, "network"), "layers"), 0);
  assert_int_equal(json_integer_value(json_object_get(kept, "conv")), 20);
  json_decref(applied);
  json_decref(recipe);
}

static void test_children(void **state) {
  (void)state;
  json_t *recipe = json_loads(recipe_text, 0, NULL);
  pk_search_space space;
  pk_error error = {0};
  pk_random random = {5}, again = {5};
  const pk_candidate a = {{0, 0, 0}}, b = {{3, 2, 2}};
  size_t from_a = 0, from_b = 0;
  assert_true(pk_search_space_read(&space, recipe, "model.json", &error));
  for (int i = 0; i < 500; i++) {
    const pk_candidate child = pk_search_space_cross(&space, &a, &b, &random);
    const pk_candidate same = pk_search_space_cross(&space, &a, &b, &again);
    assert_true(pk_candidate_equal(&space, &child, &same));
    for (size_t g = 0; g < space.count; g++) {
      const json_t *values = json_object_get(json_array_get(space.genes, g), "values");
      assert_true(child.choices[g] < json_array_size(values));
      from_a += child.choices[g] == a.choices[g];
      from_b += child.choices[g] == b.choices[g];
    }
  }
  assert_true(from_a > 300 && from_b > 300);
  // Of two equal parents every child differs.
  for (int i = 0; i < 100; i++) {
    const pk_candidate child = pk_search_space_cross(&space, &a, &a, &random);
    assert_false(pk_candidate_equal(&space, &child, &a));
  }
  json_decref(recipe);
}

static void test_refusals(void **state) {
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"{}", "search.genes"},
      {"{\"search\": {\"genes\": []}}", "search.genes"},
      {"{\"a\": 1, \"search\": {\"genes\": [{\"at\": \"b\", \"values\": [1, 2]}]}}",
       "genes.0.at is \"b\""},
      {"{\"a\": 1, \"search\": {\"genes\": [{\"at\": \"a\", \"values\": [1]}]}}", "genes.0.values"},
      {"{\"a\": 1, \"search\": {\"genes\": [{\"values\": [1, 2]}]}}", "genes.0.at"}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    json_t *recipe = json_loads(cases[i].text, 0, NULL);
    pk_search_space space;
    pk_error error = {0};
    assert_false(pk_search_space_read(&space, recipe, "model.json", &error));
    assert_int_equal(error.code, PK_USAGE);
    assert_non_null(strstr(error.message, cases[i].message));
    json_decref(recipe);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_apply_and_original),
                                     cmocka_unit_test(test_children),
                                     cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
