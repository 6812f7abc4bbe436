/**
 * A second Mailden as the provider that mail is fetched from: by a name in our own DNS, with a certificate of our own
 * authority. The first Mailden, which fetches, is told to believe it.
 */
import { join } from "node:path";
import { type DnsAuthority, startDnsAuthority } from "./dns_authority.ts";
import { makeCertificate, type TestCertificate } from "./certificate.ts";
import { type ConfigPart, Mailden } from "./mailden.ts";

export const PROVIDER = "mail.provider.test";
export const REMOTE_USER = "me@provider.test";
export const REMOTE_PASSWORD = "there";

export interface Provider extends AsyncDisposable {
  readonly server: Mailden;
  readonly dns: DnsAuthority;
  /** Whom those that `fetcher` makes believe. */
  readonly authority: TestCertificate;
  /** A Mailden, not started yet, that fetches for its accounts what `retrieve` says, by account. */
  fetcher(options: {
    readonly accounts: Readonly<Record<string, string>>;
    readonly config: ConfigPart;
  }): Promise<Mailden>;
  /** A source as it stands in the configuration. */
  source(protocol: "imap" | "pop3", more?: ConfigPart): ConfigPart;
  /** Puts a message there; its number is in the subject. */
  post(subject: string, options?: { readonly body?: string; readonly mailbox?: string }): Promise<void>;
}

export async function startProvider(options: { readonly host?: string } = {}): Promise<Provider> {
  await using opened = new AsyncDisposableStack();
  const host = options.host ?? "127.0.0.1";
  const dns = opened.use(await startDnsAuthority({ zones: { [PROVIDER]: { A: [host] } } }));
  const authority = await makeCertificate({ names: ["Test CA"], authority: true });
  const own = await makeCertificate({ names: [PROVIDER], issuer: authority });
  const server = opened.use(
    await Mailden.prepare({
      host,
      hostname: PROVIDER,
      accounts: { [REMOTE_USER]: REMOTE_PASSWORD },
    }),
  );
  await Deno.writeTextFile(join(server.directory, "cert.pem"), own.certificate);
  await Deno.writeTextFile(join(server.directory, "key.pem"), own.key);
  await server.configure({
    tls: { certificate: join(server.directory, "cert.pem"), key: join(server.directory, "key.pem") },
  });
  await server.serve();
  const stack = opened.move();
  return {
    server,
    dns,
    authority,
    async fetcher({ accounts, config }) {
      const fetcher = await Mailden.prepare({ accounts });
      // In its own folder, since it may read no other.
      await Deno.writeTextFile(join(fetcher.directory, "ca.pem"), authority.certificate);
      await Deno.writeTextFile(join(fetcher.directory, "password"), `${REMOTE_PASSWORD}\n`);
      await fetcher.configure({ dns: { servers: [dns.address] }, outbound: { ca_file: "ca.pem" } });
      await fetcher.configure(config);
      return fetcher;
    },
    source: (protocol, more = {}) => ({
      name: protocol,
      protocol,
      host: PROVIDER,
      port: server.ports[protocol === "imap" ? "imaps" : "pop3s"],
      user: REMOTE_USER,
      password_file: "password",
      allow_networks: ["127.0.0.0/8"],
      every: "10s",
      idle: false,
      ...more,
    }),
    async post(subject, { body = "Hello\r\n", mailbox = "INBOX" } = {}) {
      await using imap = await server.imap(REMOTE_USER);
      const text = `From: a@elsewhere.test\r\nDate: Fri, 02 Jan 2026 03:04:05 +0000\r\n` +
        `Message-ID: <${subject}@elsewhere.test>\r\nSubject: ${subject}\r\n\r\n${body}`;
      await imap.append(mailbox, text);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
