/** What the scenarios share: our own DNS, exchangers on loopback addresses of their own, and patience. */
import { type DnsAuthority, type DnsAuthorityOptions, startDnsAuthority } from "../support/dns_authority.ts";
import type { ImapClient } from "../support/imap_client.ts";
import { type ConfigPart, Mailden } from "../support/mailden.ts";
import { freePort, loopbackAddress } from "../support/ports.ts";

/** One port for every mail exchanger of a scenario, as 25 is for the real world. */
export interface World extends AsyncDisposable {
  readonly dns: DnsAuthority;
  readonly smtpPort: number;
  /** A new address with the scenario's SMTP port free. */
  address(): string;
  /** Starts a Mailden on an address of its own, which resolves by our DNS and sends to our port. */
  mailden(options: {
    readonly host: string;
    readonly hostname: string;
    readonly accounts: Readonly<Record<string, string | null>>;
    readonly config?: ConfigPart;
  }): Promise<Mailden>;
}

export async function makeWorld(
  zones: NonNullable<DnsAuthorityOptions["zones"]> = {},
): Promise<World> {
  const dns = await startDnsAuthority({ zones });
  const hosts = Array.from({ length: 8 }, () => loopbackAddress());
  const smtpPort = freePort(...hosts);
  return {
    dns,
    smtpPort,
    address() {
      const host = hosts.pop();
      if (host === undefined) throw new Error("This world has no more addresses");
      return host;
    },
    mailden(options) {
      const { config = {}, ...rest } = options;
      return Mailden.start({
        ...rest,
        ports: { smtp: smtpPort },
        config: {
          dns: { servers: [dns.address] },
          outbound: { port: smtpPort },
          ...config,
        },
      });
    },
    async [Symbol.asyncDispose]() {
      await dns.close();
    },
  };
}

/** Waits in IDLE until the selected mailbox has this many messages. */
export async function waitForMessages(imap: ImapClient, count: number, mailbox = "INBOX"): Promise<void> {
  if (await imap.select(mailbox) >= count) return;
  const idle = await imap.idle();
  for (;;) {
    const exists = /^(\d+) EXISTS$/.exec(await idle.next());
    if (exists !== null && Number(exists[1]) >= count) break;
  }
  await idle.done();
}
