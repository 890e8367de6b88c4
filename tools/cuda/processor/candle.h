// What Candle's kernels do, those that the plain engine launches, by their names and parameters: one call does a whole launch. `dims` and
// `strides` of an operand come one after the other in `info`; none means contiguous.
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define AT(type, index) (*(type *)arguments[index])

// Where the i-th element of a strided tensor lies.
static size_t place(size_t i, size_t dims, const size_t *sizes, const size_t *strides) {
  size_t at = 0;
  for (size_t d = dims; d-- > 0; i /= sizes[d]) {
    at += i % sizes[d] * strides[d];
  }
  return at;
}

static int is_contiguous(size_t dims, const size_t *sizes, const size_t *strides) {
  size_t all = 1;
  for (size_t d = dims; d-- > 0; all *= sizes[d]) {
    if (sizes[d] > 1 && strides[d] != all) {
      return 0;
    }
  }
  return 1;
}

// As in Candle, whose index_select passes the layout of the ids here, which says nothing of the element where it is contiguous.
static size_t place_in(size_t i, size_t dims, const size_t *info) {
  return info == NULL || is_contiguous(dims, info, info + dims) ? i : place(i, dims, info, info + dims);
}

static float unary(const char *name, float x) {
  switch (name[1]) {
    case 'c': return x;
    case 'n': return -x;
    case 'e': return expf(x);
    case 'l': return logf(x);
    case 't': return tanhf(x);
    default: return strcmp(name, "usqr_f32") == 0 ? x * x : sqrtf(x);
  }
}

static float binary(const char *name, float x, float y) {
  switch (name[1]) {
    case 'a': return x + y;
    case 's': return x - y;
    case 'm': return name[2] == 'u' ? x * y : name[2] == 'i' ? fminf(x, y) : fmaxf(x, y);
    default: return x / y;
  }
}

static uint8_t compare(const char *name, float x, float y) {
  if (name[0] == 'e' || name[0] == 'n') {
    return (x == y) == (name[0] == 'e');
  }
  return x == y ? name[1] == 'e' : name[0] == 'g' ? x > y : x < y;
}

static void reduce(int sum, size_t count, size_t each, size_t dims, const size_t *info, const float *from, float *to, size_t blocks) {
  for (size_t block = 0; block < blocks; block++) {
    float value = sum ? 0.0f : -INFINITY;
    for (size_t i = block * each; i < (block + 1) * each && i < count; i++) {
      float x = from[place_in(i, dims, info)];
      value = sum ? value + x : fmaxf(value, x);
    }
    to[block] = value;
  }
}

static void index_select(size_t count, size_t dims, const size_t *info, const uint32_t *ids, const float *from, float *to, size_t from_size,
                         size_t ids_size, size_t right) {
  for (size_t i = 0; i < count; i++) {
    size_t left = i / (ids_size * right);
    size_t at = (left * from_size + ids[i / right % ids_size]) * right + i % right;
    to[i] = from[place_in(at, dims, info)];
  }
}

static void gather(size_t count, const uint32_t *ids, const float *from, float *to, size_t from_size, size_t ids_size, size_t right) {
  for (size_t i = 0; i < count; i++) {
    to[i] = from[(i / (right * ids_size) * from_size + ids[i]) * right + i % right];
  }
}

// One id a row for index_add, one an element for scatter_add.
static void add_at(int an_element, const uint32_t *ids, const float *from, float *to, size_t left, size_t from_size, size_t to_size, size_t right) {
  for (size_t i = 0; i < left * from_size * right; i++) {
    size_t id = ids[an_element ? i : i / right % from_size];
    to[(i / (from_size * right) * to_size + id) * right + i % right] += from[i];
  }
}

static const char *const CANDLE[] = {
    "ucopy_f32", "uneg_f32", "uexp_f32", "ulog_f32", "utanh_f32", "usqr_f32", "usqrt_f32",
    "badd_f32", "bsub_f32", "bmul_f32", "bdiv_f32", "affine_f32", "fast_sum_f32", "fast_max_f32",
    "fast_sum_small_f32", "is_u32_f32", "gather_u32_f32", "ia_u32_f32", "sa_u32_f32", "copy2d_f32", "fill_f32",
    "const_set_f32", "bminimum_f32", "bmaximum_f32", "gt_f32", "eq_f32", "ne_f32", "ge_f32", "lt_f32", "le_f32",
    "where_u8_f32", "ucopy_u8", "ucopy_u32", "cast_u8_f32", "cast_f32_u32",
};

