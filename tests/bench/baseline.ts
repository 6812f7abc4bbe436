/** What the machine itself can do: the other half of every ratio. */
import { join } from "node:path";

/** How many 4 KiB blocks a second the disk of this folder makes durable, one after the other (fdatasync). */
export async function fdatasyncPerSecond(folder: string, seconds: number): Promise<number> {
  const path = join(folder, "fdatasync.bench");
  const file = await Deno.open(path, { write: true, create: true, truncate: true });
  const block = new Uint8Array(4096).fill(120);
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < seconds * 1000) {
    file.writeSync(block);
    file.syncDataSync();
    count++;
  }
  const elapsed = (performance.now() - start) / 1000;
  file.close();
  await Deno.remove(path);
  return count / elapsed;
}

/** How many bytes a second one Deno process gets from another through a loopback connection, in megabytes. */
export async function loopbackMegabytes(seconds: number): Promise<number> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sender = new Worker(
    `data:application/javascript,${encodeURIComponent(SENDER.replace("PORT", String(listener.addr.port)))}`,
    { type: "module" },
  );
  const conn = await listener.accept();
  const buffer = new Uint8Array(64 * 1024);
  const start = performance.now();
  let bytes = 0;
  while (performance.now() - start < seconds * 1000) bytes += await conn.read(buffer) ?? 0;
  const elapsed = (performance.now() - start) / 1000;
  sender.terminate();
  conn.close();
  listener.close();
  return bytes / elapsed / 1e6;
}

const SENDER = `
const conn = await Deno.connect({ hostname: "127.0.0.1", port: PORT });
const block = new Uint8Array(64 * 1024);
for (;;) await conn.write(block);
`;
