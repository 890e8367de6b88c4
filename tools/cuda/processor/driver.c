// A CUDA driver that runs kernels on the processor: device memory is the heap, and a launch is a loop. It shows that the addon opens a device,
// moves memory and passes arguments as it should, and that the plain engine asks for nothing that Candle has no kernel for, on machines
// without a GPU. Our own kernels are compiled from their source; Candle's are stood in for by candle.h. Compiled by tools/lib/cuda.mjs.
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "candle.h"

#define __global__
#define __device__
#define __launch_bounds__(threads)
static __thread struct { unsigned x; } blockIdx, blockDim, threadIdx;
#include "gru_cell.cu"

typedef unsigned long long Pointer;
// What every context, stream and event is.
static int thing;
enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_FOUND = 500 };

static const char *const OURS[] = {"gru_cell_forward", "gru_cell_backward"};

int cuInit(unsigned flags) { return flags; }
int cuDeviceGet(int *device, int ordinal) { return *device = 0, ordinal == 0 ? SUCCESS : INVALID_VALUE; }
int cuDeviceGetAttribute(int *value, int attribute, int device) { return (void)attribute, (void)device, *value = 1, SUCCESS; }
int cuDevicePrimaryCtxRetain(void **context, int device) { return (void)device, *context = &thing, SUCCESS; }
int cuCtxGetCurrent(void **context) { return *context = &thing, SUCCESS; }
int cuStreamCreate(void **stream, unsigned flags) { return (void)flags, *stream = &thing, SUCCESS; }
int cuEventCreate(void **event, unsigned flags) { return (void)flags, *event = &thing, SUCCESS; }

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
  char entry[128];
  snprintf(entry, sizeof entry, ".entry %s(", name);
  const char *const *known[] = {OURS, CANDLE};
  size_t counts[] = {sizeof OURS / sizeof *OURS, sizeof CANDLE / sizeof *CANDLE};
  for (int set = 0; set < 2; set++) {
    for (size_t i = 0; i < counts[set]; i++) {
      if (strcmp(name, known[set][i]) == 0 && strstr(module, entry) != NULL) {
        return *function = (void *)known[set][i], SUCCESS;
      }
    }
  }
  fprintf(stderr, "tools/cuda/processor knows no kernel %s\n", name);
  return NOT_FOUND;
}

int cuLaunchKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z,
                   unsigned shared, void *stream, void **arguments, void **extra) {
  if (grid_y != 1 || grid_z != 1 || block_y != 1 || block_z != 1 || stream != (void *)&thing || extra != NULL) {
    return INVALID_VALUE;
  }
  if (function != OURS[0] && function != OURS[1]) {
    launch_candle(function, grid_x, arguments);
    return SUCCESS;
  }
  if (shared != 0) {
    return INVALID_VALUE;
  }
  blockDim.x = block_x;
  for (blockIdx.x = 0; blockIdx.x < grid_x; blockIdx.x++) {
    for (threadIdx.x = 0; threadIdx.x < block_x; threadIdx.x++) {
      if (function == OURS[0]) {
        gru_cell_forward(AT(float *, 0), AT(float *, 1), AT(float *, 2), AT(float *, 3), AT(size_t, 4), AT(size_t, 5));
      } else {
        gru_cell_backward(AT(float *, 0), AT(float *, 1), AT(float *, 2), AT(float *, 3), AT(float *, 4), AT(size_t, 5), AT(size_t, 6));
      }
    }
  }
  return SUCCESS;
}
