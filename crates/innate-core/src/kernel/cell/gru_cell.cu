// A GRU cell after its two matrix products, forward and backward, one thread an element of [rows, width]. Gates in PyTorch's order r, z, n.
// gru_cell.ptx is made of this file by `npm run cuda:ptx`. Also valid C, so that a test can run it on the processor.

#ifdef __cplusplus
extern "C" {
#endif

static __device__ float sigmoid(float x) { return 0.5f * tanhf(0.5f * x) + 0.5f; }

// input, recurrent: [rows, 3, width], gates of the input and of the state. hidden, out: [rows, width].
__global__ void __launch_bounds__(256)
    gru_cell_forward(const float *input, const float *recurrent, const float *hidden, float *out, size_t rows, size_t width) {
  size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= rows * width) {
    return;
  }
  size_t gate = i / width * 3 * width + i % width;
  float r = sigmoid(input[gate] + recurrent[gate]);
  float z = sigmoid(input[gate + width] + recurrent[gate + width]);
  float n = tanhf(input[gate + 2 * width] + r * recurrent[gate + 2 * width]);
  out[i] = n + z * (hidden[i] - n);
}

// grad: of out, [rows, width]. out: gradients of input [rows, 3, width], of recurrent [rows, 3, width], of hidden [rows, width], one after
// the other.
__global__ void __launch_bounds__(256)
    gru_cell_backward(const float *input, const float *recurrent, const float *hidden, const float *grad, float *out, size_t rows,
                      size_t width) {
  size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= rows * width) {
    return;
  }
  size_t gate = i / width * 3 * width + i % width;
  float own = recurrent[gate + 2 * width];
  float r = sigmoid(input[gate] + recurrent[gate]);
  float z = sigmoid(input[gate + width] + recurrent[gate + width]);
  float n = tanhf(input[gate + 2 * width] + r * own);
  float g = grad[i];
  float dn = g * (1.0f - z) * (1.0f - n * n);
  float dz = g * (hidden[i] - n) * z * (1.0f - z);
  float dr = dn * own * r * (1.0f - r);
  float *of_input = out;
  float *of_recurrent = out + 3 * rows * width;
  float *of_hidden = out + 6 * rows * width;
  of_input[gate] = dr;
  of_input[gate + width] = dz;
  of_input[gate + 2 * width] = dn;
  of_recurrent[gate] = dr;
  of_recurrent[gate + width] = dz;
  of_recurrent[gate + 2 * width] = dn * r;
  of_hidden[i] = g * z;
}

#ifdef __cplusplus
}
#endif
