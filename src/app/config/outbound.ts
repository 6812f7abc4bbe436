/** The `outbound:` section: how mail leaves. */
import { z } from "zod";
import {
  defaultRemoteSettings,
  type RelaySettings,
  type RemoteSettings,
  type RemoteTimeouts,
} from "../../delivery/remote/settings.ts";
import {
  choice,
  count,
  domainPatterns,
  duration,
  durationFrom,
  filePath,
  flag,
  hostOrAddress,
  ipAddress,
  orNull,
  sizeBetween,
  text,
  value,
} from "./fields.ts";
import {
  type FieldsOf,
  type FileKeys,
  section,
  settingsFrom,
  settingsSection,
  settingsShape,
} from "./section.ts";

type PlainSettings = Omit<
  RemoteSettings,
  "routes" | "relay" | "fallbackRelay" | "source" | "authorities" | "timeouts"
>;

const fields: FieldsOf<PlainSettings> = {
  port: count(1, 65_535),
  ipv6: flag,
  maxHosts: count(1, 100),
  maxAddresses: count(1, 200),
  idleMs: durationFrom(0),
  messagesPerConnection: count(1, 100_000),
  idleConnections: count(0, 100_000),
  fallbackMs: duration,
  headStartMs: duration,
  dane: flag,
  mtaSts: flag,
  mtaStsPort: count(1, 65_535),
  mtaStsTimeoutMs: durationFrom(1000),
  tlsMemory: flag,
  bdatSize: sizeBetween(0, Number.MAX_SAFE_INTEGER),
};
const keys: FileKeys<PlainSettings> = { idleMs: "idle_time", fallbackMs: "fallback_time" };

const timeoutFields: FieldsOf<RemoteTimeouts> = {
  connect: duration,
  greeting: duration,
  command: duration,
  tls: duration,
  mail: duration,
  rcpt: duration,
  data: duration,
  block: duration,
  final: duration,
};

const relayShape = {
  host: value(hostOrAddress),
  port: value(count(1, 65_535)).default(587),
  user: value(orNull(text)).default(null),
  // Its own file, so that the configuration can be shown to others.
  password_file: value(orNull(filePath)).default(null),
  tls: value(choice("opportunistic", "required", "implicit")).default("required"),
};
const relaySection = section(relayShape);

const domains = value(orNull(domainPatterns)).default(null);

const routeSection = section({
  to: domains,
  from: domains,
  via: z.union([z.literal("direct"), relaySection]),
});

export const outboundSection = section({
  ...settingsShape<PlainSettings>(defaultRemoteSettings, fields, keys),
  routes: z.array(routeSection).default([]),
  relay: relaySection.nullable().default(null),
  fallback_relay: relaySection.nullable().default(null),
  source: section({
    ipv4: value(orNull(ipAddress("ipv4"))).default(null),
    ipv6: value(orNull(ipAddress("ipv6"))).default(null),
  }),
  // PEM: for relays and hosts with certificates of an authority of one's own.
  ca_file: value(orNull(filePath)).default(null),
  timeouts: settingsSection(defaultRemoteSettings.timeouts, timeoutFields),
}).transform((read) => ({
  settings: settingsFrom<PlainSettings>(read, fields, keys),
  routes: read.routes,
  relay: read.relay,
  fallbackRelay: read.fallback_relay,
  source: read.source,
  caFile: read.ca_file,
  timeouts: read.timeouts,
}));

export type OutboundContent = z.output<typeof outboundSection>;
export type RelayContent = NonNullable<OutboundContent["relay"]>;

/** `readSecret` gives what a password file holds, `readText` any file. */
export function toRemoteSettings(
  { settings, routes, relay, fallbackRelay, source, caFile, timeouts }: OutboundContent,
  files: { readonly readSecret: (file: string) => string; readonly readText: (file: string) => string },
): RemoteSettings {
  const toRelay = (read: RelayContent) => relaySettings(read, files.readSecret);
  return {
    ...settings,
    timeouts,
    source,
    routes: routes.map(({ to, from, via }) => ({ to, from, via: via === "direct" ? via : toRelay(via) })),
    relay: relay === null ? null : toRelay(relay),
    fallbackRelay: fallbackRelay === null ? null : toRelay(fallbackRelay),
    authorities: caFile === null ? null : files.readText(caFile),
  };
}

function relaySettings(
  { host, port, user, password_file, tls }: RelayContent,
  readSecret: (file: string) => string,
): RelaySettings {
  return { host, port, user, password: password_file === null ? null : readSecret(password_file), tls };
}
