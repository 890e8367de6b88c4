import * as innate from 'innate';
import program from './program.cjs';

await program.use(innate, 'import.safetensors');
