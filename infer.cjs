'use strict';
// As index.cjs.
try {
  module.exports = require('./dist/infer.js');
} catch (error) {
  if (error?.code !== 'ERR_REQUIRE_ESM') {
    throw error;
  }
  module.exports = require('./dist/infer.cjs');
}
