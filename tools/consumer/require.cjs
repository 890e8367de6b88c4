'use strict';
const program = require('./program.cjs');

program.use(require('innate'), 'require.safetensors');
