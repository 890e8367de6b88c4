#!/bin/sh
# nvcc for Candle's build: kernels of quantized and mixture-of-experts layers become empty objects. The addon reaches none of them, so the
# linker would drop them, and they are ten of the fifteen minutes that the build takes. Everything else goes to nvcc.
set -eu
here=$(dirname "$0")
out='' previous='' source='' library=no
for argument in "$@"; do
  case "$previous" in -o) out=$argument ;; esac
  case "$argument" in
    --lib) library=yes ;;
    *.cu) source=$argument ;;
  esac
  previous=$argument
done
case "$source" in
  */moe/*.cu | */mmq_gguf/*.cu | */mmvq_gguf.cu) exec "${CC:-cc}" -x c -c -o "$out" /dev/null ;;
esac
if [ "$library" = yes ]; then
  shift 3
  exec ar rcs "$out" "$@"
fi
exec "$here/../bin/nvcc" "$@"
