/**
 * Postfix that delivers by LMTP to Dovecot, from Debian's packages (postfix, dovecot-lmtpd, dovecot-imapd), run from private
 * configurations on loopback ports and in a folder of their own; never as system services. Both sync to disk as they come.
 */
import { join } from "node:path";
import { freePort } from "../../support/ports.ts";
import { Postfix } from "../../support/postfix.ts";
import { USERS } from "../bench.ts";
import { treeCpuSeconds } from "../process.ts";
import { Dovecot } from "./dovecot.ts";

export class PostfixDovecot {
  readonly folder: string;
  readonly smtpPort: number;
  #dovecot: Dovecot | null = null;
  #postfix: Postfix | null = null;

  private constructor(folder: string) {
    this.folder = folder;
    this.smtpPort = freePort();
  }

  /** `relayTo`: where mail for other domains goes, as `[127.0.0.1]:2525`. */
  static async start(parent: string, options: { readonly relayTo?: string } = {}): Promise<PostfixDovecot> {
    const folder = await Deno.makeTempDir({ dir: parent, prefix: "postfix-" });
    // The daemons give up root and must still get to their folders.
    await Deno.chmod(parent, 0o755);
    await Deno.chmod(folder, 0o755);
    const peer = new PostfixDovecot(folder);
    try {
      // Beside our folder, not in it: the path of a unix socket may have only 107 bytes.
      peer.#dovecot = await Dovecot.start(parent);
      await peer.#startPostfix(peer.#dovecot, options.relayTo ?? "");
    } catch (error) {
      await peer.stop();
      throw error;
    }
    return peer;
  }

  /** All that their processes, past ones too, have used. */
  cpuSeconds(): number {
    return this.#masters().reduce((sum, pid) => sum + treeCpuSeconds(pid), 0);
  }

  /** How many messages are in the mailboxes. */
  delivered(): number {
    let count = 0;
    for (const user of USERS) {
      try {
        for (const _ of Deno.readDirSync(join(this.#dovecot!.maildir(user), "new"))) count++;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return count;
  }

  async stop(): Promise<void> {
    await this.#postfix?.stop();
    await this.#dovecot?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #masters(): number[] {
    return [this.#postfix?.masterPid ?? null, this.#dovecot?.pid ?? null].filter((pid) => pid !== null);
  }

  async #startPostfix(dovecot: Dovecot, relayTo: string): Promise<void> {
    this.#postfix = await Postfix.start({
      folder: this.folder,
      host: "127.0.0.1",
      port: this.smtpPort,
      settings: {
        myhostname: "mx.bench.test",
        virtual_mailbox_domains: "bench.test",
        virtual_mailbox_maps: "static:all",
        virtual_transport: `lmtp:unix:${dovecot.lmtpSocket}`,
        relayhost: relayTo,
        smtp_tls_security_level: "none",
        smtpd_tls_security_level: "none",
        smtpd_client_connection_count_limit: "0",
        default_process_limit: "200",
      },
    });
  }
}
