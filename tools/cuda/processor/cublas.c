// cuBLAS's product of f32 matrices, column by column; what else there is returns success. See driver.c.
#include <stddef.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 15, F32 = 0 };

int cublasGemmStridedBatchedEx(void *handle, int transpose_a, int transpose_b, int m, int n, int k, const float *alpha, const float *a,
                               int type_a, int lda, long long stride_a, const float *b, int type_b, int ldb, long long stride_b,
                               const float *beta, float *c, int type_c, int ldc, long long stride_c, int batches, int compute, int algorithm) {
  (void)handle, (void)compute, (void)algorithm;
  if (type_a != F32 || type_b != F32 || type_c != F32 || *beta != 0.0f) {
    return NOT_SUPPORTED;
  }
  for (int batch = 0; batch < batches; batch++) {
    const float *left = a + batch * stride_a, *right = b + batch * stride_b;
    for (int j = 0; j < n; j++) {
      for (int i = 0; i < m; i++) {
        float sum = 0.0f;
        for (int p = 0; p < k; p++) {
          size_t at_left = transpose_a ? (size_t)i * lda + p : (size_t)p * lda + i;
          size_t at_right = transpose_b ? (size_t)p * ldb + j : (size_t)j * ldb + p;
          sum += left[at_left] * right[at_right];
        }
        c[batch * stride_c + (size_t)j * ldc + i] = *alpha * sum;
      }
    }
  }
  return SUCCESS;
}
