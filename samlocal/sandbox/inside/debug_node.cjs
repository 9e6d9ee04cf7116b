'use strict';
// Opens Node's inspector before the runtime client is loaded and stands still there until a debugger lets it go, so that
// breakpoints at the top of modules are met too and nothing stops inside the client, as it would with --inspect-brk.
const asked = process.env.SAMLOCAL_DEBUG_NODE;
delete process.env.SAMLOCAL_DEBUG_NODE;

// Workers load this module too, and processes that the function forks would.
process.execArgv = process.execArgv.filter((word) => word !== `--require=${__filename}`);

if (asked && require('node:worker_threads').isMainThread) {
  const [host, port, mode] = asked.split(' ');
  // Node warns of an open port; outside the container it is open on loopback only.
  const { emitWarning } = process;
  process.emitWarning = () => {};
  require('node:inspector').open(Number(port), host, mode === 'wait');
  process.emitWarning = emitWarning;
}
