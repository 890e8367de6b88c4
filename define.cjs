'use strict';
// As index.cjs.
try {
  module.exports = require('./dist/define.js');
} catch (error) {
  if (error?.code !== 'ERR_REQUIRE_ESM') {
    throw error;
  }
  module.exports = require('./dist/define.cjs');
}
