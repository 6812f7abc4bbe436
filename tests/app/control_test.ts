import assert from "node:assert/strict";
import { join } from "node:path";
import { connectControl, startControl } from "../../src/app/control/mod.ts";
import type { ControlServerOptions } from "../../src/app/control/mod.ts";
import type { ControlHandlers } from "../../src/app/running.ts";
import type { QueuedMessage, TraceEvent } from "../../src/store/mod.ts";
import { RecordingLog } from "../support/fakes.ts";
import { temporaryFolder } from "./fixtures.ts";

const MESSAGE: QueuedMessage = {
  id: "01abc",
  bodyId: 7,
  size: 1234,
  skip: 0,
  sender: null,
  smtputf8: false,
  eightBit: false,
  queuedAt: 1000,
  recipients: [],
};

const EVENT: TraceEvent = {
  at: 1000,
  event: "message-accepted",
  message: "01abc",
  session: null,
  fields: { from: "a@b" },
};

const INDEX = { state: "behind" as const, indexed: 7, unindexed: 2, bytes: 9, problem: null };

/** Handlers that note what they were asked. */
function recordingHandlers(calls: unknown[][]): ControlHandlers {
  const note = <T>(name: string, result: T) => (...args: unknown[]): Promise<T> => {
    calls.push([name, ...args]);
    return Promise.resolve(result);
  };
  return {
    accounts: note("accounts", [{
      account: "a@b",
      hasCredential: true,
      messages: 1,
      bytes: 2,
      createdAt: 3,
    }]),
    ensureAccount: note("ensureAccount", undefined),
    setCredential: note("setCredential", undefined),
    removeAccount: note("removeAccount", true),
    queueList: note("queueList", [MESSAGE]),
    queueShow: note("queueShow", null),
    queueFlush: note("queueFlush", 3),
    queueHold: note("queueHold", 4),
    queueDrop: note("queueDrop", 5),
    queueBounce: note("queueBounce", 6),
    holdRules: note("holdRules", []),
    addHoldRule: note("addHoldRule", undefined),
    removeHoldRule: note("removeHoldRule", true),
    traceOfMessage: note("traceOfMessage", [EVENT]),
    traceOfSession: note("traceOfSession", []),
    traceFind: note("traceFind", [EVENT]),
    indexStatus: note("indexStatus", INDEX),
    indexRebuild: note("indexRebuild", undefined),
    hiddenList: note("hiddenList", []),
    undelete: note("undelete", [{ mailbox: "INBOX", messages: 1, bytes: 2 }]),
    folders: note("folders", []),
    ensureFolder: note("ensureFolder", { id: 1, name: "Old", role: null, uidValidity: 2, messages: 3 }),
    messageRows: note("messageRows", []),
    identities: note("identities", { identities: [1, 2], next: null }),
    bodyPiece: note("bodyPiece", "QQ=="),
    putPiece: note("putPiece", undefined),
    dropUpload: note("dropUpload", undefined),
    appendMessages: note("appendMessages", undefined),
    scripts: {
      list: note("scripts.list", [{ name: "main", bytes: 5, isActive: true }]),
      get: note("scripts.get", null),
      active: note("scripts.active", { name: "main", text: "keep;", version: 1 }),
      put: note("scripts.put", undefined),
      remove: note("scripts.remove", undefined),
      activate: note("scripts.activate", undefined),
      away: note("scripts.away", null),
      setAway: note("scripts.setAway", undefined),
    },
    sight: note("sight", { mailboxes: [{ id: 1, name: "INBOX", role: "inbox" as const }], annotations: [] }),
    retrievalStatus: note("retrievalStatus", []),
    retrieveNow: note("retrieveNow", 2),
    setRetrievalSecret: note("setRetrievalSecret", undefined),
  };
}

async function start(path: string, changes: Partial<ControlServerOptions> = {}) {
  const calls: unknown[][] = [];
  const log = new RecordingLog();
  const server = await startControl({
    path,
    handlers: recordingHandlers(calls),
    status: () => ({ pid: 1, version: "0", startedAt: 5, config: "/c", listeners: [] }),
    reload: () => Promise.resolve(),
    log,
    ...changes,
  });
  return { server, calls, log, [Symbol.asyncDispose]: () => server.close() };
}

