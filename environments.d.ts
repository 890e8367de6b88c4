export * from './dist/environments.js';
