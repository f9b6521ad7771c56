/*
 * Where the server's threads begin: they compile nothing that an earlier start has compiled already, which is worth
 * 200 ms each. The module they run is Waybill's own.
 */
'use strict';

const { enableCompileCache, flushCompileCache } = require('node:module');
const { join } = require('node:path');

const SETTLED_MS = 2_000;

enableCompileCache(join(__dirname, '..', '.cache', 'compile'));
// A thread that is killed writes nothing.
setTimeout(flushCompileCache, SETTLED_MS).unref();
void import('../src/app.worker.ts');
