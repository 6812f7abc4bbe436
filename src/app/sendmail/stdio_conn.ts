import { TimeoutError } from "../../core/errors.ts";
import type { Conn } from "../../core/ports.ts";

const BLOCK = 16 * 1024;

/** Standard input and output as a connection, for `sendmail -bs`: the program that started us is the client. */
export function stdioConn(id: string): Conn {
  const nowhere = { host: "127.0.0.1", port: 0 };
  return {
    id,
    local: nowhere,
    remote: nowhere,
    // A pipe needs no TLS; this keeps STARTTLS from being offered.
    tls: { version: "pipe", cipher: "none", servername: null },
    async read(timeoutMs) {
      const block = new Uint8Array(BLOCK);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const tooLate = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new TimeoutError("Nothing came on standard input")), timeoutMs);
      });
      try {
        const length = await Promise.race([Deno.stdin.read(block), tooLate]);
        return length === null ? null : block.subarray(0, length);
      } finally {
        clearTimeout(timer);
      }
    },
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
    },
    startTls: () => Promise.reject(new Error("There is no TLS on standard input")),
    close: () => {},
  };
}
