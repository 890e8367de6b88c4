'use strict';
// The same module as by import: from Node.js 20.19 on, require() takes an ES module.
module.exports = require('./dist/index.js');
