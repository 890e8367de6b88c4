'use strict';
// The same module as by import: from Node.js 20.19 on, require() takes an ES module. Where it does not, as in Jest, the same code as CommonJS.
try {
  module.exports = require('./dist/index.js');
} catch (error) {
  if (error?.code !== 'ERR_REQUIRE_ESM') {
    throw error;
  }
  module.exports = require('./dist/index.cjs');
}
