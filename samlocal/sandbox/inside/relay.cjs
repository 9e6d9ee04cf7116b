"use strict";
// The end of a relay on an engine's side, in an image that has Node: `node -e THIS HOST`. How the ends speak, and
// why, is said in relay.py, which is both of them where there is Python.
const net = require("net");

const [OPEN, DATA, END, TAKEN, LISTEN, LISTENING, LEAVE] = [0, 1, 2, 3, 4, 5, 6];
const HEAD_BYTES = 9;
const PIECE = 16 * 1024;
const WINDOW = 256 * 1024;

const [, host] = process.argv;
const links = new Map();
const servers = new Map();
let next = 2 ** 31;

function number32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function send(kind, number, data = Buffer.alloc(0)) {
  process.stdout.write(Buffer.concat([Buffer.from([kind]), number32(number), number32(data.length), data]));
}

class Link {
  constructor(number, socket) {
    this.number = number;
    this.socket = socket;
    this.room = WINDOW;
    this.ended = false;
    this.heardEnd = false;
    links.set(number, this);
    socket.setNoDelay(true);
    socket.on("readable", () => this.flow());
    socket.on("end", () => this.end());
    // What is wrong with it is what the other end hears of as its end.
    socket.on("error", () => {});
    socket.on("close", () => this.end());
  }

  flow() {
    while (this.room > 0 && this.socket.readableLength > 0) {
      const piece = this.socket.read(Math.min(PIECE, this.room, this.socket.readableLength));
      if (piece === null) return;
      this.room -= piece.length;
      send(DATA, this.number, piece);
    }
    // Its end shows when nothing is left to read.
    if (this.room > 0) this.socket.read(0);
  }

  end() {
    if (!this.ended) {
      this.ended = true;
      send(END, this.number);
    }
    this.forget();
  }

  take(kind, data) {
    if (kind === TAKEN) {
      this.room += data.readUInt32BE(0);
      this.flow();
    } else if (kind === END) {
      this.heardEnd = true;
      this.socket.end();
      this.forget();
    } else {
      const taken = () => send(TAKEN, this.number, number32(data.length));
      // Nobody may hear it any more; what still comes is taken all the same.
      if (this.socket.destroyed) taken();
      else this.socket.write(data, taken);
    }
  }

  forget() {
    if (this.ended && this.heardEnd) links.delete(this.number);
  }
}

function numbers(data) {
  return Array.from({ length: data.length / 4 }, (_, index) => data.readUInt32BE(4 * index));
}

function door() {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const number = next++;
    send(OPEN, number, Buffer.from(`${socket.remoteAddress}:${socket.localPort}`));
    new Link(number, socket);
  });
  return new Promise((resolve) => {
    server.listen(0, host, () => {
      const { port } = server.address();
      servers.set(port, server);
      resolve(port);
    });
  });
}

function take(kind, number, data) {
  if (kind === OPEN) {
    const [, place, port] = /^(.*):(\d+)$/.exec(data.toString());
    new Link(number, net.connect({ host: place, port: Number(port), allowHalfOpen: true }));
  } else if (kind === LISTEN) {
    const ports = Array.from({ length: data.readUInt32BE(0) }, door);
    Promise.all(ports).then((all) => send(LISTENING, number, Buffer.concat(all.map(number32))));
  } else if (kind === LEAVE) {
    for (const port of numbers(data)) {
      servers.get(port).close();
      servers.delete(port);
    }
  } else if (links.has(number)) {
    links.get(number).take(kind, data);
  }
}

let received = Buffer.alloc(0);
process.stdin.on("data", (piece) => {
  received = received.length ? Buffer.concat([received, piece]) : piece;
  while (received.length >= HEAD_BYTES) {
    const end = HEAD_BYTES + received.readUInt32BE(5);
    if (received.length < end) break;
    take(received[0], received.readUInt32BE(1), received.subarray(HEAD_BYTES, end));
    received = received.subarray(end);
  }
});
// samlocal is gone.
process.stdin.on("end", () => process.exit(0));
