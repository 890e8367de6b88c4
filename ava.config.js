// Tests that a command of their own runs, which installs what they need: `npm run test:onnx`, `npm run test:browser`.
const ONNX = 'build/__test__/onnx/*.test.js';
const BROWSER = 'build/__test__/browser/*.test.js';

function files() {
  if (process.env.INNATE_TEST_ONNX !== undefined) {
    return [ONNX];
  }
  return process.env.INNATE_TEST_BROWSER === undefined ? ['build/__test__/**/*.test.js', `!${ONNX}`, `!${BROWSER}`] : [BROWSER];
}

export default {
  files: files(),
  // Some tests train to mastery, on machines that do other work too.
  timeout: '10m',
  // Each file in a process of its own: an addon that aborts then fails one file, not the run.
  workerThreads: false,
};
