import assert from "node:assert/strict";
import { ReaderPool } from "../../src/store/sqlite/client/reader_pool.ts";
import type { ReadRequest } from "../../src/store/sqlite/protocol.ts";
import type { WorkerHandle } from "../../src/store/sqlite/worker_handle.ts";

/** A reader that answers when it is told to. */
class FakeReader {
  readonly asked: number[] = [];
  closed = false;
  #onMessage: (data: unknown) => void = () => {};

  listen(onMessage: (data: unknown) => void): void {
    this.#onMessage = onMessage;
  }

  post(message: ReadRequest): void {
    this.asked.push(message.request);
  }

  answer(): void {
    this.#onMessage({ request: this.asked.shift(), ok: true, value: "done" });
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  get handle(): WorkerHandle {
    return this as unknown as WorkerHandle;
  }
}

function world(start: () => Promise<WorkerHandle>) {
  const clock = { time: 0, now: () => clock.time, sleep: () => Promise.resolve() };
  const first = new FakeReader();
  const errors: Error[] = [];
  const onError = (error: Error) => void errors.push(error);
  return { clock, first, errors, pool: new ReaderPool(first.handle, { most: 2, start, clock, onError }) };
}

Deno.test("a second reader is started when the first is kept busy, and then shares the work", async () => {
  const second = new FakeReader();
  let starts = 0;
  const { clock, first, pool } = world(() => {
    starts++;
    return Promise.resolve(second.handle);
  });
  for (let i = 0; i < 5; i++) {
    const answer = pool.do("countSpool", {});
    clock.time += 100;
    first.answer();
    assert.equal(await answer, "done" as never);
  }
  assert.equal(starts, 0, "one request after the other keeps nobody busy");

  const busy = pool.do("countSpool", {});
  clock.time += 51;
  const waiting = [pool.do("countSpool", {}), pool.do("countSpool", {})];
  assert.equal(starts, 1);
  await Promise.resolve();
  const shared = pool.do("countSpool", {});
  assert.equal(second.asked.length, 1);
  second.answer();
  for (let i = 0; i < 3; i++) first.answer();
  await Promise.all([busy, ...waiting, shared]);
  await pool.close();
  assert.ok(first.closed && second.closed);
});

Deno.test("a reader that cannot be started is told of once, and the first does the work", async () => {
  let starts = 0;
  const { clock, first, errors, pool } = world(() => {
    starts++;
    return Promise.reject(new Error("No memory"));
  });
  const answers = [pool.do("countSpool", {})];
  for (let i = 0; i < 3; i++) {
    clock.time += 51;
    answers.push(pool.do("countSpool", {}));
    await Promise.resolve();
  }
  assert.equal(starts, 1);
  while (first.asked.length > 0) first.answer();
  await Promise.all(answers);
  await pool.close();
  assert.deepEqual(errors.map(String), ["Error: No memory"]);
});
