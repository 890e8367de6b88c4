'use strict';
const program = require('./program.cjs');

program.play(require('innate'), require('innate/environments'));
program.use(require('innate'), 'require.safetensors');
