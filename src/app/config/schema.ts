/** The file as it is written: every key, its kind and its default. */
import { join, resolve } from "node:path";
import type { z } from "zod";
import type { AccountSpec, DirectorySpec } from "../../intake/directory.ts";
import { defaultSubmissionSettings, type SubmissionSettings } from "../../intake/submission_settings.ts";
import { defaultLogSettings } from "../log/mod.ts";
import type { TraceSettings } from "../trace/mod.ts";
import {
  choice,
  count,
  daysBetween,
  dnsServer,
  domainName,
  durationFrom,
  endpoints,
  endpointsOrSockets,
  filePath,
  flag,
  list,
  network,
  orNull,
  sizeBetween,
  text,
  value,
} from "./fields.ts";
import { deliverySection, domainShape, forwardShape, toDomainSpec } from "./delivery.ts";
import { limitsSection } from "./limits.ts";
import { outboundSection, toRemoteSettings } from "./outbound.ts";
import { queueSection } from "./queue.ts";
import { retrievalSection, sourcesList, toSources } from "./retrieval.ts";
import { type FieldsOf, records, section, settingsFrom, settingsSection, settingsShape } from "./section.ts";
import type { Config, DnsSettings, ListenerName, SearchSettings, StoreSettings } from "./types.ts";
import { ANY_HOST } from "./units.ts";

export const defaultDnsSettings: Omit<DnsSettings, "servers"> = {
  trustAd: false,
  timeoutMs: 5000,
  tries: 3,
  cacheSize: 10_000,
};
export const defaultStoreSettings: StoreSettings = { undeleteDays: 14 };
export const defaultSearchSettings: SearchSettings = {
  index: true,
  textSize: 1024 * 1024,
  delayMs: 10 * 60_000,
};
export const defaultTraceSettings: TraceSettings = { days: 14 };

const dnsFields: FieldsOf<Omit<DnsSettings, "servers">> = {
  trustAd: flag,
  timeoutMs: durationFrom(100),
  tries: count(1, 20),
  cacheSize: count(0, 1_000_000),
};

function listener(port: number, host = ANY_HOST) {
  return endpoints.default([{ host, port }]);
}

const listenShape = {
  smtp: listener(25),
  submission: listener(587),
  submissions: listener(465),
  imap: listener(143),
  imaps: listener(993),
  pop3: listener(110),
  pop3s: listener(995),
  lmtp: endpointsOrSockets.default([]),
  managesieve: listener(4190),
  http: listener(8080, "127.0.0.1"),
} satisfies Record<ListenerName, unknown>;

const recipientsADay = orNull(count(0, 1_000_000_000));

const submissionFields: FieldsOf<SubmissionSettings> = {
  checkFrom: flag,
  recipientsPerDay: recipientsADay,
  newRecipientsPerDay: recipientsADay,
};

const account = section({
  name: value(text).optional(),
  quota: value(orNull(sizeBetween(0, Number.MAX_SAFE_INTEGER))).optional(),
  quota_messages: value(orNull(count(0, 1_000_000_000))).optional(),
  recipients_per_day: value(recipientsADay).optional(),
  new_recipients_per_day: value(recipientsADay).optional(),
  aliases: list(text).default([]),
  ...forwardShape,
  retrieve: sourcesList,
});

const domain = section({
  accounts: records(account),
  aliases: records(list(text)),
  ...domainShape,
});

