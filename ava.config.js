// `npm run test:onnx` installs the runtimes that its tests need.
const ONNX = 'build/__test__/onnx/*.test.js';

export default {
  files: process.env.INNATE_TEST_ONNX === undefined ? ['build/__test__/**/*.test.js', `!${ONNX}`] : [ONNX],
  // Some tests train to mastery, on machines that do other work too.
  timeout: '10m',
  // Each file in a process of its own: an addon that aborts then fails one file, not the run.
  workerThreads: false,
};
