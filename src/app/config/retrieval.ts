/** The `retrieval:` section, and the `retrieve:` lists of the accounts: what is fetched from other providers. */
import { z } from "zod";
import { normalizeDomain } from "../../core/domain.ts";
import {
  defaultRetrievalSettings,
  type Keep,
  type RetrievalSettings,
  type SourceSpec,
} from "../../retrieval/mod.ts";
import {
  choice,
  count,
  daysBetween,
  duration,
  durationFrom,
  type Field,
  filePath,
  flag,
  hostOrAddress,
  list,
  network,
  orNull,
  sizeBetween,
  text,
  value,
} from "./fields.ts";
import { type FieldsOf, section, settingsSection } from "./section.ts";

const KIB = 1024;
const DAY_MS = 86_400_000;

const fields: FieldsOf<RetrievalSettings> = {
  concurrency: count(1, 1000),
  connectTimeoutMs: durationFrom(1000),
  commandTimeoutMs: durationFrom(1000),
  listTimeoutMs: durationFrom(1000),
  messageTimeoutMs: durationFrom(1000),
  lineSize: sizeBetween(8 * KIB, 2 ** 24),
  messages: count(100, 10_000_000),
  folders: count(1, 100_000),
  messagesPerRound: count(1, 1_000_000),
  roundTimeMs: durationFrom(1000),
  firstRetryMs: durationFrom(1000),
  maxRetryMs: duration,
  refusedWaitMs: durationFrom(60_000),
  rememberDays: daysBetween(1, 3650),
};

export const retrievalSection = settingsSection(defaultRetrievalSettings, fields, {
  maxRetryMs: "max_retry",
  refusedWaitMs: "refused_wait",
});

const sourceName: Field<string> = {
  expected: "a name of letters, digits and . _ -",
  parse: (found) => typeof found === "string" && /^[A-Za-z0-9._-]{1,100}$/.test(found) ? found : undefined,
};

const keepField: Field<Keep> = {
  expected: "leave, delete, or a number of days after which they are deleted there, as in { days: 14 }",
  parse: (found) => {
    if (found === "leave" || found === "delete") return { kind: found };
    if (typeof found !== "object" || found === null || Object.keys(found).join() !== "days") return undefined;
    const days = daysBetween(1, 3650).parse((found as { readonly days: unknown }).days);
    return days === undefined ? undefined : { kind: "delete-after", ms: days * DAY_MS };
  },
};

const httpsUrl: Field<string> = {
  expected: "an address such as https://oauth2.googleapis.com/token",
  parse: (found) => {
    if (typeof found !== "string" || !URL.canParse(found)) return undefined;
    const { protocol, username, password } = new URL(found);
    return protocol === "https:" && username === "" && password === "" ? found : undefined;
  },
};

const sourceSection = section({
  name: value(sourceName).optional(),
  protocol: value(choice("imap", "pop3")),
  host: value(hostOrAddress),
  port: value(count(1, 65_535)).optional(),
  tls: value(choice("implicit", "starttls", "none")).default("implicit"),
  user: value(text),
  // Its own file; without it the password is in the store (`mailden retrieve secret`).
  password_file: value(orNull(filePath)).default(null),
  oauth2: section({
    token_url: value(httpsUrl),
    client_id: value(text),
    client_secret_file: value(orNull(filePath)).default(null),
  }).nullable().default(null),
  every: value(durationFrom(10_000)).default(5 * 60_000),
  idle: value(flag).default(true),
  folders: list(text).default(["INBOX"]),
  keep: value(keepField).default({ kind: "leave" }),
  into: value(text).default("INBOX"),
  filters: value(flag).default(true),
  allow_networks: list(network).default([]),
});

export const sourcesList = z.array(sourceSection).default([]);

export type SourceContent = z.output<typeof sourceSection>;

/** By protocol, with TLS from the start and without (RFC 8314 section 3). */
const PORTS = { imap: [993, 143], pop3: [995, 110] } as const;

interface AccountsContent {
  readonly [domain: string]: {
    readonly accounts: { readonly [name: string]: { readonly retrieve: readonly SourceContent[] } };
  };
}

/** `readSecret` gives what a password file holds. */
export function toSources(domains: AccountsContent, readSecret: (file: string) => string): SourceSpec[] {
  return Object.entries(domains).flatMap(([domain, { accounts }]) =>
    Object.entries(accounts).flatMap(([local, { retrieve }]) => {
      const account = `${local.normalize("NFC").toLowerCase()}@${normalizeDomain(domain) ?? domain}`;
      return retrieve.map((source) => toSource(account, source, readSecret));
    })
  );
}

export function nameOf({ name, host }: SourceContent): string {
  return name ?? host;
}

function toSource(account: string, source: SourceContent, readSecret: (file: string) => string): SourceSpec {
  const { protocol, host, tls, user, oauth2, password_file, port } = source;
  return {
    account,
    name: nameOf(source),
    protocol,
    host,
    port: port ?? PORTS[protocol][tls === "implicit" ? 0 : 1],
    tls,
    user,
    secret: password_file === null ? null : readSecret(password_file),
    oauth: oauth2 === null ? null : {
      tokenUrl: oauth2.token_url,
      clientId: oauth2.client_id,
      clientSecret: oauth2.client_secret_file === null ? null : readSecret(oauth2.client_secret_file),
    },
    everyMs: source.every,
    idle: source.idle,
    folders: source.folders,
    keep: source.keep,
    into: source.into,
    filters: source.filters,
    allowNetworks: source.allow_networks,
  };
}
