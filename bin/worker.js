/*
 * Where the server's threads begin: they compile nothing that an earlier start has compiled already, which is worth
 * 200 ms each. The module they run is Waybill's own.
 */
'use strict';

const { enableCompileCache } = require('node:module');
const { join } = require('node:path');

enableCompileCache(join(__dirname, '..', '.cache', 'compile'));
void import('../src/app.worker.ts');