export const fileSchema = section({
  hostname: value(domainName),
  data: value(filePath).default("/var/lib/mailden"),
  maildrop: value(orNull(filePath)).default(null),
  listen: section(listenShape),
  tls: section({
    certificate: value(orNull(filePath)).default(null),
    key: value(orNull(filePath)).default(null),
  }),
  proxy: section({ networks: list(network).default([]) }),
  lmtp: section({ networks: list(network).default(["127.0.0.0/8", "::1"]) }),
  dns: section({ servers: list(dnsServer).default([]), ...settingsShape(defaultDnsSettings, dnsFields) }),
  plaintext_auth: value(choice("never", "loopback")).default("never"),
  limits: limitsSection,
  submission: settingsSection(defaultSubmissionSettings, submissionFields),
  delivery: deliverySection,
  outbound: outboundSection,
  queue: queueSection,
  retrieval: retrievalSection,
  sieve: section({
    before: value(orNull(filePath)).default(null),
    after: value(orNull(filePath)).default(null),
    global: value(orNull(filePath)).default(null),
  }),
  store: settingsSection(defaultStoreSettings, { undeleteDays: daysBetween(0, 3650) }),
  search: settingsSection(defaultSearchSettings, {
    index: flag,
    textSize: sizeBetween(4096, 64 * 1024 * 1024),
    delayMs: durationFrom(0),
  }),
  trace: settingsSection(defaultTraceSettings, { days: daysBetween(0, 3650) }),
  log: settingsSection(defaultLogSettings, {
    level: choice("debug", "info", "warn", "error"),
    format: choice("auto", "json", "pretty"),
  }),
  domains: records(domain),
});

/** What a file that has passed the schema holds. */
export type FileContent = z.output<typeof fileSchema>;

type AccountContent = FileContent["domains"][string]["accounts"][string];

function toAccountSpecs(accounts: Record<string, AccountContent>): Record<string, AccountSpec> {
  return Object.fromEntries(
    Object.entries(accounts).map((
      [
        name,
        {
          quota_messages,
          recipients_per_day,
          new_recipients_per_day,
          retrieve: _,
          forward,
          keep_copy,
          ...account
        },
      ],
    ) => [name, {
      ...account,
      ...(forward.length === 0 ? {} : { forward, keepCopy: keep_copy }),
      ...(quota_messages === undefined ? {} : { quotaMessages: quota_messages }),
      ...(recipients_per_day === undefined ? {} : { recipientsPerDay: recipients_per_day }),
      ...(new_recipients_per_day === undefined ? {} : { newRecipientsPerDay: new_recipients_per_day }),
    }]),
  );
}

export function toDirectorySpec(file: FileContent): DirectorySpec {
  const domains = Object.entries(file.domains).map(([name, { accounts, aliases, ...domain }]) => {
    return [name, { accounts: toAccountSpecs(accounts), aliases, ...toDomainSpec(domain) }] as const;
  });
  return { domains: Object.fromEntries(domains), plusSeparator: file.delivery.plusSeparator };
}

/** `folder` is where relative file names start: the file's own. */
export function toConfig(file: FileContent, folder: string): Config {
  const absolute = (name: string) => resolve(folder, name);
  const absoluteOrNull = (name: string | null) => name === null ? null : absolute(name);
  return {
    hostname: file.hostname,
    data: absolute(file.data),
    maildrop: absoluteOrNull(file.maildrop) ?? join(absolute(file.data), "maildrop"),
    listen: file.listen,
    tls: { certificate: absoluteOrNull(file.tls.certificate), key: absoluteOrNull(file.tls.key) },
    proxy: file.proxy,
    lmtp: file.lmtp,
    dns: { servers: file.dns.servers, ...settingsFrom<Omit<DnsSettings, "servers">>(file.dns, dnsFields) },
    plaintextAuth: file.plaintext_auth,
    limits: file.limits,
    submission: file.submission,
    delivery: file.delivery.settings,
    outbound: toRemoteSettings(file.outbound, {
      readSecret: (name) => readSecretFile(absolute(name)),
      readText: (name) => Deno.readTextFileSync(absolute(name)),
    }),
    queue: file.queue,
    retrieval: file.retrieval,
    sources: toSources(file.domains, (name) => readSecretFile(absolute(name))),
    sieve: {
      before: absoluteOrNull(file.sieve.before),
      after: absoluteOrNull(file.sieve.after),
      global: absoluteOrNull(file.sieve.global),
    },
    store: file.store,
    search: file.search,
    trace: file.trace,
    log: file.log,
    directory: toDirectorySpec(file),
  };
}

/** A secret's file holds nothing else; the line end that editors leave does not belong to it. */
export function readSecretFile(path: string): string {
  return Deno.readTextFileSync(path).replace(/\r?\n$/, "");
}
