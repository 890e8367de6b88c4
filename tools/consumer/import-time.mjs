// Prints how long the package's first import takes in this process, in milliseconds.
const start = performance.now();
await import('innate');
console.log(performance.now() - start);
