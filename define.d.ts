export * from './dist/define.js';
