export * from './dist/define.cjs';