static void launch_candle(const char *name, size_t blocks, void **arguments) {
  if (strcmp(name, "copy2d_f32") == 0) {
    for (size_t row = 0; row < AT(uint32_t, 2); row++) {
      size_t bytes = AT(uint32_t, 3) * sizeof(float);
      memcpy(AT(float *, 1) + row * AT(uint32_t, 5), AT(float *, 0) + row * AT(uint32_t, 4), bytes);
    }
  } else if (strcmp(name, "fill_f32") == 0) {
    for (size_t i = 0; i < AT(size_t, 2); i++) {
      AT(float *, 0)[i] = AT(float, 1);
    }
  } else if (strcmp(name, "const_set_f32") == 0) {
    for (size_t i = 0; i < AT(size_t, 0); i++) {
      AT(float *, 4)[place_in(i, AT(size_t, 1), AT(size_t *, 2))] = AT(float, 3);
    }
  } else if (strcmp(name, "affine_f32") == 0) {
    for (size_t i = 0; i < AT(size_t, 0); i++) {
      AT(float *, 4)[i] = AT(float *, 3)[place_in(i, AT(size_t, 1), AT(size_t *, 2))] * AT(float, 5) + AT(float, 6);
    }
  } else if (strcmp(name, "is_u32_f32") == 0) {
    index_select(AT(size_t, 0), AT(size_t, 1), AT(size_t *, 2), AT(uint32_t *, 3), AT(float *, 4), AT(float *, 5), AT(size_t, 7), AT(size_t, 8),
                 AT(size_t, 9));
  } else if (strcmp(name, "gather_u32_f32") == 0) {
    gather(AT(size_t, 0), AT(uint32_t *, 1), AT(float *, 2), AT(float *, 3), AT(size_t, 5), AT(size_t, 6), AT(size_t, 7));
  } else if (strcmp(name, "ia_u32_f32") == 0) {
    add_at(0, AT(uint32_t *, 0), AT(float *, 2), AT(float *, 3), AT(size_t, 4), AT(size_t, 1), AT(size_t, 6), AT(size_t, 7));
  } else if (strcmp(name, "sa_u32_f32") == 0) {
    add_at(1, AT(uint32_t *, 0), AT(float *, 1), AT(float *, 2), AT(size_t, 3), AT(size_t, 4), AT(size_t, 5), AT(size_t, 6));
  } else if (strcmp(name, "fast_sum_small_f32") == 0) {
    size_t rows = AT(size_t, 0);
    reduce(1, rows * AT(size_t, 1), AT(size_t, 1), AT(size_t, 2), AT(size_t *, 3), AT(float *, 4), AT(float *, 5), rows);
  } else if (name[0] == 'f') {
    reduce(name[5] == 's', AT(size_t, 0), AT(size_t, 1), AT(size_t, 2), AT(size_t *, 3), AT(float *, 4), AT(float *, 5), blocks);
  } else if (strchr("bglen", name[0]) != NULL) {
    size_t dims = AT(size_t, 1), *sizes = AT(size_t *, 2);
    for (size_t i = 0; i < AT(size_t, 0); i++) {
      float x = AT(float *, 3)[sizes == NULL ? i : place(i, dims, sizes, sizes + dims)];
      float y = AT(float *, 4)[sizes == NULL ? i : place(i, dims, sizes, sizes + 2 * dims)];
      if (name[0] == 'b') {
        AT(float *, 5)[i] = binary(name, x, y);
      } else {
        AT(uint8_t *, 5)[i] = compare(name, x, y);
      }
    }
  } else if (name[0] == 'w') {
    size_t dims = AT(size_t, 1), *sizes = AT(size_t *, 2);
    for (size_t i = 0; i < AT(size_t, 0); i++) {
      int chosen = AT(uint8_t *, 3)[place(i, dims, sizes, sizes + dims)];
      float x = AT(float *, 4)[place(i, dims, sizes, sizes + 2 * dims)];
      AT(float *, 6)[i] = chosen ? x : AT(float *, 5)[place(i, dims, sizes, sizes + 3 * dims)];
    }
  } else if (strcmp(name, "ucopy_u32") == 0 || strcmp(name, "cast_f32_u32") == 0) {
    for (size_t i = 0; i < AT(size_t, 0); i++) {
      size_t at = place_in(i, AT(size_t, 1), AT(size_t *, 2));
      AT(uint32_t *, 4)[i] = name[0] == 'u' ? AT(uint32_t *, 3)[at] : (uint32_t)AT(float *, 3)[at];
    }
  } else if (strcmp(name, "ucopy_u8") == 0 || strcmp(name, "cast_u8_f32") == 0) {
    for (size_t i = 0; i < AT(size_t, 0); i++) {
      uint8_t x = AT(uint8_t *, 3)[place_in(i, AT(size_t, 1), AT(size_t *, 2))];
      if (name[0] == 'u') {
        AT(uint8_t *, 4)[i] = x;
      } else {
        AT(float *, 4)[i] = x;
      }
    }
  } else {
    for (size_t i = 0; i < AT(size_t, 0); i++) {
      AT(float *, 4)[i] = unary(name, AT(float *, 3)[place_in(i, AT(size_t, 1), AT(size_t *, 2))]);
    }
  }
}
