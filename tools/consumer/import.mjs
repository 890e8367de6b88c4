import * as innate from 'innate';
import * as environments from 'innate/environments';
import program from './program.cjs';

program.play(innate, environments);
await program.use(innate, 'import.safetensors');