Deno.test("control: every operation goes over the socket and back", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "control.sock");
  await using running = await start(path);
  const client = await connectControl(path);
  assert.ok(client !== null);
  assert.deepEqual(await client.status(), {
    pid: 1,
    version: "0",
    startedAt: 5,
    config: "/c",
    listeners: [],
  });
  assert.equal(await client.reload(), undefined);
  assert.deepEqual(await client.accounts(), [
    { account: "a@b", hasCredential: true, messages: 1, bytes: 2, createdAt: 3 },
  ]);
  assert.equal(await client.ensureAccount("a@b"), undefined);
  assert.equal(await client.setCredential("a@b", "$hash"), undefined);
  assert.equal(await client.setCredential("a@b", null), undefined);
  assert.equal(await client.removeAccount("a@b"), true);
  assert.deepEqual(await client.queueList({ sender: "", held: true }, { limit: 5 }), [MESSAGE]);
  assert.equal(await client.queueShow("01abc"), null);
  assert.equal(await client.queueFlush({}), 3);
  assert.equal(await client.queueHold({ id: "x" }, false), 4);
  assert.equal(await client.queueDrop({ recipientDomain: "example.org" }), 5);
  assert.deepEqual(await client.traceOfMessage("01abc", { offset: 7 }), [EVENT]);
  assert.deepEqual(await client.traceOfSession("s", { limit: 5 }), []);
  assert.deepEqual(await client.traceFind("a@b", { since: 3, until: 9 }), [EVENT]);
  assert.deepEqual(await client.indexStatus(), INDEX);
  assert.equal(await client.indexRebuild(), undefined);
  assert.equal((await client.sight("a@b")).mailboxes[0]?.name, "INBOX");
  assert.deepEqual(await client.retrievalStatus("a@b"), []);
  assert.equal(await client.retrieveNow(null), 2);
  assert.equal(await client.setRetrievalSecret("a@b pop3:a@c", "s3cret"), undefined);
  assert.deepEqual(await client.hiddenList("a@b", { since: 3 }, { limit: 7 }), []);
  assert.deepEqual(await client.undelete("a@b", { mailbox: "Old" }), [{
    mailbox: "INBOX",
    messages: 1,
    bytes: 2,
  }]);
  assert.deepEqual(await client.folders("a@b"), []);
  assert.equal((await client.ensureFolder("a@b", "Old")).id, 1);
  assert.deepEqual(await client.messageRows(4, 5), []);
  assert.deepEqual(await client.identities(4, 0), { identities: [1, 2], next: null });
  assert.equal(await client.bodyPiece(6, 0, 9), "QQ==");
  const upload = "0123456789abcdef0123456789abcdef";
  assert.equal(await client.putPiece(upload, "QQ=="), undefined);
  assert.equal(await client.dropUpload(upload), undefined);
  const message = { flags: ["\\Seen"], internalDate: 8, content: { upload } };
  assert.equal(await client.appendMessages(4, [message]), undefined);
  client.close();
  assert.deepEqual(running.calls, [
    ["accounts"],
    ["ensureAccount", "a@b"],
    ["setCredential", "a@b", "$hash"],
    ["setCredential", "a@b", null],
    ["removeAccount", "a@b"],
    ["queueList", { sender: "", held: true }, { limit: 5 }],
    ["queueShow", "01abc"],
    ["queueFlush", {}],
    ["queueHold", { id: "x" }, false],
    ["queueDrop", { recipientDomain: "example.org" }],
    ["traceOfMessage", "01abc", { offset: 7, limit: 200 }],
    ["traceOfSession", "s", { limit: 5 }],
    ["traceFind", "a@b", { since: 3, until: 9, limit: 200 }],
    ["indexStatus"],
    ["indexRebuild"],
    ["sight", "a@b"],
    ["retrievalStatus", "a@b"],
    ["retrieveNow", null],
    ["setRetrievalSecret", "a@b pop3:a@c", "s3cret"],
    ["hiddenList", "a@b", { since: 3 }, { limit: 7 }],
    ["undelete", "a@b", { mailbox: "Old" }],
    ["folders", "a@b"],
    ["ensureFolder", "a@b", "Old"],
    ["messageRows", 4, 5],
    ["identities", 4, 0],
    ["bodyPiece", 6, 0, 9],
    ["putPiece", upload, "QQ=="],
    ["dropUpload", upload],
    ["appendMessages", 4, [message]],
  ]);
  // Hashes are not for the log.
  assert.ok(!JSON.stringify(running.log.entries).includes("$hash"));
});

Deno.test("control: an operation that fails is an error with the server's words, and the connection goes on", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "control.sock");
  await using running = await start(path, { reload: () => Promise.reject(new Error("m.yaml:1:1: no")) });
  const client = await connectControl(path);
  await assert.rejects(client!.reload(), { name: "ControlError", message: "m.yaml:1:1: no" });
  assert.equal((await client!.status()).pid, 1);
  client!.close();
  assert.equal(running.log.of("control-failed").length, 1);
});

