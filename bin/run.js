/*
 * Runs the program, on a Node that is new enough. Only waybill.js loads this file.
 */
'use strict';

const { enableCompileCache, flushCompileCache } = require('node:module');
const { join } = require('node:path');

const MARKER = 'WAYBILL_LAUNCHED';
const SETTLED_MS = 2_000;
const EXPECTED_WARNING = /^(?:Type Stripping|SQLite) is an experimental feature/;

/** Ends this process, whatever it is doing, when the launcher that started it has died. */
function dieWithLauncher() {
  const wasLaunched = process.env[MARKER] !== undefined;
  delete process.env[MARKER];
  if (!wasLaunched || process.channel === undefined) return;
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  // After the listener, which would otherwise keep the process alive.
  process.channel.unref();
}

/** Hides the two warnings of the first Node 24 releases about what later ones call stable. All others are shown. */
function hideExpectedWarnings() {
  const { emitWarning } = process;
  process.emitWarning = (warning, ...rest) => {
    if (rest[0] === 'ExperimentalWarning' && EXPECTED_WARNING.test(warning)) return;
    emitWarning.call(process, warning, ...rest);
  };
}

dieWithLauncher();
hideExpectedWarnings();
// Ours alone: the default lies in the shared temporary folder. Where it cannot be written there is no cache.
enableCompileCache(join(__dirname, '..', '.cache', 'compile'));
// Else only the end would write it, and a server that was killed starts in a hurry.
setTimeout(flushCompileCache, SETTLED_MS).unref();
void import('../src/cli/main.ts');
