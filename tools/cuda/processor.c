// A CUDA driver that runs our kernels on the processor, one thread after the other: device memory is the heap, and a launch is two loops. It
// shows that the addon opens a device, moves memory and passes arguments as it should, on machines without a GPU. Compiled by
// tools/lib/cuda-toolkit.mjs.
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define __global__
#define __device__
#define __launch_bounds__(threads)
static struct { unsigned x; } blockIdx, blockDim, threadIdx;
#include "gru_cell.cu"

typedef unsigned long long Pointer;
enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_FOUND = 500 };

// Candle's kernel, for contiguous operands: opening a device runs it once.
static void affine_f32(size_t count, size_t dims, const size_t *info, const float *from, float *to, float factor, float term) {
  size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
  (void)dims, (void)info;
  if (i < count) {
    to[i] = from[i] * factor + term;
  }
}

static const char *const KERNELS[] = {"gru_cell_forward", "gru_cell_backward", "affine_f32"};

int cuInit(unsigned flags) { return flags; }
int cuDeviceGet(int *device, int ordinal) { return *device = 0, ordinal == 0 ? SUCCESS : INVALID_VALUE; }
int cuDeviceGetAttribute(int *value, int attribute, int device) { return (void)attribute, (void)device, *value = 1, SUCCESS; }
int cuDevicePrimaryCtxRetain(void **context, int device) { return (void)device, *context = &blockIdx, SUCCESS; }
int cuCtxGetCurrent(void **context) { return *context = &blockIdx, SUCCESS; }
int cuStreamCreate(void **stream, unsigned flags) { return (void)flags, *stream = &blockIdx, SUCCESS; }
int cuEventCreate(void **event, unsigned flags) { return (void)flags, *event = &blockIdx, SUCCESS; }

int cuMemAlloc_v2(Pointer *pointer, size_t bytes) {
  *pointer = (Pointer)malloc(bytes);
  return *pointer == 0 ? OUT_OF_MEMORY : SUCCESS;
}
int cuMemAllocAsync(Pointer *pointer, size_t bytes, void *stream) { return (void)stream, cuMemAlloc_v2(pointer, bytes); }
int cuMemFree_v2(Pointer pointer) { return free((void *)pointer), SUCCESS; }
int cuMemFreeAsync(Pointer pointer, void *stream) { return (void)stream, cuMemFree_v2(pointer); }
int cuMemcpyHtoDAsync_v2(Pointer to, const void *from, size_t bytes, void *stream) { return (void)stream, memcpy((void *)to, from, bytes), SUCCESS; }
int cuMemcpyDtoHAsync_v2(void *to, Pointer from, size_t bytes, void *stream) { return (void)stream, memcpy(to, (void *)from, bytes), SUCCESS; }
int cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t bytes, void *stream) { return (void)stream, memcpy((void *)to, (void *)from, bytes), SUCCESS; }
int cuMemsetD8Async(Pointer to, unsigned char value, size_t bytes, void *stream) { return (void)stream, memset((void *)to, value, bytes), SUCCESS; }

// The text of a kernel module must hold the name that is asked for, as PTX's entry.
int cuModuleLoadData(void **module, const void *image) { return *module = strdup(image), SUCCESS; }
int cuModuleUnload(void *module) { return free(module), SUCCESS; }
int cuModuleGetFunction(void **function, void *module, const char *name) {
  for (size_t i = 0; i < sizeof KERNELS / sizeof *KERNELS; i++) {
    if (strcmp(name, KERNELS[i]) == 0 && strstr(module, name) != NULL) {
      return *function = (void *)KERNELS[i], SUCCESS;
    }
  }
  return NOT_FOUND;
}

#define AT(type, index) (*(type *)arguments[index])
int cuLaunchKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z,
                   unsigned shared, void *stream, void **arguments, void **extra) {
  if (grid_y != 1 || grid_z != 1 || block_y != 1 || block_z != 1 || shared != 0 || stream != (void *)&blockIdx || extra != NULL) {
    return INVALID_VALUE;
  }
  blockDim.x = block_x;
  for (blockIdx.x = 0; blockIdx.x < grid_x; blockIdx.x++) {
    for (threadIdx.x = 0; threadIdx.x < block_x; threadIdx.x++) {
      if (function == KERNELS[0]) {
        gru_cell_forward(AT(float *, 0), AT(float *, 1), AT(float *, 2), AT(float *, 3), AT(size_t, 4), AT(size_t, 5));
      } else if (function == KERNELS[1]) {
        gru_cell_backward(AT(float *, 0), AT(float *, 1), AT(float *, 2), AT(float *, 3), AT(float *, 4), AT(size_t, 5), AT(size_t, 6));
      } else {
        affine_f32(AT(size_t, 0), AT(size_t, 1), AT(size_t *, 2), AT(float *, 3), AT(float *, 4), AT(float, 5), AT(float, 6));
      }
    }
  }
  return SUCCESS;
}
