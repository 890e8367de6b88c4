export * from './dist/environments.cjs';
