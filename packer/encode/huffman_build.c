// Package-merge (Larmore and Hirschberg, "A fast algorithm for optimal length-limited Huffman
// codes", JACM 1990), seen as collecting coins: each symbol offers one coin of its count's price
// for every face value 2^-1 … 2^-max_bits, and the cheapest set worth n - 1 in total is wanted;
// a symbol's code length is the number of its coins in the set.
//
// Level by level, from the smallest face value up, the sorted coins are merged with packages: pairs
// of neighbours of the level below, which are worth one coin of this level. The 2n - 2 cheapest
// items of the last level are the solution. What a level must remember is only which of its items
// are packages, because its coins are taken in ascending order: walking back down, the cheapest
// items of a level hold its first c coins and p packages, which stand for the 2p cheapest items
// below.
#include "huffman_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/format/package_format.h"

enum { MAX_BITS = 16, MAX_ITEMS = 2 * PK_HUFFMAN_SYMBOLS };

typedef struct coin {
  uint64_t count;
  size_t symbol;
} coin;

// By count; equal counts by symbol, so that the result does not depend on the sort's taste.
static int compare_coins(const void *left, const void *right) {
  const coin *a = left, *b = right;
  if (a->count != b->count) return a->count < b->count ? -1 : 1;
  return a->symbol < b->symbol ? -1 : a->symbol > b->symbol;
}

static size_t collect_coins(coin *coins, const uint64_t *counts, size_t count) {
  size_t used = 0;
  for (size_t s = 0; s < count; s++) {
    if (counts[s] > 0) coins[used++] = (coin){counts[s], s};
  }
  qsort(coins, used, sizeof *coins, compare_coins);
  return used;
}

// Merges the coins with the packages made of `below` into `prices`, and marks the packages.
static size_t merge_level(uint64_t *prices, uint8_t *is_package, const coin *coins, size_t used,
                          const uint64_t *below, size_t below_count) {
  const size_t package_count = below_count / 2;
  size_t c = 0, p = 0, items = 0;
  while (c < used || p < package_count) {
    const uint64_t package = p < package_count ? below[2 * p] + below[2 * p + 1] : 0;
    const bool takes_coin = p == package_count || (c < used && coins[c].count <= package);
    prices[items] = takes_coin ? coins[c++].count : package;
    is_package[items++] = !takes_coin;
    p += !takes_coin;
  }
  return items;
}

bool pk_huffman_lengths(uint8_t *lengths, const uint64_t *counts, size_t count, int max_bits) {
  coin coins[PK_HUFFMAN_SYMBOLS];
  uint64_t prices[2][MAX_ITEMS];
  uint8_t is_package[MAX_BITS][MAX_ITEMS];
  size_t below_count = 0;
  memset(lengths, 0, count);
  const size_t used = collect_coins(coins, counts, count);
  if (used == 0) return false;
  if (used == 1) {
    lengths[coins[0].symbol] = 1;
    return true;
  }
  for (int level = 0; level < max_bits; level++) {
    below_count = merge_level(prices[level % 2], is_package[level], coins, used,
                              prices[(level + 1) % 2], below_count);
  }
  size_t taken = 2 * used - 2;
  for (int level = max_bits - 1; level >= 0 && taken > 0; level--) {
    size_t packages = 0;
    for (size_t i = 0; i < taken; i++) packages += is_package[level][i];
    for (size_t c = 0; c < taken - packages; c++) lengths[coins[c].symbol]++;
    taken = 2 * packages;
  }
  return true;
}

static uint16_t reverse_code(uint32_t code, uint32_t length) {
  uint32_t reversed = 0;
  for (uint32_t i = 0; i < length; i++) reversed |= (code >> i & 1) << (length - 1 - i);
  return (uint16_t)reversed;
}

bool pk_huffman_build(pk_huffman_code *code, const uint64_t counts[PK_HUFFMAN_SYMBOLS]) {
  uint32_t next = 0;
  memset(code, 0, sizeof *code);
  if (!pk_huffman_lengths(code->lengths, counts, PK_HUFFMAN_SYMBOLS, MNW_SYMBOL_TABLE_BITS)) {
    return false;
  }
  for (uint32_t length = 1; length <= MNW_SYMBOL_TABLE_BITS; length++, next <<= 1) {
    for (size_t s = 0; s < PK_HUFFMAN_SYMBOLS; s++) {
      if (code->lengths[s] == length) code->bits[s] = reverse_code(next++, length);
    }
  }
  return true;
}

double pk_entropy_bits(const uint64_t counts[PK_HUFFMAN_SYMBOLS]) {
  double total = 0.0, bits = 0.0;
  for (size_t s = 0; s < PK_HUFFMAN_SYMBOLS; s++) total += (double)counts[s];
  for (size_t s = 0; s < PK_HUFFMAN_SYMBOLS; s++) {
    if (counts[s] > 0) bits += (double)counts[s] * log2(total / (double)counts[s]);
  }
  return total > 0.0 ? bits / total : 0.0;
}
