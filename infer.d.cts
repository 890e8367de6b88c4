export * from './dist/infer.cjs';
