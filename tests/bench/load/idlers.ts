/** Many IMAP sessions that wait in IDLE and are looked at no more; with TLS if asked for. */
import net from "node:net";
import tls from "node:tls";

export interface IdlersOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly user: string;
  readonly password: string;
  readonly connections: number;
}

/** So many log in at a time. */
const OPENING = 32;

export class Idlers {
  readonly #sockets: net.Socket[] = [];

  static async open(options: IdlersOptions): Promise<Idlers> {
    const idlers = new Idlers();
    let left = options.connections;
    try {
      await Promise.all(Array.from({ length: OPENING }, async () => {
        while (left-- > 0) await idlers.#open(options);
      }));
    } catch (error) {
      idlers.close();
      throw error;
    }
    return idlers;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #open({ host, port, tls: secure, user, password }: IdlersOptions): Promise<void> {
    const socket = secure
      ? tls.connect({ host, port, rejectUnauthorized: false })
      : net.connect({ host, port });
    this.#sockets.push(socket);
    const steps = [
      { send: null, until: /^\* OK [^\n]*\n$/ },
      { send: `LOGIN ${user} ${password}`, until: /^tag OK [^\n]*\n$/m },
      { send: "SELECT INBOX", until: /^tag OK [^\n]*\n$/m },
      { send: "IDLE", until: /^\+ [^\n]*\n$/m },
    ];
    await new Promise<void>((resolve, reject) => {
      let text = "";
      let at = 0;
      socket.on("data", (data) => {
        text += data.toString("latin1");
        if (/^tag (NO|BAD)/m.test(text)) reject(new Error(text));
        if (!steps[at]?.until.test(text)) return;
        text = "";
        const next = steps[++at];
        if (next === undefined) return resolve();
        socket.write(`tag ${next.send}\r\n`);
      });
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("The server closed the connection")));
    });
  }
}
