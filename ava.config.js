export default {
  files: ['build/__test__/**/*.test.js'],
  // Some tests train to mastery, on machines that do other work too.
  timeout: '10m',
  // Each file in a process of its own: an addon that aborts then fails one file, not the run.
  workerThreads: false,
};