const HOSTILE: readonly (readonly [name: string, line: string])[] = [
  ["no JSON", "hello"],
  ["an empty line", ""],
  ["no object", "[]"],
  ["null", "null"],
  ["no command", "{}"],
  ["an unknown command", '{"command":"shutdown"}'],
  ["a missing argument", '{"command":"remove-account"}'],
  ["an argument of another type", '{"command":"remove-account","account":{"$ne":1}}'],
  ["one argument more", '{"command":"queue-drop","filter":{},"force":true}'],
  ["a filter with an unknown key", '{"command":"queue-drop","filter":{"sql":"1"}}'],
  ["a page that is too large", '{"command":"queue-list","filter":{},"page":{"limit":1000000}}'],
  ["a page of the trace that is too large", '{"command":"trace-message","id":"x","page":{"limit":201}}'],
  ["a page before the first", '{"command":"trace-session","id":"x","page":{"offset":-1}}'],
  ["a prototype", '{"command":"queue-drop","filter":{},"__proto__":{"x":1}}'],
  ["bytes that are no UTF-8", "\xff\xfe"],
];

Deno.test("control: hostile lines get an error, run nothing, and the connection goes on", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "control.sock");
  await using running = await start(path);
  const conn = await Deno.connect({ transport: "unix", path });
  const lines = conn.readable.pipeThrough(new TextDecoderStream()).getReader();
  for (const [name, line] of HOSTILE) {
    await conn.write(Uint8Array.from(`${line}\n`, (char) => char.charCodeAt(0)));
    const { value } = await lines.read();
    assert.equal(JSON.parse(value!).ok, false, name);
  }
  await conn.write(new TextEncoder().encode('{"command":"status"}\n{"command":"queue-flush","filter":{}}\n'));
  let answers = "";
  while (answers.split("\n").length < 3) answers += (await lines.read()).value;
  assert.deepEqual(answers.trim().split("\n").map((line) => JSON.parse(line).ok), [true, true]);
  await lines.cancel();
  assert.deepEqual(running.calls, [["queueFlush", {}]]);
});

Deno.test("control: a line without end is cut off before it takes memory", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "control.sock");
  await using running = await start(path);
  const conn = await Deno.connect({ transport: "unix", path });
  const chunk = new Uint8Array(16 * 1024).fill(120);
  let sent = 0;
  try {
    for (; sent < 128; sent++) await conn.write(chunk);
  } catch (error) {
    assert.ok(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset);
  }
  assert.ok(sent < 128, "The server reads on for ever");
  conn.close();
  const client = await connectControl(path);
  assert.equal((await client!.status()).pid, 1);
  client!.close();
  assert.equal(running.calls.length, 0);
});

Deno.test("control: requests come in pieces", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "control.sock");
  await using _running = await start(path);
  const conn = await Deno.connect({ transport: "unix", path });
  for (const byte of new TextEncoder().encode('{"command":"status"}\n')) {
    await conn.write(Uint8Array.of(byte));
  }
  const into = new Uint8Array(1000);
  const got = await conn.read(into);
  assert.equal(JSON.parse(new TextDecoder().decode(into.subarray(0, got!))).ok, true);
  conn.close();
});

Deno.test("control: who says nothing is dropped, and so is who comes when all places are taken", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "control.sock");
  await using _running = await start(path, { idleMs: 50 });
  const conns = await Promise.all(
    Array.from({ length: 20 }, () => Deno.connect({ transport: "unix", path })),
  );
  const into = new Uint8Array(10);
  assert.deepEqual(await Promise.all(conns.map((conn) => conn.read(into))), conns.map(() => null));
  for (const conn of conns) conn.close();
});

Deno.test("control: only its owner may connect, and the socket goes when the server does", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "control.sock");
  const { server } = await start(path);
  const { mode, isSocket } = await Deno.lstat(path);
  assert.ok(isSocket);
  assert.equal(mode! & 0o777, 0o600);
  await server.close();
  assert.equal(await connectControl(path), null);
  await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
});

Deno.test("control: a dead server's socket is replaced, anything else is left alone", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "control.sock");
  // A listener whose file was renamed cannot remove it when it closes: so a killed server leaves its socket.
  const dead = Deno.listen({ transport: "unix", path: `${path}.x` });
  await Deno.rename(`${path}.x`, path);
  dead.close();
  assert.equal(await connectControl(path), null);
  const { server } = await start(path);
  await server.close();

  await Deno.writeTextFile(path, "precious");
  await assert.rejects(start(path), /is there and is no socket; move it away/);
  assert.equal(await Deno.readTextFile(path), "precious");
});

Deno.test("control: a server that goes away in the middle is an error and not a wait", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "control.sock");
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const { server } = await start(path, {
    reload: () => {
      resolve();
      return new Promise(() => {});
    },
  });
  const client = await connectControl(path);
  const reload = client!.reload();
  await asked;
  await server.close();
  await assert.rejects(reload, { name: "ControlError" });
  client!.close();
});
