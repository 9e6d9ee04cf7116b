'use strict';
// Node writes to pipes asynchronously, so what is still queued when the sandbox ends would be lost. Lambda's own log
// channel is synchronous; this makes the pipes so.
for (const stream of [process.stdout, process.stderr]) {
  stream._handle?.setBlocking?.(true);
}

// The function sees NODE_OPTIONS as its template set them.
const own = `--require=${__filename}`;
const rest = (process.env.NODE_OPTIONS ?? '').replace(own, '').trim();
if (rest) process.env.NODE_OPTIONS = rest;
else delete process.env.NODE_OPTIONS;
