export * from './dist/infer.js';
